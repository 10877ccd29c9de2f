/**
 * The panels of the studio's machine in a real browser: every number that they show is the package's for the same prompt. Run
 * `npm run build` first, as `npm test` does.
 */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import {
  answer,
  createTask,
  decodeCheckpoint,
  type Experiment,
  evaluateChips,
  evaluateDrift,
  foldNetwork,
  initialise,
  inspectCrossbar,
  mapNetwork,
  type Network,
  networkGeometry,
  noiseSources,
  openExperiment,
  parseDurations,
  parseExperiment,
  type SpikingSpec,
  type SymbolDetectionSpec,
  simulateFast,
  stream,
  withNoiseAlone,
  withoutNoise,
} from "../dist/index.js";
import {
  ageingChips,
  compensatedHardware,
  firstChip,
  inspectNeuron,
  itemiseChips,
  weightErrors,
} from "../dist/internal.js";
import { nodeExecutor } from "../dist/node.js";
import { formatQuantity } from "../dist/report.js";
import { encodeCheckpoint } from "../src/model/checkpoint.ts";
import { experiment, inspected, mapping, network } from "./support/bundled-link.ts";
import { hostStudio } from "./support/studio-page.ts";

const studio = hostStudio();

const openStudio = async (prepare?: (page: Page) => Promise<unknown>) => {
  const opened = await studio.open(prepare);
  await opened.page.locator("#decided").waitFor();
  return opened;
};

/** A conductance, or its current at 1 V, as the page writes it. */
function written(microsiemens: number, of: "S" | "A" = "S"): string {
  const { value, unit } = formatQuantity({ value: 1e-6 * microsiemens, unit: of });
  return `${value} ${unit}`;
}

const cells = (page: Page, row: string) => page.locator(`${row} td`).allTextContents();

test("a neuron has the machine's membrane, and leads to its columns and to where its spikes go", async () => {
  const { page, errors } = await openStudio();
  const inspection = inspected();
  const last = network.geometry.tokens - 1;
  // By keyboard from a strip: the third neuron behind the first feed-forward layer.
  const strip = page.getByRole("application", { name: /^block 1, hidden/ });
  await strip.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.locator(".membrane").waitFor();
  const view = inspectNeuron(inspection, "blocks.0.hidden", 2, last);
  const { steps } = inspection.trace;
  for (let t = 0; t < steps; t++) {
    const numbers = [view.leaked[t], view.input[t], view.membrane[t], view.threshold[t]].map(String);
    expect(await cells(page, `.updates [data-step="${t}"]`)).toEqual([
      ...numbers,
      view.spikes[t] ? "fires" : "–",
      String(view.kept[t]),
    ]);
  }
  expect(view.columns.length).toBe(1);
  const { crossbar, column, codes, multiplier } = view.columns[0];
  // Enter opened the first time step, the row of the strip that the crosshair was on.
  const added = codes![0] * multiplier;
  expect(await cells(page, ".feeding tbody tr:nth-child(1)")).toEqual([codes![0], multiplier, added].map(String));
  expect((await cells(page, ".feeding tbody tr:nth-child(2)")).at(-1)).toBe(String(view.input[0] - added));

  const line = view.lines[0];
  await page.getByRole("button", { name: `row ${line.row + 1} of crossbar ${line.crossbar + 1}` }).click();
  await page
    .locator(".read-out")
    .getByText(`row ${line.row + 1}`, { exact: true })
    .waitFor();
  const driven = inspectCrossbar(inspection, line.crossbar, 0, last).lines[line.row];
  expect(driven).toBe(view.spikes[0]);
  await page.getByText(`${driven ? "driven" : "not driven"}, carries input 3 of`).waitFor();

  await page.getByRole("button", { name: "The network" }).click();
  await page.getByRole("application", { name: /^block 1, hidden/ }).click({ position: { x: 1, y: 1 } });
  await page.getByRole("button", { name: "next neuron" }).click();
  await page.getByRole("button", { name: "next neuron" }).click();
  await page.getByRole("button", { name: `column ${column + 1} of crossbar ${crossbar + 1}` }).click();
  await page.getByRole("button", { name: "Open neuron 3 of block 1, hidden" }).click();
  await page.locator(".path").getByText("block 1, hidden, neuron 3").waitFor();
  expect(errors).toEqual([]);
});

