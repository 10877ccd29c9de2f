import { describe, expect } from "vitest";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { expectWithin, largest, normals, onBoth, unset } from "../../../test/support/gpu-ops.ts";
import { NEAR_THRESHOLD, neuronsThatDiffer } from "../../../test/support/spike-differences.ts";
import type { SurrogateSpec } from "../../experiment/model.ts";
import { type NeuronSpec, neuronSpec } from "../../experiment/neuron.ts";
import { neuronKernels } from "../wasm/neuron-kernels.ts";

/** Weight of a learned leak: sigmoid(0.4) = 0.6. */
const LEAK = 0.4;

const NEURONS: readonly NeuronSpec[] = [
  { kind: "lif" },
  { kind: "lif", reset: "soft", beta: 0.9 },
  { kind: "if", threshold: 2 },
  { kind: "plif" },
  { kind: "plif", reset: "soft" },
  { kind: "alif" },
  { kind: "alif", reset: "soft", rise: 0.3, decay: 0.5 },
].map((neuron) => neuronSpec.parse(neuron));

/** A single step, words with edges, and more steps than a word has bits. */
const SIZES = [
  { steps: 1, rows: 1, features: 4, mapped: false },
  { steps: 4, rows: 70, features: 36, mapped: true },
  { steps: 37, rows: 9, features: 64, mapped: false },
];

const SURROGATES: readonly SurrogateSpec[] = [
  { kind: "sigmoid", alpha: 4 },
  { kind: "triangular", width: 1 },
  { kind: "rectangular", width: 0.7 },
  { kind: "atan", alpha: 2 },
];

describe.each(NEURONS)("neurons of kind $kind", (neuron) => {
  for (const { steps, rows, features, mapped } of SIZES) {
    const sizes = `${rows} x ${features} at ${steps} steps`;
    const words = Math.ceil(features / 32);
    const count = steps * rows * features;
    const arrays = {
      currents: normals(count, 1, 1.5),
      scale: normals(features, 2).map((x) => 1 + 0.3 * x),
      shift: normals(features, 3, 0.3),
      leak: Float32Array.of(LEAK),
    };
    const packed = (at: number) => ({ at, words, features });
    type At = Readonly<Record<keyof typeof arrays, number>>;
    const neurons = ({ currents, scale, shift, leak }: At) => ({
      currents,
      steps,
      rows,
      map: mapped ? { scale, shift } : null,
      neuron,
      learned: neuron.kind === "plif" ? { leak } : undefined,
    });

    testOnGpu(`fire like those in WebAssembly, except within ${NEAR_THRESHOLD} of a threshold: ${sizes}`, async () => {
      const reach = 0.25;
      const { wasm, gpu } = await onBoth(
        {
          ...arrays,
          spikes: unset(steps * rows * words),
          close: unset(steps * rows * words),
          open: unset(steps * rows * words),
        },
        ["spikes", "close", "open"],
        (ops, { spikes, close, open, ...at }) => {
          ops.fire({ ...neurons(at), spikes: packed(spikes), near: { bits: packed(close), reach: NEAR_THRESHOLD } });
          ops.fire({ ...neurons(at), spikes: packed(spikes), near: { bits: packed(open), reach } });
        },
      );
      const differ = neuronsThatDiffer(steps, gpu.words.spikes, wasm.words.spikes, wasm.words.close);
      expect(differ).toBeLessThanOrEqual(2);
      if (differ === 0 && neuron.kind !== "plif") expect(gpu.words.open).toEqual(wasm.words.open);
    });

    testOnGpu(`pass gradients back, within rounding: ${sizes}`, async () => {
      const targets = Object.fromEntries(SURROGATES.map(({ kind }, i) => [kind, normals(count, 5 + i)]));
      const { wasm, gpu } = await onBoth<string>(
        { ...arrays, dSpikes: normals(count, 4), ...targets, dLeak: normals(1, 9) },
        ["dSpikes", "dLeak", ...Object.keys(targets)],
        (ops, places, scratch) => {
          const { dSpikes, dLeak, ...at } = places as At & Readonly<Record<string, number>>;
          const of = { ...neurons(at), features, dSpikes, dLearned: { leak: dLeak }, scratch };
          for (const surrogate of SURROGATES) {
            ops.fireBackward({ ...of, surrogate, target: at[surrogate.kind], accumulate: true });
          }
          ops.fireBackward({ ...of, surrogate: SURROGATES[1], target: dSpikes });
        },
        neuronKernels(neuron).scratch(steps),
      );
      for (const name of ["dSpikes", ...Object.keys(targets)]) {
        // The sigmoid of WebAssembly is exact to 3e-6; what a soft or adaptive neuron carries adds up over the steps.
        const relative = name === "sigmoid" ? 3e-5 : 2e-6;
        expectWithin(gpu.numbers[name], wasm.numbers[name], relative * largest(wasm.numbers[name]), name);
      }
      // Five sums of terms of about 1, each exact to 1e-5.
      const leakage = neuron.kind === "plif" ? 5e-5 * Math.sqrt(count) : 0;
      expectWithin(gpu.numbers.dLeak, wasm.numbers.dLeak, leakage, "dLeak");
    });
  }
});
