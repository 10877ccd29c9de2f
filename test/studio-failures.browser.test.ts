/**
 * What fails in the studio says so where it failed, and the rest of the page goes on. Run `npm run build` first, as `npm test` does.
 */
import { expect, test } from "vitest";
import { hostStudio } from "./support/studio-page.ts";

const studio = hostStudio();

/** Lines of the console for a file that was kept from the page on purpose. */
const isKept = (line: string) => /^Failed to load resource/.test(line);

test("classical receivers that do not load are missed in words, and chips and the ANN go on", async () => {
  const { page, errors, snapshotOf } = await studio.open((page) =>
    // The job that detects a slice of prompts.
    page.route("**/assets/receivers-*.js", (route) => route.abort()),
  );
  const missed = page.locator("[data-missing=receivers]");
  await missed.waitFor();
  expect(await missed.textContent()).toMatch(/^ The classical receivers have no rate here: .*receivers-.*\.js/);
  await snapshotOf(1, 160);
  // The ANN has a point for each of its engines.
  for (const engine of ["annTrees", "annDigital"]) await page.locator(`[data-mark="cost.${engine}.symbol"]`).waitFor();
  expect(await page.locator("[data-mark='ber.ml.pilots']").count()).toBe(0);
  expect(await page.locator("[data-mark=guessing]").count()).toBe(1);
  expect(await page.locator("[role=alert]").count()).toBe(0);
  await page.getByLabel("ADC bits", { exact: true }).selectOption("4");
  await page.locator("#paired[data-prompts='160']").waitFor();
  expect(errors.filter((line) => !isKept(line))).toEqual([]);
});

test("a year of a device that was measured for two days ends in the panel, with the ages that it has", async () => {
  const { page, errors, snapshotOf } = await studio.open();
  await snapshotOf(1, 160);
  await page.getByLabel("Device", { exact: true }).selectOption("reram");
  const measure = page.locator(".year").getByRole("button", { name: "Measure" });
  await measure.click();
  const said = page.locator(".year [role=alert]");
  await said.waitFor();
  expect(await said.textContent()).toMatch(/hardware\.readTime: .*measured up to 2 days.*2592000 s is later/);
  expect(await page.locator(".year [data-age='1d']").count()).toBe(2);
  expect(await page.locator(".year").textContent()).not.toContain("Measuring");
  expect(await page.locator("[role=alert]").count()).toBe(1);
  await page.getByLabel("Device", { exact: true }).selectOption("pcm");
  await measure.waitFor();
  expect(await page.locator("[role=alert]").count()).toBe(0);
  expect(errors).toEqual([]);
});

test("a panel that does not load says so in its place, and other panels open", async () => {
  const { page, errors, snapshotOf } = await studio.open((page) =>
    page.route("**/assets/YearPanel-*.js", (route) => route.abort()),
  );
  await snapshotOf(1, 160);
  const said = page.locator("#machine ~ [role=alert]");
  await said.waitFor();
  expect(await said.textContent()).toContain("YearPanel-");
  await page.getByRole("button", { name: /block 2, projection: 1 crossbar/ }).click();
  await page.locator(".path").getByText("block 2, projection").waitFor();
  await page.locator("#energy").waitFor();
  expect(errors.filter((line) => !isKept(line))).toEqual([]);
});
