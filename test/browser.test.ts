/**
 * The built package in a real browser, loaded as plain modules without a bundler: the same bytes as in Node, on one thread and
 * on several. `npm run build` first, as `npm test` does.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeState, inlineExecutor, jobs, train } from "../dist/index.js";
import type { Experiment } from "../src/spec/experiment.ts";
import { launchChromium } from "./support/chromium.ts";
import { everyFeature, tinyExperiment } from "./support/tiny-training.ts";

interface TrainingPage {
  trainHere(experiment: Experiment, threads: number): Promise<{ hash: string; threads: number; note?: string }>;
  failHere(): Promise<{ tag: string; message: string }>;
}

const root = join(import.meta.dirname, "..");
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** Shared memory needs both. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

let server: Server;
let browser: Browser;
let address: string;
let isolated: Awaited<ReturnType<typeof open>>;

beforeAll(async () => {
  server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(new URL(url, "http://localhost").pathname);
    const file = path === "/" ? "test/support/training-page.html" : path.slice(1);
    if (!/^(dist|node_modules\/zod|test\/support)\//.test(file)) return response.writeHead(404).end();
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

/** The page, once its modules are loaded. An error of the page fails the test. */
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

test("a page that is not isolated trains to the same bytes on one thread, and says why", async () => {
  const { page, errors } = await open("?alone");
  const experiment = tinyExperiment(everyFeature);
  const result = await trainIn(page, experiment, 2);
  expect(result).toMatchObject({ hash: await hashInNode(experiment), threads: 1 });
  expect(result.note).toContain("Cross-Origin-Opener-Policy: same-origin");
  expect(errors).toEqual([]);
});

test("an error on a Web Worker arrives with its tag and message, and so does a worker that does not start", async () => {
  const { page } = isolated;
  const fail = () => page.evaluate(() => (window as unknown as TrainingPage).failHere());
  expect(await fail()).toEqual({ tag: "platform", message: expect.stringContaining('no job "no-such-job"') });
  await page.context().route("**/browser/worker.js", (route) => route.abort());
  expect(await fail()).toEqual({ tag: "platform", message: expect.stringContaining("its script did not load") });
});
