/**
 * Random clicks, taps and keys in the studio, wide and narrow: no error, and no memory that stays. `npm run studio-clicks` does the same for
 * as long as one likes. `npm run build` first, as `npm test` does.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clickAtRandom, memoryOf, watchPage } from "../bench/random-clicks.ts";
import { type StudioServer, serveStudio } from "../dist/node.js";
import { stream } from "../src/numeric/stream.ts";
import { launchChromium } from "./support/chromium.ts";

let server: StudioServer;
let browser: Browser;
beforeAll(async () => {
  server = await serveStudio();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Of each half, milliseconds. */
const TIME = 10_000;

/** The page's own heap holds texts, drawings and a mapping: a few megabytes. What one of ten seconds' actions kept each would be more. */
const MOST_GROWTH = 8e6;

for (const width of [1400, 390]) {
  test(`random clicks, taps and keys on a page of ${width} pixels cause no error, and leave no memory behind`, async () => {
    const context = await browser.newContext({ hasTouch: true, viewport: { width, height: 800 } });
    const page = await context.newPage();
    const errors = watchPage(page);
    page.setDefaultTimeout(120_000);
    await page.goto(server.address);
    const atRest = async () => {
      await page.getByRole("button", { name: "Radio symbols", exact: true }).click();
      await page.locator("#decided").waitFor();
      return memoryOf(page);
    };
    await page.locator("#decided").waitFor();
    const before = await atRest();
    const actions = await clickAtRandom(page, errors, stream(width), TIME);
    expect(errors).toEqual([]);
    expect(actions).toBeGreaterThan(5);
    const after = await atRest();
    expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH);
    await context.close();
  }, 240_000);
}
