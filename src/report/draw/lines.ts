/** Curves with error bars, on linear or logarithmic axes, with published values as horizontal rules. */

import { formatNumber, formatQuantity } from "../format.ts";
import { printable } from "../markup.ts";
import type { LinesChart } from "../report.ts";
import { numericAxis } from "./axis.ts";
import { CHARACTER, colour, type Drawing, drawPlot, type Room, swatch, symbol } from "./drawing.ts";
import * as Plot from "./plot.ts";

type Series = LinesChart["series"][number];

const MARGIN = { marginLeft: 56, marginTop: 28, marginBottom: 42 };
/** Most that the labels of rules may take of the width. */
const LABELS = 0.4;
/** Pixels between the labels of two rules. */
const LABEL_SPACING = 14;

export function drawLines(chart: LinesChart, { width, height }: Room): Drawing {
  const { series, rules } = chart;
  const points = series.flatMap(({ points }) => points);
  const heights = [...points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]), ...rules.map(({ y }) => y)];
  const floor = chart.y.scale === "log" ? logFloor(heights) : undefined;
  const longest = Math.max(0, ...rules.map(({ label }) => label.length));
  const beside = 12 + longest * CHARACTER <= LABELS * width;
  const marginRight = longest && beside ? 12 + longest * CHARACTER : 20;
  const xs = points.map(({ x }) => x);
  const xAxis = numericAxis("x", chart.x, xs, width - MARGIN.marginLeft - marginRight);
  const ys = floor === undefined ? heights : [...heights, floor];
  const yAxis = numericAxis("y", chart.y, ys, height - MARGIN.marginTop - MARGIN.marginBottom);
  const svg = drawPlot(
    {
      width,
      height,
      ...MARGIN,
      marginRight,
      x: xAxis.scale,
      y: yAxis.scale,
      marks: [
        Plot.frame({ strokeOpacity: 0.15 }),
        // The grid of x would compete with the error bars, which are upright too.
        ...xAxis.marks.slice(1),
        ...yAxis.marks,
        ruleMarks(chart, beside),
        ...series.flatMap((one, i) => seriesMarks(chart, one, i, floor)),
      ],
    },
    `${chart.title}: ${chart.y.label} against ${chart.x.label} for ${series.map(({ name }) => name).join(", ")}.`,
  );
  const legend = series.map((one, i) => ({ name: one.name, swatch: seriesSwatch(one, i) }));
  const zeros = floor !== undefined && points.some(({ y }) => y <= 0);
  const remark = "Open triangles on the lower edge are zeros, which a logarithmic axis cannot show.";
  return { panels: [{ svg }], legend, wide: false, ...(zeros ? { remark } : {}) };
}

/** Where values that a logarithmic axis cannot show are put: half of the smallest that it can. */
function logFloor(values: readonly number[]): number {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return 0.1;
  return Math.min(...positive) / (positive.length < values.length ? 2 : 1);
}

function seriesMarks(
  { x, y }: LinesChart,
  { name, points, dashed, marks }: Series,
  index: number,
  floor: number | undefined,
): Plot.Markish[] {
  const stroke = colour(index);
  const hidden = ({ y }: { y: number }) => floor !== undefined && y <= 0;
  const onAxis = (value: number) => (floor === undefined ? value : Math.max(value, floor));
  const bars = points.filter(({ low, high }) => low !== undefined && high !== undefined && high > low);
  const title = (point: Point) =>
    printable(`${name}\n${x.label}: ${tickText(x, point.x)}\n${y.label}: ${valueText(point)}`);
  // A wide outline that cannot be seen makes a point easier to hit.
  const target = { stroke: "transparent", strokeWidth: 10, title } as const;
  const placed = points.map((point) => ({ ...point, y: onAxis(point.y) }));
  return [
    Plot.ruleX(bars, {
      x: "x",
      y1: ({ low }) => onAxis(low),
      y2: ({ high }) => onAxis(high),
      stroke,
      strokeOpacity: 0.55,
    }),
    marks
      ? null
      : Plot.line(placed, { x: "x", y: "y", stroke, strokeWidth: 1.75, ...(dashed ? { strokeDasharray: "4 3" } : {}) }),
    Plot.dot(
      points.filter((point) => !hidden(point)),
      { x: "x", y: "y", symbol: symbol(index), fill: stroke, r: 3.2, ...target },
    ),
    marks === "open"
      ? Plot.dot(points, {
          x: "x",
          y: "y",
          symbol: symbol(index),
          stroke,
          fill: "var(--page)",
          r: 3.6,
          strokeWidth: 1.5,
        })
      : null,
    Plot.text(
      placed.filter(({ label }) => label !== undefined),
      {
        x: "x",
        y: "y",
        text: ({ label }) => printable(label!),
        dx: 6,
        dy: -5,
        textAnchor: "start",
        fontSize: 9,
        fillOpacity: 0.8,
      },
    ),
    Plot.dot(points.filter(hidden), {
      title,
      x: "x",
      y: () => floor,
      symbol: "triangle",
      rotate: 180,
      stroke,
      fill: "var(--page)",
      r: 3.6,
    }),
  ];
}

