# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""The page of a report: one file that loads nothing, allows no script but its own, and says everything without it.

The template is text in here, as Ansible takes nothing but Python files along to where a module runs. Names and values
are never part of it: Jinja2 escapes them.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import MissingLibrary

try:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    HAS_JINJA = True
except ImportError:
    HAS_JINJA = False
try:
    import pygal

    HAS_PYGAL = True
except ImportError:
    HAS_PYGAL = False

MOST_BARS = 20
MOST_CHARTS = 30
MOST_VALUES = 12
"""Values of an attribute that the page lists; a chart needs two at least."""
MOST_NAMED = 10
"""Principals that are named where there may be many; the table of principals has all."""
MOST_LABEL = 32
"""Characters of a name or value beside a bar."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = {
    "user": "user",
    "service_principal": "service principal",
    "attribute_set": "attribute set",
    "definition": "definition",
    "agent": "agent",
    "agentUser": "agent user",
    "agentIdentity": "agent identity",
    "agentIdentityBlueprintPrincipal": "agent identity blueprint",
}


def page(report: Mapping[str, Any]) -> str:
    """The page of a report. Raises MissingLibrary without Jinja2; without pygal it has no charts."""
    if not HAS_JINJA:
        raise MissingLibrary("Jinja2")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(number=_number, percent=_percent, text=told, title=_title, key=_key)
    charts = _distribution_charts(report["attributes"]) if HAS_PYGAL else {}
    return environment.from_string(_TEMPLATE).render(
        {**report, "made": report["made"].replace("T", " ")},
        coverage_chart=_coverage_chart(report["attributes"]) if HAS_PYGAL else "",
        charts=charts,
        style=Markup(_STYLE),  # noqa: S704 # a constant of this file
        script=Markup(_SCRIPT),  # noqa: S704 # likewise
        policy=f"default-src 'none'; style-src {_source(_STYLE)}; script-src {_source(_SCRIPT)}; img-src data:;"
        " base-uri 'none'; form-action 'none'",
        lacking=_lacking(report["principals"]),
        differing=[one for one in report["declared"] or () if one["changes"] or one["problem"]],
        most_values=MOST_VALUES,
        most_named=MOST_NAMED,
    )


def _lacking(principals: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Some of the principals that lack a required attribute, by attribute."""
    lacking: dict[str, list[str]] = {}
    for one in principals:
        for attribute in one["missing"]:
            named = lacking.setdefault(attribute, [])
            if len(named) < MOST_NAMED:
                named.append(one["display_name"] or one["id"])
    return lacking


def _source(text: str) -> str:
    """The source expression that allows an inline style or script."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _number(value: int) -> str:
    return f"{value:,}"


def _percent(part: int, whole: int) -> str:
    """A share; neither 0 % nor 100 % unless it is just that."""
    if not whole or part in (0, whole):
        return "100 %" if part else "0 %"
    return "< 1 %" if part * 100 < whole else "> 99 %" if part * 100 > 99 * whole else f"{part * 100 / whole:.0f} %"


def told(value: Any) -> str:
    """A value for people; what is masked only tells how many there are."""
    if isinstance(value, Mapping):
        return f"{value['masked']} masked"
    if isinstance(value, list):
        return ", ".join(map(told, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def xml(text: str) -> str:
    """Text without the characters that no XML can hold."""
    return _NOT_XML.sub("\ufffd", text)


def _title(type_: str) -> str:
    return _TYPES.get(type_, type_)


def _key(principal: Mapping[str, Any]) -> str:
    return str(principal.get("user_principal_name") or principal.get("app_id") or principal["id"])


def _coverage_chart(attributes: Sequence[Mapping[str, Any]]) -> Any:
    """Who holds the most frequent attributes."""
    held = [one for one in attributes if one["users"] or one["service_principals"]]
    shown = sorted(held, key=lambda one: -one["users"] - one["service_principals"])[:MOST_BARS]
    bars = [(f"{one['attribute_set']}.{one['name']}", (one["users"], one["service_principals"])) for one in shown]
    return _chart("Principals that hold an attribute", bars, ("users", "service principals"), 1080) if bars else ""


def _distribution_charts(attributes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Charts of attributes with some values, by attribute."""
    charts: dict[str, Any] = {}
    for one in attributes:
        held = [value for value in one["distribution"] or () if value["principals"]]
        if 2 <= len(held) <= MOST_VALUES and len(charts) < MOST_CHARTS:
            name = f"{one['attribute_set']}.{one['name']}"
            bars = [(told(value["value"]), (value["principals"],)) for value in held]
            charts[name] = _chart(f"Values of {name} by the principals that hold them", bars, ("principals",), 520)
    return charts


