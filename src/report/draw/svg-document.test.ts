/** Our document against linkedom's, another program's: Plot draws every mark of our charts in both, to the same text. */
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import * as Plot from "./plot.ts";
import { svgDocument } from "./svg-document.ts";

const points = [
  { x: 1, y: 2, label: 'a < b & "c"', link: "#point-0" },
  { x: 3, y: 0.5, label: "two\u00a0words", link: "#point-1" },
];
const at = { x: "x", y: "y" } as const;

test.each<[string, Plot.Markish]>([
  ["dots that are links and have titles", Plot.dot(points, { ...at, href: "link", title: "label", r: 4 })],
  ["texts", Plot.text(points, { ...at, text: "label" })],
  ["lines", Plot.line(points, { ...at, stroke: "red" })],
  ["cells", Plot.cell(points, { ...at, fill: "y" })],
  ["rectangles", Plot.rect(points, { x1: "x", x2: "y", y1: 0, y2: "y", title: "label" })],
  ["rules", Plot.ruleY(points, { y: "y", x1: 0, x2: "x" })],
  [
    "axes, grids and a frame",
    [Plot.axisX({ label: "x →" }), Plot.axisY(), Plot.gridX(), Plot.gridY(), Plot.frame(), Plot.dot(points, at)],
  ],
])("%s have the text that linkedom gives", (_, mark) => {
  const drawn = (document: Document) => Plot.plot({ className: "plot", marks: [mark], document }).outerHTML;
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  expect(drawn(svgDocument())).toBe(drawn(document as unknown as Document));
});
