/** The style sheet of the page: a calm single column, light and dark, on screen and on paper. Nothing is loaded. */
import type { Markup } from "./markup.ts";

export const STYLE: Markup = {
  markup: `
:root {
  color-scheme: light dark;
  --page: #fdfdfb; --panel: #f4f4f0; --ink: #1d2327; --quiet: #5b6469; --rule: #d9dad4; --link: #0b5c94;
  --series-0: #0072b2; --series-1: #d55e00; --series-2: #00875f; --series-3: #b05a8f; --series-4: #a87400;
  --series-5: #3a94c8; --series-6: #6b6f72;
  --sans: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif;
  --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Source Serif 4", Georgia, "DejaVu Serif", serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181b; --panel: #1d2327; --ink: #e4e6e3; --quiet: #a1a9ad; --rule: #353d42; --link: #7cc0ee;
    --series-0: #5bb4ee; --series-1: #ff9350; --series-2: #3fcb9b; --series-3: #e59cc6; --series-4: #e9bd55;
    --series-5: #9fd6f5; --series-6: #b9bec1;
  }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --panel: #f6f6f4; --ink: #000; --quiet: #444; --rule: #ccc; --link: #000;
    --series-0: #0072b2; --series-1: #d55e00; --series-2: #00875f; --series-3: #b05a8f; --series-4: #a87400;
    --series-5: #3a94c8; --series-6: #6b6f72;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 var(--serif); overflow-wrap: break-word; }
main, header, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 3.5rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 1rem; font-weight: 600; letter-spacing: -0.01em; }
h2 { font-size: 1.4rem; margin: 3.5rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-weight: 600; }
h3 { font-size: 1.05rem; margin: 0 0 0.4rem; font-weight: 600; }
p { margin: 0 0 0.8rem; max-width: 46rem; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.kicker { font: 600 0.75rem var(--sans); letter-spacing: 0.09em; text-transform: uppercase; color: var(--quiet); margin: 0 0 0.6rem; }
.summary { font-size: 1.25rem; line-height: 1.45; max-width: 50rem; }
.quiet, figcaption, .remark { color: var(--quiet); }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: 0.5rem; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.3rem 1.3rem; margin: 1.5rem 0 0; padding: 0.7rem 0; font: 0.87rem var(--sans); border-block: 1px solid var(--rule); }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13.5rem, 1fr)); gap: 1rem; margin: 2rem 0 0; padding: 0; list-style: none; }
.cards li { background: var(--panel); border-radius: 6px; padding: 1rem 1.2rem; display: flex; flex-direction: column; font-family: var(--sans); }
.cards .label { font-size: 0.85rem; color: var(--quiet); margin-bottom: auto; }
.cards .number { font-size: 1.9rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.cards .number small { font-size: 1rem; color: var(--quiet); }
.cards .detail { font-size: 0.78rem; color: var(--quiet); font-variant-numeric: tabular-nums; line-height: 1.45; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 36rem; font: 0.85rem/1.4 var(--sans); font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 0.9rem 0.5rem 0; border-bottom: 1px solid var(--rule); }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; border-bottom: 1.5px solid var(--quiet); }
tbody th { font-weight: 400; }
.number-cell { text-align: right; white-space: nowrap; }
code, pre { font-family: var(--mono); font-size: 0.82em; }
pre { background: var(--panel); border-radius: 6px; padding: 0.9rem 1.1rem; overflow-x: auto; line-height: 1.5; font-size: 0.8rem; }
td code { white-space: nowrap; }
.notes { border-left: 3px solid var(--series-4); background: var(--panel); border-radius: 0 6px 6px 0; padding: 0.9rem 1.3rem; margin: 2rem 0 0; font-size: 0.95rem; }
.notes h2 { border: 0; margin: 0 0 0.3rem; padding: 0; font-size: 1rem; } .notes ul { margin: 0; padding-left: 1.1rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 3rem 2.5rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; break-inside: auto; }
figcaption { font-size: 0.9rem; line-height: 1.45; margin-top: 0.6rem; max-width: 46rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.2rem 1.4rem; }
.panel { break-inside: avoid; } .panel-name { font: 600 0.78rem var(--sans); margin: 0; color: var(--quiet); }
svg.plot { display: block; overflow: visible; max-width: 100%; height: auto; font: 12px var(--sans); fill: currentColor; text-anchor: middle; }
svg.plot text { font-variant-numeric: tabular-nums; white-space: pre; }
.only svg.plot { width: 100%; max-width: 40rem; min-width: 26rem; } .wide .only svg.plot { max-width: none; min-width: 44rem; }
.panel svg.plot { width: 100%; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; margin: 0.2rem 0 0.4rem; padding: 0; font: 0.82rem var(--sans); }
.legend li { display: flex; align-items: center; gap: 0.35rem; }
details { margin-top: 0.7rem; font-size: 0.9rem; } summary { cursor: pointer; font: 0.82rem var(--sans); color: var(--link); }
details table { min-width: 0; }
details > div { max-height: 24rem; overflow: auto; margin-top: 0.4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.2rem; font: 0.87rem var(--sans); } dd { margin: 0; } dt { color: var(--quiet); }
footer { color: var(--quiet); font-size: 0.85rem; padding-top: 3rem; padding-bottom: 3rem; }
@media (max-width: 40rem) { body { font-size: 15px; } header { padding-top: 2rem; } h1 { font-size: 1.6rem; } main, header, footer { padding-inline: 1rem; } }
@media print { nav, .skip, details { display: none; } body { font-size: 10pt; } h2 { break-after: avoid; } .charts { gap: 1.5rem; } }
`,
};