def _chart(title: str, bars: Sequence[tuple[str, Sequence[int]]], series: Sequence[str], width: int) -> Any:
    """Horizontal bars as SVG, the first on top, which the style of the page colors.

    pygal's own style, scripts and comments are left out: the page would allow the former two as little as others.
    """

    def bare(root: Any) -> Any:
        for parent in list(root.iter()):
            for child in list(parent):
                name = child.tag if isinstance(child.tag, str) else "comment"
                if name in ("comment", "defs", "desc", "title") or "tooltip-overlay" in child.get("class", ""):
                    parent.remove(child)
                elif child.get("id"):
                    del child.attrib["id"]
        del root.attrib["id"]
        root.attrib.update({"role": "img", "aria-label": f"{xml(title)}. The table has the same numbers."})
        return root

    style = pygal.style.Style(label_font_size=12, major_label_font_size=12, value_font_size=12, legend_font_size=12)
    chart = pygal.HorizontalStackedBar(
        style=style,
        classes=("chart",),
        width=width,
        height=30 + 26 * len(bars) + (24 if len(series) > 1 else 0),
        margin=2,
        spacing=6,
        legend_at_bottom=True,
        show_legend=len(series) > 1,
        value_formatter=lambda value: f"{value:,.0f}",
        max_scale=6,
        disable_xml_declaration=True,
    )
    labels = [xml(label) for label, _counts in bars]
    chart.x_labels = [one if len(one) <= MOST_LABEL else f"{one[:MOST_LABEL]}\u2026" for one in labels][::-1]
    for number, name in enumerate(series):
        chart.add(name, [counts[number] for _label, counts in bars][::-1])
    chart.add_xml_filter(bare)
    return Markup(chart.render(is_unicode=True))  # noqa: S704 # pygal writes it by an XML library, which escapes


_STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --card: #fff; --ink: #1f2328; --soft: #59606a; --line: #dedbd5;
  --accent: #1f5fa8; --one: #2f6fb5; --two: #c47a1c; --look: #9a4a00; --look-ground: #fdf1e3; --good: #2b6a3f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181c; --card: #1d2126; --ink: #e6e8ea; --soft: #a3abb5; --line: #343a42;
    --accent: #7db4f0; --one: #6ea8e6; --two: #e0a04d; --look: #f2b56b; --look-ground: #33281a; --good: #7cc596;
  }
}
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 1rem }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.5rem }
header { padding-top: 3rem }
h1 { font-size: 2rem; font-weight: 650; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .35rem }
h2 { font-size: 1.35rem; font-weight: 620; line-height: 1.3; margin: 0 0 .4rem }
h3 { font-size: 1rem; font-weight: 620; margin: 0 0 .5rem; overflow-wrap: anywhere }
p { margin: 0 0 1rem; max-width: 46rem }
section { margin: 3.5rem 0 }
a { color: var(--accent); text-underline-offset: .15em }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px }
small, .soft, footer { color: var(--soft) }
small { font-size: .85em }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 1.25rem 0 0; padding: 0 }
nav a { text-decoration: none }
nav a:hover { text-decoration: underline }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 1 }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.75rem, 1fr)); gap: 1rem; margin: 0;
  padding: 0; list-style: none }
