// @module-tag slow
import { describe, expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { meanGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, stridingStem, tinyGrid, tinyStem } from "../../test/support/tiny-stem.ts";
import { SpecError } from "../errors.ts";
import {
  type AnnSpec,
  annSpec,
  type StemSpec,
  stemSpec,
  type TransformerSpec,
  transformerSpec,
} from "../experiment/model.ts";
import { stream } from "../numeric/stream.ts";
import { gatherWindows } from "./convolution.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import { foldNetwork } from "./fold.ts";
import { networkBackward, networkForward } from "./forward.ts";
import { isSpiking, type Network, parameterLayout } from "./network.ts";
import type { Gradients } from "./operation.ts";
import { pixels, stemGeometry, stemLayers } from "./stem.ts";

const [steps, prompts] = [2, 2];
const { classes } = meanGeometry;

function modelOf(stem: StemSpec | undefined, fields: object = {}): TransformerSpec {
  const size = { width: 8, heads: 2, depth: 1, expansion: 2, position: "learned", stem };
  return transformerSpec.parse({ kind: "spiking", ...size, steps, ...fields });
}

const twinOf = ({ width, heads, depth, expansion, position, stem }: AnnSpec | TransformerSpec): AnnSpec =>
  annSpec.parse({ kind: "ann", width, heads, depth, expansion, position, stem });

/** Loss, gradients and, for a spiking network, bits. The spiking network is smooth, and its attention passes probabilities on. */
function run(network: Network, values: Float64Array): { loss: number; gradients: () => Gradients; fired: Uint8Array } {
  const targets = oneHot([2, 0], classes);
  const lossOf = (logits: Float64Array) => crossEntropyForward(logits, targets, classes);
  if (isSpiking(network)) {
    const forward = networkForward(
      network,
      { steps, prompts, values },
      { mode: "train", attention: "expected", smooth: true },
    );
    const { loss, cache } = lossOf(forward.logits);
    const gradients = () => networkBackward(network, crossEntropyBackward(cache, classes), forward);
    return { loss, gradients, fired: Buffer.concat(Object.values(forward.trace)) };
  }
  const ann = network as Network<AnnSpec>;
  const forward = networkForward(ann, { prompts, values });
  const { loss, cache } = lossOf(forward.logits);
  const gradients = () => networkBackward(ann, crossEntropyBackward(cache, classes), forward);
  return { loss, gradients, fired: new Uint8Array(0) };
}

describe("the backward pass is the gradient with respect to every parameter", () => {
  test.each([
    ["a spiking network that pools", modelOf(tinyStem)],
    ["a spiking network that strides", modelOf(stridingStem, { neuron: { threshold: 0.25, reset: "soft" } })],
    [
      "a spiking network without normalisation",
      modelOf(tinyStem, { normalisation: "none", neuron: { threshold: 0.25 } }),
    ],
    ["overlapping patches", modelOf(stemSpec.parse({ layers: [], embedding: { stride: 2 } }))],
    ["the conventional twin that pools", twinOf(modelOf(tinyStem))],
    ["the conventional twin that strides", twinOf(modelOf(stridingStem))],
  ])("of %s", (_, model) => {
    const geometry = stemmed(model.stem!);
    const network = tinyNetwork(model, 3, geometry);
    const values = normals((model.kind === "ann" ? 1 : steps) * prompts * pixels(tinyGrid) * geometry.inputs, 4);
    const start = run(network, values);
    const gradients = start.gradients();
    const learned = parameterLayout(model, geometry).filter((entry) => entry.learned);
    expect(Object.keys(gradients).sort()).toEqual(learned.map(({ name }) => name).sort());
    const loss = () => {
      const moved = run(network, values);
      // Resets follow the bits, which the backward rule treats as constants.
      expect(Buffer.compare(moved.fired, start.fired), "a bit flipped: choose another seed").toBe(0);
      return moved.loss;
    };
    for (const { name } of learned) {
      const { data } = network.parameters[name];
      const at = [...new Set(Array.from({ length: 6 }, (_, i) => Math.floor((i * data.length) / 6)))];
      // 2^-20: the quotient uses the step that single precision really made. Rounding is about 1e-15 / h, truncation h^2.
      const numeric = centralDifferences(loss, data, 2 ** -20, at);
      const pick = (all: Float64Array) => at.map((i) => all[i]);
      expectClose(pick(gradients[name]), pick(numeric), { absolute: 2e-8, relative: 1e-6 }, name);
      expect(Math.max(...pick(gradients[name]).map(Math.abs)), name).toBeGreaterThan(1e-7);
    }
  });
});

describe("a spiking network with a stem", () => {
  const model = modelOf(tinyStem, { neuron: { threshold: 0.25 } });
  const geometry = stemmed(tinyStem);
  const network = tinyNetwork(model, 5, geometry);
  const draws = stream(6);
  const values = new Float64Array(steps * prompts * 24 * 2).map(() => (draws.uniform() < 0.4 ? 1 : 0));

  test("turns pixels into tokens, through layers named in order", () => {
    expect(stemLayers(model, geometry)).toEqual([
      { name: "stem.0", ...tinySizes(tinyGrid, 2), inputs: 18, outputs: 8, pool: 2, pooled: { rows: 2, columns: 3 } },
      {
        name: "embed",
        ...tinySizes({ rows: 2, columns: 3 }, 8),
        inputs: 72,
        outputs: 8,
        pool: 1,
        pooled: { rows: 2, columns: 3 },
      },
    ]);
    expect(geometry.tokens).toBe(6);
    expect(geometry.queries).toEqual(Int32Array.of(5));
  });

  test("gives its embedding binary windows of an OR over squares of the recorded map", () => {
    if (!isSpiking(network)) return expect.unreachable();
    const { trace, values: all } = networkForward(
      network,
      { steps, prompts, values },
      { mode: "train", attention: "expected" },
    );
    const map = trace["stem.0.map"];
    expect(map.includes(0) && map.includes(1)).toBe(true);
    const pooled = Float64Array.from({ length: steps * prompts * 6 * 8 }, (_, i) => {
      const [c, x, y, image] = [i % 8, Math.floor(i / 8) % 3, Math.floor(i / 24) % 2, Math.floor(i / 48)];
      const at = (dy: number, dx: number) => map[((image * 4 + 2 * y + dy) * 6 + 2 * x + dx) * 8 + c];
      return at(0, 0) | at(0, 1) | at(1, 0) | at(1, 1);
    });
    const [, embed] = stemLayers(model, geometry);
    expect(all.get("embed.windows")).toEqual(gatherWindows(pooled, embed, steps * prompts));
  });

  test("computes the same when BatchNorm is folded", () => {
    if (!isSpiking(network)) return expect.unreachable();
    const options = { mode: "eval", attention: "expected" } as const;
    const [whole, folded] = [network, foldNetwork(network)].map((one) =>
      networkForward(one, { steps, prompts, values }, options),
    );
    expect(folded.trace).toEqual(whole.trace);
    // Folded weights are rounded to single precision, 6e-8 of sums of about 70 terms.
    expectClose(folded.logits, whole.logits, { absolute: 1e-5 });
  });

  test("with windows of one pixel is the network without a stem", () => {
    const single = stemSpec.parse({ layers: [], embedding: { kernel: 1 } });
    const [with1, without] = [modelOf(single), modelOf(undefined)];
    const wide = {
      ...meanGeometry,
      inputs: 2,
      tokens: 24,
      mask: new Uint8Array(576).fill(1),
      queries: Int32Array.of(23),
    };
    const [a, b] = [tinyNetwork(with1, 5, stemmed(single)), tinyNetwork(without, 5, wide)];
    expect(a.parameters).toEqual(b.parameters);
    expect(run(a, values)).toMatchObject({ loss: run(b, values).loss });
  });
});

function tinySizes(grid: typeof tinyGrid, channels: number) {
  return { grid, channels, kernel: 3, stride: 1, windows: grid };
}

describe("refuses what a stem cannot read", () => {
  test("tokens that are not pixels, a class token, and squares that do not fill their map", () => {
    expect(() => stemGeometry(tinyStem, meanGeometry, undefined)).toThrow(/not pixels.*Leave model.stem out/);
    const { readOut: _, ...classToken } = meanGeometry;
    expect(() => stemGeometry(tinyStem, classToken, tinyGrid)).toThrow(/Set task.readOut to `mean`/);
    const odd = () => stemGeometry(tinyStem, meanGeometry, { rows: 4, columns: 7 });
    expect(odd).toThrow(
      /Pooling windows of 2 x 2 pixels do not fill the layer's map of 4 x 7 \(4 \/ 2 = 2, 7 \/ 2 = 3.5\). Sides that do: 1\./,
    );
    expect(odd).toThrow(SpecError);
  });
});
