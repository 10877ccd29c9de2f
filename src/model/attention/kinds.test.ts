/** Every kind of attention against finite differences, by hand, and against each other. */
import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../../test/support/gradient.ts";
import { type AttentionKind, attentionSpec } from "../../experiment/attention.ts";
import { ATTENTION_PARTS } from "../../experiment/by-attention.ts";
import { centralDifferences } from "../finite-difference.ts";
import type { HeadVectors } from "../heads.ts";
import type { AttentionRun } from "./attention.ts";
import { attentionModel } from "./catalogue.ts";

const shape = { steps: 3, tokens: 3, dimension: 2 };
const SIZE = 18;
const causal = Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1);
const run: AttentionRun = {
  mask: causal,
  neuron: { kind: "lif", beta: 0.5, threshold: 1, reset: "hard" },
  surrogate: { kind: "sigmoid", alpha: 4 },
  smooth: false,
  draws: null,
};

/** Parameters at which neurons fire at some steps and not at others. */
const PARAMETERS: Readonly<Record<AttentionKind, object>> = {
  stochastic: { scoreGain: 1, valueGain: 1 },
  lif: { scoreGain: 2, valueGain: 4 },
  spikformer: { scale: 0.5 },
  "sdsa-1": { scale: 0.5 },
  "sdsa-3": { scale: 0.5 },
  "qk-token": { scale: 0.5 },
  "qk-channel": { scale: 0.5 },
  "alpha-xnor": { alpha: 0.25, scale: 0.5 },
  "binary-map": { cut: 1, scale: 0.5 },
  random: { scale: 0.5 },
  none: {},
};
const KINDS = Object.keys(PARAMETERS) as AttentionKind[];
const modelOf = (kind: AttentionKind, parameters: object = PARAMETERS[kind]) =>
  attentionModel(attentionSpec.parse({ kind, ...parameters }));

/** Positive reals; empty for parts that the kind does not read. */
const inputsOf = (kind: AttentionKind): HeadVectors => {
  const part = (name: "query" | "key" | "value", seed: number) =>
    (ATTENTION_PARTS[kind] as readonly string[]).includes(name)
      ? normals(SIZE, seed).map(Math.abs)
      : new Float64Array(0);
  return { query: part("query", 1), key: part("key", 2), value: part("value", 3) };
};

const bits = (text: string): Float64Array => Float64Array.from(text.replaceAll(" ", ""), Number);

describe.each(KINDS)("%s", (kind) => {
  test.each(["hard", "soft"] as const)("its backward pass is the gradient of the smooth network, %s reset", (reset) => {
    const smooth = { ...run, neuron: { ...run.neuron, reset }, smooth: true };
    const attend = modelOf(kind);
    const inputs = inputsOf(kind);
    const towards = normals(SIZE, 4);
    const attended = attend(inputs, shape, smooth);
    const loss = () => {
      const moved = attend(inputs, shape, smooth);
      // A reset that flips is a step that no gradient sees.
      for (const [i, { fired }] of moved.neurons.entries()) expect(fired).toEqual(attended.neurons[i].fired);
      return weighted(moved.output, towards);
    };
    const gradient = attended.backward(towards);
    const learned = ATTENTION_PARTS[kind].filter((part) => kind !== "random" || part === "value");
    for (const part of learned) {
      // As in `lif.test.ts`.
      expectClose(gradient[part], centralDifferences(loss, inputs[part], 1e-6), { absolute: 2e-8 }, part);
      expect(Math.max(...gradient[part].map(Math.abs))).toBeGreaterThan(0.01);
    }
  });
});

test("no kind reads a token behind a closed mask", () => {
  for (const kind of KINDS) {
    const attend = modelOf(kind);
    const first = () => attend(inputs, shape, run).output.slice(0, 2);
    const inputs = inputsOf(kind);
    const before = first();
    for (const part of ATTENTION_PARTS[kind]) inputs[part].fill(9, 2, 6);
    expect(first(), kind).toEqual(before);
  }
});

describe("by hand: two tokens of two features, all open, one step, threshold 1", () => {
  const two = { steps: 1, tokens: 2, dimension: 2 };
  const open = { ...run, mask: Uint8Array.of(1, 1, 1, 1) };
  // counts q.k: token 0: 2 1; token 1: 1 1.
  const head = { query: bits("11 10"), key: bits("11 10"), value: bits("10 11") };
  const output = (kind: AttentionKind, parameters: object) => [...modelOf(kind, parameters)(head, two, open).output];

  test.each([
    // 2 (1 0) + 1 (1 1) = (3 1);  1 (1 0) + 1 (1 1) = (2 1)
    ["spikformer", { scale: 0.5 }, [1, 0, 1, 0]],
    ["spikformer", { scale: 1 }, [1, 1, 1, 1]],
    ["sdsa-3", { scale: 0.5 }, [1, 0, 1, 0]],
    // k and v: (1 0) + (1 0) = (2 0), which gates q.
    ["sdsa-1", { scale: 0.5 }, [1, 0, 1, 0]],
    // q by token: 2, 1; gates k.
    ["qk-token", { scale: 0.5 }, [1, 1, 0, 0]],
    // q by channel: (2 1); gates k.
    ["qk-channel", { scale: 0.5 }, [1, 0, 1, 0]],
    // Two zeros: only token 1 with itself, 1: weights 2 1; 1 2. Sums (3 1); (3 2).
    ["alpha-xnor", { alpha: 1, scale: 0.5 }, [1, 0, 1, 1]],
    // Scores 1 0; 0 0.
    ["binary-map", { cut: 2, scale: 1 }, [1, 0, 0, 0]],
    ["binary-map", { cut: 1, scale: 0.5 }, [1, 0, 1, 0]],
    ["none", {}, [1, 0, 1, 1]],
  ] as const)("%s with %o", (kind, parameters, expected) => {
    expect(output(kind, parameters)).toEqual(expected);
  });
});

test("Q (K^T V) and (Q K^T) V are the same numbers", () => {
  const head = inputsOf("sdsa-3");
  const { dimension, steps, tokens } = shape;
  const current = new Float64Array(SIZE);
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < tokens; i++) {
      const at = (n: number, c: number) => (t * tokens + n) * dimension + c;
      // K^T V of the tokens that i may attend to, d x d.
      for (let a = 0; a < dimension; a++) {
        for (let c = 0; c < dimension; c++) {
          let product = 0;
          for (let j = 0; j < tokens; j++)
            product += causal[i * tokens + j] * head.key[at(j, a)] * head.value[at(j, c)];
          current[at(i, c)] += head.query[at(i, a)] * product;
        }
      }
    }
  }
  // A neuron that never reaches its threshold nor leaks shows its current.
  const still = { ...run, neuron: { kind: "lif", beta: 1, threshold: 1000, reset: "hard" } } as const;
  const [{ membrane }] = modelOf("sdsa-3", { scale: 1 })(head, { ...shape, steps: 1, tokens: 3 }, still).neurons;
  expectClose(membrane.slice(0, 6), current.slice(0, 6), { absolute: 1e-12 });
});
