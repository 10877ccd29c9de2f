/**
 * The RTL panel in a real browser: its waveform is that of the cycle model, its spikes are the simulator's, and its registers are those of
 * the generator. Run `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { simulateFast, stream, unpackSpikes } from "../dist/index.js";
import { firstChip, tileWaves, WAVES } from "../dist/internal.js";
import { registerRows } from "../dist/rtl.js";
import { experiment, mapping, network } from "./support/bundled-link.ts";
import { hostStudio } from "./support/studio-page.ts";

const studio = hostStudio();

/** A prompt on the first chip: by the cycle model, and by the fast simulator. */
function expectedOf(prompt: number, place: { block: number; head: number; query: number; key: number }) {
  const { chip, task, random } = firstChip({ experiment, data: null }, network, mapping);
  const { spikes } = task.draw(1, stream(experiment.seed).fork("evaluation"), { firstPrompt: prompt });
  const waves = tileWaves(chip, spikes!, random.fork("run"), place, prompt);
  const { rasters } = simulateFast(chip, spikes!, random.fork("run"), { firstPrompt: prompt, rasters: 1 });
  return { waves, attention: rasters[`blocks.${place.block}.attention`]! };
}

async function shownAt(page: Page): Promise<Record<string, string>> {
  const cells = page.locator("[data-wave]");
  return Object.fromEntries(
    await cells.evaluateAll((found) => found.map((cell) => [(cell as HTMLElement).dataset.wave!, cell.textContent!])),
  );
}

test("the waveform of the prompt on view is the cycle model's, clock by clock, with the simulator's spikes", async () => {
  const { page, errors } = await studio.open();
  await page.locator("#decided").waitFor();
  await page.getByRole("button", { name: "Next prompt" }).click();
  await page.getByText("prompt 2 of").waitFor();
  const panel = page.locator(".rtl");
  await panel.getByRole("button", { name: "Show waveform" }).click();
  await panel.getByLabel("Block").selectOption("2");
  await panel.getByLabel("Head").selectOption("2");
  await panel.getByLabel("Key, a token").selectOption("3");
  const query = network.geometry.tokens - 1;
  await panel.getByText(`Block 2, head 2, query ${query + 1}, key 3:`).waitFor();
  expect(await panel.locator("[data-unequal]").getAttribute("data-unequal")).toBe("0");

  const { waves, attention } = expectedOf(1, { block: 1, head: 1, query, key: 2 });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    panel.getByRole("button", { name: /^Save as SVG/ }).press("Enter"),
  ]);
  const text = readFileSync(await download.path(), "utf8");
  const { data } = JSON.parse(/<metadata>(.*)<\/metadata>/s.exec(text)![1]!.replaceAll("&amp;", "&")) as {
    data: { signals: Record<string, number[]>; simulated: number[] };
  };
  for (const [name] of WAVES) expect(data.signals[name], name).toEqual(Array.from(waves.signals[name]));
  const bits = unpackSpikes(attention);
  const { dimension } = waves;
  const { steps, rows, features } = attention;
  const simulated = Array.from({ length: steps }, (_, t) =>
    Array.from({ length: dimension }, (_, f) => bits[(t * rows + query) * features + dimension + f]!),
  ).flat();
  expect(data.simulated.filter((bit) => bit >= 0)).toEqual(simulated);
  expect(simulated).toContain(1);

  // By keys: a step and two clocks on, and to the end.
  const clock = panel.getByRole("slider");
  await clock.press("Shift+ArrowRight");
  await clock.press("ArrowRight");
  await clock.press("ArrowRight");
  const at = dimension + 2;
  const expected = (clock: number) => ({
    ...Object.fromEntries(WAVES.map(([name]) => [name, String(waves.signals[name][clock])])),
    simulator: data.simulated[clock]! < 0 ? "–" : String(data.simulated[clock]),
  });
  expect(await shownAt(page)).toEqual(expected(at));
  await clock.press("End");
  expect(await shownAt(page)).toEqual(expected(data.simulated.length - 1));
  expect(await panel.locator("svg .now").getAttribute("x")).not.toBe("104");
  expect(errors).toEqual([]);
});

test("RTL opens on the top module, above the registers of the generator", async () => {
  const { page, errors } = await studio.open();
  await page.locator("#decided").waitFor();
  const panel = page.locator(".rtl");
  await panel.locator("button:enabled", { hasText: /^Show$/ }).click();
  await panel.locator(".code").waitFor();
  expect(await panel.getByLabel("File").inputValue()).toBe("ssa_engine.sv");
  expect(await panel.locator(".code").inputValue()).toContain("module ssa_engine");

  await panel.locator("summary").click();
  await panel.locator("[data-register]").first().waitFor();
  const rows = await panel
    .locator("[data-register]")
    .evaluateAll((found) => found.map((row) => [...row.children].slice(0, 3).map((cell) => cell.textContent!)));
  expect(rows).toEqual(registerRows().map(({ offset, name, access }) => [offset, name, access]));
  const held = await panel.locator("[data-register=STATUS] td").last().textContent();
  for (const { name, meaning } of registerRows().find(({ name }) => name === "STATUS")!.fields)
    expect(held).toContain(`${name}: ${meaning}`);
  expect(errors).toEqual([]);
});