type Point = Series["points"][number];

function tickText({ ticks, tickLabels }: LinesChart["x"], value: number): string {
  return tickLabels?.[ticks?.indexOf(value) ?? -1] ?? formatNumber(value);
}

/** `0.0671 (0.0641 to 0.0703)`. */
function valueText({ y, low, high }: Point): string {
  const bounds = low === undefined || high === undefined ? undefined : { low, high };
  const { value, interval } = formatQuantity({ value: y, unit: "1", interval: bounds });
  return interval ? `${value} (${interval})` : value;
}

function seriesSwatch({ dashed, marks }: Series, index: number) {
  const stroke = colour(index);
  const open = { stroke, fill: "var(--page)", r: 3.6, strokeWidth: 1.5 };
  return swatch([
    marks ? null : Plot.ruleY([0.5], { stroke, strokeWidth: 1.75, ...(dashed ? { strokeDasharray: "4 3" } : {}) }),
    Plot.dot([[0.5, 0.5]], { symbol: symbol(index), ...(marks === "open" ? open : { fill: stroke, r: 3.2 }) }),
  ]);
}

/**
 * Rules across the frame, with their labels on the right, or above the rule where they would take too much of the width; pushed
 * apart where they would overlap.
 */
function ruleMarks({ rules }: LinesChart, beside: boolean): Plot.Markish {
  if (rules.length === 0) return null;
  const render: Plot.RenderFunction = (_index, scales, _values, dimensions, context) => {
    const { width, marginLeft, marginRight } = dimensions;
    const group = element(context, "g", { class: "rules" });
    let lowest = Number.NEGATIVE_INFINITY;
    const placed = rules.map(({ label, y }) => ({ label, y: scales.y!(y) as number })).sort((a, b) => a.y - b.y);
    for (const { label, y } of placed) {
      const textY = Math.max(beside ? y : y - LABEL_SPACING / 2, lowest + LABEL_SPACING);
      lowest = textY;
      const right = width - marginRight;
      const d = `M${marginLeft},${round(y)}H${right}${beside ? `L${right + 5},${round(textY)}` : ""}`;
      group.append(element(context, "path", { d, fill: "none", stroke: "currentColor", "stroke-dasharray": "1 3" }));
      const anchor = beside
        ? ({ x: right + 8, "text-anchor": "start" } as const)
        : ({ x: right - 2, "text-anchor": "end" } as const);
      const text = element(context, "text", { ...anchor, y: round(textY), dy: "0.32em" });
      text.textContent = printable(label);
      group.append(text);
    }
    return group;
  };
  // The rules' values must be inside the axis, which a render function alone does not ask for.
  return [Plot.ruleY(rules, { y: "y", strokeOpacity: 0 }), render];
}

function element(
  context: Parameters<Plot.RenderFunction>[4],
  name: string,
  attributes: Record<string, string | number>,
): SVGElement {
  const made = context.document.createElementNS("http://www.w3.org/2000/svg", name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

const round = (x: number): number => Math.round(x * 10) / 10;
