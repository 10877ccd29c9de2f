/** Neurons of every kind on the kernels, against the reference, at sizes around those of vectors and words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { expectClose } from "../../test/support/gradient.ts";
import { type SurrogateSpec, surrogateSpec } from "../experiment/model.ts";
import { type NeuronSpec, neuronSpec } from "../experiment/neuron.ts";
import { neuronModel } from "../model/neuron/catalogue.ts";
import { surrogateReach } from "../model/neuron/surrogate.ts";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { reserveBits } from "./arena.ts";
import { neuronKernels } from "./wasm/neuron-kernels.ts";

// Leaks, rises and decays that are exact in binary.
const neurons = [
  { kind: "lif", beta: 0.5 },
  { kind: "if" },
  { kind: "plif", beta: 0.75 },
  { kind: "alif", rise: 0.5, decay: 0.75 },
].flatMap((neuron) =>
  (["hard", "soft"] as const).map((reset) => neuronSpec.parse({ ...neuron, threshold: 0.75, reset })),
);
const surrogates = ["sigmoid", "triangular", "rectangular", "atan"].map((kind) => surrogateSpec.parse({ kind }));
const sizes = fc.record({
  steps: fc.integer({ min: 1, max: 6 }),
  rows: fc.integer({ min: 1, max: 3 }),
  features: fc.integer({ min: 1, max: 20 }).map((four) => 4 * four),
  mapped: fc.boolean(),
  accumulate: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1000 }),
});
type Sizes = Parameters<Parameters<typeof sizes.map>[0]>[0];

describe.each(BACKENDS)("on $name", (backend) => {
  function run(neuron: NeuronSpec, surrogate: SurrogateSpec, { steps, rows, features, ...of }: Sizes) {
    const { ops, arena } = backend.create(1 << 20);
    const random = stream(of.seed);
    const count = steps * rows * features;
    /** Multiples of 1/16, whose sums and products are exact in single precision for six steps. */
    const numbers = (length: number, from: number, to: number) =>
      Float32Array.from({ length }, () => from + random.integer(16 * (to - from)) / 16);
    const place = (values: Float32Array) => {
      const at = arena.words(values.length);
      ops.write(at, values);
      return at;
    };
    const [x, scale, shift] = [numbers(count, -1, 2), numbers(features, 0, 2), numbers(features, -1, 1)];
    const [upstream, before] = [numbers(count, -1, 1), numbers(count, -1, 1)];
    const currents = of.mapped ? x.map((value, i) => value * scale[i % features] + shift[i % features]) : x;
    const map = of.mapped ? { scale: place(scale), shift: place(shift) } : null;
    const spikes = reserveBits(arena, steps * rows, features);
    const gate = reserveBits(arena, steps * rows, features);
    const reach = surrogateReach(surrogate);
    const layer = { currents: place(x), steps, rows, map, neuron };
    ops.fire({ ...layer, spikes, near: reach === null ? null : { bits: gate, reach } });
    const { learned } = neuronModel(neuron);
    const dLearned = Object.fromEntries(Object.keys(learned).map((name) => [name, place(Float32Array.of(0.5))]));
    const target = place(before);
    const scratch = arena.words(neuronKernels(neuron).scratch(steps));
    const { accumulate } = of;
    ops.fireBackward({
      ...layer,
      surrogate,
      features,
      dSpikes: place(upstream),
      target,
      accumulate,
      dLearned,
      scratch,
    });

    const model = neuronModel(neuron);
    const cache = model.forward(Float64Array.from(currents), steps);
    const gradients = model.backward(Float64Array.from(upstream), cache, steps, surrogate);
    const bitsOf = ({ at, words }: typeof spikes) =>
      unpackSpikes({ steps, rows, features, words: ops.words(at, steps * rows * words) });
    expect(bitsOf(spikes)).toEqual(cache.fired);
    if (reach !== null)
      expect(bitsOf(gate)).toEqual(Uint8Array.from(cache.distance, (d) => (Math.abs(d) < reach ? 1 : 0)));
    // Membranes are exact; slopes have a relative error of 3e-6 at most, and up to six steps add up.
    const base = (i: number) => (accumulate ? before[i] : 0);
    expectClose(
      ops.floats(target, count),
      gradients.current.map((d, i) => d + base(i)),
      { absolute: 1e-4 },
    );
    for (const [name, [d]] of Object.entries(gradients.learned)) {
      expectClose(ops.floats(dLearned[name], 1), [0.5 + d], { absolute: 1e-5 * count + 1e-5 }, name);
    }
    return cache.fired.includes(1);
  }

  describe.each(neurons)("$kind neurons with a $reset reset", (neuron) => {
    test.each(surrogates)("fire bit for bit like the reference, and have its gradients: $kind", (surrogate) => {
      let fired = false;
      fc.assert(
        fc.property(sizes, (of) => {
          fired = run(neuron, surrogate, of) || fired;
        }),
        { seed: 1, numRuns: 30 },
      );
      expect(fired).toBe(true);
    });
  });
});
