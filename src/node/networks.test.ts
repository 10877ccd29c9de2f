import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { BUNDLED_NETWORKS, bundledNetwork, networkFile } from "./networks.ts";

const root = join(import.meta.dirname, "../..");
const examples = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".json"));

test("the bundled networks are the files of checkpoints/", () => {
  const files = readdirSync(join(root, "checkpoints")).filter((file) => file.endsWith(".safetensors"));
  expect(BUNDLED_NETWORKS.map((name) => `${name}.safetensors`).sort()).toEqual(files.sort());
  for (const name of BUNDLED_NETWORKS) expect(existsSync(bundledNetwork(name)), name).toBe(true);
});

test("every network that an example names is a bundled one", () => {
  const named = examples.flatMap((file) =>
    Array.from(readFileSync(join(root, "examples", file), "utf8").matchAll(/"(bundled:[^"]+)"/g), ([, name]) => name!),
  );
  expect(named.length).toBeGreaterThan(examples.length);
  for (const reference of named) expect(existsSync(networkFile(reference)), reference).toBe(true);
});

test("a checkpoint is a path from its experiment's folder, or a bundled network from any", () => {
  expect(networkFile("mine/network.safetensors", "experiments")).toBe(resolve("experiments/mine/network.safetensors"));
  expect(networkFile("bundled:wireless-2x2-ann", "anywhere")).toBe(bundledNetwork("wireless-2x2-ann"));
  expect(() => networkFile("bundled:../package")).toThrow("no bundled network of this name");
});
