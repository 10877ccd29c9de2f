import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { ValueError } from "../errors.ts";
import { buildReport } from "./build-report.ts";
import { chartSvg } from "./chart-svg.ts";
import type { LinesChart } from "./report.ts";

const charts = buildReport(sampleDraft()).charts;
const lines = charts.find(({ kind }) => kind === "lines") as LinesChart;

test("an SVG file holds every series, its name, and colours for light and dark", () => {
  const svg = chartSvg(lines);
  const { document } = parseHTML(svg);
  const names = [...document.querySelectorAll("text.name")].map(({ textContent }) => textContent);
  expect(names).toEqual(lines.series.map(({ name }) => name));
  for (let i = 0; i < lines.series.length; i++) expect(svg).toContain(`stroke="var(--series-${i})"`);
  expect(svg).toMatch(/--series-0: #\w{6}/);
  expect(svg).toContain("@media (prefers-color-scheme: dark)");
  const [, width, height] = /^<svg[^>]* viewBox="0 0 (\d+) (\d+)"/.exec(svg)!;
  expect(Number(width)).toBeGreaterThan(500);
  expect(Number(height)).toBeGreaterThan(300);
  expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
});

test("it is XML: nothing is left open, and no entity is HTML's alone", () => {
  const svg = chartSvg({ ...lines, caption: "a < b & c" });
  const open: string[] = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-zA-Z]+)([^>]*)>/g)) {
    if (closing) expect(open.pop()).toBe(name);
    else if (!rest.endsWith("/")) open.push(name);
  }
  expect(open).toEqual([]);
  for (const [, entity] of svg.matchAll(/&([a-z]+);/g)) expect(["amp", "lt", "gt", "quot", "apos"]).toContain(entity);
});

test("a chart of several panels is refused", () => {
  const raster = charts.find(({ kind }) => kind === "raster")!;
  expect(() => chartSvg(raster)).toThrow(ValueError);
});
