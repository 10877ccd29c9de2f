// @module-tag slow
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { decodeCheckpoint } from "../model/checkpoint.ts";
import { createTask, networkGeometry } from "../task/create.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-layouts-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const golden = (name: string) => join(import.meta.dirname, "../../test/golden", name);
const at = (...names: string[]) => join(folder, ...names);

describe("xpike import --layout", () => {
  test("writes an experiment and the network that fits it", async () => {
    const out = at("vit");
    const command = ["import", golden("timm-vit.pth"), "--heads", "2", "--out", out];
    const { code, out: printed } = await runCommand(...command, "--layout", "timm-vit");
    expect(printed).toBe(
      "31 parameters of 5429 numbers (ann, width 16, depth 2) from 32 tensors.\n" +
        `${join(out, "experiment.json")}\n${join(out, "network.safetensors")}\n`,
    );
    expect(code).toBe(0);
    const document = JSON.parse(readFileSync(join(out, "experiment.json"), "utf8"));
    expect(document).toEqual({
      name: "timm-vit",
      task: {
        kind: "image-classification",
        data: { name: "images", height: 8, width: 8, channels: 3, classes: 5 },
        patch: 4,
        readOut: "class-token",
      },
      model: {
        kind: "ann",
        width: 16,
        depth: 2,
        heads: 2,
        expansion: 2,
        position: "learned",
        activation: "gelu",
      },
      checkpoints: { network: "network.safetensors" },
    });
    const experiment = parseExperiment(document);
    const { network, metadata } = decodeCheckpoint(new Uint8Array(readFileSync(join(out, "network.safetensors"))));
    expect(network.model).toEqual(experiment.model);
    expect(network.geometry).toEqual(networkGeometry(experiment, createTask(experiment)));
    expect(metadata).toEqual({ source: "timm-vit.pth", mapping: "timm-vit" });

    const { err } = await runCommand(...command, "--layout", "auto");
    expect(err).toContain("Pixels enter as -1 (black) to 1 (white)");
  });

  test.each([
    [["timm-vit.pth", "--layout", "timm-vit"], "none is published for width 16. Give it: --heads N"],
    [["timm-vit.pth", "--layout", "tim-vit"], "Did you mean timm-vit?"],
    [["timm-vit.pth", "--layout", "hf-vit"], "It looks like --layout timm-vit."],
    [["ann.pth", "--layout", "auto"], "are of no known layout: timm-vit"],
    [["torch-encoder.pth", "--layout", "torch-encoder-norm-first", "--heads", "2"], "do not tell what a token holds"],
    [["timm-vit.pth", "--layout", "timm-vit", "--mapping", "author"], "cannot be used with"],
    [["timm-vit.pth", "--out", "x"], "Nothing says which network to fill"],
    [["timm-vit.pth", "--experiment", "preset:wireless-2x2"], "Name the network to write"],
  ])("%j is refused, and says: %s", async ([file, ...options], text) => {
    const { code, err } = await runCommand("import", golden(file), ...options);
    expect(err).toContain(text);
    expect(code).toBe(2);
  });

  test("refuses an encoder that normalises after its layers, with the reason, and accepts it as a start for training", async () => {
    const command = ["import", golden("torch-encoder.pth"), "--layout", "torch-encoder", "--heads", "2"];
    const experiment = ["--experiment", golden("torch-encoder.json"), "--out", at("encoder")];
    const { code, err } = await runCommand(...command, ...experiment);
    expect(err).toContain("With norm_first=False, PyTorch's default, LayerNorm stands behind attention");
    expect(code).toBe(2);
    expect(existsSync(at("encoder"))).toBe(false);
    const accepted = await runCommand(...command, ...experiment, "--approximate");
    expect(accepted.err).toContain("Not kept: With norm_first=False");
    expect(accepted.code).toBe(0);
  });
});

