# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Needs a Python 3.10 or newer, git and make. Everything made here is below .build, which git ignores.

PYTHON ?= $(firstword $(foreach python,python3 python3.14 python3.13 python3.12 python3.11 python3.10,\
	$(shell $(python) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $(python))))
export PYTHON

SINGLE_PARTS = unit slow lint sanity integration modules awx clients molecule faults report docs galaxy

.DEFAULT_GOAL := help
.PHONY: help demo shell live quick test release-check artifact site bench soak constraints clean $(SINGLE_PARTS)

help:  ## these lines
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 20
	@echo 'make PART           one part of the tests: $(SINGLE_PARTS); ARGS="..." goes to its last command'

demo:  ## assign, plan, import a CSV file, find drift and undo, against a local Graph
	@rm -rf .build/demo && mkdir -p .build/demo
	@ANSIBLE_CALLBACK_RESULT_FORMAT=yaml .ci/local_graph.sh ansible-playbook playbooks/demo.yml \
		--extra-vars "demo_folder=$(CURDIR)/.build/demo"

quick:  ## the fast unit tests of what tasks decide and do; not transport, credentials, report, local Graph
site:  ## the site of the documentation, in .build/site/html
artifact:  ## the files of a release, in .build/release

test:  ## all tests and checks; PARTS="unit lint" chooses
	@$(PYTHON) .ci/test.py $(PARTS)

quick site artifact $(SINGLE_PARTS):
	@$(PYTHON) .ci/test.py $@ -- $(ARGS)

shell:  ## a shell with the collection and a local Graph, which is gone at its end
	@.ci/local_graph.sh .ci/shell.sh

live:  ## ask a tenant what nobody knows of Graph; ARGS="--set ... --users ... --service-principals ..."
	@$(PYTHON) .ci/collection.py
	@PYTHONPATH=.build/collections .build/venv/run/bin/python tests/live/check.py $(ARGS)

release-check:  ## what Galaxy and the certification run, on every ansible-core that the Pythons here can run
	@$(PYTHON) .ci/test.py release

soak:  ## 600 runs against a Graph whose answers a seed spoils; ARGS="RUNS FIRST_SEED"
	@.ci/local_graph.sh python tests/faults/soak.py $(ARGS)

bench:  ## how long tasks take, beside the same requests made by hand; BENCH=quick, limits or peers for a part of it
	@.ci/local_graph.sh python tests/bench/run.py

constraints:  ## pin anew what the requirement files leave open
	@$(PYTHON) .ci/environments.py

clean:  ## remove all that was made here
	rm -rf .build
