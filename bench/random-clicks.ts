/** Random clicks, taps and keys on a page, while watching for errors and for memory that is not released. */
import type { Page } from "playwright-core";
import type { Stream } from "../src/numeric/stream.ts";

const KEYS = [
  ...["Tab", "Tab", "Tab", "Shift+Tab", "Enter", "Space", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
  ...["Home", "End", "PageDown", "Escape", "Backspace", "0", "7", "a"],
];

/** Controls to operate. Downloads and the file picker are not part of the page. */
const TARGETS = "button:enabled, select, input:not([type=file]), canvas, [tabindex='0'], a[href]";

/** Messages of defects: an error shown to a user names no language types. */
const DEFECT = /undefined|not a function|not iterable|\bNaN\b|\[object|out of bounds|unreachable|Maximum call/;

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly kind: string;
}

/** Errors of the page, as they occur; files offered for saving are discarded. Once per page. */
export function watchPage(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("crash", () => errors.push("The page crashed."));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("download", (download) => download.delete());
  return errors;
}

/**
 * Operates the page at random; the same stream makes the same choices, as long as the page shows the same at the same time.
 *
 * @param errors  of the page; messages that no user could have caused are added, and the first one ends the work
 * @returns how many clicks, taps and keys there were
 */
export async function clickAtRandom(
  page: Page,
  errors: string[],
  random: Stream,
  milliseconds: number,
): Promise<number> {
  const below = (count: number) => Math.floor(random.uniform() * count);
  const end = performance.now() + milliseconds;
  let actions = 0;
  while (performance.now() < end && errors.length === 0) {
    const kind = random.uniform();
    if (kind < 0.7) await useTarget(page, below, kind < 0.15);
    else if (kind < 0.9) await page.keyboard.press(KEYS[below(KEYS.length)]);
    else if (kind < 0.96) await clickAnywhere(page, random);
    else await page.mouse.wheel(0, 2000 * random.uniform() - 1000);
    actions++;
    const said = await page.locator("[role=alert]").allTextContents();
    errors.push(...said.filter((text) => DEFECT.test(text)));
  }
  return actions;
}

/** Clicks, taps, drags or steps one of the controls, after scrolling it into view. */
async function useTarget(page: Page, below: (count: number) => number, taps: boolean): Promise<void> {
  const count = await page.locator(TARGETS).count();
  const at = below(Math.max(1, count));
  const spot = await page.evaluate(
    ([targets, at]): Spot | null => {
      const element = document.querySelectorAll<HTMLElement>(targets)[at];
      if (!element) return null;
      element.scrollIntoView({ block: "center" });
      const { x, y, width, height } = element.getBoundingClientRect();
      if (width === 0 || height === 0) return null;
      if (element instanceof HTMLSelectElement) element.focus();
      const type = element instanceof HTMLInputElement ? element.type : element.tagName.toLowerCase();
      return { x: x + width / 2, y: y + height / 2, kind: type };
    },
    [TARGETS, at] as const,
  );
  if (spot === null) return;
  const { x, y, kind } = spot;
  // A list of choices opens outside the page; with keys it does not.
  if (kind === "select") return page.keyboard.press(below(2) ? "ArrowDown" : "ArrowUp");
  if (kind === "range" || kind === "canvas") {
    await page.mouse.move(x + below(80) - 40, y);
    await page.mouse.down();
    await page.mouse.move(x + below(120) - 60, y + below(20) - 10, { steps: 3 });
    return page.mouse.up();
  }
  return taps ? page.touchscreen.tap(x, y) : page.mouse.click(x, y);
}

async function clickAnywhere(page: Page, random: Stream): Promise<void> {
  const { width, height } = page.viewportSize()!;
  await page.mouse.click(width * random.uniform(), height * random.uniform());
}

export interface PageMemory {
  /** Bytes of the page's own heap, after garbage collection. */
  readonly heap: number;
  /** Nodes of all documents, as the browser counts them. */
  readonly nodes: number;
  readonly listeners: number;
}

/** What the page retains after garbage collection. */
export async function memoryOf(page: Page): Promise<PageMemory> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  await session.send("Performance.enable");
  const { metrics } = await session.send("Performance.getMetrics");
  await session.detach();
  const metric = (name: string) => metrics.find((found) => found.name === name)!.value;
  return { heap: metric("JSHeapUsedSize"), nodes: metric("Nodes"), listeners: metric("JSEventListeners") };
}

/** Bytes of the page with its workers, as `measureUserAgentSpecificMemory` reports within half a minute; null if it does not. */
export function memoryWithWorkers(page: Page): Promise<number | null> {
  return page.evaluate(async () => {
    const { measureUserAgentSpecificMemory } = performance as Performance & {
      measureUserAgentSpecificMemory?: () => Promise<{ readonly bytes: number }>;
    };
    if (!crossOriginIsolated || !measureUserAgentSpecificMemory) return null;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), 30_000));
    // Browsers that keep all sites in one process, such as the one from npm, have the function but refuse it.
    const measured = measureUserAgentSpecificMemory.call(performance).then(
      ({ bytes }) => bytes,
      () => null,
    );
    return Promise.race([measured, late]);
  });
}