.cards li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem }
.cards a { color: inherit; text-decoration: none; display: block }
.cards a:hover .name { text-decoration: underline }
.cards b { display: block; font-size: 1.9rem; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums }
.cards .name { display: block }
.cards small { display: block; line-height: 1.4; margin-top: .2rem }
.look { color: var(--look) }
.cards .look-at { border-color: var(--look); background: var(--look-ground) }
.look-at b { color: var(--look) }
.good { color: var(--good) }
.table { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card) }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
caption { text-align: left; padding: .7rem .9rem; color: var(--soft); border-bottom: 1px solid var(--line) }
th, td { text-align: left; vertical-align: top; padding: .5rem .9rem; overflow-wrap: anywhere }
td { border-top: 1px solid var(--line) }
tbody th { border-top: 1px solid var(--line); font-weight: 500; min-width: 12rem }
thead th { font-weight: 600; color: var(--soft); white-space: nowrap }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
meter { appearance: none; width: 5rem; height: .5rem; vertical-align: middle }
meter { background: var(--line); border-radius: 4px }
meter::-webkit-meter-bar { background: var(--line); border: 0; height: .5rem; border-radius: 4px }
meter::-webkit-meter-optimum-value { background: var(--one); border-radius: 4px }
meter::-moz-meter-bar { background: var(--one); border-radius: 4px }
.share { min-width: 9.5rem; padding-left: 0 }
meter + span { display: inline-block; width: 3.4rem }
figure { margin: 0 0 1.25rem }
figure, .values article { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem }
figcaption { color: var(--soft); font-size: .92rem; margin-bottom: .5rem }
.values { columns: 27rem; column-gap: 1.25rem }
.values article { break-inside: avoid; margin-bottom: 1.25rem }
.values table { margin-top: .5rem }
.values caption { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }
.values th, .values td { padding: .3rem .4rem; min-width: 0 }
.values p { margin: .5rem 0 0 }
.chart { display: block; width: 100%; height: auto; max-height: 42rem; font-family: inherit; font-size: 12px }
.chart .background { fill: none }
.chart text { fill: var(--soft); font-size: 12px }
.chart .axis.y text { text-anchor: end; fill: var(--ink) }
.chart .axis.x text { text-anchor: middle }
.chart .line { stroke: var(--line); fill: none }
.chart .text-overlay { display: none }
.chart .color-0 .rect, .chart rect.color-0 { fill: var(--one) }
.chart .color-1 .rect, .chart rect.color-1 { fill: var(--two) }
.tools { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center; margin: 0 0 1rem }
.tools[hidden] { display: none }
.tools label { display: flex; gap: .6rem; align-items: center; min-width: 0 }
input[type=search] { width: 22rem; min-width: 0 }
input[type=search], .tools button { font: inherit; color: inherit; background: var(--card); padding: .45rem .8rem;
  border: 1px solid var(--soft); border-radius: 8px }