test("a crossbar reads out the cell under its crosshair, on scales that neither steps nor ages change", async () => {
  const { page, errors } = await openStudio();
  const inspection = inspected();
  const last = network.geometry.tokens - 1;
  await page.getByRole("button", { name: /block 2, projection: 1 crossbar/ }).click();
  await page.getByRole("button", { name: /crossbar \d+$/ }).click();
  const { crossbar } = mapping.layers.find(({ name }) => name === "blocks.1.projection")!.blocks[0];
  await page.locator(".crossbar-drawing .heat canvas").focus();
  for (const key of ["ArrowDown", "ArrowDown", "Shift+ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  const [row, column] = [2, 11];
  const view = inspectCrossbar(inspection, crossbar, 7, last);
  const at = row * view.block.columns + column;
  const facts = page.locator(".read-out dd");
  await page.locator(".read-out").getByText("column 12, current at 1 V").waitFor();
  expect(await facts.allTextContents()).toEqual([
    `${view.lines[row] ? "driven" : "not driven"}, carries input 3 of 128`,
    `${written(view.plus[at])}, ${written(view.minus[at])}`,
    `${written(view.plusCurrents[column], "A")} less ${written(view.minusCurrents[column], "A")}`,
    String(view.codes![column]),
  ]);
  // The pointer moves it, too.
  await page.locator(".crossbar-drawing .heat canvas").hover({ position: { x: 1, y: 1 } });
  await page.locator(".read-out").getByText("row 1", { exact: true }).waitFor();

  const scales = () => page.locator(".crossbar-drawing .axis-name, .colour-bar").allTextContents();
  const before = await scales();
  expect(before.join()).toMatch(/current at 1 V± [\d.]+ µA,code± \d+/);
  const code = () => page.locator(".bars.accent").innerHTML();
  const codesBefore = await code();
  await page.getByLabel("Time step", { exact: true }).fill("2");
  await expect.poll(code).not.toBe(codesBefore);
  expect(await scales()).toEqual(before);
  await page.getByLabel("Age").fill("30");
  await page.locator('section[aria-busy="false"] > #machine').waitFor();
  expect(await scales()).toEqual(before);
  expect(errors).toEqual([]);
});

test("the energy by part adds up to the figure, and a part lists counts, prices and sources as the cost model has them", async () => {
  const { page, errors, snapshotOf } = await openStudio();
  const { figures } = await snapshotOf(1, 160);
  const executor = nodeExecutor(2);
  const chips = await evaluateChips(executor, openExperiment(experiment), network, { chips: 1, prompts: 160 });
  await executor.close();
  const { parts, total, receipts } = itemiseChips(experiment, chips);
  await page.locator(`[data-energy="${total}"]`).waitFor();
  expect(total / 2).toBe(figures["cost.xpikeformer.symbol"]);
  const bars = page.locator(".energy .part");
  const shown = await bars.evaluateAll((all) =>
    all.map((bar) => [(bar as HTMLElement).dataset.part, Number((bar as HTMLElement).dataset.joules)]),
  );
  const expected = parts.toSorted((a, b) => b.energy - a.energy).map(({ part, energy }) => [part, energy]);
  expect(shown).toEqual(expected);

  await page.getByRole("button", { name: /^converters/ }).press("Enter");
  const { items } = parts.find(({ part }) => part === "conversions")!;
  const [conversions] = items;
  const row = page.getByRole("row", { name: /^conversions/ });
  const price = formatQuantity({ value: conversions.energy / conversions.count, unit: "J" });
  expect((await row.locator("td").allTextContents()).slice(0, 2)).toEqual([
    Math.round(conversions.count).toLocaleString("en"),
    `${price.value} ${price.unit}`,
  ]);
  const { conversion5 } = receipts;
  await page.locator("summary", { hasText: conversion5!.label }).first().click();
  await page.getByText(conversion5!.price.id).waitFor();
  expect(await page.getByRole("link", { name: conversion5!.reference }).getAttribute("href")).toBe(conversion5!.url);
  expect(errors).toEqual([]);
});

test("a bit read-out has a bar for each bit, and the decision of the machine", async () => {
  const small = parseExperiment({
    task: { transmitAntennas: 2, receiveAntennas: 2, pilots: 4 },
    model: { width: 16, depth: 1, heads: 2, expansion: 2, steps: 3, readOut: "bits" },
    hardware: { chips: 1 },
    evaluation: { prompts: 8 },
    checkpoints: { network: "network.safetensors" },
  }) as Experiment<SymbolDetectionSpec>;
  const untrained = initialise(small.model, networkGeometry(small, createTask(small)), stream(3));
  const buffer = Buffer.from(encodeCheckpoint(untrained, {}));
  const { network: spiking } = decodeCheckpoint(buffer) as { network: Network<SpikingSpec> };
  const placed = mapNetwork(foldNetwork(spiking), small.hardware, small.task.coding);
  const { chip, task, random } = firstChip({ experiment: small, data: null }, spiking, placed);
  const { page, errors } = await openStudio();
  await page.getByLabel("Files to open").setInputFiles([
    { name: "small.json", mimeType: "", buffer: Buffer.from(JSON.stringify(small)) },
    { name: "network.safetensors", mimeType: "", buffer },
  ]);
  const decisions: number[] = [];
  for (let index = 0; index < 3; index++) {
    if (index > 0) await page.getByRole("button", { name: "Next prompt", disabled: false }).press("Enter");
    const { spikes, labels } = task.draw(1, stream(small.seed).fork("evaluation"), { firstPrompt: index });
    const { logits } = simulateFast(chip, spikes!, random.fork("run"), { firstPrompt: index });
    decisions.push(answer(logits, labels, 16, "bits").decisions.at(-1)!);
    await page.locator(`#decided[data-prompt="${index}"]`).waitFor();
    await page.locator(".logits g").nth(3).waitFor();
    const bits = decisions[index].toString(2).padStart(4, "0");
    await expect.poll(() => page.locator("#decided").textContent()).toBe(bits);
    expect((await page.locator(".logits text").allTextContents()).map((text) => text.at(-1)).join("")).toBe(bits);
  }
  expect(Math.max(...decisions)).toBeGreaterThan(0);
  expect(errors).toEqual([]);
});

test("a year gives the rates of the drift study, and a hundred chips the errors of their weights at the age on view", async () => {
  const { page, errors } = await openStudio();
  await page.locator('section[aria-busy="false"] > #machine').waitFor();
  await page.getByRole("button", { name: "Program 100 chips" }).press("Enter");
  const chipsAt = async () =>
    page
      .locator(".dots .with circle, .dots .without circle")
      .evaluateAll((all) => all.map((dot) => Number((dot as HTMLElement).dataset.error)));
  await page.locator(".dots").waitFor();
  const expectedAt = (age: number) =>
    [true, false].flatMap((compensated) => {
      const hardware = compensatedHardware(experiment.hardware, compensated);
      const folded = foldNetwork(network);
      const placed = mapNetwork(folded, hardware, experiment.task.coding);
      const layer = placed.layers.find(({ attended, trainIn }) => attended === trainIn)!;
      const chips = ageingChips({ network: folded, mapping: placed, hardware }, layer, 100, stream(experiment.seed));
      return [...weightErrors(chips, age)];
    });
  const fresh = await chipsAt();
  expect(fresh).toEqual(expectedAt(experiment.hardware.readTime));
  await page.getByLabel("Age of all chips").fill("30");
  await expect.poll(chipsAt, { timeout: 60_000 }).not.toEqual(fresh);
  expect(await chipsAt()).toEqual(expectedAt(Number((10 ** 7.5).toPrecision(3))));
  await page.getByLabel("Age of all chips").fill("0");

  // Disabled until the chip at the new age is programmed: a press before that is lost.
  await page.getByRole("button", { name: "Measure", exact: true, disabled: false }).press("Enter");
  await page.getByText("Strokes are 95 % intervals.").waitFor();
  const executor = nodeExecutor(2);
  const ages = parseDurations("1s,1y", "ages");
  const options = { executor, chips: 2, prompts: 64, command: "xpike eval --drift", versions: {} };
  const { figures } = await evaluateDrift(experiment, { network }, ages, options);
  await executor.close();
  for (const text of ["1s", "1y"]) {
    for (const [name, id] of [
      ["with", "compensated"],
      ["without", "uncompensated"],
    ]) {
      const shown = await page.locator(`.rates .${name} [data-age="${text}"]`).getAttribute("data-value");
      expect(Number(shown)).toBe(figures.find((figure) => figure.id === `ber.drift.hwat.${id}.${text}`)!.value);
    }
  }
  expect(errors).toEqual([]);
});

test("it finds the next prompt that the chip gets wrong and says what caused it, and sends the bits that one chooses", async () => {
  const { page, errors } = await openStudio();
  await page.locator('section[aria-busy="false"] > #machine').waitFor();
  const { chip, task, random } = firstChip({ experiment, data: null }, network, mapping);
  const decisionOn = (on: typeof chip, firstPrompt: number, query?: number) => {
    const options = { firstPrompt, ...(query !== undefined && { query }) };
    const batch = task.draw(1, stream(experiment.seed).fork("evaluation"), options);
    const { logits } = simulateFast(on, batch.spikes!, random.fork("run"), { firstPrompt });
    const last = logits.subarray(-16);
    return { decision: last.indexOf(Math.max(...last)), sent: batch.labels.at(-1)! };
  };
  let wrong = 1;
  for (; ; wrong++) {
    const { decision, sent } = decisionOn(chip, wrong);
    if (decision !== sent) break;
  }
  await page.getByRole("button", { name: "Next wrong prompt", disabled: false }).press("Enter");
  await page.locator(`#decided[data-prompt="${wrong}"]`).waitFor();
  expect(Number(await page.locator("#decided").getAttribute("data-wrong"))).toBeGreaterThan(0);

  await page.getByRole("button", { name: "Ask", disabled: false }).press("Enter");
  await page.locator(".verdict", { hasNotText: "Programming" }).waitFor();
  const decisionWith = (hardware: typeof experiment.hardware) => {
    const placed = mapNetwork(foldNetwork(network), hardware, experiment.task.coding);
    return decisionOn(firstChip({ experiment: { ...experiment, hardware }, data: null }, network, placed).chip, wrong);
  };
  const { sent } = decisionOn(chip, wrong);
  const sources = noiseSources(experiment.hardware);
  const isRight = (hardware: typeof experiment.hardware) => decisionWith(hardware).decision === sent;
  const exact = isRight(withNoiseAlone(experiment.hardware, null));
  const flips = sources.filter(({ id }) => !isRight(withNoiseAlone(experiment.hardware, id)));
  const verdict = (await page.locator(".verdict").textContent())!;
  expect(verdict.startsWith("Not the chip's noise")).toBe(!exact);
  expect(verdict.includes("Every source alone leaves the answer right")).toBe(exact && flips.length === 0);
  for (const { id, label } of sources) {
    const bits = decisionWith(withoutNoise(experiment.hardware, [id]))
      .decision.toString(2)
      .padStart(4, "0");
    const row = page.locator(".causes tr", { has: page.getByRole("rowheader", { name: label, exact: true }) });
    expect([label, await row.locator("td").nth(2).textContent()]).toEqual([label, bits]);
  }

  // Another symbol over the same channel.
  const other = sent ^ 0b0100;
  await page.getByRole("button", { name: "Bit 2 of antenna 1" }).press("Enter");
  await page
    .locator(".prompt figcaption")
    .getByText(`sent ${other.toString(2).padStart(4, "0")}`)
    .waitFor();
  const { decision } = decisionOn(chip, wrong, other);
  expect(await page.locator("#decided").textContent()).toBe(decision.toString(2).padStart(4, "0"));
  await page.getByRole("button", { name: "as drawn", disabled: false }).press("Enter");
  await page
    .locator(".prompt figcaption")
    .getByText(`sent ${sent.toString(2).padStart(4, "0")}`)
    .waitFor();
  expect(errors).toEqual([]);
});
