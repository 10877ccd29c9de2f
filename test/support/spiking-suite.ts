/**
 * Passes of spiking networks on a backend against the plain network: spikes, logits, loss and gradients; and passes against each other.
 */
import { describe, expect } from "vitest";
import { drawsOf } from "../../src/experiment/by-attention.ts";
import { type TransformerSpec, transformerSpec } from "../../src/experiment/model.ts";
import type { AttentionMode } from "../../src/kernels/attention.ts";
import { attentionDraws } from "../../src/kernels/draws.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { networkBackward, networkForward } from "../../src/model/forward.ts";
import type { Network } from "../../src/model/network.ts";
import { spikeRatePenalty } from "../../src/model/spike-rate.ts";
import { stepLossBackward, stepLossForward } from "../../src/model/step-loss.ts";
import { packSpikes, unpackSpikes } from "../../src/spike/train.ts";
import { type Backend, type BackendTest, wordsAt } from "./backends.ts";
import { expectClose } from "./gradient.ts";
import { createPass, type PassUnderTestOptions } from "./pass-under-test.ts";
import { type Losses, SMALL, SPIKING_CASES } from "./spiking-cases.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "./tiny-network.ts";

const PROMPTS = 3;
const KEY = [12345, -678] as const;
const FIRST = 4;
const { tokens: N, classes, queries, inputs } = tinyGeometry;

function referenceDraws(model: TransformerSpec) {
  const shape = {
    steps: model.steps,
    prompts: PROMPTS,
    heads: model.heads,
    tokens: N,
    dimension: model.width / model.heads,
  };
  const kind = drawsOf(model.attention);
  return kind === null
    ? []
    : Array.from({ length: model.depth }, (_, block) => attentionDraws(KEY, block, FIRST, shape, kind));
}

/** A network with parameters that are multiples of 1/64: sums of such numbers are exact in single precision, in any order. */
function inSixtyFourths(model: TransformerSpec): Network<TransformerSpec> {
  const network = tinyNetwork(model, 8);
  for (const { data } of Object.values(network.parameters)) {
    for (let i = 0; i < data.length; i++) data[i] = Math.round(data[i] * 64) / 64;
  }
  return network;
}

