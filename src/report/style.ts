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
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 var(--serif); overflow-wrap: break-word; }
main, header, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2rem; }
h1 { font: 600 0.87rem/1.4 var(--sans); color: var(--quiet); margin: 0 0 0.5rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3.5rem 0 1.2rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-weight: 600; }
h3, .lead h2 { font: 600 0.95rem/1.4 var(--sans); margin: 0 0 0.35rem; padding: 0; border: 0; }
p { margin: 0 0 0.8rem; max-width: 46rem; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
:target { scroll-margin-top: 4rem; }
.summary { font-size: 1.6rem; line-height: 1.35; letter-spacing: -0.01em; max-width: 62rem; margin: 0; text-wrap: pretty; }
.quiet, figcaption, .remark { color: var(--quiet); }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: 0.5rem; }
.lead { display: grid; grid-template-columns: minmax(0, 1fr) 15.5rem; gap: 3rem; margin: 1.6rem 0 0; align-items: start; }
.lead figure:only-child, .lead .cards:only-child { grid-column: 1 / -1; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); margin: 0; padding: 0; list-style: none; }
.cards li { border-top: 1px solid var(--rule); padding: 1rem 0 1.5rem; display: flex; flex-direction: column; font-family: var(--sans); }
.cards .label { font-size: 0.85rem; line-height: 1.4; color: var(--quiet); }
.cards .number { font-size: 2.1rem; line-height: 1.35; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.cards .number small { font-size: 1.1rem; letter-spacing: 0; color: var(--quiet); }
.cards .detail { font-size: 0.8rem; color: var(--quiet); font-variant-numeric: tabular-nums; line-height: 1.45; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.3rem 1.5rem; margin: 1.5rem 0 2rem; padding: 0.7rem 0; font: 0.87rem var(--sans); border-block: 1px solid var(--rule); }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
.notes { border-left: 3px solid var(--series-4); padding: 0.1rem 0 0.1rem 1.2rem; margin: 1.5rem 0 0; font-size: 0.95rem; }
.notes h2 { border: 0; margin: 0 0 0.3rem; padding: 0; font: 600 0.87rem var(--sans); } .notes ul { margin: 0; padding-left: 1.1rem; max-width: 46rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font: 0.85rem/1.4 var(--sans); font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.45rem 1.2rem 0.45rem 0; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-weight: 600; border-bottom: 1.5px solid var(--quiet); }
tbody th { font-weight: 400; }
.num { text-align: right; white-space: nowrap; }
.claims small { display: block; font-size: 0.75rem; color: var(--quiet); }
.claims .group th { font-weight: 600; padding-top: 1.1rem; }
.claims th:first-child { width: 42%; } .claims .words { text-align: right; max-width: 14rem; }
.claims .why { text-align: right; width: 3.5rem; } .claims .why a { display: inline-block; padding: 0 0.3rem; text-decoration: none; }
.whys { font: 0.82rem/1.45 var(--sans); color: var(--quiet); margin: 1rem 0 0; padding-left: 1.3rem; max-width: 60rem; } .whys li { margin-bottom: 0.3rem; } .whys li:target { color: var(--ink); }
code, pre { font-family: var(--mono); font-size: 0.82em; }
pre { background: var(--panel); border-radius: 6px; padding: 0.9rem 1.1rem; overflow-x: auto; line-height: 1.5; font-size: 0.8rem; }
pre code { font-size: 1em; } td code { white-space: nowrap; } td.interval { min-width: 13rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 3.2rem 2.5rem; grid-auto-flow: dense; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.wide { grid-column: 1 / -1; break-inside: auto; } .charts figure.tall { grid-row: span 2; }
figcaption { font-size: 0.88rem; line-height: 1.45; margin-top: 0.5rem; max-width: 46rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19.5rem), 1fr)); gap: 1.2rem 1.4rem; margin-top: 0.6rem; }
.panels.loose { display: flex; flex-wrap: wrap; gap: 1.2rem 1.6rem; }
.panel { break-inside: avoid; min-width: 0; } .panel-name { font: 0.78rem/1.4 var(--sans); margin: 0 0 0.15rem; color: var(--quiet); }
svg.plot { display: block; overflow: visible; max-width: 100%; height: auto; font: 12px var(--sans); fill: currentColor; text-anchor: middle; }
svg.plot text { font-variant-numeric: tabular-nums; white-space: pre; }
.scroll svg.plot { max-width: none; }
.on-phone { display: none; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; margin: 0.2rem 0 0.4rem; padding: 0; font: 0.82rem/1.4 var(--sans); }
.legend li { display: flex; align-items: center; gap: 0.35rem; } .legend svg { flex: none; }
details { margin-top: 0.6rem; font-size: 0.9rem; } summary { cursor: pointer; font: 0.82rem var(--sans); color: var(--link); }
details > div { max-height: 24rem; overflow: auto; margin-top: 0.4rem; }
.folded { border-top: 1px solid var(--rule); margin-top: 1.2rem; } .folded details { margin: 0; }
.folded h2 { display: inline; border: 0; margin: 0; padding: 0; font-size: 1.1rem; font-family: var(--serif); color: var(--ink); } .folded .count { color: var(--quiet); font-weight: 400; }
.folded summary { padding: 1rem 0 0.6rem; } .folded .inside { max-height: none; overflow: visible; margin: 0 0 1.5rem; } .folded li { margin-bottom: 0.5rem; } .inside p { max-width: 60rem; }
section:not(.folded) + .folded { margin-top: 3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.2rem; font: 0.87rem var(--sans); } dd { margin: 0; } dt { color: var(--quiet); }
footer { color: var(--quiet); font: 0.8rem var(--sans); padding-top: 3rem; padding-bottom: 3rem; }
@media (max-width: 60rem) {
  .lead { grid-template-columns: minmax(0, 1fr); gap: 1.5rem; }
}
@media (max-width: 40rem) {
  body { font-size: 15px; } header { padding-top: 1.2rem; } main, header, footer { padding-inline: 1.25rem; }
  .summary { font-size: 1.25rem; }
  .on-screen { display: none; } .on-phone { display: block; }
  .cards { grid-template-columns: minmax(0, 1fr); }
  .cards li { display: grid; grid-template-columns: minmax(0, 1fr) max-content; gap: 0 1rem; padding: 0.7rem 0; align-items: baseline; }
  .cards .number { font-size: 1.6rem; text-align: right; } .cards .detail { grid-column: 1 / -1; }
  .panels:not(.loose) { grid-template-columns: none; grid-auto-flow: column; grid-auto-columns: max-content; gap: 0.8rem; overflow-x: auto; }
  .claims, .claims tbody { display: block; } .claims thead { display: none; }
  .claims tr { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)) 1.4rem; gap: 0.1rem 0.8rem; padding: 0.6rem 0; border-bottom: 1px solid var(--rule); }
  .claims th:first-child, .claims th, .claims td, .claims .why, .claims .words { border: 0; padding: 0; width: auto; max-width: none; text-align: left; white-space: normal; } .claims th { grid-column: 1 / -1; } .claims .group th { padding-top: 0.8rem; }
  .claims td[data-name]::before { content: attr(data-name); display: block; font-size: 0.72rem; color: var(--quiet); }
  .claims .why { align-self: end; }
}
@media print {
  nav, .skip, summary, figure details, section:not(.folded) details { display: none; }
  .folded summary { display: block; } details::details-content { content-visibility: visible; block-size: auto; }
  body { font-size: 10pt; } h2 { break-after: avoid; } .charts { gap: 1.5rem; }
}
`,
};
