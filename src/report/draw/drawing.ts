/**
 * What every chart has in common: SVG made by Observable Plot in a document without a browser, in colours that are CSS
 * variables of the page, so that one drawing serves light, dark and paper.
 */

import { html, type Markup } from "../markup.ts";
import * as Plot from "./plot.ts";
import { svgDocument } from "./svg-document.ts";

/** Pixels that the page has for a drawing. Text has one size everywhere, so a chart for a phone is another drawing. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

/** The first chart of a page, one of two columns, a phone. */
export const ROOMS = {
  lead: { width: 800, height: 420 },
  column: { width: 548, height: 340 },
  phone: { width: 350, height: 300 },
} as const satisfies Record<string, Room>;

/** A drawn chart. */
export interface Drawing {
  /** One SVG, or small multiples with a name each, which flow into any width. */
  readonly panels: readonly { readonly name?: string; readonly svg: Markup }[];
  readonly legend: readonly { readonly swatch: Markup; readonly name: string }[];
  /** What the drawing leaves out or changes. */
  readonly remark?: string;
  /** Panels keep their own width and flow like words in a line, instead of filling columns of equal width. */
  readonly loose?: boolean;
  /** About twice as high as others: two of them fit beside it. */
  readonly tall?: boolean;
  /** Needs the full width of the page. */
  readonly wide: boolean;
}

/** Colours that people with any common colour vision can tell apart, after Okabe and Ito (2008); the page defines them. */
export const COLOURS = 7;
export const colour = (index: number): string => `var(--series-${index % COLOURS})`;

/** Shapes differ too: six shapes and seven colours make 42 pairs before one repeats. */
const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "cross"] as const;
export const symbol = (index: number): (typeof SYMBOLS)[number] => SYMBOLS[index % SYMBOLS.length];

/** Mean width of a character in the charts' 12 px sans serif, pixels: for margins, as no browser measures text here. */
export const CHARACTER = 7;

/**
 * A plot as SVG text.
 *
 * `description` is read out in its place: it names what is drawn, and the table of data below gives the numbers.
 */
export function drawPlot(options: Plot.PlotOptions, description?: string): Markup {
  const svg = Plot.plot({ className: "plot", ...options, document: svgDocument() });
  // Plot's own style sheet fixes a white background; the page's takes its place.
  for (const child of [...svg.childNodes]) if (child.nodeName === "style") svg.removeChild(child);
  for (const attribute of ["font-family", "font-size", "fill", "text-anchor", "style"]) svg.removeAttribute(attribute);
  svg.setAttribute("aria-hidden", "true");
  const drawn: Markup = {
    markup: shortened(svg.outerHTML).replace(TAG, (tag) => tag.replace(LONG_FRACTION, (x) => pixel(Number(x)))),
  };
  return description === undefined ? drawn : html`<div role="img" aria-label="${description}">${drawn}</div>`;
}

/** The same drawing in fewer bytes: Plot moves each tick and each label to its place, and names parts of axes that nobody asks for. */
const shortened = (svg: string): string =>
  svg
    .replace(/(?<=<g[^>]*) aria-(?:label="[xy]-(?:axis|grid)(?! tick label)[^"]*"|hidden="true")/g, "")
    .replace(/<text transform="translate\(([^,()]+),([^()]+)\)"(?: y="([^"]+)")?>(?=[^<]*<\/text>)/g, (_, x, y, dy) =>
      dy === undefined ? `<text y="${y}" x="${x}">` : `<text dy="${dy}" y="${y}" x="${x}">`,
    )
    .replace(/<path d="M0,0L([^"LMZ]+)" transform="translate\(([^()]+)\)"/g, '<path d="M$2l$1"');

/** A tag with its attributes, whose numbers are places in the drawing; the text between tags keeps its digits. */
const TAG = /<[a-z][^>]*>/gi;
const LONG_FRACTION = /-?\d+\.\d{3,}(e-\d+)?/g;

/** A path as an extra mark, in pixels: thousands of rectangles in one element. */
export function pathMark(
  style: { fill?: string; stroke?: string; opacity?: number },
  path: (scales: Plot.ScaleFunctions) => string,
): Plot.RenderFunction {
  return (_index, scales, _values, _dimensions, context) => {
    const element = context.document.createElementNS("http://www.w3.org/2000/svg", "path");
    element.setAttribute("d", path(scales));
    element.setAttribute("fill", style.fill ?? "none");
    if (style.stroke) element.setAttribute("stroke", style.stroke);
    if (style.opacity !== undefined) element.setAttribute("opacity", String(style.opacity));
    return element;
  };
}

/** A coordinate with two decimals, enough for any screen. */
export const pixel = (x: number): string => String(Math.round(x * 100) / 100);

/** A small sample of a mark for the legend. */
export function swatch(marks: Plot.Markish[]): Markup {
  const scale = { type: "linear", domain: [0, 1], axis: null } as const;
  return drawPlot({ width: 30, height: 14, margin: 4, x: scale, y: scale, marks });
}

/** A filled square for the legend. */
export function squareSwatch(fill: string, opacity = 1): Markup {
  return html`<svg class="plot" width="14" height="14" aria-hidden="true"><rect width="14" height="14" rx="2" fill="${fill}" fill-opacity="${opacity}"></rect></svg>`;
}
