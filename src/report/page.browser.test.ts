/** The page as a reader sees it: laid out by a real browser, on a desk and on a phone. Reports of every command, and a sample. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium } from "../../test/support/chromium.ts";
import { everyReport } from "../../test/support/every-report.ts";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { buildReport, type ChartDraft } from "./build-report.ts";
import { reportHtml } from "./html.ts";
import { rasterLayer, rasterSpikes } from "./measured.ts";
import type { RasterLayer, Report } from "./report.ts";

const DESK = { width: 1400, height: 900 };
const PHONE = { width: 390, height: 844 };

const sample = buildReport({ ...sampleDraft(), highlights: ["ber.xpikeformer", "ber.ann", "energy.inference"] });

let browser: Browser;
let reports: Readonly<Record<string, Report>>;
beforeAll(async () => {
  [browser, reports] = await Promise.all([launchChromium(), everyReport()]);
});
afterAll(() => browser?.close());

async function open(report: Report, viewport: { width: number; height: number }): Promise<Page> {
  const page = await browser.newPage({ viewport });
  await page.setContent(reportHtml(report));
  return page;
}

/** Text of the page's own script; strings, because these tests are compiled without a browser's types. */
const BOXES = `(selector) => [...document.querySelectorAll(selector)]
  .map((element) => ({ text: element.textContent, ...element.getBoundingClientRect().toJSON() }))
  .filter(({ width, height }) => width > 0 && height > 0)`;

interface Box {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const boxes = (page: Page, selector: string) => page.evaluate<Box[]>(`(${BOXES})(${JSON.stringify(selector)})`);

/**
 * Labels of one axis that overlap, in pairs. Fonts differ in the room that they keep above and below a line: digits and letters are within
 * 0.8 of the size around its middle in all of them.
 */
async function touchingLabels(page: Page): Promise<string[]> {
  const charts = await page.evaluate<Box[][]>(`[...document.querySelectorAll("svg.plot")].flatMap((svg) =>
    [...svg.querySelectorAll('[aria-label*="axis tick label"]')].map((axis) => [...axis.querySelectorAll("text")]
      .filter(({ textContent }) => textContent !== "")
      .map((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        const [middle, half] = [(top + bottom) / 2, 0.4 * parseFloat(getComputedStyle(text).fontSize)];
        return { text: text.textContent, left, right, top: middle - half, bottom: middle + half };
      })
      .filter(({ left, right }) => right > left)))`);
  expect(charts.flat().length).toBeGreaterThan(10);
  return charts.flatMap((labels) =>
    labels.flatMap((a, i) =>
      labels
        .slice(i + 1)
        .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        .map((b) => `${a.text} and ${b.text}`),
    ),
  );
}

test("asks for nothing and reports no problem", async () => {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) problems.push(request.url());
  });
  page.on("console", (message) => problems.push(message.text()));
  await page.setContent(reportHtml(sample));
  expect(problems).toEqual([]);
  await page.close();
});

describe.each(["run", "images", "drift", "sweep", "cost"])("the report of %s", (name) => {
  test.each([
    ["a desk", DESK, DESK.height],
    ["two screens of a phone", PHONE, 2 * PHONE.height],
  ])("has its sentence, its main chart and three numbers on the first screen of %s", async (_, viewport, bottom) => {
    const page = await open(reports[name], viewport);
    const numbers = await boxes(page, ".cards li");
    expect(numbers).toHaveLength(3);
    const chart = await boxes(page, ".lead figure [role=img] > svg");
    expect(chart).toHaveLength(1);
    const sentence = await boxes(page, ".summary");
    for (const box of [...sentence, ...chart, ...numbers]) {
      expect(box.top).toBeGreaterThanOrEqual(0);
      expect(box.bottom).toBeLessThanOrEqual(bottom);
    }
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(viewport.width);
    expect(await touchingLabels(page)).toEqual([]);
    await page.close();
  });
});

test.each([1400, 1000, 700, 390, 320])("nothing is wider than a page of %d pixels, folded or not", async (width) => {
  const page = await open(sample, { width, height: 800 });
  const scrollWidth = () => page.evaluate<number>("document.documentElement.scrollWidth");
  expect(await scrollWidth()).toBeLessThanOrEqual(width);
  await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
  expect(await scrollWidth()).toBeLessThanOrEqual(width);
  await page.close();
});

test("a link to a folded section opens it", async () => {
  const page = await open(sample, DESK);
  const shown = () => page.evaluate<boolean>('document.querySelector("#figures table").checkVisibility()');
  expect(await shown()).toBe(false);
  await page.click('nav a[href="#figures"]');
  expect(await shown()).toBe(true);
  await page.close();
});

