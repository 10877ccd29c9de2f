import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { FileError } from "../errors.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { bundledNetwork, bundledNetworks, networkFile, networkNames, whereAbsent } from "./networks.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Entry {
  readonly name: string;
  readonly file: string | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly commit?: string;
  readonly experiment: string;
  readonly command: string;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly result: string;
}

const { networks } = JSON.parse(read("networks/manifest.json")) as { networks: readonly Entry[] };
const kept = networks.filter(({ file }) => file !== null);
const dropped = networks.filter(({ file }) => file === null);

/** JSON files of a folder that are experiments. */
const experimentsOf = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".json") && !["manifest.json", "package.json"].includes(file))
    .map((file) => `${folder}/${file}`);

/** Every bundled network that a text names. */
const namedIn = (text: string) => Array.from(text.matchAll(/"bundled:([^"]+)"/g), ([, name]) => name!);

describe("the manifest", () => {
  test("has every file of the folder, with its size and SHA-256", () => {
    const files = readdirSync(join(root, "networks")).filter((file) => file.endsWith(".safetensors"));
    const restored = dropped.map(({ name }) => `${name}.safetensors`);
    expect(kept.map(({ file }) => file).toSorted()).toEqual(
      files.filter((file) => !restored.includes(file)).toSorted(),
    );
    for (const { name, file, sha256, bytes } of kept) {
      expect(file).toBe(`${name}.safetensors`);
      const content = readFileSync(join(root, "networks", file!));
      expect([content.length, createHash("sha256").update(content).digest("hex")], name).toEqual([bytes, sha256]);
    }
  });

  test("names for each network an experiment that is there, its command, seeds and result", () => {
    expect(networks.map(({ name }) => name)).toEqual(networks.map(({ name }) => name).toSorted());
    for (const { name, experiment, command, seeds, steps, result } of networks) {
      expect(existsSync(join(root, experiment)), name).toBe(true);
      expect(command).toBe(`xpike train ${experiment}`);
      expect(
        [seeds.length, steps].every((count) => count > 0),
        name,
      ).toBe(true);
      expect(result).toMatch(/^loss [\d.]+, /);
    }
  });

  test("gives the commit of what was dropped, and of nothing else", () => {
    expect(kept.filter(({ commit }) => commit !== undefined)).toEqual([]);
    for (const { name, commit, sha256 } of dropped) {
      expect(commit, name).toMatch(/^[0-9a-f]{40}$/);
      expect(sha256, name).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});

describe("experiments", () => {
  test("of examples/ are eleven at most, and every network that they evaluate is there", () => {
    const examples = experimentsOf("examples");
    const sweeps = readdirSync(join(root, "examples/sweeps"));
    expect(examples.length + sweeps.length).toBeLessThanOrEqual(11);
    for (const path of examples) {
      const { checkpoints } = parseExperiment(read(path));
      // What is no bundled network is trained first, as the example says.
      const bundled = Object.values(checkpoints).filter((reference) => reference?.startsWith("bundled:"));
      if (!/(events|series)-tiny/.test(path)) expect(bundled.length, path).toBeGreaterThan(0);
      for (const reference of bundled) expect(existsSync(networkFile(reference!)), `${path}: ${reference}`).toBe(true);
    }
  });

  test("name networks of the manifest only, in networks/ and elsewhere", () => {
    for (const path of [...experimentsOf("examples"), ...experimentsOf("networks")]) {
      parseExperiment(read(path));
      for (const name of namedIn(read(path))) expect(networkNames(), path).toContain(name);
    }
  });

  test("of networks/ each train a network of the manifest", () => {
    const trained = networks.map(({ experiment }) => experiment);
    expect(experimentsOf("networks").filter((path) => !trained.includes(path))).toEqual([]);
  });
});

describe("a checkpoint", () => {
  test("is a path from its experiment's folder, or a bundled network from any", () => {
    expect(networkFile("mine/network.safetensors", "experiments")).toBe(
      resolve("experiments/mine/network.safetensors"),
    );
    expect(networkFile("bundled:wireless-2x2-ann", "anywhere")).toBe(bundledNetwork("wireless-2x2-ann"));
    expect(() => networkFile("bundled:../package")).toThrow("no bundled network with this name");
    expect(() => networkFile("bundled:wireless-2x2-an")).toThrow("Did you mean bundled:wireless-2x2-ann?");
  });

  const { name, commit } = dropped.find(({ name }) => !existsSync(join(root, `networks/${name}.safetensors`)))!;
  const restored = join(root, `networks/${name}.safetensors`);
  afterEach(() => rmSync(restored, { force: true }));

  test("that was dropped says how it comes back, and is used once it is back", () => {
    expect(bundledNetworks()).not.toContain(name);
    expect(() => bundledNetwork(name)).toThrow(FileError);
    expect(() => bundledNetwork(name)).toThrow(
      `git show ${commit}:checkpoints/${name}.safetensors > networks/${name}.safetensors`,
    );
    writeFileSync(restored, "");
    expect(bundledNetwork(name)).toBe(restored);
    expect(bundledNetworks()).toContain(name);
  });
});

test("says of a network that is not here, and of no other reference, where it is", () => {
  const [absent] = dropped.filter(({ file, name }) => file === null && !bundledNetworks().includes(name));
  expect(whereAbsent(`bundled:${absent!.name}`)).toMatch(/kept in the repository's history only.*git show/);
  expect([`bundled:${kept[0]!.name}`, "bundled:unknown", "unknown.safetensors"].map(whereAbsent)).toEqual([
    null,
    null,
    null,
  ]);
});
