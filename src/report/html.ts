/**
 * The report as one page that needs nothing else: style, drawings and data are inside, and a content security policy
 * forbids the page to load or to run anything. It can be mailed, archived beside a paper, printed, and read aloud.
 *
 * The data are the report's JSON, in `<script type="application/json" id="report">`, so the page is also the result file.
 */
import { dataTable, tableOf } from "./data-table.ts";
import { drawChart } from "./draw/draw.ts";
import { formatClaimed, formatQuantity, formatText } from "./format.ts";
import { reportJson } from "./json.ts";
import { embedJson, html, type Markup } from "./markup.ts";
import type { Chart, Claim, Figure, Report } from "./report.ts";
import { STYLE } from "./style.ts";

/** A whole HTML document. Equal reports give equal pages. */
export function reportHtml(report: Report): string {
  const sections = [
    { id: "claims", title: "The paper and this run", body: report.claims.length ? claimsTable(report) : undefined },
    { id: "charts", title: "Charts", body: report.charts.length ? charts(report.charts) : undefined },
    { id: "figures", title: "All figures", body: figuresTable(report) },
    { id: "sources", title: "Sources", body: report.sources.length ? sources(report) : undefined },
    { id: "reproduce", title: "Make it again", body: reproduce(report) },
  ].filter(({ body }) => body);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="description" content="${report.summary}">
<title>${report.title}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<p class="kicker">xpikeformer report</p>
<h1>${report.title}</h1>
<p class="summary">${report.summary}</p>
<p class="quiet">${report.description}</p>
<nav aria-label="Contents"><ul>
${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
</ul></nav>
</header>
<main id="main">
${cards(report)}
${notes(report)}
${sections.map(({ id, title, body }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${body}</section>`)}
</main>
<footer>${Object.entries(report.versions).map(([name, version]) => html`<span>${name} ${version}</span>`)} · seed ${report.seed}</footer>
<script type="application/json" id="report">${embedJson(reportJson(report))}</script>
</body>
</html>
`;
  return page.markup;
}

/** The figures to see first, each with the paper's number when a claim is about it. */
function cards({ highlights, figures, claims }: Report): Markup {
  const shown = highlights.map((id) => figures.find((figure) => figure.id === id)!);
  const card = (figure: Figure): Markup => {
    const { value, unit, interval } = formatQuantity(figure);
    const claim = claims.find(({ figure: id }) => id === figure.id);
    return html`<li><span class="label">${figure.label}</span>
<span class="number">${value} <small>${unit}</small></span>
<span class="detail">${interval && html`<span title="${figure.interval!.kind}">${interval}</span>`}${
      claim && html`${interval && " · "}paper ${formatClaimed(claim.paper, claim.unit)}`
    }</span></li>`;
  };
  return html`<ul class="cards" aria-label="Key figures">${shown.map(card)}</ul>`;
}

function notes({ notes }: Report): Markup | undefined {
  if (notes.length === 0) return undefined;
  return html`<aside class="notes" aria-labelledby="notes"><h2 id="notes">Keep in mind</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></aside>`;
}

function claimsTable({ claims }: Report): Markup {
  const head = ["Claim", "Paper", "Ours", "Difference", "Why"].map((name, i) =>
    i > 0 && i < 4 ? html`<th scope="col" class="number-cell">${name}</th>` : html`<th scope="col">${name}</th>`,
  );
  const row = ({ id, claim, source, paper, ours, difference, unit, why }: Claim): Markup[] => [
    html`<th scope="row" id="claim-${id}">${claim}<br><span class="quiet">${source}</span></th>`,
    quantityCell(formatClaimed(paper, unit), typeof paper),
    quantityCell(formatClaimed(ours, unit), typeof ours),
    quantityCell(formatClaimed(difference, unit, true), typeof difference),
    html`<td>${why}</td>`,
  ];
  return tableOf(head, claims.map(row));
}

function quantityCell(text: string, type: string): Markup {
  return type === "number" ? html`<td class="number-cell">${text}</td>` : html`<td>${text}</td>`;
}

function charts(charts: readonly Chart[]): Markup {
  return html`<div class="charts">${charts.map(chartFigure)}</div>`;
}

function chartFigure(chart: Chart): Markup {
  const { panels, legend, remark, wide } = drawChart(chart);
  const drawn =
    panels.length === 1
      ? html`<div class="scroll only">${panels[0].svg}</div>`
      : html`<div class="panels">${panels.map(({ name, svg }) => html`<div class="panel"><p class="panel-name">${name}</p>${svg}</div>`)}</div>`;
  const keys = legend.map(({ swatch, name }) => html`<li>${swatch}<span>${name}</span></li>`);
  return html`<figure id="chart-${chart.id}" class="${wide ? "wide" : "narrow"}">
<h3>${chart.title}</h3>
${legend.length > 0 ? html`<ul class="legend">${keys}</ul>` : undefined}
${drawn}
<figcaption>${chart.caption}${remark && html` <span class="remark">${remark}</span>`}</figcaption>
<details><summary>Data of this chart</summary><div>${dataTable(chart)}</div></details>
</figure>`;
}

function figuresTable({ figures, command }: Report): Markup {
  const elsewhere = figures.some((figure) => figure.command !== command);
  const names = ["Figure", "Value", "Interval", "Unit", "Trials", "Seed", "Id", ...(elsewhere ? ["Command"] : [])];
  const numeric = new Set(["Value", "Trials", "Seed"]);
  const head = names.map(
    (name) => html`<th scope="col" class="${numeric.has(name) ? "number-cell" : "text"}">${name}</th>`,
  );
  const row = (figure: Figure): Markup[] => {
    const { value, interval, unit } = formatQuantity(figure);
    return [
      html`<th scope="row">${figure.label}</th>`,
      html`<td class="number-cell">${value}</td>`,
      html`<td>${interval}${figure.interval && html`<br><span class="quiet">${figure.interval.kind}</span>`}</td>`,
      html`<td>${unit}</td>`,
      html`<td class="number-cell">${figure.trials && formatText({ value: figure.trials, unit: "1" })}</td>`,
      html`<td class="number-cell">${figure.seed}</td>`,
      html`<td><code id="figure-${figure.id}">${figure.id}</code></td>`,
      ...(elsewhere ? [html`<td><code>${figure.command}</code></td>`] : []),
    ];
  };
  return tableOf(head, figures.map(row));
}

function sources({ sources }: Report): Markup {
  const link = (url: string | undefined) => url && html` <a href="${url}" rel="noreferrer">${url}</a>`;
  return html`<ol>${sources.map(({ text, usedFor, url }) => html`<li><p>${text}${link(url)}<br><span class="quiet">${usedFor}</span></p></li>`)}</ol>`;
}

function reproduce({ command, seed, versions, experiment }: Report): Markup {
  const rows = Object.entries({ seed: String(seed), ...versions });
  return html`<pre><code>${command}</code></pre>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${experiment && html`<details><summary>The experiment, with every default filled in</summary><div><pre><code>${JSON.stringify(experiment, null, 2)}</code></pre></div></details>`}`;
}
