/** Plans as numbers: they need no memory, and the sizes that they request are sufficient. */
import { afterEach, expect, test, vi } from "vitest";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { annSpec, type ModelSpec, transformerSpec } from "../experiment/model.ts";
import { packSpikes } from "../spike/train.ts";
import { type Arena, countingArena, reserveTally } from "./arena.ts";
import { standaloneKernels } from "./memory.ts";
import { bindNetwork } from "./network-pass.ts";
import type { PassOptions } from "./pass.ts";
import { MOST_TALLIES } from "./pass-loss.ts";
import { planNetwork } from "./pass-plan.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

const PROMPTS = 3;
const size = { width: 24, depth: 2, heads: 2, expansion: 2, position: "learned" } as const;
const triangular = { kind: "triangular", width: 1 } as const;
const everything = { stepLoss: 0.5, spikeRate: { weight: 20, target: 0 }, outputNoise: 0.1 };
const cases: [string, ModelSpec, Partial<PassOptions>][] = [
  ["softmax attention", annSpec.parse({ ...size, kind: "ann" }), {}],
  ["sampled attention", transformerSpec.parse({ ...size, steps: 3, surrogate: triangular }), everything],
  ["layers recomputed", transformerSpec.parse({ ...size, steps: 3 }), { ...everything, recompute: true }],
  [
    "expected attention",
    transformerSpec.parse({ ...size, steps: 3, outputProjection: false }),
    { attention: "expected" },
  ],
  ["LIF attention", transformerSpec.parse({ ...size, steps: 3, attention: { kind: "lif" } }), everything],
  [
    "learned leaks",
    transformerSpec.parse({ ...size, steps: 3, neuron: { kind: "plif" }, surrogate: triangular }),
    everything,
  ],
  [
    "adaptive neurons",
    transformerSpec.parse({ ...size, steps: 3, neuron: { kind: "alif" }, surrogate: triangular }),
    everything,
  ],
  ["real inputs", transformerSpec.parse({ ...size, steps: 3, normalisation: "none" }), { realInputs: true }],
];

const options = (training: boolean, more: Partial<PassOptions>): PassOptions => ({
  maxPrompts: PROMPTS,
  training,
  attention: "sampled",
  realInputs: false,
  ...more,
});

test.each(cases)("a network with %s is planned without WebAssembly", (_, model, more) => {
  vi.stubGlobal("WebAssembly", undefined);
  const network = { model, geometry: tinyGeometry };
  const [training, inference] = [true, false].map((trains) => {
    const arena = countingArena();
    const layout = planNetwork(arena, network, options(trains, more));
    // Numbers, names and masks only: it could be sent to another thread or saved.
    expect(structuredClone(layout)).toEqual(layout);
    return arena.used;
  });
  expect(training).toBeGreaterThan(inference);
});

const GUARD_WORDS = 64;
const GUARD = 0x5eed5eed;

/** An arena that leaves room after every block, up to a sentinel that must not be overwritten. */
function guarded(arena: Arena, guards: { at: number; words: number }[]): Arena {
  const block = (count: number) => {
    const at = arena.words(count + GUARD_WORDS);
    guards.push({ at: at + 4 * count, words: GUARD_WORDS });
    return at;
  };
  return { words: block, mark: arena.mark, rewind: arena.rewind, used: 0 };
}

test.each(cases)(
  "with %s no operation writes past the array or the scratch that was planned for it",
  (_, model, more) => {
    const network = tinyNetwork(model, 5);
    const { kernels, arena } = standaloneKernels(16 << 20);
    const guards: { at: number; words: number }[] = [];
    const memory = guarded(arena, guards);
    const place = () =>
      Object.fromEntries(
        Object.entries(network.parameters).map(([name, { data }]) => [name, memory.words(data.length)]),
      );
    const parameters = { value: place(), gradient: place() };
    const layout = planNetwork(memory, network, options(true, more));
    const tally = reserveTally(memory, MOST_TALLIES);
    for (const { at, words } of guards) kernels.u32.fill(GUARD, at / 4, at / 4 + words);
    for (const [name, { data }] of Object.entries(network.parameters)) kernels.write(parameters.value[name], data);
    const pass = bindNetwork(kernels, layout, parameters);
    const bits = tinyBits(3, PROMPTS, 6);
    const { tokens, inputs } = tinyGeometry;
    const takesSpikes = model.kind === "spiking" && !more.realInputs;
    const values = Float32Array.from(bits.subarray(0, PROMPTS * tokens * inputs));
    kernels.write(pass.inputs, takesSpikes ? packSpikes(bits, 3, PROMPTS * tokens, inputs).words : values);
    pass.step(PROMPTS, 1, tally);
    const broken = guards.filter(({ at, words }) => kernels.words(at, words).some((word) => word !== GUARD));
    expect(broken).toEqual([]);
  },
);
