/** The studio's tabs and the links of the gallery, each opened until its figures appear. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Labels of the tabs, with the figure of each and the values that a working chip reaches on its first prompts. */
export const TABS = [
  { label: "Radio symbols", figure: "ber.xpikeformer", least: 0, most: 0.2 },
  { label: "Clothes", figure: "accuracy.xpikeformer", least: 0.6, most: 1 },
  { label: "Digits", figure: "accuracy.xpikeformer", least: 0.8, most: 1 },
] as const;

/** The fragments of the gallery's links to the studio. */
export const galleryFragments = (): readonly string[] =>
  Array.from(
    readFileSync(join(import.meta.dirname, "../../docs/gallery.md"), "utf8").matchAll(/studio\.md#open=([\w-]+)/g),
    ([, fragment]) => fragment!,
  );

/** Waits for a chip and its figures, and expects that of a tab among them. */
export async function expectFigures(page: Page, { label, figure, least, most }: (typeof TABS)[number]): Promise<void> {
  const card = page.locator(`[data-figure="${figure}"][data-value]`);
  // An error would be shown at once; without this line a test would wait in vain, and not say for what.
  await card.or(page.getByRole("alert")).first().waitFor();
  expect(await page.getByRole("alert").allTextContents(), label).toEqual([]);
  expect(await page.locator(".tabs [aria-current=page]").textContent()).toBe(label);
  const value = Number(await card.getAttribute("data-value"));
  expect(value, label).toBeGreaterThanOrEqual(least);
  expect(value, label).toBeLessThanOrEqual(most);
  await page.locator("#decided").waitFor();
  // Other panels are drawn after the decision: at least four strips of spikes, and two pictures of the prompt.
  await page.locator(".strips canvas").nth(3).waitFor();
  await page.locator(".prompt svg, .prompt canvas").nth(1).waitFor();
}

/** Opens each tab in turn, from the first. */
export async function expectTabs(page: Page): Promise<void> {
  for (const tab of TABS) {
    await page.getByRole("navigation", { name: "Tasks" }).getByRole("button", { name: tab.label }).click();
    const current = page.locator(`.tabs [aria-current=page]`, { hasText: tab.label });
    await current.or(page.getByRole("alert")).first().waitFor();
    await expectFigures(page, tab);
  }
}
