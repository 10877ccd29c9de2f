/** Addresses of the studio that open a stop of the walk, a lesson, or one figure for a frame. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { AXE, accessibilityOf } from "./support/accessibility.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { seconds } from "./support/speed.ts";
import { hostStudio, openStudioPage } from "./support/studio-page.ts";

const root = join(import.meta.dirname, "..");
const hosted = hostStudio();
const at = (fragment: string) => openStudioPage(hosted.browser, `${hosted.server.address}#${fragment}`);
const ready = (page: Page) => page.locator(".embed[data-ready=true]").waitFor();
const walkTitle = (page: Page) => page.locator(".walk h2").textContent();

/** Stops of the walk as addresses name them, with what each shows in a frame. */
const STOPS = {
  "the-task": ".prompt svg",
  "a-spike": ".strips canvas",
  "a-crossbar": ".crossbar-drawing canvas",
  "a-code": ".crossbar-drawing canvas",
  "a-year-later": "svg.drift",
  "a-score": ".tile-maps canvas",
  "the-answer": ".logits rect",
  "other-machines": ".plane svg",
} as const;

describe("a frame", () => {
  test("shows each stop of the walk with its text, and no heading", NIGHTLY, async () => {
    const { page, errors } = await at("embed");
    for (const [stop, shown] of Object.entries(STOPS)) {
      await page.goto("about:blank");
      await page.goto(`${hosted.server.address}#embed&stop=${stop}`);
      await ready(page);
      await page.locator(shown).first().waitFor();
      expect((await page.locator(".said b").textContent())!.toLowerCase()).toBe(`${stop.replaceAll("-", " ")}.`);
      expect(await page.locator("h1, h2, h3").filter({ visible: true }).count(), stop).toBe(0);
    }
    expect(errors).toEqual([]);
  });

  test("has no violation that axe finds with figures, light and dark", async () => {
    const found: string[] = [];
    for (const figure of ["overview", "energy", "year", "plane&knobs=time-steps"]) {
      const { page } = await at(`embed&show=${figure}`);
      await page.setViewportSize({ width: 340, height: 500 });
      await page.locator(".command").waitFor();
      await page.evaluate(AXE);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await accessibilityOf(page)).found.map((finding) => `${figure}, ${colorScheme}: ${finding}`));
      }
      await page.close();
    }
    expect(found).toEqual([]);
  });

  test("has no violation that axe finds, tells its height, and stays out of the history", async () => {
    const { page, errors } = await at("embed&stop=a-crossbar");
    await page.evaluate(() => {
      Object.assign(window, { heights: [] });
      addEventListener("message", ({ data }) => (window as unknown as { heights: object[] }).heights.push(data));
    });
    await ready(page);
    await page.getByRole("button", { name: "Open this cell" }).click();
    await page.locator("svg.drift").waitFor();
    await page.evaluate(AXE);
    expect((await accessibilityOf(page)).found).toEqual([]);
    const [height, heights] = await page.evaluate(() => [
      document.documentElement.offsetHeight,
      (window as unknown as { heights: { kind: string; height: number }[] }).heights,
    ]);
    expect(heights.at(-1)).toEqual({ kind: "xpikeformer-studio", height });
    expect(await page.evaluate(() => history.state)).toBeNull();
    expect(new URL(page.url()).hash).toBe("#embed&stop=a-crossbar");
    // The way back, which the first view does not need.
    await page.getByRole("navigation", { name: "Part of the machine" }).getByRole("button").first().click();
    await page.locator(".strips canvas").first().waitFor();
    expect(errors).toEqual([]);
  });

  test("leads to the same view in the whole studio", async () => {
    const { page, errors } = await at("embed&stop=a-crossbar");
    await ready(page);
    await page.getByLabel("Time step").fill("3");
    await page.locator(".scrubber output", { hasText: "4 of" }).waitFor();
    const link = page.getByRole("link", { name: "Open in the studio" });
    await expect
      .poll(() => link.getAttribute("href"), { timeout: seconds(60) })
      .toMatch(/#view=[\w-]+&stop=a-crossbar$/);
    const address = (await link.getAttribute("href"))!;
    await page.goto("about:blank");
    await page.goto(address);
    await page.locator(".walk").waitFor();
    expect(await walkTitle(page)).toBe("A crossbar");
    expect(await page.locator(".path [aria-current]").textContent()).toMatch(/crossbar/);
    expect(errors).toEqual([]);
  });

  test("shows figures where one asks for them", async () => {
    const { page, errors } = await at("embed&show=plane&knobs=time-steps");
    await ready(page);
    await page.locator(".plane .dot").first().waitFor();
    expect(await page.locator(".knob label").allTextContents()).toEqual(["Time steps"]);
    await page.getByLabel("Time steps", { exact: true }).selectOption("2");
    await page.locator(".plane .dot").nth(1).waitFor();
    expect(errors).toEqual([]);
  });
});

describe("a frame names the command of its numbers", () => {
  test("which prints them, for as many chips and prompts", async () => {
    const { page } = await at("embed&show=overview");
    await page.locator('[data-compared="ber.xpikeformer"][data-value]').waitFor();
    const [command, value] = await page.evaluate(() => [
      document.querySelector(".command code")!.textContent!,
      Number(document.querySelector<HTMLElement>('[data-compared="ber.xpikeformer"]')!.dataset.value),
    ]);
    await page.close();
    expect(command).toMatch(/^xpike run examples\/wireless-2x2\.json --chips \d+ --prompts \d+$/);
    const folder = mkdtempSync(join(tmpdir(), "xpikeformer-embed-"));
    const options = [...command.split(" ").slice(1), "--json", "--out", join(folder, "run")];
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, "dist/cli/main.js"), ...options], {
      cwd: root,
      maxBuffer: 2 ** 26,
    });
    rmSync(folder, { recursive: true });
    const { figures } = JSON.parse(stdout) as { figures: { id: string; value: number }[] };
    expect(figures.find(({ id }) => id === "ber.xpikeformer")!.value).toBe(value);
  });

  test("of a year, and of a machine that was changed", NIGHTLY, async () => {
    const { page } = await at("embed&show=year&knobs=time-steps");
    await ready(page);
    const command = page.locator(".command");
    expect(await command.textContent()).toBe(
      "The same rates: xpike eval examples/wireless-2x2.json --drift 1s,1h,1d,30d,1y --chips 2 --prompts 64",
    );
    await page.getByLabel("Time steps", { exact: true }).selectOption("2");
    await expect.poll(() => command.textContent()).toContain("with the experiment saved: xpike eval experiment.json");
  });
});

describe("the page", () => {
  test("opens the walk at a stop, and offers the knobs of a lesson alone", async () => {
    const { page, errors } = await at("stop=a-score&knobs=time-steps,adc-bits");
    await page.locator(".walk").waitFor();
    expect(await walkTitle(page)).toBe("A score");
    await page.locator(".tile-maps canvas").first().waitFor();
    expect((await page.locator(".knobs .knob label").allTextContents()).toSorted()).toEqual(["ADC bits", "Time steps"]);
    // The address follows the reader, and keeps the lesson.
    await page.getByRole("button", { name: "Next", exact: true }).click();
    await page.waitForURL(/#view=[\w-]+&stop=the-answer&knobs=time-steps,adc-bits$/);
    expect(errors).toEqual([]);
  });

  test("says which stops there are where an address names another", async () => {
    const { page } = await at("stop=a-neuron");
    expect(await page.getByRole("alert").first().textContent()).toContain(
      "The walk has no stop a-neuron. Stops: the-task, a-spike, a-crossbar",
    );
  });
});
