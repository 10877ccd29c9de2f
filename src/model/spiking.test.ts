// @module-tag slow
import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/support/gradient.ts";
import { meanGeometry, tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { ShapeError, SpecError, ValueError } from "../errors.ts";
import { type TransformerSpec, transformerSpec } from "../experiment/model.ts";
import type { SpikeRateSpec } from "../experiment/training.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import {
  drawBlocks,
  type ForwardOptions,
  networkBackward,
  networkForward,
  repeatInput,
  type SteppedInput,
  spikeInput,
} from "./forward.ts";
import { type Network, parameterLayout } from "./network.ts";
import { spikeRatePenalty } from "./spike-rate.ts";
import { stepLossBackward, stepLossForward } from "./step-loss.ts";

const [steps, prompts] = [3, 2];
const { tokens, classes } = tinyGeometry;
const bits: SteppedInput = { steps, prompts, values: tinyBits(steps, prompts, 1) };

type Settings = Partial<Omit<TransformerSpec, "attention">> & { attention?: Partial<TransformerSpec["attention"]> };

function model(settings: Settings): TransformerSpec {
  return transformerSpec.parse({ kind: "spiking", width: 8, heads: 2, depth: 2, expansion: 2, ...settings });
}

/**
 * Compares `networkBackward` with finite differences of the loss on the smooth network, in which LIF neurons emit the surrogate's
 * integral and stochastic attention passes probabilities on. Resets follow the true bits. The check asserts that no step flips a
 * bit, so the bits are constants here, as in the backward rule. Every parameter is probed at up to eight entries. `stepLoss` is
 * the share of the loss that is taken at each step, `spikeRate` the penalty on rates.
 */
function checkGradients(
  network: Network<TransformerSpec>,
  input: SteppedInput,
  mode: "train" | "eval",
  {
    stepLoss = 0,
    spikeRate = { weight: 0, target: 0 },
    targets = oneHot([0, 1, 2, 1, 1, 0], classes),
  }: { stepLoss?: number; spikeRate?: SpikeRateSpec; targets?: Float64Array } = {},
): void {
  const options: ForwardOptions = { mode, attention: "expected", smooth: true };
  const forward = networkForward(network, input, options);
  const slopes = stepLossBackward(stepLossForward(forward, targets, classes, stepLoss).cache, classes);
  const rates = spikeRatePenalty(forward.rates, spikeRate).slopes;
  const gradients = networkBackward(network, slopes.logits, forward, { stepLogits: slopes.stepLogits, rates });
  const loss = () => {
    const moved = networkForward(network, input, options);
    for (const [name, fired] of Object.entries(moved.trace)) {
      expect(Buffer.compare(fired, forward.trace[name]), `a bit of ${name} flipped: choose another seed`).toBe(0);
    }
    const { penalty } = spikeRatePenalty(moved.rates, spikeRate);
    return stepLossForward(moved, targets, classes, stepLoss).loss + penalty;
  };
  const learned = parameterLayout(network.model, network.geometry).filter((entry) => entry.learned);
  expect(Object.keys(gradients).sort()).toEqual(learned.map(({ name }) => name).sort());
  for (const { name } of learned) {
    const { data } = network.parameters[name];
    const probes = Array.from({ length: Math.min(8, data.length) }, (_, i) => Math.floor((i * data.length) / 8));
    // 2^-21: the quotient uses the step that single precision really made. Rounding is about 1e-15 / h = 2e-9 per unit
    // of loss, truncation h^2 times third derivatives far below it.
    const numeric = centralDifferences(loss, data, 2 ** -21, new Set(probes));
    const at = [...new Set(probes)];
    const analytic = at.map((i) => gradients[name][i]);
    expectClose(
      analytic,
      at.map((i) => numeric[i]),
      { absolute: 2e-8, relative: 1e-6 },
      name,
    );
    // Vanishing gradients would agree, too.
    expect(Math.max(...analytic.map(Math.abs)), name).toBeGreaterThan(1e-6);
  }
}