describe("xpike cost --layout", () => {
  const price = async (...options: string[]) => {
    const { code, out, err } = await runCommand("cost", ...options, "--draws", "0", "--json", "--out", at("cost"));
    expect([code, err]).toEqual([0, ""]);
    return JSON.parse(out) as {
      command: string;
      notes: string[];
      figures: { id: string; value: number }[];
      sources: unknown[];
    };
  };

  test("prices a vision transformer on digital engines and crossbars, and says what is assumed and what the chip does not run", async () => {
    const layout = ["--layout", "timm-vit", "--heads", "2"];
    const report = await price(golden("timm-vit.pth"), ...layout);
    const figure = (id: string) => report.figures.find((one) => one.id === id)?.value;
    for (const id of ["annDigital", "annAimc", "annAimcOwn", "xpikeformer"]) {
      expect(figure(`cost.${id}.energy`), id).toBeGreaterThan(0);
    }
    expect(report.notes[0]).toMatch(
      /^This network is an ANN: .* per image in int8 in adder trees, .* on a systolic array, .* on crossbars with 8-bit weights, .* on our crossbars\./,
    );
    expect(report.notes[0]).toMatch(/Its spike rates are assumed: \d+\.\d % on average at each of T = 4 steps/);
    expect(report.notes[1]).toContain("The chip cannot run the ANN: softmax divides by a sum over tokens");
    expect(report.sources.length).toBeGreaterThan(5);
    expect(report.command).toContain("--layout timm-vit --heads 2");
    // No network with these accuracies was compared.
    expect(figure("cost.ratio.annDigital")).toBeUndefined();

    const sparse = await price(golden("timm-vit.pth"), ...layout, "--density", "0.02");
    expect(sparse.notes[0]).toContain("Its spike rates are assumed: 2.0 %");
    const energy = (of: typeof report, id: string) => of.figures.find((one) => one.id === `cost.${id}.energy`)?.value;
    expect(energy(sparse, "xpikeformer")).toBeLessThan(energy(report, "xpikeformer")!);
    expect(energy(sparse, "annAimc")).toBe(energy(report, "annAimc"));
  });

  test("names each int8 price by its engine, and leaves out what it does not know", async () => {
    const command = [golden("timm-vit.pth"), "--layout", "timm-vit", "--heads", "2", "--out", at("screen")];
    const { out } = await runCommand("cost", ...command);
    const joules = (text: RegExp) => text.exec(out.replaceAll(/\s+/g, " "))![1];
    // The column and the sentence below it give the prices of the note, each with the engine.
    const trees = joules(/is an ANN: ([\d.]+ nJ) per image in int8 in adder trees/);
    const systolic = joules(/adder trees, ([\d.]+ nJ) on a systolic array/);
    expect(out).toContain("int8 ANN, trees");
    expect(out).toMatch(new RegExp(`^Energy per image +\\S+ nJ +${trees}`, "m"));
    expect(out).toContain(`The same int8 ANN on a systolic array: ${systolic} per image.`);
    expect(trees).not.toBe(systolic);
    // Without a ratio there is no range, and no row for it.
    expect(out).not.toContain("over the ranges");
  });

  test.each(["cost", "run"])(
    "a file of tensors without an experiment is refused by %s, with layouts",
    async (command) => {
      const file = golden("timm-vit.pth");
      const { code, err } = await runCommand(command, file);
      const said = err.replaceAll(/\s+/g, " ");
      expect(code).toBe(2);
      expect(said).toContain(`xpike cost ${file} --layout auto`);
      expect(said).toContain("or one of timm-vit, hf-vit,");
      // What it suggests works, or says what else it needs.
      const { code: second, err: more } = await runCommand("cost", file, "--layout", "auto", "--out", at("auto"));
      expect([second, more]).toEqual([2, expect.stringContaining("Give it: --heads N")]);
      const priced = await runCommand("cost", file, "--layout", "auto", "--heads", "2", "--out", at("auto"));
      expect(priced.code).toBe(0);
      expect((await runCommand(command, at("lost.safetensors"))).err).toContain("There is no such file");
    },
  );

  test("prices what cannot be imported, with the reason", async () => {
    const report = await price(
      golden("torch-encoder.pth"),
      ...["--layout", "torch-encoder", "--heads", "2", "--experiment", golden("torch-encoder.json")],
    );
    expect(report.notes.join("\n")).toContain("Priced by its sizes: With norm_first=False");
  });
});
