/**
 * The studio on a telephone and a wide screen: nothing is wider than the page, and every text is at least 11 pixels high, whatever the
 * scale of its figure. Run `npm run build` first, as `npm test` does.
 */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { hostStudio } from "./support/studio-page.ts";

const studio = hostStudio();

/** Pixels. A font size may be a fraction below what was meant. */
const LEAST = 10.95;

/** What does not fit, or is too small to read, one line each. Figures follow a new width in the frame after it, before it is painted. */
const faultsOf = (page: Page): Promise<string[]> =>
  page.evaluate(async (least) => {
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    const faults = new Set<string>();
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) faults.add(`the page is ${scrollWidth} pixels wide`);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement!;
      if (node.textContent!.trim() === "" || !parent.checkVisibility() || parent.closest("title, option")) continue;
      const matrix = parent instanceof SVGGraphicsElement ? parent.getScreenCTM() : null;
      const scale = matrix ? Math.hypot(matrix.a, matrix.b) : 1;
      const size = scale * Number.parseFloat(getComputedStyle(parent).fontSize);
      if (size < least) faults.add(`${node.textContent} is ${size.toFixed(1)} pixels high`);
    }
    return [...faults];
  }, LEAST);

test("nothing is wider than the page, and no text is too small, from the network to a device and its waveform", async () => {
  const { page, errors } = await studio.open();
  await page.locator("#decided").waitFor();
  const faults: string[] = [];
  const look = async (name: string) => {
    for (const width of [390, 1400]) {
      await page.setViewportSize({ width, height: 900 });
      faults.push(...(await faultsOf(page)).map((fault) => `${name}, ${width} pixels: ${fault}`));
    }
  };
  await look("the network");
  await page.getByRole("application", { name: /^block 1, hidden/ }).press("Enter");
  await page.locator(".membrane").waitFor();
  await look("a neuron");
  await page.getByRole("button", { name: "The network" }).press("Enter");
  await page.getByRole("button", { name: /block 2, projection: 1 crossbar/ }).press("Enter");
  await page.getByRole("button", { name: /crossbar \d+$/ }).press("Enter");
  await page.getByRole("button", { name: "Open this cell" }).press("Enter");
  await page.locator(".panel-grid .drift").waitFor();
  await look("a cell");
  await page.getByRole("button", { name: /^converters/ }).press("Enter");
  await page.locator(".receipts summary").first().press("Enter");
  await page.getByRole("button", { name: "Program 100 chips" }).press("Enter");
  await page.getByRole("button", { name: "Show waveform", disabled: false }).press("Enter");
  await page.locator(".dots").waitFor();
  await page.locator(".waves svg").waitFor();
  await look("receipts, chips that age, and a waveform");
  expect(faults).toEqual([]);
  expect(errors).toEqual([]);
});
