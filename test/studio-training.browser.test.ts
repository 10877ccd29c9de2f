/**
 * Training in the studio, in a real browser: the network is byte-identical to that of `xpike train`, interrupted or not, on one
 * thread or more, and its results on chips are those of `xpike run`. Run `npm run build` first, as `npm test` does.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import {
  decodeCheckpoint,
  type Experiment,
  type Network,
  parseExperiment,
  runExperiment,
  type SpikingSpec,
  type SymbolDetectionSpec,
} from "../dist/index.js";
import { nodeExecutor, trainToFolder } from "../dist/node.js";
import { sha256Of } from "../src/node/content-hash.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { hostStudio, withoutIsolation } from "./support/studio-page.ts";

const studio = hostStudio();

/** Enough steps to be stopped before the last, even if the browser is fast and this process is not. */
const STEPS = 400;

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function saved(page: Page, name: string): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return readFileSync(await download.path());
}

const openPage = studio.open;

/** Waits for a training status. A failed training fails the test with its message. */
async function reaches(page: Page, status: string): Promise<number> {
  await page.locator(`#train-status[data-status="${status}"], .train [role="alert"]`).first().waitFor();
  expect(await page.locator(".train [role='alert']").allTextContents()).toEqual([]);
  return Number(await page.locator("#train-status").getAttribute("data-step"));
}

/** The network that the command writes for an experiment. */
async function trainedByCommand(experiment: Experiment): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-studio-training-"));
  try {
    await trainToFolder(experiment, folder, { threads: 2, command: "xpike train experiment.json" });
    return readFileSync(join(folder, "network.safetensors"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("what it trains is the file of `xpike train`, though stopped, and runs on the chip as `xpike run` says", async () => {
  const { page, errors, snapshotOf } = await openPage();
  await page.getByLabel("Training steps").selectOption(String(STEPS));
  await page.getByLabel("Seed").fill("7");
  await button(page, "Start").click();
  await page.waitForFunction(() => Number(document.querySelector<HTMLElement>("#train-status")?.dataset.step) > 0);
  await button(page, "Stop").click();
  const stopped = await reaches(page, "stopped");
  expect(stopped).toBeGreaterThan(0);
  expect(stopped).toBeLessThan(STEPS);
  await button(page, "Resume").click();
  expect(await reaches(page, "finished")).toBe(STEPS);
  const trained = await saved(page, "Save: trained-1.safetensors");
  const experiment = parseExperiment(
    (await saved(page, "Save training experiment")).toString(),
  ) as Experiment<SymbolDetectionSpec>;
  expect(experiment.seed).toBe(7);
  expect(experiment.training.stages.map(({ noise }) => noise.hardware)).toEqual([undefined, true]);
  const expected = await trainedByCommand(experiment);
  expect(sha256Of(trained)).toBe(sha256Of(expected));

  await page.evaluate(() => (window as unknown as { snapshots: unknown[] }).snapshots.splice(0));
  await button(page, "Put it on the chip: trained-1.safetensors").click();
  await page.getByRole("heading", { name: "small-link-aware" }).waitFor();
  const { figures } = await snapshotOf(1, 32);
  const executor = nodeExecutor(2);
  const report = await runExperiment(
    {
      ...experiment,
      hardware: { ...experiment.hardware, chips: 1 },
      evaluation: { ...experiment.evaluation, prompts: 32, curvePrompts: 1, snrDecibels: [10], steps: [4] },
    },
    { network: decodeCheckpoint(expected).network as Network<SpikingSpec> },
    { executor, command: "xpike run", versions: {} },
  );
  await executor.close();
  const values = new Map(report.figures.map(({ id, value }) => [id, value]));
  expect(Object.keys(figures)).toContain("ber.xpikeformer");
  for (const [id, value] of Object.entries(figures)) expect([id, value]).toEqual([id, values.get(id)]);
  expect(errors).toEqual([]);
});

test(
  "a page on one thread trains without a pause to the same bytes, without the noise of the hardware too",
  NIGHTLY,
  async () => {
    const { page, errors } = await openPage(withoutIsolation);
    await page.getByLabel("Training steps").selectOption("96");
    await page.getByLabel("Last quarter").selectOption("conventional");
    await button(page, "Start").click();
    expect(await reaches(page, "finished")).toBe(96);
    const experiment = parseExperiment((await saved(page, "Save training experiment")).toString());
    expect(experiment.training.stages.map(({ noise }) => noise.hardware)).toEqual([undefined, false]);
    const expected = await trainedByCommand(experiment);
    expect(sha256Of(await saved(page, "Save: trained-1.safetensors"))).toBe(sha256Of(expected));
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    expect(errors).toEqual([]);
  },
);

test("what cannot be trained says why, and leaves the page as it was", async () => {
  const { page, errors } = await openPage();
  const alert = page.locator(".train [role='alert']");
  await page.getByLabel("Seed").fill("seven");
  await button(page, "Start").click();
  await alert.getByText("seed: ").waitFor();
  expect(await alert.textContent()).toContain('"seven"');
  await page.getByLabel("Seed").fill("1");

  const link = { transmitAntennas: 1, receiveAntennas: 2, pilots: 4 };
  const training = {
    batch: 8,
    shards: 1,
    labels: "teacher",
    teacher: ["bundled:wireless-2x2-ann", "ann/mine.safetensors"],
    stages: [{ steps: 4 }],
  };
  const document = { task: link, model: { width: 32, depth: 1, heads: 2, steps: 2 }, training };
  const buffer = Buffer.from(JSON.stringify(document));
  await page.getByLabel("Files to open").setInputFiles([{ name: "mine.json", mimeType: "", buffer }]);
  await page.getByLabel("Experiment", { exact: true }).selectOption("shown");
  await button(page, "Start").click();
  await alert.getByText("does not have the network mine.safetensors. Open its checkpoint").waitFor();
  expect(await button(page, "Start again").isEnabled()).toBe(true);
  expect(errors).toEqual([]);
});