describe("the backward pass is the gradient of the smooth network", () => {
  test.each<[string, Settings]>([
    ["stochastic attention, probabilities passed on", {}],
    ["LIF attention", { attention: { kind: "lif" } }],
    [
      "learned positions, soft reset",
      { position: "learned", neuron: { kind: "lif", beta: 0.75, threshold: 0.5, reset: "soft" } },
    ],
    ["no output projection", { outputProjection: false }],
    [
      "a learned leak for each layer of neurons",
      { neuron: { kind: "plif", beta: 0.5, threshold: 0.5, reset: "hard" } },
    ],
    [
      "adaptive neurons, the arctangent",
      {
        neuron: { kind: "alif", beta: 0.5, threshold: 0.5, reset: "soft", rise: 0.5, decay: 0.75 },
        surrogate: { kind: "atan", alpha: 2 },
      },
    ],
    ["no residual", { residual: "none", neuron: { kind: "lif", beta: 0.5, threshold: 0.5, reset: "hard" } }],
    [
      "no normalisation, triangular surrogate",
      {
        normalisation: "none",
        surrogate: { kind: "triangular", width: 1 },
        neuron: { kind: "lif", beta: 0.5, threshold: 0.25, reset: "hard" },
      },
    ],
  ])("%s", (_, settings) => {
    checkGradients(tinyNetwork(model(settings), 5), bits, "train");
  });

  test.each([0.4, 1])(
    "a share of %d of the loss taken at each step, at query tokens and in the mean over tokens",
    (share) => {
      checkGradients(tinyNetwork(model({}), 5), bits, "train", { stepLoss: share });
      const pooled = tinyNetwork(model({ depth: 1 }), 5, meanGeometry);
      checkGradients(pooled, bits, "train", { stepLoss: share, targets: oneHot([2, 0], classes) });
    },
  );

  test.each([0, 0.2])("a penalty on rates above %d, paid by all or some layers", (target) => {
    const network = tinyNetwork(model({}), 5);
    const { rates } = networkForward(network, bits, { mode: "train", attention: "expected", smooth: true });
    const paying = Object.values(rates).filter((rate) => rate > target);
    expect(paying.length === Object.keys(rates).length).toBe(target === 0);
    expect(paying.length).toBeGreaterThan(0);
    checkGradients(network, bits, "train", { spikeRate: { weight: 5, target } });
  });

  test("running statistics, repeated real inputs", () => {
    const values = Float64Array.from({ length: prompts * tokens * tinyGeometry.inputs }, (_, i) => Math.sin(3 * i));
    checkGradients(tinyNetwork(model({ depth: 1 }), 7), repeatInput(values, steps, prompts), "eval");
  });
});

describe("a forward pass", () => {
  // A low threshold, so that every layer fires.
  const network = tinyNetwork(model({ neuron: { kind: "lif", beta: 0.5, threshold: 0.25, reset: "hard" } }), 3);
  const draws = drawBlocks(network, bits, stream(4));
  const forward = networkForward(network, bits, { mode: "eval", draws });
  const { trace, logits, statistics } = forward;

  test("records the bits of every layer by name", () => {
    const rows = steps * prompts * tokens;
    const block = (i: number) => ({
      [`blocks.${i}.input`]: rows * 8,
      [`blocks.${i}.qkv`]: rows * 24,
      [`blocks.${i}.scores`]: rows * 2 * tokens,
      [`blocks.${i}.attention`]: rows * 8,
      [`blocks.${i}.middle`]: rows * 8,
      [`blocks.${i}.hidden`]: rows * 16,
    });
    const lengths = Object.fromEntries(Object.entries(trace).map(([name, fired]) => [name, fired.length]));
    expect(lengths).toEqual({ ...block(0), ...block(1), output: rows * 8 });
    for (const [name, fired] of Object.entries(trace)) {
      expect(fired.every((bit) => bit === 0 || bit === 1)).toBe(true);
      expect(fired.includes(1) && fired.includes(0), `${name} is neither silent nor always on`).toBe(true);
    }
    expect(statistics).toEqual({});
  });

  test("reports the rates of LIF neurons outside attention", () => {
    expect(Object.keys(forward.rates)).toEqual(
      Object.keys(trace).filter((name) => !name.endsWith(".scores") && !name.endsWith(".attention")),
    );
    for (const [name, rate] of Object.entries(forward.rates)) {
      expect(rate, name).toBeCloseTo(trace[name].filter((bit) => bit === 1).length / trace[name].length, 14);
    }
  });

  test("reads logits as the mean over steps of the head at the query tokens", () => {
    const { weight, offset } = {
      weight: network.parameters["head.weight"].data,
      offset: network.parameters["head.offset"].data,
    };
    const expected = [];
    for (let b = 0; b < prompts; b++) {
      for (const query of tinyGeometry.queries) {
        for (let c = 0; c < classes; c++) {
          let sum = offset[c];
          for (let t = 0; t < steps; t++) {
            for (let k = 0; k < 8; k++) {
              sum += (trace.output[((t * prompts + b) * tokens + query) * 8 + k] * weight[k * classes + c]) / steps;
            }
          }
          expected.push(sum);
        }
      }
    }
    // Another order of summation: rounding only.
    expectClose(logits, expected, { absolute: 1e-14 });
  });

  test("reads the logits of each step from that step only", () => {
    const { weight, offset } = {
      weight: network.parameters["head.weight"].data,
      offset: network.parameters["head.offset"].data,
    };
    const expected = Array.from({ length: steps * prompts * 3 * classes }, (_, i) => {
      const [row, c] = [Math.floor(i / classes), i % classes];
      const token = Math.floor(row / 3) * tokens + tinyGeometry.queries[row % 3];
      return trace.output
        .subarray(token * 8, token * 8 + 8)
        .reduce((sum, bit, k) => sum + bit * weight[k * classes + c], offset[c]);
    });
    expectClose(forward.stepLogits, expected, { absolute: 1e-14 });
  });

  test("passes scores only where the mask is open, so the first query attends to no token", () => {
    const open = trace["blocks.0.scores"].filter((_, i) => tinyGeometry.mask[i % 25]);
    const closed = trace["blocks.0.scores"].filter((_, i) => !tinyGeometry.mask[i % 25]);
    expect(open.includes(1)).toBe(true);
    expect(closed.includes(1)).toBe(false);
    for (let row = 0; row < steps * prompts * tokens; row += tokens) {
      expect(trace["blocks.0.attention"].slice(row * 8, row * 8 + 8)).toEqual(new Uint8Array(8));
    }
  });

  test("is the same for a packed spike train", () => {
    const train = packSpikes(bits.values, steps, prompts * tokens, tinyGeometry.inputs);
    expect(spikeInput(train, tokens)).toEqual(bits);
  });
});

