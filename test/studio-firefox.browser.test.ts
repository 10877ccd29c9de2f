// @module-tag nightly
/**
 * The studio in Firefox: it opens without an error, its threads work, and it shows the figures that Chromium shows. Run `npm run build`
 * first, as `npm test` does.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Firefox, firefoxPath, launchFirefox } from "./support/firefox.ts";
import { hostStudio } from "./support/studio-page.ts";

const path = firefoxPath();
const studio = hostStudio();

let firefox: Firefox;
beforeAll(async () => {
  if (path !== null) firefox = await launchFirefox(path);
});
afterAll(() => firefox?.close());

/** Waits for the first chip's answers to 160 prompts, and returns the figures with what else a person would see. */
async function seen() {
  return firefox.run(async () => {
    const basis = () => document.querySelector<HTMLElement>("#basis")?.dataset;
    const alerts = () => [...document.querySelectorAll("[role=alert]")].map((alert) => alert.textContent);
    while (!(Number(basis()?.prompts) >= 160 && basis()?.chips === "1")) {
      if (alerts().length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const numbers = [...document.querySelectorAll<HTMLElement>("[data-figure][data-value]")];
    return {
      alerts: alerts(),
      isolated: crossOriginIsolated,
      chips: Number(basis()?.chips),
      prompts: Number(basis()?.prompts),
      figures: Object.fromEntries(numbers.map(({ dataset }) => [dataset.figure, Number(dataset.value)])),
      decided: document.querySelector("#decided")?.textContent,
      figure: document.querySelectorAll(".plane .dot").length,
    };
  });
}

test("it opens, computes on threads, and shows the figures of Chromium for a link and for images", async ({ skip }) => {
  skip(path === null, "no firefox or firefox-esr on PATH");
  for (const example of ["wireless-2x2", "fashion-tiny"]) {
    const address = `${studio.server.address}#example=${example}`;
    await firefox.goTo("about:blank");
    await firefox.goTo(address);
    const own = await seen();
    expect(own.alerts, example).toEqual([]);
    expect(own.isolated).toBe(true);
    const chromium = await studio.browser.newPage();
    await chromium.goto(address);
    await chromium.locator(`#basis[data-chips="1"][data-prompts="${own.prompts}"]`).waitFor();
    const numbers = await chromium.locator("[data-figure][data-value]").all();
    for (const number of numbers) {
      const id = (await number.getAttribute("data-figure"))!;
      expect(own.figures[id], `${example}: ${id}`).toBe(Number(await number.getAttribute("data-value")));
    }
    expect(numbers.length).toBe(4);
    expect(own.decided).toBe(await chromium.locator("#decided").textContent());
    await chromium.close();
  }
});
