/** The mean over tokens on simulated chips: both simulators, and what an ideal machine gives against the exact network. */
import { expect, test } from "vitest";
import { expectClose } from "../../test/support/gradient.ts";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { meanGeometry, tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { transformerSpec } from "../experiment/model.ts";
import { attentionDraws } from "../kernels/draws.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const PROMPTS = 4;
const { tokens, inputs, classes } = meanGeometry;
const model = transformerSpec.parse({
  ...{ normalisation: "none", width: 24, heads: 2, depth: 1, expansion: 2, steps: 3, position: "learned" },
  neuron: { threshold: 0.4 },
});
const network = tinyNetwork(model, 4, meanGeometry);
const input = packSpikes(tinyBits(3, PROMPTS, 3), 3, PROMPTS * tokens, inputs);

function chipOf(hardware: object): Chip {
  const spec = literalMachine(hardware);
  return programChip(network, mapNetwork(network, spec), spec, stream(1));
}

test("the fast simulator equals the functional one to the last bit", () => {
  const chip = calibrate(chipOf({ crossbar: { rows: 13, columns: 10 } }), input, stream(2));
  const slow = simulate(chip, input, stream(3), { rasters: 1 });
  expect(simulateFast(chip, input, stream(3), { rasters: 1 })).toEqual(slow);
  expect(slow.stepLogits.length).toBe(3 * PROMPTS * classes);
});

test("on an ideal machine the answers are those of the exact network", () => {
  const ideal = { crossbar: { device: { kind: "ideal" }, conductanceBits: null }, adc: { bits: null } };
  const random = stream(5);
  const shape = { steps: 3, prompts: PROMPTS, heads: 2, tokens, dimension: 12 };
  const draws = [attentionDraws(random.fork("attention").key, 0, 0, shape, "stratified")];
  const exact = networkForward(network, spikeInput(input, tokens), { mode: "eval", draws });
  const { logits } = simulate(chipOf(ideal), input, random);
  // Sums of at most 48 terms of order 1 in single precision.
  expectClose([...logits], [...exact.logits], { absolute: 1e-5 }, "logits");
});

test("the head reads every token", () => {
  const chip = calibrate(chipOf({}), input, stream(2));
  const { operations } = simulate(chip, input, stream(3));
  const head = operations.find(({ name }) => name === "head")!;
  expect(head.actions.bitsRead).toBe(3 * PROMPTS * tokens * model.width);
});
