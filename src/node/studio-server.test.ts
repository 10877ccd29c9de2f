import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IDX_FILES } from "../data/catalogue.ts";
import { PlatformError } from "../errors.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { type StudioServer, serveStudio } from "./studio-server.ts";

const root = join(import.meta.dirname, "../..");
let server: StudioServer;
beforeAll(async () => {
  server = await serveStudio();
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

/** Sends the request unchanged: `fetch` would normalise the path and set the host. */
function ask(
  path: string,
  { method = "GET", host }: { method?: string; host?: string } = {},
  of = server,
): Promise<Answer> {
  const { port, host: own } = new URL(of.address);
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path, method, headers: { Host: host ?? own } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on("error", reject).end();
  });
}

test("serves the page isolated, under a policy that allows only its own script", async () => {
  const { status, headers, body } = await ask("/");
  expect(status).toBe(200);
  expect(body.toString()).toContain('<div id="studio">');
  expect(headers).toMatchObject({
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "x-content-type-options": "nosniff",
  });
  const policy = headers["content-security-policy"] as string;
  expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
});

test("serves bundled networks and experiments, byte for byte", async () => {
  for (const path of ["networks/fashion-tiny-ann.safetensors", "examples/wireless-2x2.json"]) {
    expect((await ask(`/${path}?again`)).body.equals(readFileSync(join(root, path)))).toBe(true);
  }
  const { status, body, headers } = await ask("/examples/mnist.json", { method: "HEAD" });
  expect([status, body.length]).toEqual([200, 0]);
  expect(Number(headers["content-length"])).toBe(readFileSync(join(root, "examples/mnist.json")).length);
});

test.each(["fashion-mnist-slice", "mnist-slice"])("serves the files of %s unchanged", async (slice) => {
  for (const name of Object.values(IDX_FILES)) {
    const { status, body, headers } = await ask(`/data/${slice}/${name}.gz`);
    const file = readFileSync(join(root, "examples/data", slice, `${name}.gz`));
    expect([status, body.equals(file), headers["content-encoding"]]).toEqual([200, true, undefined]);
  }
});

test.each([
  "/package.json",
  "/data/mnist-slice/../../package.json",
  "/data/fashion-mnist-slice/README.md",
  "/examples/../package.json",
  "/../package.json",
  "/assets/../../../package.json",
  "/examples/..%2fpackage.json",
  "/%2e%2e/package.json",
  "/examples/",
  "/examples",
  "/networks/README.md",
  "/networks/manifest.json",
  "/networks/../package.json.safetensors",
  "//examples/wireless-2x2.json",
  "/examples/wireless-2x2.json%00",
  "/examples\\wireless-2x2.json",
  "/__proto__",
])("nothing lies at %s", async (path) => {
  const { status, body, headers } = await ask(path);
  expect([status, headers["content-type"]]).toEqual([404, "text/html; charset=utf-8"]);
  // The page of errors and nothing else, with an icon, for which the browser need not ask, and a landmark.
  expect(body.equals((await ask("/nothing")).body)).toBe(true);
  expect(body.length).toBeLessThan(400);
  expect(body.toString()).toMatch(/<link rel="icon" href="data:,">.*<main><h1>Not Found<\/h1>.*<\/main>/s);
  expect(headers["content-security-policy"]).toContain("default-src 'none'");
});

test("serves the files of a run's folder as they appear, no others, and none outside via links", async () => {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-studio-"));
  const other = await serveStudio({ folder });
  try {
    const list = async () => JSON.parse((await ask("/opened", {}, other)).body.toString());
    expect(await list()).toEqual({});
    writeFileSync(join(folder, "metrics.jsonl"), '{"step":1}\n');
    writeFileSync(join(folder, "secret.txt"), "secret");
    symlinkSync(join(root, "package.json"), join(folder, "report.json"));
    const before = await list();
    expect(Object.keys(before)).toEqual(["metrics.jsonl"]);
    expect((await ask("/opened/metrics.jsonl", {}, other)).body.toString()).toBe('{"step":1}\n');
    writeFileSync(join(folder, "metrics.jsonl"), '{"step":1}\n{"step":2}\n');
    expect((await list())["metrics.jsonl"]).not.toBe(before["metrics.jsonl"]);
    for (const path of ["/opened/secret.txt", "/opened/", "/opened/../package.json"]) {
      expect((await ask(path, {}, other)).status).toBe(404);
    }
    const { status, body, headers } = await ask("/opened/report.json", {}, other);
    expect([status, JSON.parse(body.toString()).detail]).toEqual([
      404,
      expect.stringContaining("leads out of its folder"),
    ]);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect((await ask("/opened/experiment.json", {}, other)).status).toBe(404);
  } finally {
    await other.close();
    rmSync(folder, { recursive: true });
  }
});

test("serves an experiment and its network, if one was opened", async () => {
  expect((await ask("/opened")).body.toString()).toBe("{}");
  const network = join(root, "networks/fashion-tiny-ann.safetensors");
  const experiment = parseExperiment({ name: "mine" });
  const other = await serveStudio({ experiment, network });
  try {
    expect(JSON.parse((await ask("/opened/experiment.json", {}, other)).body.toString())).toEqual(experiment);
    expect((await ask("/opened/network.safetensors", {}, other)).body.equals(readFileSync(network))).toBe(true);
  } finally {
    await other.close();
  }
});

test("answers to no other host name, and to no other methods", async () => {
  const { port } = new URL(server.address);
  for (const host of [
    "example.org",
    `example.org:${port}`,
    "127.0.0.1",
    "localhost:1",
    `127.0.0.1.example.org:${port}`,
  ]) {
    expect((await ask("/", { host })).status).toBe(403);
  }
  expect((await ask("/", { host: `localhost:${port}` })).status).toBe(200);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const { status, headers } = await ask("/", { method });
    expect([status, headers.allow]).toEqual([405, "GET, HEAD"]);
  }
});

test("reports when its port is taken", async () => {
  const port = Number(new URL(server.address).port);
  const taken = serveStudio({ port });
  await expect(taken).rejects.toThrow(PlatformError);
  await expect(taken).rejects.toThrow(
    `Port ${port} is in use, perhaps by another studio. Choose another with --port, or leave --port out for one that is free.`,
  );
});
