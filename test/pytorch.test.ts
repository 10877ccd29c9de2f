/** Networks trained in plain PyTorch give the same answers here: logits, and spike for spike. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { AnnSpec, SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { findTensorMapping } from "../src/import/catalogue.ts";
import { importNetwork } from "../src/import/import.ts";
import { decodeTensors } from "../src/import/source.ts";
import { createNetworkPass } from "../src/kernels/network-pass.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { type NetworkInput, networkForward } from "../src/model/forward.ts";
import type { Network } from "../src/model/network.ts";
import { packSpikes, unpackSpikes } from "../src/spike/train.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";

interface GoldenSpikes {
  readonly logits: number[];
  readonly trace: Record<string, string>;
}

const folder = join(import.meta.dirname, "golden");
const golden = JSON.parse(readFileSync(join(folder, "pytorch.json"), "utf8")) as {
  ann: { mask: number[]; queries: number[]; values: number[]; logits: number[] };
  spiking: GoldenSpikes & { inputs: string; ties: number };
  batchNorm: GoldenSpikes & { margin: number; rounding: number };
};

const size = { width: 16, depth: 2, heads: 2, expansion: 2 };

function importGolden(file: string, experiment: Experiment, select?: string): Network {
  const { tensors } = decodeTensors(new Uint8Array(readFileSync(join(folder, file))), select, file);
  const { model } = experiment;
  const geometry = networkGeometry(experiment, createTask(experiment));
  const mapping = findTensorMapping("xpikeformer", { model, geometry }, new Set(tensors.keys()));
  return importNetwork(tensors, model, geometry, mapping).network;
}

/** Logits of the fast kernels. */
function kernelLogits(network: Network, prompts: number, load: Uint32Array | Float32Array) {
  const { kernels, pass } = createNetworkPass(network, prompts, load instanceof Float32Array);
  if (load instanceof Float32Array) kernels.f32.set(load, pass.inputs / 4);
  else kernels.u32.set(load, pass.inputs / 4);
  pass.forward(prompts);
  const count = prompts * network.geometry.queries.length * network.geometry.classes;
  const logits = kernels.f32.slice(pass.logits / 4, pass.logits / 4 + count);
  return { logits, kernels, pass };
}

const largestDifference = (a: ArrayLike<number>, b: readonly number[]) =>
  b.reduce((largest, value, i) => Math.max(largest, Math.abs(value - a[i])), Math.abs(a.length - b.length));

describe("a conventional transformer of PyTorch", () => {
  const experiment = parseExperiment({ task: { pilots: 3 }, model: { kind: "ann", position: "learned", ...size } });
  const { mask, queries, values, logits } = golden.ann;

  test.each([
    ["ann.pth", undefined],
    ["ann-separate.pth", "state_dict"],
  ])("%s gives the logits that PyTorch gives, in exact arithmetic and on kernels", (file, select) => {
    const network = importGolden(file, experiment, select) as Network<AnnSpec>;
    expect(Array.from(network.geometry.mask)).toEqual(mask);
    expect(Array.from(network.geometry.queries)).toEqual(queries);
    // Three layers in single precision, with logits near 1: PyTorch rounds at about 1e-6.
    expect(largestDifference(networkForward(network, { prompts: 3, values }).logits, logits)).toBeLessThan(1e-5);
    expect(largestDifference(kernelLogits(network, 3, Float32Array.from(values)).logits, logits)).toBeLessThan(1e-4);
    expect(Math.max(...logits) - Math.min(...logits)).toBeGreaterThan(1);
  });
});

describe("a spiking transformer of PyTorch", () => {
  const [steps, prompts] = [4, 2];
  const experimentWith = (normalisation: string) =>
    parseExperiment({
      task: { pilots: 7, tokens: "shifted" },
      model: { ...size, steps, normalisation, attention: { kind: "lif", scoreGain: 4, valueGain: 8 } },
    });
  const bits = unpackHex(golden.spiking.inputs);
  const input: NetworkInput = { steps, prompts, values: Float64Array.from(bits) };
  const packed = packSpikes(bits, steps, prompts * 8, 24);

  function expectTrace(trace: Record<string, Uint8Array>, { trace: expected }: GoldenSpikes, names: string[]) {
    for (const name of names) expect([name, [...trace[name]]]).toEqual([name, unpackHex(expected[name])]);
  }

  function kernelTrace(network: Network<SpikingSpec>) {
    const { logits, kernels, pass } = kernelLogits(network, prompts, packed.words);
    if (!("spikes" in pass)) throw new Error("no spiking pass");
    const trace: Record<string, Uint8Array> = {};
    for (const [name, { at, words, features }] of Object.entries(pass.spikes)) {
      const data = kernels.u32.slice(at / 4, at / 4 + steps * prompts * 8 * words);
      trace[name] = unpackSpikes({ steps, rows: prompts * 8, features, words: data });
    }
    return { logits, trace };
  }

  test("whose sums are exact gives the same spikes, all of them, also where membranes meet the threshold exactly", () => {
    const network = importGolden("spiking.pth", experimentWith("none")) as Network<SpikingSpec>;
    const { logits, trace } = networkForward(network, input, { mode: "eval" });
    expectTrace(trace, golden.spiking, Object.keys(golden.spiking.trace));
    expect(Object.keys(trace).sort()).toEqual(Object.keys(golden.spiking.trace).sort());
    expect(Array.from(logits)).toEqual(golden.spiking.logits);
    expect(golden.spiking.ties).toBeGreaterThan(10);
    const fast = kernelTrace(network);
    expectTrace(fast.trace, golden.spiking, layersOf(golden.spiking));
    expect(Array.from(fast.logits)).toEqual(golden.spiking.logits);
  });

  test("with BatchNorm gives the same spikes when no membrane is nearer to the threshold than rounding", () => {
    // The generator's condition: single precision shifts no membrane by more than a hundredth of the smallest distance.
    expect(golden.batchNorm.margin).toBeGreaterThan(100 * golden.batchNorm.rounding);
    const network = importGolden("batch-norm.pth", experimentWith("batch")) as Network<SpikingSpec>;
    const { logits, trace } = networkForward(network, input, { mode: "eval" });
    expectTrace(trace, golden.batchNorm, Object.keys(golden.batchNorm.trace));
    // Equal bits into the same head, in double precision on both sides: only the order of sums differs.
    expect(largestDifference(logits, golden.batchNorm.logits)).toBeLessThan(1e-12);

    const folded = importGolden("batch-norm.pth", experimentWith("none")) as Network<SpikingSpec>;
    // The unfolded import rounds mean - bias to single precision, while the folded one keeps it in double until the end.
    for (const [name, { data }] of Object.entries(foldNetwork(network).parameters)) {
      expect(largestDifference(folded.parameters[name].data, Array.from(data))).toBeLessThan(1e-6);
    }
    const fast = kernelTrace(folded);
    expectTrace(fast.trace, golden.batchNorm, layersOf(golden.batchNorm));
    // Sums of 16 weights in single precision.
    expect(largestDifference(fast.logits, golden.batchNorm.logits)).toBeLessThan(1e-5);
  });
});

/** The kernels keep the bits of all layers, except the scores within attention. */
const layersOf = ({ trace }: GoldenSpikes) => Object.keys(trace).filter((name) => !name.endsWith(".scores"));

/** Four bits to a digit, first bit first. */
function unpackHex(text: string): number[] {
  return Array.from(text).flatMap((digit) => {
    const value = Number.parseInt(digit, 16);
    return [8, 4, 2, 1].map((bit) => (value & bit ? 1 : 0));
  });
}
