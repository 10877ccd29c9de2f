/**
 * The built package in a real browser, loaded as plain modules without a bundler: the same bytes as in Node, on one thread and on
 * several. Run `npm run build` first, as `npm test` does.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
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
import { encodeState } from "../dist/internal.js";
import { nodeExecutor } from "../dist/node.js";
import type { Experiment } from "../src/experiment/experiment.ts";
import { launchChromium } from "./support/chromium.ts";
import { everyFeature, tinyExperiment } from "./support/tiny-training.ts";

interface TrainingPage {
  trainHere(experiment: Experiment, threads: number): Promise<{ hash: string; threads: number; note?: string }>;
  evaluateHere(
    experiment: Experiment,
    threads: number,
    size: typeof chipSize,
  ): Promise<{ hash: string; threads: number }>;
  failHere(): Promise<{ tag: string; message: string }>;
}

const root = join(import.meta.dirname, "..");
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** Shared memory needs both headers. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

let server: Server;
let browser: Browser;
let address: string;
let isolated: Awaited<ReturnType<typeof open>>;

beforeAll(async () => {
  server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    const file = path === "/" ? "test/support/training-page.html" : path.slice(1);
    if (!/^(dist|test\/support)\//.test(file)) return response.writeHead(404).end();
    try {
      const headers = url.includes("alone") ? {} : ISOLATION;
      const content = await readFile(join(root, file));
      response.writeHead(200, {
        "Content-Type": TYPES[extname(file)] ?? "text/plain",
        "Cache-Control": "max-age=600",
        ...headers,
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  browser = await launchChromium();
  isolated = await open();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** The page, once its modules are loaded. A page error fails the test. */
async function open(query = ""): Promise<{ page: Page; errors: Error[] }> {
  const page = await browser.newPage();
  const errors: Error[] = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(address + query);
  return { page, errors };
}

async function trainIn(page: Page, experiment: Experiment, threads: number) {
  return page.evaluate(([spec, count]) => (window as unknown as TrainingPage).trainHere(spec, count), [
    experiment,
    threads,
  ] as const);
}

async function hashInNode(experiment: Experiment): Promise<string> {
  const { state } = await train(experiment, { executor: inlineExecutor(jobs) });
  return createHash("sha256").update(encodeState(state, experiment)).digest("hex");
}

test.each([
  ["a spiking network", tinyExperiment(everyFeature)],
  ["the conventional transformer", tinyExperiment({ model: { kind: "ann" } })],
])("a browser trains %s to the same bytes as Node, on one thread and on two", async (_, experiment) => {
  const { page, errors } = isolated;
  const hash = await hashInNode(experiment);
  expect(await trainIn(page, experiment, 1)).toEqual({ hash, threads: 1 });
  expect(await trainIn(page, experiment, 2)).toEqual({ hash, threads: 2 });
  expect(errors).toEqual([]);
});

const chipSize = { chips: 2, prompts: 40, slice: 8 };
/** A low threshold keeps the untrained network active; registers are so narrow that numbers saturate in all of them. */
const integerExperiment = (adc: object) =>
  tinyExperiment({
    model: { kind: "spiking", steps: 3, neuron: { threshold: 0.3 }, attention: { scoreGain: 2, valueGain: 2 } },
    hardware: { arithmetic: { streamBits: 9, membraneBits: 9, logitBits: 8 }, crossbar: { rows: 7, columns: 6 }, adc },
  });
const errors = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 };

test.each([{}, { errors }, { mode: "differential" }, { mode: "differential", errors }])(
  "chips in whole numbers give the same logits and counts in a browser and in Node, on one, two and three threads: converters %j",
  async (adc) => {
    const { page, errors } = isolated;
    const experiment = integerExperiment(adc);
    const network = initialise(
      experiment.model as TransformerSpec,
      networkGeometry(experiment, createTask(experiment)),
      stream(1),
    );
    const hashes: string[] = [];
    for (const threads of [1, 2, 3]) {
      const executor = nodeExecutor(threads);
      const evaluations = await evaluateChips(executor, experiment, network, chipSize);
      await executor.close();
      // The comparison would be empty if nothing saturated and if chips did not differ.
      expect(evaluations[0].registers!.stream.stopped).toBeGreaterThan(0);
      expect(evaluations[0].loss).not.toBe(evaluations[1].loss);
      hashes.push(createHash("sha256").update(JSON.stringify(evaluations)).digest("hex"));
      const found = await page.evaluate(
        ([spec, count, size]) => (window as unknown as TrainingPage).evaluateHere(spec, count, size),
        [experiment, threads, chipSize] as const,
      );
      expect(found).toEqual({ hash: hashes[0], threads });
    }
    expect(new Set(hashes).size).toBe(1);
    expect(errors).toEqual([]);
  },
);

test("a page that is not isolated trains to the same bytes on one thread, and says why", async () => {
  const { page, errors } = await open("?alone");
  const experiment = tinyExperiment(everyFeature);
  const result = await trainIn(page, experiment, 2);
  expect(result).toMatchObject({ hash: await hashInNode(experiment), threads: 1 });
  expect(result.note).toContain("Cross-Origin-Opener-Policy: same-origin");
  expect(errors).toEqual([]);
});

test("an error in a Web Worker arrives with its tag and message, as does a failure to start one", async () => {
  const { page } = isolated;
  const fail = () => page.evaluate(() => (window as unknown as TrainingPage).failHere());
  expect(await fail()).toEqual({ tag: "platform", message: expect.stringContaining('no job "no-such-job"') });
  await page.context().route("**/browser/worker.js", (route) => route.abort());
  expect(await fail()).toEqual({ tag: "platform", message: expect.stringContaining("its script did not load") });
});
