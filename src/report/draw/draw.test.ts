// @module-tag slow
import fc from "fast-check";
import { decode } from "fast-png";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { sampleDraft } from "../../../test/support/sample-report.ts";
import { buildReport } from "../build-report.ts";
import type { Chart } from "../report.ts";
import { logarithmic } from "./axis.ts";
import { drawChart } from "./draw.ts";

const sample = buildReport(sampleDraft());
const chart = (id: string): Chart => sample.charts.find((one) => one.id === id)!;
const svgOf = (one: Chart): Element => parseHTML(drawChart(one).panels[0].svg.markup).document.querySelector("svg")!;

describe("drawings", () => {
  test("lines have a path per series, a bar per interval, a symbol per point and a dotted line per rule", () => {
    const svg = svgOf(chart("ber.steps"));
    expect(svg.querySelectorAll('g[aria-label="line"] path')).toHaveLength(2);
    expect(svg.querySelectorAll('g[aria-label="dot"] > *')).toHaveLength(12);
    expect(svg.querySelectorAll('g[aria-label="rule"] line[x1]').length).toBeGreaterThanOrEqual(6);
    expect(svg.querySelectorAll("g.rules path")).toHaveLength(3);
    // Labels of rules keep their distance, or they could not be read.
    const heights = [...svg.querySelectorAll("g.rules text")].map((text) => Number(text.getAttribute("y")));
    // 14 pixels, written with one decimal.
    expect(Math.min(...heights.slice(1).map((y, i) => y - heights[i]))).toBeGreaterThanOrEqual(13.9);
  });

  test("points that are no curve have no line, open ones are hollow, and labels stand beside them", () => {
    const points = [
      { x: 1, y: 2, label: "first" },
      { x: 2, y: 1, label: "second" },
    ];
    const axis = (label: string) => ({ label, scale: "linear" as const });
    const series = [
      { name: "curve", dashed: false, points },
      { name: "measured", dashed: false, marks: "filled" as const, points },
      { name: "simulated", dashed: false, marks: "open" as const, points },
    ];
    const shown = { kind: "lines", id: "p", title: "p", caption: "", x: axis("x"), y: axis("y"), series, rules: [] };
    const svg = svgOf(shown as Chart);
    expect(svg.querySelectorAll('g[aria-label="line"] path')).toHaveLength(1);
    const open = svg.querySelectorAll('g[aria-label="dot"][fill="var(--page)"]');
    expect([...open].map((one) => [one.getAttribute("stroke"), one.children.length])).toEqual([["var(--series-2)", 2]]);
    expect([...svg.querySelectorAll('g[aria-label="text"]')].map(({ textContent }) => textContent).join()).toContain(
      "firstsecond",
    );
    const hollow = drawChart(shown as Chart).legend.map(({ swatch }) => swatch.markup.includes('fill="var(--page)"'));
    expect(hollow).toEqual([false, false, true]);
  });

  test("zeros on a logarithmic axis are open triangles, and the drawing says so", () => {
    const drawing = drawChart(chart("ber.snr"));
    const svg = svgOf(chart("ber.snr"));
    expect(svg.querySelectorAll('path[fill="var(--page)"], g[fill="var(--page)"] path')).toHaveLength(1);
    expect(drawing.remark).toContain("zeros");
  });

  test("a logarithmic axis ends on ticks around all its values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 5 }),
        (values) => {
          const { domain, ticks } = logarithmic(values, 300, () => 16);
          expect(domain[0]).toBeLessThanOrEqual(Math.min(...values));
          expect(domain[1]).toBeGreaterThanOrEqual(Math.max(...values));
          expect(domain[1]).toBeGreaterThan(domain[0]);
          for (const tick of ticks) expect(tick).toSatisfy((t: number) => domain[0] <= t && t <= domain[1]);
          expect(ticks.length).toBeGreaterThanOrEqual(2);
        },
      ),
      { seed: 1 },
    );
  });

  test("bars have one rectangle each", () => {
    const svg = svgOf(chart("density.layers"));
    expect(svg.querySelectorAll('g[aria-label="rect"] > *')).toHaveLength(8);
    expect(drawChart(chart("density.layers")).legend.map(({ name }) => name)).toEqual(["crossbars", "SSA engine"]);
  });

  test("bars of a waterfall begin where they say, and keep their value behind their longer end", () => {
    const value = { label: "ratio", scale: "log" as const };
    const bars = [
      { label: "start", value: 10 },
      { label: "less", from: 10, value: 5 },
      { label: "more", from: 5, value: 20 },
    ];
    const svg = svgOf({ kind: "bars", id: "w", title: "w", caption: "", value, bars } as Chart);
    const [start, less, more] = [...svg.querySelectorAll('g[aria-label="rect"] > *')].map((rect) => {
      const [x, width] = ["x", "width"].map((name) => Number(rect.getAttribute(name)));
      return { left: x, right: x + width };
    });
    // Pixels have two decimals.
    expect(less.right).toBeCloseTo(start.right, 1);
    expect(more.left).toBeCloseTo(less.left, 1);
    expect((more.right - more.left) / (less.right - less.left)).toBeCloseTo(2, 2);
    const titles = [...svg.querySelectorAll("title")].map(({ textContent }) => textContent);
    expect(titles).toEqual(["start: 10", "less: 10 to 5", "more: 5 to 20"]);
  });

  test("a Gantt chart has a rectangle per stretch in the row of its unit, paler where the unit waits", () => {
    const rows = [
      { name: "first", stretches: [{ from: 0, to: 50, busy: 1, group: "one" }] },
      {
        name: "second",
        stretches: [
          { from: 50, to: 100, busy: 0.5, group: "one" },
          { from: 0, to: 25, busy: 1, group: "others" },
        ],
      },
    ];
    const gantt: Chart = {
      kind: "gantt",
      id: "g",
      title: "g",
      caption: "",
      time: { label: "clocks", scale: "linear" },
      rows,
    };
    const svg = svgOf(gantt);
    const rects = [...svg.querySelectorAll('g[aria-label="rect"] > rect')];
    const of = (name: string) => rects.map((rect) => Number(rect.getAttribute(name)));
    const [x, y, width, opacity] = ["x", "y", "width", "fill-opacity"].map(of);
    expect(width[0]).toBeCloseTo(width[1], 1);
    expect(width[0]).toBeCloseTo(2 * width[2], 1);
    expect(x[1]).toBeCloseTo(x[0] + width[0], 1);
    expect(y[1]).toBe(y[2]);
    expect(y[1]).toBeGreaterThan(y[0]);
    expect(opacity[1]).toBeLessThan(opacity[0]);
    expect(svg.textContent).toContain("second, one: 50 to 100, at work 50 %");
    expect(drawChart(gantt).legend.map(({ name }) => name)).toEqual(["one", "others"]);
  });

  test("a raster has a pixel for every bit, tokens from left to right and their steps within them", () => {
    // Two features, one token, four steps. Feature 0: 1 1 0 1; feature 1: 0 0 1 0.
    // Bits [step][feature] are 10 10 01 10, least significant first: 1 + 4 + 32 + 64 = 101.
    const layer = { name: "x", steps: 4, tokens: 1, features: 2, density: 0.5, spikes: btoa(String.fromCharCode(101)) };
    const svg = svgOf({ kind: "raster", id: "r", title: "r", caption: "", layers: [layer] });
    const uri = svg.querySelector("mask image")!.getAttribute("href")!;
    const { width, height, depth, channels, data } = decode(Buffer.from(uri.split(",")[1], "base64"));
    expect({ width, height, depth, channels }).toEqual({ width: 4, height: 2, depth: 1, channels: 1 });
    // A row is padded to a byte, most significant bit first.
    expect([...data]).toEqual([0b1101_0000, 0b0010_0000]);
  });

  test("heat has a cell per value that is not zero", () => {
    const heat = chart("attention.first");
    if (heat.kind !== "heat") throw new Error("the sample changed");
    const filled = heat.values.flat().filter((value) => value !== 0).length;
    expect(svgOf(heat).querySelectorAll('g[aria-label="cell"] rect')).toHaveLength(filled);
  });

  test("the cells of a small matrix hold their values, and every class has its label", () => {
    const classes = [
      "T-shirt/top",
      "Trouser",
      "Pullover",
      "Dress",
      "Coat",
      "Sandal",
      "Shirt",
      "Sneaker",
      "Bag",
      "Ankle boot",
    ];
    const axis = { label: "class", ticks: classes };
    const values = classes.map((_, i) => classes.map((_, j) => (i === j ? 0.96 : (i + 1) / 1000)));
    const heat: Chart = { kind: "heat", id: "h", title: "h", caption: "", x: axis, y: axis, label: "share", values };
    const texts = [...svgOf(heat).querySelectorAll("text")].map(({ textContent }) => textContent);
    for (const name of classes) expect(texts.filter((text) => text === name)).toHaveLength(2);
    expect(texts.filter((text) => text === "0.96")).toHaveLength(10);
    // 0.005 and more is 0.01 with two digits; the four rows below show nothing.
    expect(texts.filter((text) => text === "0.01")).toHaveLength(6 * 9);
  });

  test("an image becomes one picture with its values as levels", () => {
    const values = Array.from({ length: 48 }, (_, i) => Array.from({ length: 64 }, (_, j) => (i === j ? 1 : j / 255)));
    const ticks = (count: number) => new Array<string>(count).fill("");
    const [x, y] = [
      { label: "column", ticks: ticks(64) },
      { label: "row", ticks: ticks(48) },
    ];
    const svg = svgOf({ kind: "heat", id: "h", title: "h", caption: "", x, y, label: "brightness", values });
    const pictures = [...svg.querySelectorAll("mask image")];
    expect(pictures).toHaveLength(1);
    const { data, depth } = decode(Buffer.from(pictures[0].getAttribute("href")!.split(",")[1], "base64"));
    expect(depth).toBe(8);
    expect([...data]).toEqual(values.flat().map((value) => Math.round(255 * value)));
  });

  test("a pointer shows the value of every point, bar and cell", () => {
    const titles = (id: string) =>
      [...svgOf(chart(id)).querySelectorAll("title")].map(({ textContent }) => textContent);
    expect(titles("ber.steps")).toHaveLength(12);
    expect(titles("ber.steps")).toContain("Xpikeformer\ntime steps T: 2\nbit error rate: 0.0990 (0.0960 to 0.1020)");
    expect(titles("density.layers")).toHaveLength(8);
    expect(titles("density.layers")[0]).toBe("blocks.0.qkv, crossbars: 0.050 (0.040 to 0.060)");
    expect(titles("crossbars.layout")[0]).toBe("embed, rows 0, columns 0, tile 0: 40 x 64 cells, 16 %");
  });

  test("a layout has two rectangles per crossbar, the inner one as large as its share of cells", () => {
    const layers = [
      {
        name: "embed",
        inputs: 64,
        outputs: 128,
        crossbars: [{ rowBlock: 0, columnBlock: 0, usedRows: 64, usedColumns: 128, tile: 7 }],
      },
    ];
    const svg = svgOf({
      kind: "layout",
      id: "l",
      title: "l",
      caption: "",
      crossbar: { rows: 128, columns: 128 },
      layers,
    });
    const area = (rect: Element) => Number(rect.getAttribute("width")) * Number(rect.getAttribute("height"));
    const [used, whole] = [...svg.querySelectorAll('g[aria-label="rect"] rect')].map(area);
    expect(used! / whole!).toBeCloseTo(0.5, 12);
    expect(svg.textContent).toContain("7");
  });
});
