/**
 * The panels of the studio's machine in a real browser: every number that they show is the package's for the same prompt. Run
 * `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  decodeCheckpoint,
  type Experiment,
  foldNetwork,
  inspectCrossbar,
  inspectPrompt,
  mapNetwork,
  type Network,
  parseExperiment,
  type SpikingSpec,
  type SymbolDetectionSpec,
  stream,
} from "../dist/index.js";
import { firstChip, inspectNeuron } from "../dist/internal.js";
import { type StudioServer, serveStudio } from "../dist/node.js";
import { formatQuantity } from "../dist/report.js";
import { launchChromium } from "./support/chromium.ts";
import { openStudioPage } from "./support/studio-page.ts";

const root = join(import.meta.dirname, "..");
const experiment = parseExperiment(
  readFileSync(join(root, "examples/wireless-2x2.json"), "utf8"),
) as Experiment<SymbolDetectionSpec>;
const network = decodeCheckpoint(readFileSync(join(root, "networks/wireless-2x2-xpikeformer.safetensors")))
  .network as Network<SpikingSpec>;
const mapping = mapNetwork(foldNetwork(network), experiment.hardware, experiment.task.coding);

let server: StudioServer;
let browser: Browser;
beforeAll(async () => {
  server = await serveStudio();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const openStudio = async (prepare?: (page: Page) => Promise<unknown>) => {
  const opened = await openStudioPage(browser, server.address, prepare);
  await opened.page.locator("#decided").waitFor();
  return opened;
};

/** The first prompt on the first chip. */
function inspected() {
  const { chip, task, random } = firstChip({ experiment, data: null }, network, mapping);
  const { spikes } = task.draw(1, stream(experiment.seed).fork("evaluation"));
  return inspectPrompt(chip, spikes!, random.fork("run"));
}

/** A conductance as the page writes it. */
function written(microsiemens: number): string {
  const { value, unit } = formatQuantity({ value: 1e-6 * microsiemens, unit: "S" });
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
  await page.locator(".read-out").getByText("column 12, current").waitFor();
  expect(await facts.allTextContents()).toEqual([
    `${view.lines[row] ? "driven" : "not driven"}, carries input 3 of 128`,
    `${written(view.plus[at])}, ${written(view.minus[at])}`,
    `${written(view.plusCurrents[column])} less ${written(view.minusCurrents[column])}`,
    String(view.codes![column]),
  ]);
  // The pointer moves it, too.
  await page.locator(".crossbar-drawing .heat canvas").hover({ position: { x: 1, y: 1 } });
  await page.locator(".read-out").getByText("row 1", { exact: true }).waitFor();

  const scales = () => page.locator(".crossbar-drawing .axis-name, .colour-bar").allTextContents();
  const before = await scales();
  expect(before.join()).toMatch(/current± [\d.]+ µS,code± \d+/);
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
