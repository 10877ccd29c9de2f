/**
 * The report as one page that needs nothing else: style, drawings and data are inside, and a content security policy
 * forbids the page to load or to run anything. It can be mailed, archived beside a paper, printed, and read aloud.
 *
 * The first screen answers the question: the result in a sentence, the main chart, and three numbers. Below it stand the paper's
 * numbers and the other charts; lists of every figure and source are folded.
 *
 * The data are the report's JSON, in `<script type="application/json" id="report">`, so the page is also a result file.
 */
import { dataTable } from "./data-table.ts";
import { drawChart } from "./draw/draw.ts";
import { type Drawing, ROOMS } from "./draw/drawing.ts";
import { html, type Markup } from "./markup.ts";
import { reportPage } from "./page.ts";
import type { Chart, Report } from "./report.ts";

/** A whole HTML document. Equal reports give equal pages. */
export const reportHtml = (report: Report): string => reportPage(report, chartFigure);

function chartFigure(chart: Chart, first: boolean): Markup {
  const drawing = drawChart(chart, first ? ROOMS.lead : ROOMS.column);
  const { legend, remark, wide, tall } = drawing;
  const keys = legend.map(({ swatch, name }) => html`<li>${swatch}<span>${name}</span></li>`);
  return html`<figure id="chart-${chart.id}" class="${wide ? "wide" : tall && !first ? "tall" : "single"}">
${first ? html`<h2>${chart.title}</h2>` : html`<h3>${chart.title}</h3>`}
${legend.length > 0 ? html`<ul class="legend">${keys}</ul>` : undefined}
${drawn(chart, drawing)}
<figcaption>${chart.caption}${remark && html` <span class="remark">${remark}</span>`}</figcaption>
<details><summary>Data of this chart</summary><div>${dataTable(chart)}</div></details>
</figure>`;
}

/** Small panels flow into any width; another chart is drawn once more for phones, where its text would shrink. */
function drawn(chart: Chart, { panels, wide, loose }: Drawing): Markup {
  if (panels.some(({ name }) => name !== undefined)) {
    const boxes = panels.map(({ name, svg }) => html`<div class="panel"><p class="panel-name">${name}</p>${svg}</div>`);
    return html`<div class="${loose ? "panels loose" : "panels"}">${boxes}</div>`;
  }
  if (wide) return html`<div class="scroll">${panels[0].svg}</div>`;
  const { markup } = drawChart(chart, ROOMS.phone).panels[0].svg;
  return html`<div class="on-screen">${panels[0].svg}</div>
<div class="on-phone">${{ markup: markup.replace(POINTED_AT, "") }}</div>`;
}

/** What a pointer shows. A finger cannot ask for it, and the table of data has the same values. */
const POINTED_AT = /<title>[^<]*<\/title>/g;
