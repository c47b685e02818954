# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx for the site. `make site` builds it."""

from __future__ import annotations

project = "entra.attributes"
author = "The entra.attributes authors"
project_copyright = author

extensions = ["sphinx_antsibull_ext", "sphinx_copybutton", "sphinx_design"]
default_role = "any"
pygments_style = "ansible"
pygments_dark_style = "github-dark"

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False

# Copy the commands of a console block: without the prompt, without the output, with the text of a here-document.
copybutton_prompt_text = "$ "
copybutton_here_doc_delimiter = "END"
copybutton_line_continuation_character = "\\"
