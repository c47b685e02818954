# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release.

"""Style and script of the report's page, as text: Ansible takes only Python files along to where a module runs."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #fff; --ink: #1b1f24; --soft: #55606b; --line: #d8dde3; --track: #e6e9ee;
  --accent: #0b5cad; --bar: #2f73b8;
  --high: #a8201a; --high-ground: #fdeceb; --medium: #7d4500; --medium-ground: #fff3de;
  --low: #3b5268; --low-ground: #e9f0f7; --well: #17633a; --well-ground: #e5f4ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1419; --card: #181f27; --ink: #e6edf3; --soft: #a0adba; --line: #303b47; --track: #303b47;
    --accent: #79bbff; --bar: #5a9fe0;
    --high: #ffa198; --high-ground: #3b1b1b; --medium: #f2bd6b; --medium-ground: #35280f;
    --low: #afc8e0; --low-ground: #1c2b3a; --well: #86d8a2; --well-ground: #143020;
  }
}
* { box-sizing: border-box }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100% }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }
body {
  margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem }
header { padding-top: 2.25rem }
h1 { font-size: 1.9rem; font-weight: 680; line-height: 1.2; letter-spacing: -.015em; margin: 0 }
h2 { font-size: 1.3rem; font-weight: 650; line-height: 1.3; margin: 0 0 .35rem }
h3 { font-size: 1rem; font-weight: 630; line-height: 1.4; margin: 0; overflow-wrap: anywhere }
p { margin: 0 0 .75rem; max-width: 48rem }
section { margin: 2.75rem 0 }
a { color: var(--accent); text-underline-offset: .18em }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px }
small, .soft, footer { color: var(--soft) }
small { font-size: .8125rem; line-height: 1.4 }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 3 }
.title { display: flex; gap: 1.25rem; align-items: center; flex-wrap: wrap }
.title > div { flex: 1 1 16rem; min-width: 0 }
.title img { max-height: 3.5rem; max-width: 12rem }
.tenant { font-size: 1.1rem; color: var(--soft); margin: .2rem 0 0; overflow-wrap: anywhere }
.facts { display: flex; flex-wrap: wrap; gap: .35rem 2rem; margin: 1rem 0 0; font-size: .875rem }
.facts div { min-width: 0 }
.facts dt { color: var(--soft) }
.facts dd { margin: 0; overflow-wrap: anywhere }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; list-style: none; margin: 1.1rem 0 0; padding: .6rem 0 0;
  border-top: 1px solid var(--line) }
nav a { text-decoration: none; display: inline-block; padding: .2rem 0 }
nav a:hover { text-decoration: underline }
.card, .verdict, .tiles li, .table, .finding, .value { background: var(--card); border: 1px solid var(--line);
  border-radius: 12px }
.verdict { display: flex; gap: 1.1rem; align-items: center; padding: 1.25rem 1.4rem; border-width: 0 }
.verdict svg { flex: none; width: 2.75rem; height: 2.75rem }
.verdict h2 { font-size: 1.35rem }
.verdict p { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere }
.at_risk { background: var(--high-ground); color: var(--high) }
.needs_attention { background: var(--medium-ground); color: var(--medium) }
.all_well { background: var(--well-ground); color: var(--well) }
.verdict svg { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
.first { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem;
  margin: .75rem 0 0; padding: 0; list-style: none }
.first li { padding: 1rem 1.15rem; min-width: 0 }
.first p { margin: .4rem 0 0; font-size: .92rem }
.chip { display: inline-block; font-size: .78rem; font-weight: 650; line-height: 1; padding: .28rem .5rem;
  border-radius: 99px; white-space: nowrap; vertical-align: .08em }
.high { color: var(--high); background: var(--high-ground) }
.medium { color: var(--medium); background: var(--medium-ground) }
.low { color: var(--low); background: var(--low-ground) }
.well { color: var(--well); background: var(--well-ground) }
pre { margin: .6rem 0 0; padding: .7rem .85rem; background: var(--ground); border: 1px solid var(--line);
  border-radius: 8px; font: .8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; max-height: 15rem; overflow-y: auto }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1rem; margin: .75rem 0 0;
  padding: 0; list-style: none }
.tiles a { color: inherit; text-decoration: none; display: block; padding: .9rem 1.1rem; height: 100%;
  border-radius: 12px }
.tiles a:hover .name { text-decoration: underline }
.tiles b { display: block; font-size: 1.8rem; font-weight: 620; line-height: 1.2; font-variant-numeric: tabular-nums }
.tiles .name { display: block; font-weight: 550 }
.tiles .raised b { color: var(--high) }
.tiles .raised.soon b { color: var(--medium) }
.bar { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; margin: .5rem 0 1rem }
.bar[hidden], [hidden] { display: none }
.bar label { display: grid; gap: .15rem; font-size: .8125rem; color: var(--soft); min-width: 0 }
.bar label.wide { flex: 1 1 16rem }
.bar label.check { display: flex; gap: .5rem; align-items: center; padding: .45rem 0 }
input[type=search], select, button { font: inherit; font-size: .92rem; color: var(--ink); background: var(--card);
  padding: .4rem .75rem; border: 1px solid var(--soft); border-radius: 8px; max-width: 100%; min-width: 0 }
input[type=search] { width: 100% }
button { cursor: pointer }
button:disabled { opacity: .55; cursor: default }
.status { margin: 0 auto 0 0; font-variant-numeric: tabular-nums; align-self: center }
.finding { margin: 0 0 .75rem; border-left: 5px solid var(--line) }
.finding.is-high { border-left-color: var(--high) }
.finding.is-medium { border-left-color: var(--medium) }
.finding.is-low { border-left-color: var(--low) }
.finding > div { padding: .85rem 1.1rem }
.finding .why { margin: .25rem 0 0; color: var(--soft); font-size: .92rem }
summary { cursor: pointer; color: var(--accent); margin-top: .5rem; width: fit-content }
details[open] > summary { margin-bottom: .6rem }
details p { margin: .75rem 0 0 }
.table { overflow-x: auto }
.finding .table { border-radius: 8px }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
caption { text-align: left; padding: .65rem .9rem; color: var(--soft); border-bottom: 1px solid var(--line) }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem; overflow-wrap: anywhere }
td, tbody th { border-top: 1px solid var(--line) }
thead + tbody tr:first-child > * { border-top-color: var(--line) }
tbody th { font-weight: 500; min-width: 11rem }
thead th { font-weight: 600; color: var(--soft); white-space: nowrap }
.group th { font-weight: 680 }
.group > * { background: var(--ground) }
td small, th small { display: block }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
meter { appearance: none; width: 4.5rem; height: .5rem; vertical-align: middle; background: var(--track); border: 0;
  border-radius: 4px; print-color-adjust: exact; -webkit-print-color-adjust: exact }
meter::-webkit-meter-inner-element { height: .5rem }
meter::-webkit-meter-bar { background: var(--track); border: 0; height: .5rem; border-radius: 4px;
  -webkit-print-color-adjust: exact }
meter::-webkit-meter-optimum-value, meter::-webkit-meter-suboptimum-value { background: var(--bar); border-radius: 4px;
  -webkit-print-color-adjust: exact }
meter::-moz-meter-bar { background: var(--bar); border-radius: 4px }
.share span { display: inline-block; min-width: 3.1rem }
.spark { display: block; width: 7rem; height: 1.6rem; fill: none; stroke: var(--bar); stroke-width: 1.5 }
.news { list-style: none; padding: 0; margin: .25rem 0 1rem }
.news li { padding: .15rem 0; overflow-wrap: anywhere }
.values { columns: 24rem; column-gap: 1rem }
.value { break-inside: avoid; margin: 0 0 1rem; padding: .9rem 1.1rem }
.value ul { list-style: none; margin: .4rem 0 0; padding: 0; font-size: .92rem }
.value li { display: grid; grid-template-columns: minmax(0, 1fr) 6.5rem auto; gap: .75rem; align-items: center;
  padding: .16rem 0 }
.value li > a, .value li > span:first-child { overflow-wrap: anywhere; color: inherit }
.value meter { width: 100% }
.value p { margin: .4rem 0 0 }
.flows { columns: 21rem; column-gap: 1rem; margin-bottom: 1rem }
.flows svg { display: block; max-width: 100%; height: auto; margin-top: .5rem; fill: var(--ink); font-size: 13px }
.flows .from { text-anchor: end }
.flows path { fill: none; stroke: var(--bar); stroke-width: 1.5 }
.flows .off { stroke-dasharray: 4 4; stroke: var(--soft) }
#lineage-section .table + .table { margin-top: 1rem }
.held th { padding-left: 2rem; font-weight: 400 }
.line { display: block; white-space: nowrap }
#lineage-section tbody th { min-width: 17rem }
th button { border: 0; background: none; padding: 0; color: inherit; font-weight: inherit; text-align: inherit }
th button::after { content: " \\2195"; opacity: .6 }
th[aria-sort=ascending] button::after { content: " \\2191"; opacity: 1 }
th[aria-sort=descending] button::after { content: " \\2193"; opacity: 1 }
#all { table-layout: fixed; min-width: 54rem }
#all th:nth-child(1) { width: 23% }
#all th:nth-child(2) { width: 9.5rem }
#all th:nth-child(4) { width: 6rem }
#all th:nth-child(5) { width: 27% }
#all .found { display: block; margin-bottom: .25rem }
footer { padding-bottom: 2.5rem; font-size: .875rem }
.paper { display: none }
@media screen and (max-width: 44rem) {
  header, main, footer { padding-left: 1rem; padding-right: 1rem }
  header { padding-top: 1.25rem }
  h1 { font-size: 1.5rem }
  section { margin: 2rem 0 }
  .verdict { align-items: flex-start; padding: 1rem }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .6rem }
  .values, .flows { columns: auto }
  .bar label { flex: 1 1 8.5rem }
  select { width: 100% }
  .cards, .cards tbody, .cards tr, .cards th, .cards td, .cards caption { display: block; width: auto }
  .cards thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }
  #all { min-width: 0 }
  #all.cards th:nth-child(n), #lineage-section tbody th, .cards tbody th { width: auto; min-width: 0 }
  .cards tr { padding: .55rem .9rem; border-top: 1px solid var(--line) }
  .cards tbody tr > * { border: 0; padding: .1rem 0 }
  .cards tbody tr > th { font-weight: 630 }
  .cards tbody td[data-label] { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .5rem;
    text-align: left; white-space: normal }
  .cards tbody td[data-label]::before { content: attr(data-label); color: var(--soft) }
  .cards tbody td.empty { display: none }
  .cards .group { background: var(--ground) }
  .line { white-space: normal }
  meter { width: 6rem }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --track: #ddd;
    --bar: #2f73b8; --accent: #000; --high: #8c1a15; --medium: #6b3b00; --low: #33475a; --well: #14522f;
    --high-ground: #fdeceb; --medium-ground: #fff3de; --low-ground: #e9f0f7; --well-ground: #e5f4ea }
  body { font-size: 9.5pt; line-height: 1.35; hyphens: manual }
  header, main, footer { max-width: none; padding: 0 }
  nav, .skip, .bar, summary, .screen, .facts .screen { display: none }
  h1 { font-size: 17pt }
  h2 { font-size: 12.5pt; break-after: avoid }
  h3 { break-after: avoid; font-size: 10pt }
  section { margin: 5mm 0 }
  a { text-decoration: none; color: inherit }
  .verdict, .chip, .first li { print-color-adjust: exact; -webkit-print-color-adjust: exact }
  .verdict { padding: 3mm 4mm }
  .first { grid-template-columns: repeat(3, 1fr); gap: 3mm }
  .first li { padding: 2.5mm 3mm }
  small, .facts, .first p, .finding .why, .value ul { font-size: 8pt }
  pre { font-size: 7pt; padding: 1.5mm 2mm }
  .first pre { max-height: none }
  .facts { gap: 1mm 8mm; margin-top: 3mm }
  ul { margin: 1mm 0 2mm; padding-left: 5mm }
  details p, p { margin: 1mm 0 }
  .chip { font-size: 7pt }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(20mm, 1fr)); gap: 2mm }
  .tiles a { padding: 2mm 2.5mm }
  .tiles b { font-size: 13pt }
  details::details-content { content-visibility: visible; block-size: auto; display: block }
  .finding pre, .finding details > p, .more { display: none }
  .finding > div { padding: 2mm 3mm }
  tr, .first li, .tiles li, .value, .finding > div > h3 { break-inside: avoid }
  caption { break-after: avoid }
  thead { display: table-header-group }
  .table { overflow: visible; border-radius: 0 }
  table { font-size: 8.5pt }
  th, td { padding: .8mm 2mm }
  thead th { white-space: normal }
  tbody th, #lineage-section tbody th { min-width: 0 }
  .line { white-space: normal }
  .values { columns: 2; column-gap: 4mm }
  .value { padding: 2mm 3mm; margin-bottom: 3mm }
  .value:nth-child(n + 13), .flows .value:nth-child(n + 7), .held { display: none }
  .flows { columns: 3; column-gap: 4mm }
  .value li { padding: 0 }
  meter { width: 14mm }
  #all { min-width: 0 }
  .annex { display: none }
  .annex.wanted { display: block; break-before: page }
  .paper { display: block }
  .annex.wanted + .paper { display: none }
}
"""

