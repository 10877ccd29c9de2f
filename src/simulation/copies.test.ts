/** Copies of a query on the machine: the same answer from every simulator, and the mean of what the tokens say one by one. */
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { copiesGeometry, tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { tokensRead } from "../model/geometry.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { programChip } from "./chip.ts";
import { simulateCycles } from "./cycle.ts";
import { simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const PROMPTS = 4;
const { tokens, inputs, classes, copies, ...rest } = copiesGeometry;
const oneByOne = { ...rest, tokens, inputs, classes, queries: tokensRead(copiesGeometry) };
const model = transformerSpec.parse({
  ...{ normalisation: "none", width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } },
});
const input = packSpikes(tinyBits(3, PROMPTS, 3, tokens), 3, PROMPTS * tokens, inputs);

test.each([{}, { arithmetic: {} }, { arithmetic: {}, order: "step-major" }])("on %j", (hardware) => {
  const spec = literalMachine(hardware);
  const chipOf = (geometry: typeof copiesGeometry) => {
    const network = tinyNetwork(model, 4, geometry);
    return calibrate(programChip(network, mapNetwork(network, spec), spec, stream(1)), input, stream(2));
  };
  const chip = chipOf(copiesGeometry);
  const slow = simulate(chip, input, stream(5));
  expect(slow.stepLogits).toHaveLength(3 * PROMPTS * copies!.length * classes);
  expect(simulateFast(chip, input, stream(5))).toEqual(slow);
  const clocked = simulateCycles(chip, input, stream(5));
  expect(clocked.logits).toEqual(slow.logits);
  expect(clocked.actions).toEqual(slow.actions);

  const each = simulate(chipOf(oneByOne), input, stream(5));
  expect(each.actions).toEqual(slow.actions);
  const groups = Array.from({ length: PROMPTS }, (_, k) =>
    [[0], [1, 2], [3, 4, 5]].map((of) => of.map((i) => 6 * k + i)),
  );
  groups.flat().forEach((group, answer) => {
    for (let c = 0; c < classes; c++) {
      const mean = group.reduce((sum, i) => sum + each.logits[i * classes + c], 0) / group.length;
      // Float32, and steps and copies are summed in another order.
      expect(slow.logits[answer * classes + c]).toBeCloseTo(mean, 5);
    }
  });
});
