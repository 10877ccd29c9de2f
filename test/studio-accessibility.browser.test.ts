/**
 * Findings of axe (the rules of WCAG 2.2, levels A and AA) in the studio: names of controls, order of headings, contrast of every
 * text; wide and narrow, light and dark. Buttons are pressed by keyboard, which must reach the whole page and needs no frame to
 * be drawn, while a click waits for two. Run `npm run build` first, as `npm test` does.
 */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { AXE, accessibilityOf } from "./support/accessibility.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { hostStudio } from "./support/studio-page.ts";

const studio = hostStudio();

/** The places of the page, and what to wait for there. */
const PLACES: readonly (readonly [name: string, go: (page: Page) => Promise<unknown>])[] = [
  ["the network", (page) => page.locator(".strips").first().waitFor()],
  [
    "a crossbar",
    async (page) => {
      await page.getByRole("button", { name: /block 2, projection: 1 crossbar/ }).press("Enter");
      await page.getByRole("button", { name: /crossbar \d+$/ }).press("Enter");
      await page.locator(".crossbar-drawing").waitFor();
    },
  ],
  [
    "a neuron",
    async (page) => {
      await page.getByRole("button", { name: "The network" }).press("Enter");
      await page.getByRole("application", { name: /^block 1, hidden/ }).press("Enter");
      await page.locator(".membrane").waitFor();
    },
  ],
  [
    "receipts, a year of many chips, and RTL with its waveform",
    async (page) => {
      await page.getByRole("button", { name: /^converters/ }).press("Enter");
      await page.locator(".receipts summary").first().press("Enter");
      await page.getByRole("button", { name: "Program 100 chips" }).press("Enter");
      await page.getByRole("button", { name: "Measure", exact: true, disabled: false }).press("Enter");
      await page.getByRole("button", { name: "Show", exact: true, disabled: false }).press("Enter");
      await page.locator(".dots").waitFor();
      await page.getByRole("textbox", { name: "SystemVerilog of" }).waitFor();
      await page.getByRole("button", { name: "Show waveform", disabled: false }).press("Enter");
      await page.locator(".waves svg").waitFor();
      await page.locator(".rates .line").first().waitFor();
    },
  ],
  [
    "a tile, on the walk",
    async (page) => {
      await page.getByRole("button", { name: /Take the walk/ }).press("Enter");
      for (let stop = 1; stop < 6; stop++) {
        // The page moves the focus to a stop's heading, from which the user continues.
        await page
          .locator(".walk", { hasText: `${stop} of 8` })
          .locator("h2:focus")
          .waitFor();
        await page.getByRole("button", { name: "Next", exact: true }).press("Enter");
      }
      await page.locator(".tile-panel").waitFor();
    },
  ],
  [
    "a cell of a tile",
    async (page) => {
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Open a cell of this token" }).press("Enter");
      await page.locator(".gates").waitFor();
    },
  ],
  [
    "a training, a seed that is none, and another machine",
    async (page) => {
      await page.getByLabel("Training steps").selectOption("96");
      await page.getByRole("button", { name: "Start", exact: true, disabled: false }).press("Enter");
      await page.locator('#train-status[data-status="finished"]').waitFor();
      await page.getByLabel("Seed").fill("none");
      await page.getByRole("button", { name: "Start again", disabled: false }).press("Enter");
      await page.locator(".train [role=alert]").waitFor();
      await page.getByLabel("ADC bits", { exact: true }).selectOption("6");
      await page.getByRole("button", { name: "Ask", disabled: false }).press("Enter");
      await page.getByRole("row", { name: "shared random bytes" }).waitFor();
    },
  ],
  [
    "images",
    async (page) => {
      await page.getByRole("button", { name: "Clothes" }).press("Enter");
      await page.locator(".board").waitFor();
    },
  ],
];

const WIDE = { width: 1400, colorScheme: "light" } as const;
const NARROW = { width: 390, colorScheme: "dark" } as const;
const FOUND = "axe finds nothing in any place of the page";
test(`${FOUND}, wide and light, narrow and dark`, () => expectNothingFound([WIDE, NARROW]));
test(`${FOUND}, narrow and light, wide and dark`, NIGHTLY, () =>
  expectNothingFound([
    { ...NARROW, colorScheme: "light" },
    { ...WIDE, colorScheme: "dark" },
  ]),
);

async function expectNothingFound(looks: readonly { width: number; colorScheme: "light" | "dark" }[]) {
  const { page, errors } = await studio.open((page) => page.addInitScript(AXE));
  await page.locator("#decided").waitFor();
  const all: string[] = [];
  for (const [name, go] of PLACES) {
    await page.setViewportSize({ width: 1400, height: 900 });
    await go(page);
    for (const { width, colorScheme } of looks) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const { found, passed } = await accessibilityOf(page);
      all.push(...found.map((finding) => `${name}, ${width} pixels, ${colorScheme}: ${finding}`));
      expect(passed).toEqual(expect.arrayContaining(["color-contrast", "button-name", "label", "select-name"]));
    }
  }
  expect(all).toEqual([]);
  expect(errors).toEqual([]);
}