PAPER = """
@page {{
  size: A4; margin: 16mm 14mm 15mm;
  @top-left {{ content: "{title}"; font: 8pt sans-serif; color: #444 }}
  @top-right {{ content: "{tenant}"; font: 8pt sans-serif; color: #444 }}
  @bottom-right {{ content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #444 }}
}}
"""
"""The margins of paper: the title and the tenant on every page."""

SCRIPT = r"""
(() => {
  'use strict';
  const at = id => document.getElementById(id);
  const data = JSON.parse(at('data').textContent);
  const {kinds, attributes, values, findings, reasons, rows} = data;
  const table = at('all'), body = table.tBodies[0], size = 25;
  const selects = ['severity', 'kind', 'group', 'attribute', 'type'].map(at);
  const [severity, kind, group, attribute, type] = selects;
  const search = at('search'), state = at('state'), back = at('back'), on = at('on'), chip = at('chip');
  const texts = new Array(rows.length);
  let found = [], page = 0, order = {column: 0, sign: 1}, exact = null;

  const make = (name, text, className) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  };
  const shown = (of, value) => Array.isArray(value) ? value.map(part => values[of][part]).join(', ')
    : value < 0 ? `${-value} masked` : values[of][value];
  const held = row => {
    const pairs = [];
    for (let n = 0; n < row[4].length; n += 2) {
      const of = row[4][n], why = row[6]?.[of];
      pairs.push(`${attributes[of].name}: ${shown(of, row[4][n + 1])}${why === undefined ? '' : ` (${reasons[why]})`}`);
    }
    return pairs;
  };
  const count = row => {
    let sum = 0;
    for (let n = 1; n < row[4].length; n += 2) {
      const value = row[4][n];
      sum += Array.isArray(value) ? value.length : value < 0 ? -value : 1;
    }
    return sum;
  };
  const index = found => Array.isArray(found) ? found[0] : found;
  const told = found => {
    const {title} = findings[index(found)];
    return Array.isArray(found) ? `${title}: ${found[1]}` : title;
  };
  const text = n => texts[n] ??= [rows[n][2], rows[n][3], rows[n][1], kinds[rows[n][0]].title, ...held(rows[n]),
    ...rows[n][5].map(told)].join('\n').toLowerCase();
  const holds = (row, of, value) => {
    for (let n = 0; n < row[4].length; n += 2) {
      if (row[4][n] !== of) continue;
      if (value === undefined) return true;
      const has = row[4][n + 1];
      return Array.isArray(has) ? has.includes(value) : has === value;
    }
    return false;
  };
  const about = finding => (!severity.value || finding.severity === severity.value)
    && (!kind.value || kind.value.split(' ').includes(finding.kind))
    && (!group.value || finding.group === group.value)
    && (!attribute.value || finding.subject === attributes[+attribute.value].name);
  const narrowed = () => severity.value || kind.value;
  const wanted = row => {
    const its = kinds[row[0]];
    if (type.value && (type.value === 'agent' ? !its.agent : its.type !== type.value)) return false;
    if (exact) {
      return exact.finding === undefined ? holds(row, exact.attribute, exact.value)
        : row[5].some(found => index(found) === exact.finding);
    }
    if (narrowed()) return row[5].some(found => about(findings[index(found)]));
    if (attribute.value) {
      return holds(row, +attribute.value) || row[5].some(found => about(findings[index(found)]));
    }
    if (group.value) {
      for (let n = 0; n < row[4].length; n += 2) if (attributes[row[4][n]].group === group.value) return true;
      return row[5].some(found => findings[index(found)].group === group.value);
    }
    return true;
  };

  const cell = (label, children, className) => {
    const td = make('td', undefined, className);
    td.dataset.label = label;
    if (!children.length) td.classList.add('empty');
    const inside = make('span');
    inside.append(...children);
    td.append(inside);
    return td;
  };
  const rendered = row => {
    const tr = make('tr'), who = make('th');
    who.scope = 'row';
    const {link} = kinds[row[0]];
    const name = make(link ? 'a' : 'span', row[2] || row[1]);
    if (link) {
      name.href = link.replace('{id}', encodeURIComponent(row[1])).replace('{key}', encodeURIComponent(row[3]));
      name.rel = 'noreferrer noopener';
      name.target = '_blank';
    }
    who.append(name, make('small', row[3] || row[1]));
    const of = held(row).flatMap((pair, n) => n ? [make('br'), pair] : [pair]);
    const marks = row[5].map(found => {
      const mark = make('span', undefined, 'found');
      const finding = findings[index(found)];
      mark.append(make('span', finding.severity, `chip ${finding.severity}`), ` ${told(found)}`);
      return mark;
    });
    const number = count(row);
    tr.append(who, cell('Type', [kinds[row[0]].title]), cell('Attributes', of), cell('Values', [String(number)], 'n'),
      cell('Findings', marks));
    return tr;
  };
  const show = all => {
    const start = page * size, end = Math.min(start + size, found.length);
    body.replaceChildren(...(all ? found : found.slice(start, end)).map(n => rendered(rows[n])));
    const number = value => value.toLocaleString('en');
    state.textContent = found.length
      ? `${number(start + 1)}\u2013${number(end)} of ${number(found.length)}` : 'No matches.';
    back.disabled = page === 0;
    on.disabled = end >= found.length;
  };
  const keys = [n => n, n => rows[n][0], null, n => count(rows[n]), n => rows[n][5].length];
  const sort = () => {
    if (order.column === 0) return order.sign < 0 && found.reverse();
    const key = keys[order.column], by = new Map(found.map(n => [n, key(n)]));
    found.sort((a, b) => order.sign * (by.get(a) - by.get(b)) || a - b);
  };
  const find = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    for (let n = 0; n < rows.length; n++) {
      if (wanted(rows[n]) && words.every(word => text(n).includes(word))) found.push(n);
    }
    sort();
    page = 0;
    let left = 0;
    for (const card of document.querySelectorAll('.finding')) {
      const fits = about(findings[+card.dataset.finding]);
      card.hidden = !fits;
      left += fits;
    }
    at('none').hidden = left > 0 || !findings.length;
    chip.hidden = !exact && !selects.some(select => select.value) && !search.value;
    chip.textContent = exact ? `Remove the filter: ${exact.title}` : 'Remove all filters';
    show();
  };
  const clear = () => {
    exact = null;
    search.value = '';
    for (const select of selects) select.value = '';
  };

  for (const select of selects) select.addEventListener('change', () => { exact = null; find(); });
  let typing;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(find, rows.length > 20000 ? 200 : 0);
  });
  chip.addEventListener('click', () => { clear(); find(); search.focus(); });
  back.addEventListener('click', () => { page--; show(); });
  on.addEventListener('click', () => { page++; show(); });
  document.addEventListener('click', event => {
    const link = event.target.closest('[data-filter]');
    if (!link) return;
    clear();
    const filter = JSON.parse(link.dataset.filter);
    if (filter.kind) kind.value = filter.kind;
    else exact = {...filter, title: link.dataset.title};
    find();
  });
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!keys[column]) return;
    const button = make('button', head.textContent);
    button.type = 'button';
    button.addEventListener('click', () => {
      order = {column, sign: order.column === column ? -order.sign : 1};
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', order.sign > 0 ? 'ascending' : 'descending');
      find();
    });
    head.replaceChildren(button);
  });
  heads[0].setAttribute('aria-sort', 'ascending');

  const quoted = value => {
    const plain = String(value ?? '');
    return `"${(/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(plain) ? `'${plain}` : plain).replaceAll('"', '""')}"`;
  };
  at('csv').addEventListener('click', () => {
    const lines = [['type', 'id', 'display_name', 'name', 'values', 'attributes', 'findings']];
    for (const n of found) {
      const row = rows[n];
      const shown = [held(row), row[5].map(told)].map(parts => parts.join('; '));
      lines.push([kinds[row[0]].title, row[1], row[2], row[3], count(row), ...shown]);
    }
    const content = lines.map(line => line.map(quoted).join(',')).join('\n') + '\n';
    const link = make('a');
    link.href = URL.createObjectURL(new Blob([content], {type: 'text/csv'}));
    link.download = 'principals.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
  const annex = at('annex'), section = at('principals-section');
  annex.addEventListener('change', () => section.classList.toggle('wanted', annex.checked));
  addEventListener('beforeprint', () => annex.checked && show(true));
  addEventListener('afterprint', () => show());
  at('static').hidden = true;
  for (const bar of document.querySelectorAll('.bar')) bar.hidden = false;
  find();
})();
"""
