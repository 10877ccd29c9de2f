/**
 * `npm run studio-figures`: how fast the studio responds, and how smoothly it moves, measured by the browser itself.
 *
 *   npm run studio-figures -- --runs 5
 *   npm run studio-figures -- --throttle 4     the page and its workers get a quarter of each core (`throttle.ts`)
 *
 * Every run reloads the page. It prints the median and the range, which include other load on the machine.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../test/support/chromium.ts";
import { throttlePages } from "./throttle.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "5" }, throttle: { type: "string", default: "1" } },
});
const MOST = 600_000;

/** Milliseconds, except for frames per second and layout shift, which is the share of the window times the distance moved. */
interface StudioFigures {
  readonly firstAnswer: number;
  readonly firstFigures: number;
  readonly knob: number;
  readonly framesPerSecond: number;
  readonly longestFrame: number;
  readonly layoutShift: number;
}

const NAMES: Readonly<Record<keyof StudioFigures, string>> = {
  firstAnswer: "first answer after the page was asked for, s",
  firstFigures: "first figures of its machine, 32 prompts, s",
  knob: "first figures of a changed machine, s",
  framesPerSecond: "frames a second while the time step is scrubbed",
  longestFrame: "longest time between two of these frames, ms",
  layoutShift: "layout shift until the figures of 160 prompts",
};

/** Records when the page first shows text, and its layout shifts. */
function watch(): void {
  const times: Record<string, number> = {};
  Object.assign(window, { times, shift: 0 });
  const keep = (name: string, selector: string) => {
    if (times[name] === undefined && document.querySelector(selector)) times[name] = performance.now();
  };
  new MutationObserver(() => {
    keep("firstAnswer", "#decided");
    keep("firstFigures", "[data-figure][data-value]");
  }).observe(document, { subtree: true, childList: true, attributes: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) (window as unknown as { shift: number }).shift += entry.value;
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** Advances the time step in every frame for three seconds. */
async function scrub(): Promise<{ frames: number; longest: number }> {
  const slider = document.querySelector<HTMLInputElement>(".scrubber input")!;
  const most = Number(slider.max);
  let [frames, longest, before] = [0, 0, performance.now()];
  const end = before + 3000;
  while (performance.now() < end) {
    slider.value = String(frames % (most + 1));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
    longest = Math.max(longest, now - before);
    before = now;
    frames++;
  }
  return { frames, longest };
}

/** Milliseconds from turning a knob to the first figures of the new machine. */
async function turnKnob(page: Page): Promise<number> {
  const done = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let start = 0;
        addEventListener("change", () => {
          start = performance.now();
        });
        new MutationObserver(() => {
          if (start > 0 && !document.querySelector(".stale")) resolve(performance.now() - start);
        }).observe(document.querySelector(".figures")!, { subtree: true, attributes: true, childList: true });
      }),
  );
  await page.getByLabel("ADC bits", { exact: true }).selectOption("6");
  return done;
}

async function measure(browser: Browser, address: string): Promise<StudioFigures> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(MOST);
  await page.addInitScript(watch);
  await page.goto(address);
  await page.locator("#decided").waitFor();
  await page.locator("#basis[data-prompts='160']").waitFor();
  const { times, shift } = (await page.evaluate(() => {
    const { times, shift } = window as unknown as { times: Record<string, number>; shift: number };
    return { times, shift };
  })) as { times: Record<"firstAnswer" | "firstFigures", number>; shift: number };
  const { frames, longest } = await page.evaluate(scrub);
  const knob = await turnKnob(page);
  await context.close();
  return { ...times, knob, framesPerSecond: frames / 3, longestFrame: longest, layoutShift: shift };
}

/** The package as built, with the studio next to it. */
const built = new URL("../../dist/node.js", import.meta.url).href;
const { serveStudio } = (await import(built)) as typeof import("../src/node.ts");
const server = await serveStudio();
const browser = await launchChromium();
const rate = Number(values.throttle);
const throttle = rate > 1 ? await throttlePages(browser, rate) : null;
const runs: StudioFigures[] = [];
for (let run = 0; run < Number(values.runs); run++) runs.push(await measure(browser, server.address));
console.log(
  `${browser.version()}, ${cpus().length} x ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}, ${runs.length} runs`,
);
if (throttle) {
  const share = (100 * throttle.share()).toFixed(0);
  console.log(
    `processes of pages, with their workers, ran ${share} % of the time; browser and server were not throttled`,
  );
  await throttle.end();
}
for (const key of Object.keys(NAMES) as (keyof StudioFigures)[]) {
  const sorted = runs.map((run) => run[key]).sort((a, b) => a - b);
  const scale = NAMES[key].endsWith(", s") ? 1e-3 : 1;
  const written = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted[sorted.length - 1]].map((value) =>
    (value * scale).toPrecision(3),
  );
  console.log(`${NAMES[key].padEnd(55)} ${written[0]} (${written[1]} to ${written[2]})`);
}
await browser.close();
await server.close();