.tools button:disabled { opacity: .45 }
.tools [role=status] { margin: 0 auto 0 0; font-variant-numeric: tabular-nums }
th button { all: unset; cursor: pointer; color: inherit; font: inherit }
th button::after { content: " \\2195"; opacity: .5 }
th[aria-sort=ascending] button::after { content: " \\2191"; opacity: 1 }
th[aria-sort=descending] button::after { content: " \\2193"; opacity: 1 }
th button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px }
#all { table-layout: fixed; min-width: 52rem }
#all th:nth-child(1) { width: 22% }
#all th:nth-child(2) { width: 9rem }
#all th:nth-child(4) { width: 6.5rem }
#all th:nth-child(5) { width: 21% }
td small, tbody th small { display: block }
footer { padding-bottom: 3rem; font-size: .9rem }
@media print {
  :root { color-scheme: light; --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --one: #2f6fb5;
    --two: #c47a1c; --look: #7a3b00; --look-ground: #fff; --good: #1d5730 }
  body { font-size: 10pt }
  nav, .skip, .tools { display: none }
  header { padding-top: 0 }
  section { margin: 1.5rem 0 }
  .table { overflow: visible }
  tr, figure, .cards li, .values article { break-inside: avoid }
  thead { display: table-header-group }
}
"""

_SCRIPT = """
(() => {
  'use strict';
  const table = document.getElementById('all');
  if (!table) return;
  const size = 50, body = table.tBodies[0], tools = document.getElementById('tools');
  const search = document.getElementById('search'), only = document.getElementById('only');
  const state = document.getElementById('state');
  const [back, on] = ['back', 'on'].map(id => document.getElementById(id));
  const order = new Intl.Collator(undefined, {numeric: true, sensitivity: 'base'});
  const rows = [...body.rows].map(row => ({
    row, look: row.cells[4].textContent.trim() !== '',
    text: [...row.querySelectorAll('th, td, small')].map(part => part.textContent.toLowerCase()).join('\\n'),
    cells: [...row.cells].map(cell => cell.textContent.trim()),
  }));
  let found = rows, page = 0;
  const show = all => {
    const start = page * size, end = Math.min(start + size, found.length);
    body.replaceChildren(...(all ? found : found.slice(start, end)).map(one => one.row));
    state.textContent = found.length
      ? `${(start + 1).toLocaleString('en')}\\u2013${end.toLocaleString('en')} of ${found.length.toLocaleString('en')}`
      : 'Nobody is found.';
    back.disabled = page === 0;
    on.disabled = end >= found.length;
  };
  const find = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    found = rows.filter(one => (one.look || !only.checked) && words.every(word => one.text.includes(word)));
    page = 0;
    show();
  };
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent.trim();
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'ascending';
      heads.forEach(other => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      rows.sort((one, other) => (down ? -1 : 1) * order.compare(one.cells[column], other.cells[column]));
      find();
    });
    head.replaceChildren(button);
  });
  search.addEventListener('input', find);
  only.addEventListener('change', find);
  back.addEventListener('click', () => { page -= 1; show(); });
  on.addEventListener('click', () => { page += 1; show(); });
  addEventListener('beforeprint', () => show(true));
  addEventListener('afterprint', () => show());
  tools.hidden = false;
  show();
})();
"""

_TEMPLATE = """\
{% macro card(count, name, target, fine, look) %}
<li{% if count %} class="look-at"{% endif %}><a href="#{{ target }}"><b>{{ count | number }}</b>
<span class="name">{{ name }}</span>
{% if count %}<small><span class="look">! look:</span> {{ look }}</small>{% else %}
<small><span class="good">\u2713</span> {{ fine }}</small>{% endif %}</a></li>
{% endmacro %}
{% macro share(part, whole) %}
<td class="n">{{ part | number }}<td class="n share">{% if part %}<meter min="0" max="{{ whole }}" value="{{ part }}"
 aria-hidden="true"></meter> <span>{{ part | percent(whole) }}</span>{% endif %}
{% endmacro %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="date" content="{{ made }}">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Custom security attributes{% if tenant %} of {{ tenant }}{% endif %}</title>
<style>{{ style }}</style>
</head>
<body>
<a class="skip" href="#main">Go to the figures</a>
<header>
<h1>Custom security attributes</h1>
<p class="soft">{% if tenant %}Tenant {{ tenant }}, {% endif %}read on <time datetime="{{ made }}">{{ made }}</time></p>
<nav aria-label="Sections"><ul>
<li><a href="#coverage">Coverage</a>
<li><a href="#values">Values</a>
{% if declared is not none %}<li><a href="#drift">Drift</a>{% endif %}
{% if required %}<li><a href="#required">Required attributes</a>{% endif %}
<li><a href="#predefined">Predefined values</a>
<li><a href="#deprecated">Deprecated attributes</a>
<li><a href="#limits">Limits</a>
<li><a href="#principals">Principals</a>
</ul></nav>
</header>
<main id="main">

<section aria-labelledby="overview">
<h2 id="overview">At a glance</h2>
<ul class="cards">
<li><a href="#principals"><b>{{ summary.principals | number }}</b><span class="name">principals</span>
<small>{{ summary.with_values | number }} hold values</small></a></li>
<li><a href="#coverage"><b>{{ summary.definitions | number }}</b><span class="name">attributes</span>
<small>in {{ summary.attribute_sets | number }} sets, beside {{ summary.deprecated_definitions | number }}
deprecated</small></a></li>
{% if declared is not none %}
{{ card(summary.drift, "drift", "drift", "as declared", "not as declared") }}
{% endif %}
{% if required %}
{{ card(summary.missing_required, "lack attributes", "required", "nothing required is missing",
        "principals without what is required") }}
{% endif %}
{{ card(summary.bad_values, "hold bad values", "predefined", "all are predefined and active",
        "inactive or not predefined") }}
{{ card(summary.deprecated_in_use, "deprecated in use", "deprecated", "none is assigned", "still assigned") }}
{{ card(summary.limits_near, "limits", "limits", "none is near", "80 % or more is used") }}
</ul>
{% if masked_attribute_sets %}
<p><br>Values of these attribute sets are masked: {{ masked_attribute_sets | join(", ") }}.</p>
{% endif %}
</section>

<section aria-labelledby="coverage">
<h2 id="coverage">Coverage</h2>
<p class="soft">How many principals hold each attribute. Agents (agent identities, their blueprints and agent users)
are service principals or users, and counted there as well.</p>
{% if coverage_chart %}
<figure><figcaption>The attributes that most principals hold</figcaption>{{ coverage_chart }}</figure>
{% endif %}
<div class="table" tabindex="0" role="region" aria-label="Coverage of attributes">
<table><caption>Attributes by who holds them, of {{ summary.users | number }} users,
{{ summary.service_principals | number }} service principals and {{ summary.agents | number }} agents</caption>
<thead><tr><th scope="col">Attribute<th scope="col">Type<th scope="col" class="n" colspan="2">Users
<th scope="col" class="n" colspan="2">Service principals<th scope="col" class="n" colspan="2">Agents</tr></thead>
{% for group in attribute_sets %}
<tbody>
<tr><th scope="rowgroup"><b>{{ group.name }}</b><td class="soft">attribute set
{{ share(group.users, summary.users) }}{{ share(group.service_principals, summary.service_principals) }}
{{ share(group.agents, summary.agents) }}</tr>
{% for one in attributes if one.attribute_set == group.name %}
<tr><th scope="row">{{ one.attribute_set }}.{{ one.name }}
{% if one.state != "present" %}<small class="look">{{ one.state }}</small>{% endif %}
<td class="soft">{{ one.type or "not known" }}{% if one.multi_valued %}, multi-valued{% endif %}
{{ share(one.users, summary.users) }}{{ share(one.service_principals, summary.service_principals) }}
{{ share(one.agents, summary.agents) }}</tr>
{% endfor %}
</tbody>
{% else %}
<tbody><tr><td colspan="8">The tenant has no attribute sets.</tr></tbody>
{% endfor %}
</table></div>
</section>

<section aria-labelledby="values">
<h2 id="values">Values</h2>
<p class="soft">Which values the attributes have, the most frequent first. The file report.json has all of
them.</p>
<div class="values">
{% for one in attributes if one.distinct_values %}
{% set name = one.attribute_set ~ "." ~ one.name %}
{% set most = most_values if one.distribution | default([], true) | length <= most_values else most_values // 2 %}
<article>
<h3>{{ name }}</h3>
{% if one.distribution is none %}
<p>{{ one.distinct_values | number }} different values, masked.</p>
{% else %}
{% if name in charts %}{{ charts[name] }}{% endif %}
<table><caption>Values of {{ name }}</caption>
<thead><tr><th scope="col">Value<th scope="col" class="n">Principals</tr></thead><tbody>
{% for value in one.distribution[:most] %}
<tr><th scope="row">{{ value.value | text }}{% if value.standing in ("inactive", "outside") %}
 <small class="look">{{ "inactive" if value.standing == "inactive" else "not predefined" }}</small>{% endif %}
<td class="n">{{ value.principals | number }}</tr>
{% endfor %}
</tbody></table>
{% if one.distribution | length > most %}
<p class="soft">and {{ (one.distribution | length - most) | number }} more</p>
{% endif %}
{% endif %}
</article>
{% else %}
<p>Nothing is assigned.</p>
{% endfor %}
</div>
</section>

{% if declared is not none %}
<section aria-labelledby="drift">
<h2 id="drift">Drift</h2>
<p class="soft">What is not as declared, of {{ declared | length | number }} attribute sets, definitions and
principals that are.</p>
<div class="table" tabindex="0" role="region" aria-label="Drift">
<table><caption>What is not as declared</caption>
<thead><tr><th scope="col">Name<th scope="col">Type<th scope="col">What<th scope="col">Is<th scope="col">Declared
</tr></thead>
{% for one in differing %}
<tbody>
{% for change in one.changes %}
<tr>{% if loop.first %}<th scope="rowgroup" rowspan="{{ one.changes | length }}">{{ one.name }}
<td rowspan="{{ one.changes | length }}">{{ one.type | title }}{% endif %}
<td>{{ change.what }}<td>{{ change.before | text }}<td>{{ change.after | text }}</tr>
{% endfor %}
{% if one.problem %}
<tr><th scope="row">{{ one.name }}<td>{{ one.type | title }}<td colspan="3" class="look">{{ one.problem }}</tr>
{% endif %}
</tbody>
{% else %}
<tbody><tr><td colspan="5">Everything is as declared.</tr></tbody>
{% endfor %}
</table></div>
</section>
{% endif %}

{% if required %}
<section aria-labelledby="required">
<h2 id="required">Required attributes</h2>
<p class="soft">Up to {{ most_named }} are named here. To see all, search the
<a href="#principals">principals</a> for <i>lacks</i> and the attribute.</p>
<div class="table" tabindex="0" role="region" aria-label="Required attributes">
<table><caption>Principals without what is required of them</caption>
<thead><tr><th scope="col">Attribute<th scope="col">Required of<th scope="col" class="n">Principals
<th scope="col" class="n" colspan="2">Lack it<th scope="col">Among them</tr></thead><tbody>
{% for one in required %}
<tr><th scope="row">{{ one.attribute_set }}.{{ one.name }}
<td>{{ (one.principal_type | title ~ "s") if one.principal_type else "all principals" }}
<td class="n">{{ one.principals | number }}{{ share(one.missing, one.principals) }}
<td>{% if one.missing %}{{ lacking[one.attribute_set ~ "." ~ one.name] | join(", ") }}{% endif %}</tr>
{% endfor %}
</tbody></table></div>
</section>
{% endif %}

<section aria-labelledby="predefined">
<h2 id="predefined">Predefined values</h2>
<p class="soft">Attributes that take predefined values only, and hold others. An inactive value stays where it was
assigned before. One that is not predefined is from a time when others were allowed.</p>
<div class="table" tabindex="0" role="region" aria-label="Values that are inactive or not predefined">
<table><caption>Principals with values that are inactive or not predefined</caption>
<thead><tr><th scope="col">Attribute<th scope="col" class="n">Inactive<th scope="col" class="n">Not predefined
</tr></thead><tbody>
{% for one in attributes if one.inactive or one.outside %}
<tr><th scope="row">{{ one.attribute_set }}.{{ one.name }}<td class="n">{{ one.inactive | number }}
<td class="n">{{ one.outside | number }}</tr>
{% else %}
<tr><td colspan="3">All values are predefined and active.</tr>
{% endfor %}
</tbody></table></div>
</section>

<section aria-labelledby="deprecated">
<h2 id="deprecated">Deprecated attributes</h2>
<p class="soft">A deprecated attribute can no longer be assigned, but stays where it is, and policies still see it.</p>
<div class="table" tabindex="0" role="region" aria-label="Deprecated attributes">
<table><caption>Deprecated attributes by who holds them</caption>
<thead><tr><th scope="col">Attribute<th scope="col" class="n">Users<th scope="col" class="n">Service principals
<th scope="col" class="n">Agents</tr></thead><tbody>
{% for one in attributes if one.state == "deprecated" %}
<tr><th scope="row">{{ one.attribute_set }}.{{ one.name }}<td class="n">{{ one.users | number }}
<td class="n">{{ one.service_principals | number }}<td class="n">{{ one.agents | number }}</tr>
{% else %}
<tr><td colspan="4">No attribute is deprecated.</tr>
{% endfor %}
</tbody></table></div>
</section>

<section aria-labelledby="limits">
<h2 id="limits">Limits</h2>
<p class="soft">The limits of the tenant, and those of attribute sets, definitions and principals of which 80&nbsp;% or
more is used.</p>
<div class="table" tabindex="0" role="region" aria-label="Limits">
<table><caption>Limits by how much of them is used</caption>
<thead><tr><th scope="col">Limit<th scope="col">Of<th scope="col" class="n" colspan="2">Used
<th scope="col" class="n">Allowed</tr></thead><tbody>
{% for one in limits %}
<tr><th scope="row">{{ one.limit }}{% if one.near %} <small class="look">nearly reached</small>{% endif %}
<td>{{ one.of }}{{ share(one.used, one.allowed) }}<td class="n">{{ one.allowed | number }}</tr>
{% endfor %}
</tbody></table></div>
</section>

<section aria-labelledby="principals">
<h2 id="principals">Principals</h2>
<p class="soft">All that hold values or lack what is required of them. The others,
{{ (summary.principals - principals | length) | number }}, are only counted.</p>
<div class="tools" id="tools" hidden>
<label>Search <input type="search" id="search" autocomplete="off" spellcheck="false"></label>
<label><input type="checkbox" id="only"> only those to look at</label>
<p role="status" id="state"></p>
<button type="button" id="back">Previous</button>
<button type="button" id="on">Next</button>
</div>
<div class="table" tabindex="0" role="region" aria-label="Principals">
<table id="all"><caption>Principals with their attributes</caption>
<thead><tr><th scope="col">Principal<th scope="col">Type<th scope="col">Attributes<th scope="col" class="n">Values
<th scope="col">Look at</tr></thead>
<tbody>
{% for one in principals %}
<tr><th scope="row">{{ one.display_name or one.id }}<small>{{ one | key }}</small><td>
{{- one.get("agent_type", one.type) | title }}<td>
{%- for group, values in one.custom_security_attributes.items() %}{% set first = loop.first %}
{%- for name, value in values.items() %}
{{- "" if first and loop.first else "; " }}{{ group }}.{{ name }}: {{ value | text }}
{%- endfor %}{% endfor %}<td class="n">{{ one["values"] }}<td>
{%- for name in one.missing %}<small class="look">lacks {{ name }}</small>{% endfor %}
{%- for bad in one.bad_values %}<small class="look">{{ bad.attribute }}: {{ bad.value | text }}
 {{ "is inactive" if bad.standing == "inactive" else "is not predefined" }}</small>{% endfor %}
{%- if one.drift %}<small class="look">is not as declared</small>{% endif %}

{% else %}
<tr><td colspan="5">Nobody holds values.
{% endfor %}
</tbody></table></div>
</section>
</main>
<footer><p>Made by the collection entra.attributes. The page loads nothing and sends nothing.</p></footer>
<script>{{ script }}</script>
</body>
</html>
"""