/** Axes whose labels are many or long. */
const crowded: ChartDraft[] = [
  {
    kind: "lines",
    id: "ages",
    title: "Ages",
    x: {
      label: "Time after programming",
      scale: "log",
      ticks: [1, 60, 3600, 86_400, 604_800, 2_592_000, 31_536_000, 315_360_000],
      tickLabels: ["1s", "1min", "1h", "1d", "1w", "1mo", "1y", "10y"],
    },
    y: { label: "Bit error rate", scale: "log" },
    series: [
      {
        name: "one",
        points: [
          { x: 1, y: 0.04 },
          { x: 315_360_000, y: 0.0613 },
        ],
      },
    ],
  },
  ...[50, 5000, 5e6].map(
    (most): ChartDraft => ({
      kind: "bars",
      id: `energy-${most}`,
      title: "Energy",
      value: { label: "Microjoules", scale: "log" },
      bars: [
        { label: "a machine with a name that is long enough to need a line", value: 1.3 },
        { label: "another", value: most },
      ],
    }),
  ),
  {
    kind: "heat",
    id: "numbers",
    title: "Numbers",
    x: { label: "column", ticks: Array.from({ length: 60 }, (_, i) => String(100 + i)) },
    y: { label: "row", ticks: Array.from({ length: 60 }, (_, i) => String(100 + i)) },
    label: "nothing",
    values: Array.from({ length: 60 }, () => new Array<number>(60).fill(1)),
  },
];

describe.each([
  ["a desk", DESK],
  ["a phone", PHONE],
])("the charts on %s", (_, viewport) => {
  let page: Page;
  beforeAll(async () => {
    const charts = [...sampleDraft().charts!, ...crowded];
    page = await open(buildReport({ ...sampleDraft(), charts }), viewport);
  });
  afterAll(() => page?.close());

  test("no two labels of an axis touch", async () => {
    expect(await touchingLabels(page)).toEqual([]);
  });

  test("text has one size in every chart", async () => {
    const sizes = await page.evaluate<number[]>(`[...document.querySelectorAll("figure svg.plot text")]
      .filter((text) => text.getBoundingClientRect().width > 0 && !text.hasAttribute("font-size"))
      .filter((text) => text.closest("[font-size]") === null)
      .map((text) => Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b) * parseFloat(getComputedStyle(text).fontSize))`);
    expect(sizes.length).toBeGreaterThan(100);
    for (const size of sizes) expect(size).toBeCloseTo(12, 1);
  });

  test("no text is cut", async () => {
    // Panels side by side are for swiping.
    const texts = await boxes(page, "figure svg.plot:not(.panels svg) text");
    for (const { text, left, right } of texts) {
      expect(left, text).toBeGreaterThanOrEqual(0);
      expect(right, text).toBeLessThanOrEqual(viewport.width);
    }
  });
});

/** A layer of a network as wide as a row of `networks/`, with random spikes, which no compression makes smaller. */
function randomLayer(name: string, features: number, density: number): RasterLayer {
  const random = stream(5).fork(name);
  const bits = Array.from({ length: 8 * 37 * features }, () => (random.uniform() < density ? 1 : 0));
  return rasterLayer(name, packSpikes(bits, 8, 37, features));
}

test("pixels are spikes: the browser reads from the page what the report holds", async () => {
  const layer = randomLayer("x", 131, 0.2);
  const raster: ChartDraft = { kind: "raster", id: "r", title: "r", layers: [layer] };
  const page = await open(buildReport({ ...sampleDraft(), charts: [raster] }), DESK);
  const { width, height, levels } = await page.evaluate<{
    width: number;
    height: number;
    levels: number[];
  }>(`(async () => {
    const picture = new Image();
    picture.src = document.querySelector("mask image").getAttribute("href");
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    const { width, height, data } = canvas.getImageData(0, 0, picture.width, picture.height);
    return { width, height, levels: [...data].filter((_, i) => i % 4 === 0) };
  })()`);
  const { steps, tokens, features } = layer;
  expect([width, height]).toEqual([tokens * steps, features]);
  const spikes = rasterSpikes(layer);
  const expected = Array.from({ length: width * height }, (_, i) => {
    const [feature, column] = [Math.floor(i / width), i % width];
    return 255 * spikes[((column % steps) * tokens + Math.floor(column / steps)) * features + feature];
  });
  expect(levels).toEqual(expected);
  await page.close();
});

test("a page with every layer of a network is smaller than a megabyte", () => {
  const widths = [68, 128, 384, 128, 128, 512, 128, 384, 128, 128, 512, 128];
  const layers = widths.map((features, i) => randomLayer(`layer ${i}`, features, 0.5));
  const raster: ChartDraft = { kind: "raster", id: "spikes", title: "Spikes", layers };
  const page = reportHtml(buildReport({ ...sampleDraft(), charts: [...sampleDraft().charts!, raster] }));
  expect(new TextEncoder().encode(page).length).toBeLessThan(1e6);
});
