/**
 * Random clicks, taps and keys in the studio, wide and narrow: no error, and no leaked memory. `npm run studio-clicks` does the
 * same for any length of time. Run `npm run build` first, as `npm test` does.
 */
import { expect, onTestFinished, test } from "vitest";
import { clickAtRandom, memoryOf, watchPage } from "../bench/random-clicks.ts";
import { stream } from "../src/numeric/stream.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { seconds } from "./support/speed.ts";
import { hostStudio } from "./support/studio-page.ts";

const studio = hostStudio();

/** For each half, milliseconds. */
const TIME = 10_000;

/**
 * The page's own heap holds texts, drawings and a mapping: a few megabytes. A leak in any action would exceed this within ten seconds.
 */
const MOST_GROWTH = 8e6;

for (const width of [1400, 390]) {
  test(`random clicks, taps and keys on a page of ${width} pixels cause no error, and leave no memory behind`, async () => {
    const context = await studio.browser.newContext({ hasTouch: true, viewport: { width, height: 800 } });
    const page = await context.newPage();
    const errors = watchPage(page);
    page.setDefaultTimeout(seconds(120));
    await page.goto(studio.server.address);
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
  });
}

interface Asked {
  /** Most chips that were requested and not ready at one time. */
  most: number;
  /** Chips requested, and chips programmed for those requests. */
  chips: number;
  programmed: number;
  /** Messages with a network's bytes. */
  networks: number;
}

test("a fast-moving knob programs one chip at a time, and each worker receives the network once", NIGHTLY, async () => {
  const page = await studio.browser.newPage();
  onTestFinished(() => page.close());
  const errors = watchPage(page);
  page.setDefaultTimeout(seconds(120));
  await page.addInitScript(() => {
    const asked: Asked = { most: 0, chips: 0, programmed: 0, networks: 0 };
    Object.assign(window, { asked });
    window.Worker = class extends Worker {
      readonly #open = new Set<number>();

      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        this.addEventListener("message", ({ data }) => this.#open.delete(data.id));
      }

      override postMessage(message: { id: number; name: string; argument?: object }, given = {}) {
        const { id, name, argument = {} } = message;
        if (Object.values(argument).some((part) => part instanceof ArrayBuffer)) asked.networks++;
        if (name === "age") asked.chips++;
        if (name === "open") asked.programmed++;
        if (name === "age" || name === "open") this.#open.add(id);
        asked.most = Math.max(asked.most, this.#open.size);
        super.postMessage(message, given);
      }
    };
  });
  await page.goto(studio.server.address);
  await page.locator("#decided").waitFor();
  const age = page.getByLabel("Age");
  await age.focus();
  for (let press = 0; press < 40; press++) await page.keyboard.press(press % 8 ? "ArrowRight" : "ArrowLeft");
  await page.locator(".figures[aria-busy=false]").waitFor();
  const asked = () => page.evaluate(() => (window as unknown as { asked: Asked }).asked);
  const aged = await asked();
  expect(aged.chips).toBeGreaterThan(1);
  // A chip ages without being programmed again.
  expect(aged.programmed).toBe(1);
  await page.getByLabel("ADC bits", { exact: true }).focus();
  for (let press = 0; press < 10; press++) await page.keyboard.press(press % 2 ? "ArrowUp" : "ArrowDown");
  await page.locator('section[aria-busy="false"] > #machine').waitFor();
  const { most, chips, programmed, networks } = await asked();
  expect(programmed).toBeGreaterThan(1);
  // Presses during programming were dropped, except for the latest.
  expect(chips - aged.chips).toBeLessThan(10);
  expect({ most, networks }).toEqual({ most: 1, networks: 2 });
  expect(errors).toEqual([]);
});
