/** Networks that give the same answer at all copies of a query are evaluated with one copy; others are not. */
import { expect, test } from "vitest";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { attentionDraws } from "../kernels/draws.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import { tokensRead } from "../model/geometry.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { symbolDetection } from "../task/symbol-detection.ts";

const PROMPTS = 16;
const STEPS = 3;

test.each([
  ["lif", "stratified", "thermometer", "once"],
  ["lif", "stratified", "bernoulli", "every copy"],
  ["stochastic", "ordered", "thermometer", "once"],
  ["stochastic", "ordered", "bernoulli", "every copy"],
  ["stochastic", "stratified", "thermometer", "every copy"],
  ["stochastic", "independent", "bits", "every copy"],
] as const)("attention %s, draws %s, coding %s: %s", (neuron, draws, coding, asked) => {
  const experiment = parseExperiment({
    task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 3, coding, queryCopies: 4 },
    model: {
      ...{ width: 16, heads: 2, depth: 1, expansion: 2, steps: STEPS },
      ...{ neuron: { threshold: 0.4 }, attention: { neuron, draws, valueGain: 8 } },
    },
  });
  const model = experiment.model as SpikingSpec;
  const task = symbolDetection(experiment.task as SymbolDetectionSpec, STEPS);
  const { copies, ...rest } = task.geometry.spiking;
  expect([...copies!]).toEqual([1, 1, 1, 4]);
  // The same tokens, each giving its own answer.
  const ofEach = { ...rest, queries: tokensRead(task.geometry.spiking) };
  const network: Network<SpikingSpec> = initialise(model, ofEach, stream(3));
  const { spikes } = task.draw(PROMPTS, stream(5));
  const shape = { steps: STEPS, prompts: PROMPTS, heads: 2, tokens: ofEach.tokens, dimension: 8 };
  const input = spikeInput(spikes!, ofEach.tokens);
  const words = [attentionDraws(stream(7).key, 0, 0, shape, draws)];
  const { logits } = networkForward(network, input, { mode: "train", draws: words });

  const perToken = logits.length / (PROMPTS * ofEach.queries.length);
  const answers = Array.from({ length: PROMPTS * ofEach.queries.length }, (_, i) =>
    [...logits.subarray(i * perToken, (i + 1) * perToken)].join(),
  );
  // The copies of the last query of each prompt, after three queries with one copy.
  const differ = Array.from({ length: PROMPTS }, (_, k) => new Set(answers.slice(k * 7 + 3, (k + 1) * 7)).size > 1);
  expect(differ.some(Boolean)).toBe(asked === "every copy");

  const { tokens, copies: given } = networkGeometry(experiment, createTask(experiment));
  expect([tokens, given !== undefined]).toEqual(asked === "once" ? [7, false] : [10, true]);
});
