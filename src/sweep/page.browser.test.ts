/** The page of a sweep in a real browser: nothing is loaded, and drawing a region lists its points. */
import { createHash } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../../test/support/chromium.ts";
import { parseDesign } from "../experiment/design.ts";
import { BRUSH_HASH, BRUSH_PROGRAM } from "./brush.ts";
import { sweepHtml } from "./page.ts";
import type { OpenedDesign } from "./points.ts";
import type { Row } from "./unit.ts";

const BITS = "hardware.adc.bits";
const design = parseDesign({ experiment: {}, axes: { [BITS]: [4, 5, 6, 7] } }) as OpenedDesign;
const exact = (value: number) => ({ value, low: value, high: value });
const none = {
  ...{ yearLoss: null, blockErrorRate: null, codedEbN0: null, latency: null, throughput: null, area: null },
  ...{ chips: 2, prompts: 8 },
};
// The last one is beaten by the one before.
const rows = [0.4, 0.3, 0.2, 0.25].map(
  (rate, point): Row => ({
    ...{ point, hash: `h${point}`, values: { [BITS]: 4 + point }, refused: null },
    measures: { ...none, errorRate: exact(rate), energy: exact(1e-6 * (1 + point)) },
  }),
);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

test("the hash that the page allows is that of its script", () => {
  expect(BRUSH_HASH).toBe(`sha256-${createHash("sha256").update(BRUSH_PROGRAM).digest("base64")}`);
});

test("a region lists its points, and a click still leads to an experiment", async () => {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const problems: string[] = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  await page.setContent(sweepHtml({ design, rows, versions: {}, command: "xpike test" }));
  const selected = page.locator("#selected");
  expect(await selected.isVisible()).toBe(false);
  const listed = () => selected.locator("tbody tr").evaluateAll((lines) => lines.map((line) => line.textContent));
  const drag = async (left: number, top: number, right: number, bottom: number) => {
    await page.mouse.move(left, top);
    await page.mouse.down();
    await page.mouse.move(right, bottom, { steps: 3 });
    await page.mouse.up();
  };
  const plot = (await page.locator(".on-screen svg").first().boundingBox())!;
  await drag(plot.x + 1, plot.y + 1, plot.x + plot.width - 1, plot.y + plot.height - 1);
  expect(await listed()).toEqual([
    "00.41 µJhardware.adc.bits 4",
    "10.32 µJhardware.adc.bits 5",
    "20.23 µJhardware.adc.bits 6",
    "30.254 µJhardware.adc.bits 7",
  ]);
  const one = (await page.locator('.on-screen a[*|href="#point-1"] circle').first().boundingBox())!;
  const [x, y] = [one.x + one.width / 2, one.y + one.height / 2];
  await drag(x - 15, y - 15, x + 15, y + 15);
  expect(await listed()).toHaveLength(1);
  expect(await selected.locator("h2").textContent()).toBe("1 point in the region");
  expect(await page.locator("#point-1").isVisible()).toBe(false);
  await page.mouse.click(x, y);
  expect(await page.locator("#point-1").isVisible()).toBe(true);
  expect(problems).toEqual([]);
});
