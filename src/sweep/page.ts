/**
 * The front of a sweep as one self-contained page, like a report (`report/html.ts`): a drawing for each pair of the first
 * objective with another one, the front as a table, and the experiment of every point on the front, linked by a click.
 */

import type { Objective } from "../experiment/design.ts";
import { shorten } from "../experiment/json.ts";
import { ROOMS } from "../report/draw/drawing.ts";
import { drawScatter, type ScatterPoint } from "../report/draw/scatter.ts";
import { html, jsonScript, type Markup } from "../report/markup.ts";
import { pageHead } from "../report/page.ts";
import { BRUSH_HASH, BRUSH_STYLE, brushScript, brushTable } from "./brush.ts";
import { frontPoints } from "./front.ts";
import { axisOf, type MeasuredRow, measuredRows, measuredText, OBJECTIVE_LABELS, objectiveLabel } from "./labels.ts";
import { describeValues, experimentAt, type OpenedDesign } from "./points.ts";
import { describeSweep, refusals } from "./screen.ts";
import type { Row } from "./unit.ts";

export interface SweepPage {
  readonly design: OpenedDesign;
  readonly rows: readonly Row[];
  readonly versions: Readonly<Record<string, string>>;
  /** The command that recreates it. */
  readonly command: string;
}

/** Most beaten points that are drawn; the table has all. */
const MOST_BEATEN = 4000;

const POINTS_STYLE: Markup = {
  markup:
    `${BRUSH_STYLE} ` +
    "figure { margin: 1.6rem 0 0; } .point { display: none; } .point:target { display: block; } .point pre { max-height: 40rem; overflow: auto; }",
};

/** A whole HTML document. Equal sweeps give equal pages. */
export function sweepHtml({ design, rows, versions, command }: SweepPage): string {
  const { objectives } = design;
  const measured = measuredRows(rows, objectives);
  const front = frontPoints(rows, design);
  const [first, ...others] = objectives;
  const onFront = measured
    .filter(({ point }) => front.has(point))
    .sort((a, b) => a.measures[first]!.value - b.measures[first]!.value);
  const every = Math.ceil((measured.length - onFront.length) / MOST_BEATEN);
  const drawn = measured.filter(({ point }, i) => front.has(point) || i % every === 0);
  const summary = describeSweep(rows, design);
  const left = every > 1 ? ` One in ${every} of the beaten points is drawn.` : "";
  const page = html`${pageHead(design.name, summary, POINTS_STYLE, BRUSH_HASH)}
<body>
<header><h1>${design.name}</h1><p class="summary">${summary}</p></header>
<main id="main">
${drawn.length > 0 ? others.map((other, i) => figure(design, first, other, drawn, front, i === 0, left)) : undefined}
${brushTable}
<section id="points">${onFront.map((row) => experimentOf(design, row))}</section>
<section aria-labelledby="front"><h2 id="front">The front</h2><div class="scroll">${frontTable(design, onFront)}</div></section>
${refusals(rows).map((note) => html`<aside class="notes"><p>${note}</p></aside>`)}
<section aria-labelledby="again"><h2 id="again">Reproduce</h2><pre><code>${command}</code></pre>
<details><summary>The design</summary><div><pre><code>${JSON.stringify(design, null, 2)}</code></pre></div></details></section>
</main>
<footer>${Object.entries(versions)
    .map((entry) => entry.join(" "))
    .join(" · ")}</footer>
${jsonScript("front-rows", JSON.stringify(onFront))}
${brushScript}
</body>
</html>
`;
  return page.markup;
}

function figure(
  design: OpenedDesign,
  first: Objective,
  other: Objective,
  rows: readonly MeasuredRow[],
  front: ReadonlySet<number>,
  lead: boolean,
  remark: string,
): Markup {
  const values = (name: Objective) => rows.map(({ measures }) => measures[name]!.value);
  const [x, y] = [first, other].map((name) => axisOf(name, values(name), objectiveLabel(name, design)));
  const points = rows.map(({ point, values, measures }): ScatterPoint => {
    const words = [first, other].map(
      (name) => `${OBJECTIVE_LABELS[name].label}: ${measuredText(name, measures[name]!)}`,
    );
    return {
      x: x.of(measures[first]!.value),
      y: y.of(measures[other]!.value),
      front: front.has(point),
      title: [`Point ${point}`, ...words, describeValues(values)].join("\n"),
      ...(front.has(point) && { href: `#point-${point}` }),
    };
  });
  const title = `${OBJECTIVE_LABELS[other].label} against ${OBJECTIVE_LABELS[first].label.toLowerCase()}`;
  const drawing = (room: (typeof ROOMS)[keyof typeof ROOMS]) => drawScatter({ title, x, y, points }, room);
  return html`<figure class="single"><h3>${title}</h3>
<div class="on-screen">${drawing(lead ? ROOMS.lead : ROOMS.column)}</div><div class="on-phone">${drawing(ROOMS.phone)}</div>
<figcaption>Blue points are on the front; a click shows the experiment of one. Point at any to read it; draw a region with the mouse to list its points.${remark}</figcaption></figure>`;
}

function frontTable(design: OpenedDesign, rows: readonly MeasuredRow[]): Markup {
  const { axes, objectives } = design;
  const paths = Object.keys(axes);
  const head = ["Point", ...objectives.map((name) => objectiveLabel(name, design)), ...paths];
  return html`<table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
${rows.map(
  ({ point, values, measures }) => html`<tr><th scope="row"><a href="#point-${point}">${point}</a></th>
${objectives.map((name) => html`<td>${measuredText(name, measures[name]!)}</td>`)}
${paths.map((path) => html`<td>${shorten(values[path])}</td>`)}</tr>`,
)}</tbody></table>`;
}

/** Hidden until a link opens it. */
function experimentOf(design: OpenedDesign, { point, values }: Row): Markup {
  const text = JSON.stringify(experimentAt(design, values), null, 2);
  return html`<section class="point" id="point-${point}"><h2>Point ${point}</h2><p>${describeValues(values)}</p><pre><code>${text}</code></pre></section>`;
}
