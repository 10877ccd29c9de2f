/**
 * The studio on the GPU of a browser, here SwiftShader: it trains there, goes on in WebAssembly when the GPU goes away, and its chips have
 * the figures of WebAssembly. Run `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { decodeCheckpoint } from "../dist/index.js";
import { SOFTWARE_GPU } from "./support/chromium.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { hostStudio, type Snapshot } from "./support/studio-page.ts";

const studio = hostStudio(SOFTWARE_GPU);

const hasGpu = (page: Page) => page.evaluate(async () => (await navigator.gpu?.requestAdapter()) != null);
const NO_GPU = "this browser has no WebGPU, not even in software";

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** A link of two pilots. This GPU compiles its kernels for 10 s, and then takes 0.1 s for a step. */
const trainable = (steps: number) => ({
  name: "tiny link",
  task: { transmitAntennas: 1, receiveAntennas: 1, modulation: "bpsk", pilots: 2 },
  model: { width: 16, depth: 1, heads: 2, steps: 2 },
  hardware: { chips: 1 },
  training: {
    ...{ batch: 32, shards: 1, validateEvery: steps / 4, validationPrompts: 32, labels: "posterior" },
    stages: [{ steps, warmup: 2, learningRate: 0.03 }],
  },
});

/** Starts a training of this many steps on a backend, as the page names it. */
async function start(page: Page, steps: number, backend: string): Promise<void> {
  await page.locator(".train").waitFor();
  const buffer = Buffer.from(JSON.stringify(trainable(steps)));
  await page.getByLabel("Files to open").setInputFiles([{ name: "tiny.json", mimeType: "", buffer }]);
  await page.getByLabel("Experiment", { exact: true }).selectOption("shown");
  await page.getByLabel("Compute on").selectOption(backend);
  await button(page, "Start").or(button(page, "Start again")).click();
}

/** Waits for a training status. A failed training fails the test with its message. */
async function reaches(page: Page, status: string): Promise<string> {
  const line = page.locator(`#train-status[data-status="${status}"]`);
  await line.or(page.locator(".train [role='alert']")).first().waitFor();
  expect(await page.locator(".train [role='alert']").allTextContents()).toEqual([]);
  return (await line.textContent())!;
}

const stepsDone = (page: Page, least: number) =>
  page.waitForFunction(
    (steps) => Number(document.querySelector<HTMLElement>("#train-status")?.dataset.step) >= steps,
    least,
  );

/** The metadata of the network trained last. */
async function savedMetadata(page: Page): Promise<Readonly<Record<string, string>>> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page
      .getByRole("button", { name: /^Save: trained-/ })
      .first()
      .click(),
  ]);
  return decodeCheckpoint(readFileSync(await download.path())).metadata;
}

const lossIn = (text: string) => Number(/loss (\d+\.\d+)/.exec(text)![1]);

test("it trains on a GPU, stops, goes on, and the network names the GPU", async ({ skip }) => {
  const { page, errors } = await studio.open();
  skip(!(await hasGpu(page)), NO_GPU);
  await start(page, 48, "WebGPU");
  await stepsDone(page, 1);
  await button(page, "Stop").click();
  const first = lossIn(await reaches(page, "stopped"));
  expect(await page.locator("#trained-on").textContent()).toMatch(/^on WebGPU: .*SwiftShader/i);
  await button(page, "Resume").click();
  expect(lossIn(await reaches(page, "finished"))).toBeLessThan(first);
  expect((await savedMetadata(page)).backends).toMatch(/^webgpu on .*SwiftShader/i);
  expect(errors).toEqual([]);
});

test(
  "a training whose GPU is lost continues in WebAssembly, and starts there without a device or WebGPU",
  NIGHTLY,
  async ({ skip }) => {
    const { page, errors } = await studio.open();
    skip(!(await hasGpu(page)), NO_GPU);
    await start(page, 4, "WebAssembly");
    await reaches(page, "finished");
    expect(await page.locator("#trained-on").textContent()).toMatch(/^on WebAssembly, \d+ threads?$/);
    expect((await savedMetadata(page)).backends).toBeUndefined();

    const worker = page.workers().find((one) => one.url().includes("training"))!;
    await worker.evaluate(() => {
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (options) {
        const device = await requestDevice.call(this, options);
        Object.assign(globalThis, { device });
        return device;
      };
    });
    await start(page, 2000, "WebGPU");
    await stepsDone(page, 8);
    await worker.evaluate(() => (globalThis as unknown as { device: GPUDevice }).device.destroy());
    const note = page.locator("#moved");
    await note.waitFor();
    expect(await note.textContent()).toMatch(/^The GPU \(.+\) was lost: .+ continues on WebAssembly after step \d+,/);
    const kept = Number(/step (\d+)/.exec((await note.textContent())!)![1]);
    await stepsDone(page, kept + 20);
    expect(await page.locator("#trained-on").textContent()).toMatch(/^on WebAssembly, \d+ threads?The GPU .+ was lost/);
    await button(page, "Stop").click();
    await reaches(page, "stopped");

    await worker.evaluate(() => {
      GPUAdapter.prototype.requestDevice = async () => {
        throw new Error("too busy");
      };
    });
    await start(page, 4, "WebGPU");
    await reaches(page, "finished");
    expect(await page.locator("#trained-on").textContent()).toMatch(/^on WebAssembly, .* gave no device: too busy/);

    await worker.evaluate(() => {
      delete Object.getPrototypeOf(navigator).gpu;
    });
    await start(page, 4, "WebGPU");
    await reaches(page, "finished");
    expect(await page.locator("#trained-on").textContent()).toMatch(/^on WebAssembly, .*This platform has no WebGPU/);
    expect(await note.count()).toBe(0);
    expect(errors).toEqual([]);
  },
);

test("chips on a GPU have the figures of WebAssembly", async ({ skip }) => {
  const figuresOn = async (backend: string): Promise<[string, Snapshot]> => {
    const { page, errors, snapshotOf } = await studio.open(undefined, {
      fragment: `backend=${backend}`,
      prompts: 16,
    });
    skip(!(await hasGpu(page)), NO_GPU);
    const snapshot = await snapshotOf(1, 16);
    expect(errors).toEqual([]);
    const where = (await page.locator("#chips-on").textContent())!;
    await page.close();
    return [where, snapshot];
  };
  const [onGpu, ofGpu] = await figuresOn("webgpu");
  expect(onGpu).toMatch(/^on WebGPU: .*SwiftShader/i);
  const [automatic, ofWasm] = await figuresOn("auto");
  expect(automatic).toMatch(/^on WebAssembly, .*SwiftShader.* computes on the CPU too/i);
  expect(Object.keys(ofGpu.figures).length).toBeGreaterThan(3);
  expect(ofGpu).toEqual(ofWasm);
});
