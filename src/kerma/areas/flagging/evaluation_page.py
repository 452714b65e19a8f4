"""The page an evaluation is laid out on: its styles, and where title and body go."""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root { --ink: #16202b; --soft: #55616e; --line: #d9dfe5; --ground: #fff; --tint: #f4f6f8; --note: #fff6e5;
  --edge: #e0a83a }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 28px 24px 60px; max-width: 1080px; color: var(--ink); background: var(--ground);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
h1 { font-size: 27px; margin: 0 0 2px; letter-spacing: -.01em }
h1 small { font-weight: 400; color: var(--soft); font-size: 17px }
h2 { font-size: 18px; margin: 34px 0 10px }
h3 { font-size: 14px; margin: 0 0 6px; font-weight: 600 }
p { margin: 6px 0 10px; max-width: 78ch }
header p { color: var(--soft); margin: 0 0 16px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(134px, 1fr)); gap: 10px }
.tiles div { border: 1px solid var(--line); border-radius: 8px; padding: 12px 13px;
  display: flex; flex-direction: column }
.tiles b { font-size: 23px; font-variant-numeric: tabular-nums; line-height: 1.25 }
.tiles span { font-size: 13px }
.tiles i { font-style: normal; font-size: 12px; color: var(--soft); margin-top: 2px }
.note { background: var(--note); border-left: 4px solid var(--edge); padding: 10px 18px; margin-top: 18px;
  border-radius: 4px }
.note h2 { font-size: 14px; margin: 0 0 4px }
.note ul { margin: 0; padding-left: 18px }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 26px 28px }
figure { margin: 0; break-inside: avoid }
figure svg[role=img] { width: 100%; height: auto; display: block }
svg text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums }
svg .mid { text-anchor: middle } svg .end { text-anchor: end } svg .axis { fill: var(--ink); font-size: 12.5px }
svg .grid { stroke: var(--line); stroke-width: 1; fill: none }
svg .ideal { stroke: #8b95a1; stroke-dasharray: 3 4; fill: none }
figcaption { font-size: 12.5px; color: var(--soft); margin-top: 4px; overflow-wrap: anywhere }
.legend { list-style: none; margin: 6px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 16px;
  font-size: 12.5px }
.legend svg { margin-right: 6px; vertical-align: 2px }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; min-width: 60% }
th, td { padding: 5px 0 5px 22px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
thead th { color: var(--soft); font-weight: 600; border-bottom-color: #aeb7c0; white-space: normal;
  vertical-align: bottom }
.made { min-width: 0 } .made th, .made td { text-align: left; white-space: normal; overflow-wrap: anywhere }
.made th { color: var(--soft); font-weight: 400; vertical-align: top; white-space: nowrap; padding-right: 6px }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: 14px }
.gallery img { width: 100%; display: block; border-radius: 4px; background: #000 }
.key em { font-style: normal; font-size: 13px; margin-right: 16px }
.key em::before { content: ""; display: inline-block; width: 12px; height: 12px; margin-right: 6px; border: 2px solid;
  vertical-align: -1px }
.key .truth::before { border-color: #2aa85a } .key .mark::before { border-color: #ff961e }
.key .weak::before { border-color: #e8a050; border-width: 1px }
@media print { body { padding: 0; max-width: none } h2 { break-after: avoid } }
</style>
</head>
<body>
{body}
</body>
</html>
"""
