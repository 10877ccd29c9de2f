/**
 * Chips on the GPU of a browser, here SwiftShader: the same numbers as on the CPU in Node. Run `npm run build` first, as `npm test` does.
 */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createTask,
  evaluateChips,
  initialise,
  inlineExecutor,
  jobs,
  networkGeometry,
  type SpikingSpec,
  stream,
} from "../dist/index.js";
import type { Experiment } from "../src/experiment/experiment.ts";
import { launchChromium, SOFTWARE_GPU } from "./support/chromium.ts";
import { serveFiles } from "./support/file-server.ts";
import { tinyExperiment } from "./support/tiny-training.ts";

const SIZE = { chips: 2, prompts: 40, slice: 16 };

interface GpuPage {
  evaluateOnGpu(experiment: Experiment, size: typeof SIZE): Promise<{ json: string; name: string }>;
}

let browser: Browser;
let server: Awaited<ReturnType<typeof serveFiles>>;
beforeAll(async () => {
  server = await serveFiles(join(import.meta.dirname, ".."), "/");
  browser = await launchChromium(SOFTWARE_GPU);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** A low threshold keeps the untrained network active; registers are so narrow that numbers saturate in all of them. */
const experiment = tinyExperiment({
  model: { kind: "spiking", steps: 3, neuron: { threshold: 0.3 }, attention: { scoreGain: 2, valueGain: 2 } },
  hardware: {
    arithmetic: { streamBits: 9, membraneBits: 9, logitBits: 8 },
    crossbar: { rows: 7, columns: 6 },
    adc: { rangeQuantile: 0.9 },
  },
});

test("chips on a browser's GPU have the answers, spikes and counts of the CPU", async ({ skip }) => {
  const page = await browser.newPage();
  await page.goto(`${server.address}test/support/training-page.html`);
  const hasGpu = await page.evaluate(async () => (await navigator.gpu?.requestAdapter()) != null);
  skip(!hasGpu, "this browser has no WebGPU, not even in software");
  const { json, name } = await page.evaluate(
    ([spec, size]) => (window as unknown as GpuPage).evaluateOnGpu(spec, size),
    [experiment, SIZE] as const,
  );
  const network = initialise(
    experiment.model as SpikingSpec,
    networkGeometry(experiment, createTask(experiment)),
    stream(1),
  );
  const evaluations = await evaluateChips(inlineExecutor(jobs), experiment, network, SIZE);
  expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(evaluations)));
  const { stream: residual, membrane, logit } = evaluations[0]!.registers!;
  for (const { stopped } of [residual, membrane, logit]) expect(stopped).toBeGreaterThan(0);
  expect(evaluations[0]!.clippedShare).toBeGreaterThan(0);
  expect(name).toMatch(/\w/);
});
