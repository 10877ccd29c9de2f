/**
 * Chips and training on the GPU of a browser, here SwiftShader, next to the CPU in Node: the same numbers of chips, and losses within
 * rounding. Run `npm run build` first, as `npm test` does.
 */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import {
  createTask,
  evaluateChips,
  initialise,
  inlineExecutor,
  jobs,
  networkGeometry,
  stream,
  type TransformerSpec,
  train,
} from "../dist/index.js";
import type { Experiment } from "../src/experiment/experiment.ts";
import { launchChromium, SOFTWARE_GPU } from "./support/chromium.ts";
import { serveFiles } from "./support/file-server.ts";
import { tinyExperiment } from "./support/tiny-training.ts";

const SIZE = { chips: 2, prompts: 40, slice: 16 };

interface GpuPage {
  evaluateOnGpu(experiment: Experiment, size: typeof SIZE): Promise<{ json: string; name: string }>;
  trainOnGpu(experiment: Experiment): Promise<{ losses: number[]; name: string }>;
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

async function openPage(skip: TestContext["skip"]): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${server.address}test/support/training-page.html`);
  const hasGpu = await page.evaluate(async () => (await navigator.gpu?.requestAdapter()) != null);
  skip(!hasGpu, "this browser has no WebGPU, not even in software");
  return page;
}

test("a browser's GPU trains with the losses of the CPU, within rounding", async ({ skip }) => {
  const page = await openPage(skip);
  const { losses, name } = await page.evaluate(
    (spec) => (window as unknown as GpuPage).trainOnGpu(spec),
    tinyExperiment(),
  );
  const onCpu: number[] = [];
  await train(tinyExperiment(), { executor: inlineExecutor(jobs), onStep: ({ loss }) => onCpu.push(loss) });
  expect(losses.length).toBe(4);
  // Losses of order 1, of which sums in another order change 1e-7, and which four steps enlarge; no spike comes or goes.
  for (const [i, loss] of losses.entries()) expect(Math.abs(loss - onCpu[i]!)).toBeLessThan(1e-6);
  expect(name).toMatch(/\w/);
});

test("chips on a browser's GPU have the answers, spikes and counts of the CPU", async ({ skip }) => {
  const page = await openPage(skip);
  const { json, name } = await page.evaluate(
    ([spec, size]) => (window as unknown as GpuPage).evaluateOnGpu(spec, size),
    [experiment, SIZE] as const,
  );
  const network = initialise(
    experiment.model as TransformerSpec,
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
