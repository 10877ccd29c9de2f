import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { presets } from "../experiment/presets.ts";
import { asDescribed } from "../runs/fit.ts";
import { loadNetworks } from "./networks.ts";
import { loadExperiment } from "./options.ts";

const trained = presets().filter(({ document }) => document.checkpoints?.network !== undefined);

test.each(trained.map(({ name }) => name))("the preset %s has no warning about its own networks", async (name) => {
  const loaded = await loadExperiment(`preset:${name}`, {});
  const { networks, validatedSteps, notes } = await loadNetworks(loaded, ["ann"]);
  const warnings = [...notes];
  asDescribed(loaded.experiment, networks.network, warnings, "checkpoints.network", validatedSteps);
  expect(warnings.filter((note) => !/^T = \d+ was checked on validation prompts/.test(note))).toEqual([]);
});

test("an experiment that names no networks to compare with has no note on them, but one on curves that it lacks", async () => {
  const folder = await mkdtemp(join(tmpdir(), "networks-"));
  try {
    const path = join(folder, "own.json");
    const checkpoints = { network: "bundled:wireless-2x2-xpikeformer" };
    await writeFile(path, JSON.stringify({ model: { kind: "spiking", width: 128, depth: 2, steps: 8 }, checkpoints }));
    const loaded = await loadExperiment(path, {});
    expect((await loadNetworks(loaded, ["ann", "spiking"])).notes).toEqual([]);
    const { notes } = await loadNetworks(loaded, ["conventional"]);
    expect(notes).toEqual([expect.stringMatching(/checkpoints\.conventional.*its curves are left out/)]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
