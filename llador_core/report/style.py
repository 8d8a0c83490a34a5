"""How the page looks on a screen, on a telephone and on paper."""

from __future__ import annotations

CSS = """
:root { --ink:#1b2a33; --soft:#5a6971; --line:#d9e0df; --accent:#0f6f92; --warn:#a3352e; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 20px 40px; max-width: 820px; color: var(--ink);
  background: #fff; font: 15px/1.55 "Source Sans 3", "Segoe UI", system-ui, sans-serif;
  overflow-wrap: anywhere; }
h1, h2, h3 { font-family: "Source Serif 4", Georgia, serif; line-height: 1.2; font-weight: 600; }
h1 { font-size: 34px; margin: 0 0 4px; }
h2 { font-size: 23px; margin: 42px 0 10px; padding-top: 12px; border-top: 1px solid var(--line); }
h3 { font-size: 19px; margin: 0 0 2px; }
h4 { font-size: 13px; letter-spacing: .04em; text-transform: uppercase; color: var(--soft);
  margin: 16px 0 4px; }
p { margin: 0 0 8px; }
.kicker { color: var(--accent); font-weight: 600; margin: 0 0 6px; }
.also, .line, .small, figcaption, .source { color: var(--soft); }
.small, figcaption, .source { font-size: 13px; }
.notice { border-left: 4px solid var(--warn); background: #fbf3f2; padding: 10px 14px;
  margin-top: 14px; }
.verdict { font-weight: 600; }
ul { margin: 4px 0 10px; padding-left: 20px; }
.kind { margin: 8px 0 0; }
.paths { margin-top: 2px; }
figure { margin: 14px 0 18px; }
.drawn { max-width: 680px; overflow: hidden; }
details { margin-top: 8px; font-size: 14px; }
summary { cursor: pointer; color: var(--accent); }
.scroll { overflow-x: auto; margin: 10px 0; }
table { border-collapse: collapse; width: 100%; font-size: 13px; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding-bottom: 6px; }
th, td { text-align: left; vertical-align: top; padding: 5px 9px 5px 0;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.short { white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
article { border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px; margin: 14px 0; }
dl { margin: 0; }
dt { font-weight: 600; margin-top: 6px; }
dd { margin: 0 0 2px 14px; }
dd.nothing { color: var(--soft); }
.links { margin-top: 10px; }
a { color: var(--accent); }
blockquote { margin: 14px 0 0; padding: 8px 14px; border-left: 3px solid var(--line);
  font-size: 14px; }
blockquote p { margin: 0 0 6px; }
.origin { display: grid; grid-template-columns: 150px 1fr; gap: 4px 14px; font-size: 13px; }
.origin dt, .origin dd { margin: 0; }
footer { margin-top: 36px; padding-top: 10px; border-top: 1px solid var(--line);
  color: var(--soft); font-size: 13px; }
@media (max-width: 560px) {
  h1 { font-size: 27px; }
  .origin { grid-template-columns: 1fr; }
  .origin dd { margin-bottom: 6px; }
}
@page { size: A4; margin: 16mm 14mm 18mm;
  @bottom-center { content: "LLaDoR report · for research only, not for clinical use · "
    counter(page) " / " counter(pages); font: 9px sans-serif; color: #5a6971; } }
@media print {
  body { padding: 0; font-size: 12px; max-width: none; }
  h2 { margin-top: 22px; }
  h2, h2 + p, h3, h3 + p, h4, .kind, dt { break-after: avoid; }
  figure, tr, blockquote, .notice, p, li { break-inside: avoid; }
  thead { display: table-header-group; }
  details:not([open]), .links { display: none; }
  .notice { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
