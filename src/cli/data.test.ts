import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { npyFile, patternBytes } from "../../test/support/image-files.ts";
import { runCommand } from "../../test/support/run-command.ts";
import { IMAGE_DATA } from "../data/catalogue.ts";
import type { ImageData } from "../data/images.ts";
import { FASHION_SLICE } from "../node/data.ts";
import { loadExperiment, openLoaded } from "./options.ts";

let folder: string;
let server: Server;
let mirror: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-cli-data-"));
  // A mirror with files of the right names that are not the published ones.
  server = createServer((request, response) => response.end(readFileSync(join(FASHION_SLICE, request.url ?? ""))));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true });
});

async function xpike(...argv: string[]) {
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("XPIKE_DATA", "");
  return runCommand(...argv);
}

test("the list has every set with its licence, and where it is or how to get it", async () => {
  const { code, out } = await xpike("data", "list");
  expect(code).toBe(0);
  for (const { title, licence } of IMAGE_DATA) {
    expect(out).toContain(title);
    expect(out).toContain(`licence: ${licence}`);
  }
  expect(out).toContain("not downloaded; get it with: xpike data fetch cifar-10");
  expect(out).toContain(`in ${FASHION_SLICE}`);
  expect(out).toContain(`Downloads go to ${join(folder, "cache", "xpikeformer", "data")}`);
});

test("the list as JSON names the folder of each set, in the folder that is asked about", async () => {
  cpSync(FASHION_SLICE, join(folder, "sets/fashion-mnist-slice"), { recursive: true });
  const { out } = await xpike("data", "list", "--json", "--data", join(folder, "sets"));
  const found = (JSON.parse(out) as { name: string; folder: string | null }[]).map((set) => [set.name, set.folder]);
  expect(found).toEqual(
    IMAGE_DATA.map(({ name }) => [name, name === "fashion-mnist-slice" ? join(folder, "sets", name) : null]),
  );
});

test("a folder that cannot be made names the option of the folder", async () => {
  writeFileSync(join(folder, "file"), "");
  const { code, err } = await xpike("data", "fetch", "mnist", "--data", join(folder, "file"), "--from", mirror);
  expect([code, err]).toEqual([
    2,
    expect.stringMatching(/a part of the path is a file\. Choose another folder with --data\.\n$/),
  ]);
});

test("a mirror with other content is told apart, and leaves nothing behind", async () => {
  const { code, err } = await xpike("data", "fetch", "mnist", "--from", mirror);
  expect(code).toBe(2);
  expect(err).toContain(`${mirror}/train-images-idx3-ubyte.gz: the SHA-256 differs from the published one`);
  expect(existsSync(join(folder, "cache/xpikeformer/data/mnist/train-images-idx3-ubyte.gz"))).toBe(false);
});

test("an unknown set, and one that needs no download, are refused", async () => {
  expect(await xpike("data", "fetch", "mnits")).toMatchObject({ code: 2 });
  const { code, err } = await xpike("data", "fetch", "fashion-mnist-slice");
  expect([code, err]).toEqual([2, expect.stringContaining("comes with this package")]);
});

test("an experiment names the folder of its own images, relative to itself; --data names another", async () => {
  const images = (count: number) => npyFile("|u1", [count, 8, 8], patternBytes(64 * count));
  const labels = (count: number) =>
    npyFile(
      "|u1",
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 2),
    );
  for (const [place, count] of [
    ["experiments/parts", 20],
    ["elsewhere", 30],
  ] as const) {
    mkdirSync(join(folder, place), { recursive: true });
    for (const [name, bytes] of Object.entries({
      ...{ "train-images": images(count), "train-labels": labels(count) },
      ...{ "test-images": images(4), "test-labels": labels(4) },
    })) {
      writeFileSync(join(folder, place, `${name}.npy`), bytes);
    }
  }
  const file = join(folder, "experiments", "own.json");
  const data = { name: "parts", folder: "parts", height: 8, width: 8, channels: 1, classes: 2 };
  writeFileSync(file, JSON.stringify({ task: { kind: "image-classification", data } }));
  const loaded = await loadExperiment(file, {});
  const { opened, notes } = await openLoaded(loaded, {});
  const named = opened.data as ImageData | null;
  expect([named?.name, named?.train.count, named?.test.count]).toEqual(["parts", 18, 4]);
  expect(notes).toEqual([`custom: read from ${join(folder, "experiments", "parts")}`]);
  const other = await openLoaded(loaded, { data: join(folder, "elsewhere") });
  expect((other.opened.data as ImageData | null)?.train.count).toBe(28);
  const { folder: _, ...unplaced } = data;
  writeFileSync(file, JSON.stringify({ task: { kind: "image-classification", data: unplaced } }));
  await expect(openLoaded(await loadExperiment(file, {}), {})).rejects.toThrow("Name their folder in task.data.folder");
});
