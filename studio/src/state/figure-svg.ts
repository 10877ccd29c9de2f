/**
 * A figure of the page as an SVG that stands alone: drawings with their styles inlined, canvases as pictures inside it, text where it
 * stands, in light colours. Its numbers are in `<metadata>`, as JSON.
 */
import { pictureIn } from "../components/painted.ts";
import { readColours } from "./colours.ts";

const SVG = "http://www.w3.org/2000/svg";

/** What is not part of a drawing. */
const LEFT_OUT = "[data-unsaved], select, input, textarea, .heard";

/** Styles that a drawing uses, which are attributes, too: the page allows no inline styles. Inherited ones are written where they differ from those around them, others where not initial. */
const INHERITED = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin"],
  ...["font-family", "font-size", "font-weight", "text-anchor", "paint-order", "visibility"],
];
const OWN: Readonly<Record<string, string>> = {
  ...{ opacity: "1", "vector-effect": "none", "stop-color": "rgb(0, 0, 0)", "dominant-baseline": "auto" },
  overflow: "hidden",
};

/** @param metadata becomes JSON; typed arrays become lists */
export function figureSvg(figure: Element, title: string, metadata: object): string {
  const root = document.documentElement;
  root.dataset.saving = "";
  try {
    const { left, top, width, height } = figure.getBoundingClientRect();
    const svg = created("svg", { width, height, viewBox: `0 0 ${round(width)} ${round(height)}` });
    svg.append(created("title", {}, title));
    svg.append(
      created("desc", {}, "From the Xpikeformer studio. <metadata> has the numbers drawn and the experiment, as JSON."),
    );
    svg.append(created("metadata", {}, JSON.stringify(metadata, asList)));
    svg.append(created("rect", { width: "100%", height: "100%", fill: readColours().page }));
    draw(figure, svg, { left, top });
    return `${new XMLSerializer().serializeToString(svg)}\n`;
  } finally {
    delete root.dataset.saving;
  }
}

const asList = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value;

interface Corner {
  readonly left: number;
  readonly top: number;
}

/** Adds what an element of the page shows; positions count from the figure's corner. */
function draw(element: Element, to: SVGElement, corner: Corner): void {
  for (const child of element.childNodes) {
    if (child instanceof Text) drawText(child, to, corner);
    if (!(child instanceof Element) || child.matches(LEFT_OUT)) continue;
    const { left, top, width, height } = child.getBoundingClientRect();
    if (width === 0 || height === 0) continue;
    const { backgroundColor: fill } = getComputedStyle(child);
    const box = { x: left - corner.left, y: top - corner.top, width, height };
    if (fill !== "rgba(0, 0, 0, 0)") to.append(created("rect", { ...box, fill }));
    if (child instanceof SVGSVGElement) to.append(inlined(child, box));
    else if (child instanceof HTMLCanvasElement) {
      const picture = { href: pictureIn(child, readColours()), preserveAspectRatio: "none" };
      to.append(created("image", { ...box, ...picture, "image-rendering": "pixelated" }));
    } else draw(child, to, corner);
  }
}

/** A copy of a drawing that needs no style sheet. */
function inlined(drawing: SVGSVGElement, box: Readonly<Record<string, number>>): SVGElement {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const originals = [drawing, ...drawing.querySelectorAll("*")];
  for (const [i, element] of [copy, ...copy.querySelectorAll("*")].entries()) {
    const style = getComputedStyle(originals[i]);
    const around = i === 0 ? null : getComputedStyle(originals[i].parentElement!);
    const written = [
      ...INHERITED.filter((name) => style.getPropertyValue(name) !== around?.getPropertyValue(name)),
      ...Object.keys(OWN).filter((name) => style.getPropertyValue(name) !== OWN[name]),
    ];
    for (const { name } of [...element.attributes])
      if (/^(class|style|role|tabindex|aria-.*|data-.*)$/.test(name)) element.removeAttribute(name);
    for (const name of written) element.setAttribute(name, style.getPropertyValue(name));
  }
  for (const [name, value] of Object.entries(box)) copy.setAttribute(name, round(value));
  return copy;
}

/** The lines of a text of the page. */
function drawText(text: Text, to: SVGElement, corner: Corner): void {
  const style = getComputedStyle(text.parentElement!);
  if (style.visibility !== "visible" || text.data.trim() === "") return;
  const pen = document.createElement("canvas").getContext("2d")!;
  pen.font = style.font;
  const ascent = pen.measureText("x").fontBoundingBoxAscent;
  const range = document.createRange();
  const lines: { words: string; readonly x: number; readonly y: number }[] = [];
  for (const word of text.data.matchAll(/\S+/g)) {
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    const { left, top, width } = range.getBoundingClientRect();
    if (width === 0) continue;
    const y = top - corner.top + ascent;
    const line = lines.at(-1);
    if (line && Math.abs(line.y - y) < 2) line.words += ` ${word[0]}`;
    else lines.push({ words: word[0], x: left - corner.left, y });
  }
  for (const { words, x, y } of lines) {
    const font = { "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight };
    to.append(created("text", { x, y, fill: style.color, ...font }, words));
  }
}

/** Pixels, to a hundredth. */
const round = (value: number): string => String(Number(value.toFixed(2)));

function created(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes))
    element.setAttribute(key, typeof value === "number" ? round(value) : value);
  element.textContent = text;
  return element;
}
