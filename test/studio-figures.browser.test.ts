/**
 * Figures of the studio saved as SVG: each parses, needs nothing from elsewhere, is light, and holds the numbers of the page. Run
 * `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type Experiment, inspectCrossbar, unpackSpikes } from "../dist/index.js";
import { inspectNeuron } from "../dist/internal.js";
import { experiment, inspected, network } from "./support/bundled-link.ts";
import { hostStudio } from "./support/studio-page.ts";

const studio = hostStudio();

interface Saved {
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each figure has numbers of its own.
  readonly metadata: { readonly figure: string; readonly experiment: Experiment; readonly data: any };
}

/** Presses the button of a figure, and holds the file to what every figure must be. */
async function save(page: Page, name: string): Promise<Saved> {
  const button = page.locator(`[data-saves="${name}"] .save-svg:enabled`);
  await button.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), button.press("Enter")]);
  expect(download.suggestedFilename()).toBe(`${name}.svg`);
  const text = readFileSync(await download.path(), "utf8");
  const seen = await page.evaluate(async (text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    // As an image a browser shows a document only by itself: no style sheet, script or file of the page reaches it.
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d")!;
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    const colours = new Set<number>();
    for (let i = 0; i < data.length; i += 4) colours.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
    return {
      faults: parsed.querySelectorAll("parsererror").length,
      title: parsed.querySelector("svg > title")?.textContent,
      metadata: parsed.querySelector("svg > metadata")?.textContent,
      colours: colours.size,
      corner: [...data.slice(0, 3)],
    };
  }, text);
  expect(seen, name).toMatchObject({ faults: 0, corner: [0xfd, 0xfd, 0xfb] });
  expect(seen.title, name).toBeTruthy();
  // More than a background: lines and letters with soft edges.
  expect(seen.colours, name).toBeGreaterThan(8);
  expect(text, name).not.toMatch(/ class=| href="(?!data:)|var\(|<script|<style|https?:(?!\/\/www\.w3\.org\/)/);
  const metadata = JSON.parse(seen.metadata!) as Saved["metadata"];
  expect(metadata).toMatchObject({ format: "xpikeformer-figure", figure: name });
  return { text, metadata };
}

const openStudio = async (dark: boolean) => {
  const opened = await studio.open(async (page) => {
    if (dark) await page.emulateMedia({ colorScheme: "dark" });
  });
  await opened.page.locator("#decided").waitFor();
  return opened;
};

test("figures of the whole machine hold the numbers of the page, in light colours on a dark page", async () => {
  const { page, errors, snapshotOf } = await openStudio(true);
  await snapshotOf(1, 160);
  await page.locator("[data-compared='gap.ann'][data-value]").waitFor();

  const energy = await save(page, "energy");
  const joules = await page
    .locator("[data-part]")
    .evaluateAll((parts) =>
      parts.map((part) => [(part as HTMLElement).dataset.part, Number((part as HTMLElement).dataset.joules)]),
    );
  expect(joules.length).toBeGreaterThan(3);
  expect(energy.metadata.data.parts.map((one: { part: string; energy: number }) => [one.part, one.energy])).toEqual(
    joules,
  );
  expect(energy.metadata.experiment.hardware).toEqual({ ...experiment.hardware, chips: 1 });
  for (const name of await page.locator("[data-part] > span:first-child").allTextContents())
    expect(energy.text).toContain(name);

  const versus = await save(page, "versus");
  const bars = await page
    .locator("[data-saves=versus] .bar-row [data-compared]")
    .evaluateAll((bars) =>
      bars.map((bar) => [(bar as HTMLElement).dataset.compared, Number((bar as HTMLElement).dataset.value)]),
    );
  expect(versus.metadata.data.figures.map((one: { id: string; value: number }) => [one.id, one.value])).toEqual(bars);

  const plane = await save(page, "plane");
  const marks = await page
    .locator("[data-saves=plane] .level")
    .evaluateAll((marks) =>
      marks.map((mark) => [(mark as HTMLElement).dataset.mark, Number((mark as HTMLElement).dataset.value)]),
    );
  // The page has them from the top.
  expect(
    new Map(plane.metadata.data.lines.map((one: { figure: string; error: number }) => [one.figure, one.error])),
  ).toEqual(new Map(marks as [string, number][]));
  expect(plane.metadata.data.machines[0].error).toBe(bars[0]![1]);

  const spikes = await save(page, "spikes");
  const train = inspected().trace.rasters["blocks.0.hidden"]!;
  const { steps, rows, features } = train;
  const bits = unpackSpikes(train);
  expect(spikes.metadata.data.trains["blocks.0.hidden"]).toEqual(
    Array.from({ length: steps }, (_, t) =>
      bits.subarray(((t + 1) * rows - 1) * features, (t + 1) * rows * features).join(""),
    ),
  );
  await save(page, "schedule");
  const received = await save(page, "prompt");
  expect(received.metadata.data.logits.length).toBe(steps * 16);
  expect(errors).toEqual([]);
});

test("figures of places hold the machine's numbers", async () => {
  const { page, errors } = await openStudio(false);
  const inspection = inspected();
  const last = network.geometry.tokens - 1;
  await page.getByRole("application", { name: /^block 1, hidden/ }).press("Enter");
  const view = inspectNeuron(inspection, "blocks.0.hidden", 0, last);
  const neuron = (await save(page, "neuron")).metadata.data;
  for (const name of ["leaked", "input", "membrane", "threshold", "kept", "spikes"] as const)
    expect(neuron[name]).toEqual(Array.from(view[name]));

  await page.getByRole("button", { name: /^row 1 of crossbar/ }).click();
  await page.locator("[data-saves=crossbar]").waitFor();
  const { crossbar } = view.lines[0]!;
  const expected = inspectCrossbar(inspection, crossbar, 0, last);
  const saved = (await save(page, "crossbar")).metadata.data;
  for (const name of ["lines", "plus", "minus", "plusCurrents", "codes"] as const)
    expect(saved[name]).toEqual(Array.from(expected[name]!));
  expect(errors).toEqual([]);
});