/** @param test  vitest's, or one that is skipped where the backend has no device */
export const spikingSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    function setUp(
      network: Network<TransformerSpec>,
      attention: AttentionMode,
      training: boolean,
      more: Partial<PassUnderTestOptions> = {},
    ) {
      const set = createPass(backend, network, { maxPrompts: PROMPTS, training, attention, ...more });
      Object.assign(set.pass.draws, { key: KEY, firstPrompt: FIRST, noiseKey: KEY });
      return set;
    }

    async function traceOf({ ops, pass }: ReturnType<typeof setUp>, model: TransformerSpec) {
      const rows = model.steps * PROMPTS * N;
      const trace: Record<string, Uint8Array> = {};
      for (const [name, { at, words: stride, features }] of Object.entries(pass.spikes)) {
        const words = await wordsAt(ops, at, rows * stride);
        trace[name] = unpackSpikes({ steps: model.steps, rows: PROMPTS * N, features, words });
      }
      return trace;
    }

    for (const [name, model, attention, losses = {}] of SPIKING_CASES)
      test(`forward and backward equal the reference: ${name}`, async () => {
        const network = tinyNetwork(model, 5);
        const set = setUp(network, attention, true, losses);
        const { ops, pass, gradient } = set;
        const bits = tinyBits(model.steps, PROMPTS, 6);
        ops.write(pass.inputs, packSpikes(bits, model.steps, PROMPTS * N, inputs).words);
        const rows = PROMPTS * queries.length;
        const targets = Float64Array.from({ length: rows * classes }, (_, i) =>
          i % classes === (i * 7) % 3 ? 0.75 : 0.125,
        );
        for (let row = 0; row < rows; row++) {
          const sum = targets.subarray(row * classes, (row + 1) * classes).reduce((a, b) => a + b, 0);
          for (let c = 0; c < classes; c++) targets[row * classes + c] /= sum;
        }
        ops.write(pass.targets, Float32Array.from(targets));
        const loss = await set.step(PROMPTS, 1 / rows);

        const reference = networkForward(
          network,
          { steps: model.steps, prompts: PROMPTS, values: bits },
          {
            mode: "train",
            attention,
            draws: referenceDraws(model),
          },
        );
        const trace = await traceOf(set, model);
        for (const [name, expected] of Object.entries(reference.trace)) {
          const isSum = model.residual === "spikes" && /input|middle|output/.test(name);
          if (!name.endsWith(".scores") && !isSum) expect(trace[name], name).toEqual(expected);
        }
        // Float32 sums of about a hundred terms of order 1: rounding stays below 1e-5.
        expectClose(await ops.read(pass.logits, rows * classes), reference.logits, { absolute: 1e-5 }, "logits");
        const { loss: meanLoss, cache } = stepLossForward(reference, targets, classes, losses.stepLoss ?? 0);
        const { penalty, slopes: rates } = spikeRatePenalty(
          reference.rates,
          losses.spikeRate ?? { weight: 0, target: 0 },
        );
        if (losses.spikeRate) expect(penalty).toBeGreaterThan(0.1);
        expect(loss / rows).toBeCloseTo(meanLoss + penalty, 5);
        const { logits, stepLogits } = stepLossBackward(cache, classes);
        const gradients = networkBackward(network, logits, reference, { stepLogits, rates });
        for (const [name, expected] of Object.entries(gradients)) {
          const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3);
          expectClose(
            await ops.read(gradient[name], expected.length),
            expected,
            { absolute: 2e-5 * largest + 1e-7 },
            name,
          );
        }
      });

    test("on weights that are multiples of 1/64 the folded network is bit-identical to the reference", async () => {
      // No order of summation can change a spike or a logit.
      const model = transformerSpec.parse({ ...SMALL, normalisation: "none", steps: 4 });
      const network = inSixtyFourths(model);
      const set = setUp(network, "sampled", false);
      const bits = tinyBits(4, PROMPTS, 9);
      set.ops.write(set.pass.inputs, packSpikes(bits, 4, PROMPTS * N, inputs).words);
      set.pass.forward(PROMPTS);
      const reference = networkForward(
        network,
        { steps: 4, prompts: PROMPTS, values: bits },
        {
          mode: "eval",
          draws: referenceDraws(model),
        },
      );
      expect((await traceOf(set, model)).output).toEqual(reference.trace.output);
      expect([...(await set.ops.read(set.pass.logits, PROMPTS * queries.length * classes))]).toEqual([
        ...reference.logits,
      ]);
    });

    test("on such weights the logits of each step are also bit-identical to the reference", async () => {
      const model = transformerSpec.parse({ ...SMALL, normalisation: "none", steps: 4 });
      const network = inSixtyFourths(model);
      const { ops, pass } = setUp(network, "sampled", true, { stepLoss: 0.5 });
      const bits = tinyBits(4, PROMPTS, 9);
      ops.write(pass.inputs, packSpikes(bits, 4, PROMPTS * N, inputs).words);
      pass.forward(PROMPTS);
      const reference = networkForward(
        network,
        { steps: 4, prompts: PROMPTS, values: bits },
        { mode: "train", draws: referenceDraws(model) },
      );
      const stepLogits = [...(await ops.read(pass.stepLogits!, 4 * PROMPTS * queries.length * classes))];
      expect(stepLogits).toEqual([...reference.stepLogits]);
      expect([...(await ops.read(pass.logits, PROMPTS * queries.length * classes))]).toEqual([...reference.logits]);
      expect(setUp(network, "sampled", true).pass.stepLogits).toBeNull();
    });

    test("the penalty on rates counts exactly the spikes of the reference", async () => {
      const model = transformerSpec.parse({ ...SMALL, width: 16 });
      const network = tinyNetwork(model, 5);
      const bits = tinyBits(3, PROMPTS, 6);
      const lossOf = (losses: Losses) => {
        const { ops, pass, step } = setUp(network, "sampled", true, losses);
        ops.write(pass.inputs, packSpikes(bits, 3, PROMPTS * N, inputs).words);
        ops.fill(pass.targets, PROMPTS * queries.length * classes, 1 / classes);
        return step(PROMPTS, 1);
      };
      const { rates } = networkForward(
        network,
        { steps: 3, prompts: PROMPTS, values: bits },
        { mode: "train", draws: referenceDraws(model) },
      );
      const spikeRate = { weight: 3, target: 0.125 };
      const { penalty } = spikeRatePenalty(rates, spikeRate);
      expect(penalty).toBeGreaterThan(0.01);
      // Whole counts on both sides: only sums differ. One spike more would add 0.001.
      const answers = PROMPTS * queries.length;
      expect(((await lossOf({ spikeRate })) - (await lossOf({}))) / answers).toBeCloseTo(penalty, 6);
    });

    test("attention bits of a prompt do not depend on the batch it comes in", async () => {
      const model = transformerSpec.parse({ ...SMALL, normalisation: "none" });
      const network = tinyNetwork(model, 10);
      const bits = tinyBits(3, PROMPTS, 11);
      const perPrompt = N * inputs;
      const whole = setUp(network, "sampled", false);
      whole.ops.write(whole.pass.inputs, packSpikes(bits, 3, PROMPTS * N, inputs).words);
      whole.pass.forward(PROMPTS);
      const logits = await whole.ops.read(whole.pass.logits, PROMPTS * queries.length * classes);
      for (let prompt = 0; prompt < PROMPTS; prompt++) {
        const alone = setUp(network, "sampled", false);
        const own = Array.from({ length: 3 }, (_, t) => {
          const from = (t * PROMPTS + prompt) * perPrompt;
          return [...bits.subarray(from, from + perPrompt)];
        }).flat();
        alone.ops.write(alone.pass.inputs, packSpikes(own, 3, N, inputs).words);
        alone.pass.draws.firstPrompt = FIRST + prompt;
        alone.pass.forward(1);
        const size = queries.length * classes;
        expect(await alone.ops.read(alone.pass.logits, size)).toEqual(logits.slice(prompt * size, (prompt + 1) * size));
      }
    });

    for (const [name, model, attention, losses = {}] of SPIKING_CASES)
      test(`recomputing layers in the backward pass changes no bit: ${name}`, async () => {
        const network = tinyNetwork(model, 5);
        const bits = tinyBits(model.steps, PROMPTS, 6);
        const step = async (recompute: boolean) => {
          const set = setUp(network, attention, true, { ...losses, outputNoise: 0.1, recompute });
          const { ops, pass, gradient } = set;
          ops.write(pass.inputs, packSpikes(bits, model.steps, PROMPTS * N, inputs).words);
          ops.fill(pass.targets, PROMPTS * queries.length * classes, 1 / classes);
          const loss = await set.step(PROMPTS, 1);
          const gradients: Record<string, Float32Array> = {};
          for (const [name, { data }] of Object.entries(network.parameters)) {
            gradients[name] = await ops.read(gradient[name], data.length);
          }
          return { loss, gradients };
        };
        expect(await step(true)).toEqual(await step(false));
      });

    test("noise on pre-activations widens each column of the embedding by the requested share", async () => {
      const model = transformerSpec.parse({ ...SMALL, attention: { draws: "independent" } });
      const network = tinyNetwork(model, 5);
      const bits = tinyBits(model.steps, PROMPTS, 6);
      const statistics = async (outputNoise: number | "by column", columnNoise?: number) => {
        const { ops, pass } = setUp(network, "sampled", true, { outputNoise, columnNoise });
        ops.write(pass.inputs, packSpikes(bits, model.steps, PROMPTS * N, inputs).words);
        pass.forward(PROMPTS);
        const { mean, variance } = pass.statistics.embed;
        return { mean: await ops.read(mean, model.width), variance: await ops.read(variance, model.width) };
      };
      const [plain, noisy] = [await statistics(0), await statistics(0.5)];
      expect(await statistics("by column", 0.5)).toEqual(noisy);
      const rows = model.steps * PROMPTS * N;
      const running = network.parameters["embed.variance"].data;
      running.forEach((variance, n) => {
        const added = 0.25 * variance;
        // Four standard errors: of the mean of `rows` draws, and of a variance that includes a product with the signal.
        expect(Math.abs(noisy.mean[n] - plain.mean[n])).toBeLessThan(4 * Math.sqrt(added / rows));
        const error = Math.sqrt((1.4 * added ** 2 + 4 * added * plain.variance[n]) / rows);
        expect(Math.abs(noisy.variance[n] - plain.variance[n] - added)).toBeLessThan(4 * error + added / rows);
      });
    });
  });