test("in training, the statistics of every normalised layer are reported", () => {
  const network = tinyNetwork(model({ depth: 1 }), 5);
  const { statistics } = networkForward(network, bits, { mode: "train", attention: "expected" });
  const names = ["embed", "blocks.0.qkv", "blocks.0.projection", "blocks.0.up", "blocks.0.down"];
  expect(Object.keys(statistics)).toEqual(names);
  expect(statistics["blocks.0.qkv"].variance.length).toBe(24);
});

describe("with LIF attention and running statistics", () => {
  const network = tinyNetwork(model({ attention: { kind: "lif" } }), 5);
  const whole = networkForward(network, bits, { mode: "eval" });

  test("later time steps do not affect earlier ones", () => {
    const rows = prompts * tokens;
    const shorter = { steps: 2, prompts, values: bits.values.slice(0, 2 * rows * tinyGeometry.inputs) };
    const { trace } = networkForward(network, shorter, { mode: "eval" });
    expect(trace.output).toEqual(whole.trace.output.slice(0, 2 * rows * 8));
  });

  test("prompts do not see each other", () => {
    const size = tokens * tinyGeometry.inputs;
    const values = bits.values.filter((_, i) => Math.floor(i / size) % prompts === 1);
    const alone = networkForward(network, { steps, prompts: 1, values }, { mode: "eval" });
    expect(alone.logits).toEqual(whole.logits.slice(alone.logits.length));
  });
});

describe("refuses what does not fit", () => {
  const network = tinyNetwork(model({}), 5);

  test("an input that does not fit the geometry", () => {
    expect(() => networkForward(network, { ...bits, steps: 2 }, { mode: "eval", attention: "expected" })).toThrow(
      ShapeError,
    );
  });

  test("sampled stochastic attention without words, or with words for other blocks", () => {
    expect(() => networkForward(network, bits, { mode: "eval" })).toThrow(ValueError);
    const draws = drawBlocks(network, bits, stream(1)).slice(1);
    expect(() => networkForward(network, bits, { mode: "eval", draws })).toThrow(ShapeError);
  });

  test("a network that lacks a parameter", () => {
    const { "blocks.1.up.weight": _, ...parameters } = network.parameters;
    const broken = { ...network, parameters };
    expect(() => networkForward(broken, bits, { mode: "eval", attention: "expected" })).toThrow(SpecError);
  });
});
