/**
 * `npm run studio-clicks`: random clicks, taps and keys in the studio, in a real browser.
 *
 *   npm run studio-clicks -- --minutes 30 --seed 1
 *
 * It prints the page's memory after garbage collection at the start, every minute and at the end; the exit code is 1 after an error.
 */
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { stream } from "../src/numeric/stream.ts";
import { launchChromium } from "../test/support/chromium.ts";
import { clickAtRandom, memoryOf, memoryWithWorkers, watchPage } from "./random-clicks.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, seed: { type: "string", default: "1" } },
});
const minutes = Number(values.minutes);

/** Milliseconds that the page may take for a request. */
const PATIENCE = 120_000;

const megabytes = (bytes: number | null) => (bytes === null ? "?" : (bytes / 1e6).toFixed(1));

/** Shows what the page opened with, and prints its memory then. */
async function report(page: Page, when: string): Promise<void> {
  await page.getByRole("button", { name: "Radio symbols", exact: true }).click();
  await page.locator("#decided").waitFor();
  const { heap, nodes, listeners } = await memoryOf(page);
  const all = await memoryWithWorkers(page);
  console.log(
    `${when.padEnd(12)} heap ${megabytes(heap)} MB, with workers ${megabytes(all)} MB, ${nodes} nodes, ${listeners} listeners`,
  );
}

/** The package as built, with the studio next to it. */
const built = new URL("../../dist/node.js", import.meta.url).href;
const { serveStudio } = (await import(built)) as typeof import("../src/node.ts");

const server = await serveStudio();
const browser = await launchChromium();
const context = await browser.newContext({ hasTouch: true, viewport: { width: 1400, height: 900 } });
const page = await context.newPage();
// On a busy machine, a frame can take long.
page.setDefaultTimeout(PATIENCE);
const errors = watchPage(page);
await page.goto(server.address);
await report(page, "start");
let actions = 0;
for (let minute = 0; minute < minutes && errors.length === 0; minute++) {
  const milliseconds = 60_000 * Math.min(1, minutes - minute);
  actions += await clickAtRandom(page, errors, stream(Number(values.seed)).fork("minute", minute), milliseconds);
  await report(page, `minute ${minute + 1}`);
}
console.log(`${actions} actions, ${errors.length} errors`);
for (const error of errors) console.log(`  ${error}`);
await browser.close();
await server.close();
process.exitCode = errors.length === 0 ? 0 : 1;
