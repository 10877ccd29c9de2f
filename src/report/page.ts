/**
 * The page of a report, except for its charts, which `html.ts` draws. A browser page can therefore write a report without the chart
 * library.
 */
import { invariant } from "../errors.ts";
import { claimsTable } from "./claims-table.ts";
import { energyRatios } from "./energy-ratios.ts";
import { formatClaim, formatQuantity, formatText } from "./format.ts";
import { reportJson } from "./json.ts";
import { html, jsonScript, type Markup } from "./markup.ts";
import { type Chart, comparableClaims, type Figure, type Report } from "./report.ts";
import { STYLE } from "./style.ts";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup | undefined;
  /** Number of entries, for a section that starts folded. */
  readonly folded?: number;
}

/** The drawing of a chart with its data; the first one of a page is larger. */
export type ChartFigure = (chart: Chart, first: boolean) => Markup;

/**
 * A report without charts as a self-contained page, identical to that of `reportHtml` of `xpikeformer/node`, which also draws charts.
 *
 * Throws  Error when the report has charts
 */
export function figuresHtml(report: Report): string {
  invariant(report.charts.length === 0, "a report with charts is made a page by reportHtml of xpikeformer/node");
  return reportPage(report, () => html``);
}

/** A whole HTML document. Equal reports give equal pages. */
export function reportPage(report: Report, chartFigure: ChartFigure): string {
  const { charts, figures, sources } = report;
  const claims = comparableClaims(report);
  const all: Section[] = [
    { id: "claims", title: "The paper and this run", body: claims.length ? claimsTable(report) : undefined },
    {
      id: "charts",
      title: "More charts",
      body: charts.length > 1 ? otherCharts(charts.slice(1), chartFigure) : undefined,
    },
    { id: "reproduce", title: "Reproduce", body: reproduce(report) },
    { id: "figures", title: "All figures", body: figuresTable(report), folded: figures.length },
    {
      id: "sources",
      title: "Sources",
      body: sources.length ? sourceList(report) : undefined,
      folded: sources.length,
    },
  ];
  const sections = all.filter(({ body }) => body);
  const page = html`${pageHead(report.title, report.summary)}
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<h1>${report.title}</h1>
<p class="summary">${report.summary}</p>
</header>
<main id="main">
<div class="lead">
${charts.length > 0 ? chartFigure(charts[0], true) : undefined}
${cards(report)}
</div>
<nav aria-label="Contents"><ul>
${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
</ul></nav>
<p class="description">${report.description}</p>
${notes(report)}
${sections.map(sectionMarkup)}
</main>
<footer>${[...Object.entries(report.versions).map((entry) => entry.join(" ")), `seed ${report.seed}`].join(" · ")}</footer>
${jsonScript("report", JSON.stringify(JSON.parse(reportJson(report))))}
</body>
</html>
`;
  return page.markup;
}

/**
 * The beginning of a self-contained page, up to its body. Its policy forbids loading anything and running any script except the one with
 * the given hash.
 */
export const pageHead = (
  title: string,
  summary: string,
  style?: Markup,
  program?: string,
): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:${program && html`; script-src '${program}'`}">
<meta name="description" content="${summary}">
<title>${title}</title>
<style>${STYLE}${style}</style>
</head>`;

/** The id of a folded section is inside it, since browsers unfold the target of a link. */
function sectionMarkup({ id, title, body, folded }: Section): Markup {
  if (folded === undefined)
    return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${body}</section>`;
  return html`<section class="folded"><details><summary><h2>${title} <span class="count">${folded}</span></h2></summary>
<div id="${id}" class="inside">${body}</div></details></section>`;
}

/** The highlights, each with the paper's number if a claim concerns it, and energy ratios with what is shown of equal accuracy. */
function cards(report: Report): Markup {
  const { highlights, figures } = report;
  const claims = comparableClaims(report);
  const ratios = energyRatios(figures);
  const shown = highlights.map((id) => figures.find((figure) => figure.id === id)!);
  const card = (figure: Figure): Markup => {
    const { value, unit, interval } = formatQuantity(figure);
    const claim = claims.find(({ figure: id }) => id === figure.id);
    const ratio = ratios.find((one) => one.figure.id === figure.id);
    return html`<li><span class="label">${figure.label}</span>
<span class="number">${value} <small>${unit}</small></span>
<span class="detail">${interval && html`<span title="${figure.interval!.kind}">${interval}</span>`}${
      claim && html`${interval && " · "}paper ${formatClaim(claim, figure.interval).paper}`
    }</span>${ratio && html`<span class="detail">${ratio.accuracy}</span>`}</li>`;
  };
  return html`<ul class="cards" aria-label="Key figures">${shown.map(card)}</ul>`;
}

function notes({ notes }: Report): Markup | undefined {
  if (notes.length === 0) return undefined;
  return html`<aside class="notes" aria-labelledby="notes"><h2 id="notes">Notes</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></aside>`;
}

function otherCharts(charts: readonly Chart[], chartFigure: ChartFigure): Markup {
  return html`<div class="charts">${charts.map((chart) => chartFigure(chart, false))}</div>`;
}

function figuresTable({ figures, command }: Report): Markup {
  const elsewhere = figures.some((figure) => figure.command !== command);
  const names = ["Figure", "Value", "Interval", "Unit", "Trials", "Seed", "Id", ...(elsewhere ? ["Command"] : [])];
  const numeric = new Set(["Value", "Trials", "Seed"]);
  const head = names.map((name) => html`<th scope="col" class="${numeric.has(name) ? "num" : "text"}">${name}</th>`);
  const row = (figure: Figure): Markup[] => {
    const { value, interval, unit } = formatQuantity(figure);
    return [
      html`<th scope="row">${figure.label}</th>`,
      html`<td class="num">${value}</td>`,
      html`<td class="interval">${interval && html`${interval}<br><span class="quiet">${figure.interval!.kind}</span>`}</td>`,
      html`<td>${unit}</td>`,
      html`<td class="num">${figure.trials && formatText({ value: figure.trials, unit: "1" })}</td>`,
      html`<td class="num">${figure.seed}</td>`,
      html`<td><code id="figure-${figure.id}">${figure.id}</code></td>`,
      ...(elsewhere ? [html`<td><code>${figure.command}</code></td>`] : []),
    ];
  };
  return tableOf(head, figures.map(row));
}

/** A table from cells that already are markup. */
export function tableOf(head: readonly Markup[], rows: readonly (readonly Markup[])[]): Markup {
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>
${rows.map((cells) => html`<tr>${cells}</tr>`)}
</tbody></table></div>`;
}

function sourceList({ sources }: Report): Markup {
  const link = (url: string | undefined) => url && html` <a href="${url}" rel="noreferrer">${url}</a>`;
  return html`<ol>${sources.map(({ text, usedFor, url }) => html`<li><p>${text}${link(url)}<br><span class="quiet">${usedFor}</span></p></li>`)}</ol>`;
}

function reproduce({ command, seed, versions, experiment }: Report): Markup {
  const rows = Object.entries({ seed: String(seed), ...versions });
  return html`<pre><code>${command}</code></pre>
<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${experiment && html`<details><summary>The experiment, with every default filled in</summary><div><pre><code>${JSON.stringify(experiment, null, 2)}</code></pre></div></details>`}`;
}
