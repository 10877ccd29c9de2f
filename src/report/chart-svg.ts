/**
 * A chart as a separate SVG file, for a document or a slide: the drawing of the report's page with its legend on top, in the page's light
 * and dark colours. The file loads nothing. Charts with several panels are not supported.
 */
import { ValueError } from "../errors.ts";
import { drawChart } from "./draw/draw.ts";
import { CHARACTER } from "./draw/drawing.ts";
import { html, type Markup } from "./markup.ts";
import type { Chart } from "./report.ts";
import { STYLE } from "./style.ts";

const MARGIN = 12;
/** Pixels of a legend's line, of a swatch with its gap, and between two entries. */
const LINE = 20;
const SWATCH = 36;
const GAP = 18;

/** Throws ValueError when the chart has more than one panel. */
export function chartSvg(chart: Chart): string {
  const { panels, legend } = drawChart(chart);
  const [plot] = panels.map(({ svg }) => svgOf(svg));
  if (panels.length !== 1 || plot === undefined) {
    throw new ValueError(`charts[${chart.id}]`, `The chart has ${panels.length} panels; an SVG file holds one.`);
  }
  const { width, height } = sizeOf(plot);
  const places = placeLegend(
    legend.map(({ name }) => name),
    width,
  );
  const top = MARGIN + LINE * (places.length === 0 ? 0 : places.at(-1)!.line + 1);
  const entries = legend.map(({ swatch, name }, i) => {
    const { x, line } = places[i];
    return html`<g transform="translate(${x},${MARGIN + LINE * line})">${{ markup: svgOf(swatch) ?? "" }}<text class="name" x="${SWATCH}" y="11">${name}</text></g>`;
  });
  const full = { width: width + 2 * MARGIN, height: top + height + MARGIN };
  const described = `${chart.title}. ${chart.caption}`;
  const { markup } =
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${full.width} ${full.height}" width="${full.width}" height="${full.height}" role="img"><title>${described}</title><style>${{ markup: CSS }}</style><rect class="page" width="${full.width}" height="${full.height}"></rect>${entries}<g transform="translate(${MARGIN},${top})">${{ markup: plot }}</g></svg>`;
  return `${markup}\n`;
}

/** The page's colours and the rules for drawings, with the reader's fonts. */
const CSS = `${STYLE.markup.slice(0, STYLE.markup.indexOf("@media print"))}
.page { fill: var(--page); }
svg { color: var(--ink); font: 12px system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; }
svg.plot { overflow: visible; fill: currentColor; text-anchor: middle; }
.name { fill: currentColor; text-anchor: start; }
`;

/** Places legend entries from the left, with line breaks as needed. */
function placeLegend(names: readonly string[], width: number): { x: number; line: number }[] {
  let [x, line] = [MARGIN, 0];
  return names.map((name) => {
    const size = SWATCH + name.length * CHARACTER;
    if (x > MARGIN && x + size > width) [x, line] = [MARGIN, line + 1];
    const place = { x, line };
    x += size + GAP;
    return place;
  });
}

/** The SVG element of a drawing, which may be nested in other markup. */
function svgOf({ markup }: Markup): string | undefined {
  const [start, end] = [markup.indexOf("<svg"), markup.lastIndexOf("</svg>")];
  return start < 0 || end < 0 ? undefined : markup.slice(start, end + "</svg>".length);
}

/** Width and height, which may appear in any order among the attributes. */
function sizeOf(svg: string): { width: number; height: number } {
  const opening = svg.slice(0, svg.indexOf(">"));
  const read = (name: string) => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(opening)?.[1]);
  return { width: read("width"), height: read("height") };
}
