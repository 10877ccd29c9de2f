/** A network that reads out bits on the machine: fewer outputs of the head, and the same answer from every simulator. */
import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { transformerSpec } from "../experiment/model.ts";
import { machineOf } from "../machine/machine.ts";
import { shapeLayers, shapeOf } from "../machine/shape.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { programChip } from "./chip.ts";
import { simulateCycles } from "./cycle.ts";
import { simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const geometry = { ...tinyGeometry, classes: 16 };
const size = {
  normalisation: "none",
  width: 16,
  heads: 2,
  depth: 1,
  expansion: 2,
  steps: 3,
  neuron: { threshold: 0.4 },
};
const networkOf = (readOut: "joint" | "bits") => tinyNetwork(transformerSpec.parse({ ...size, readOut }), 4, geometry);
const input = packSpikes(tinyBits(3, 5, 3), 3, 5 * geometry.tokens, geometry.inputs);

test.each([{}, { arithmetic: {} }, { arithmetic: {}, crossbar: { rows: 13, columns: 3 } }])(
  "all simulators give the same four logits an answer on %j",
  (hardware) => {
    const spec = literalMachine(hardware);
    const network = networkOf("bits");
    const chip = calibrate(programChip(network, mapNetwork(network, spec), spec, stream(1)), input, stream(2));
    const slow = simulate(chip, input, stream(5));
    expect(slow.logits).toHaveLength(5 * geometry.queries.length * 4);
    expect(new Set(slow.logits).size).toBeGreaterThan(10);
    expect(simulateFast(chip, input, stream(5))).toEqual(slow);
    const clocked = simulateCycles(chip, input, stream(5));
    expect(clocked.logits).toEqual(slow.logits);
    expect(clocked.actions).toEqual(slow.actions);
  },
);

test("the head has an output for each bit, in the mapping, the shape and the machine", () => {
  const headOf = (readOut: "joint" | "bits") => {
    const { model } = networkOf(readOut);
    const spec = literalMachine({ crossbar: { rows: 16, columns: 4 } });
    const shape = shapeOf(model, geometry);
    const mapped = mapNetwork(networkOf(readOut), spec).layers.at(-1)!;
    const unit = machineOf(spec, shape).layers.at(-1)!;
    expect([mapped.name, unit.name]).toEqual(["head", "head"]);
    return [mapped.outputs, mapped.columnGroups, shapeLayers(shape).at(-1)!.outputs, unit.outputs, unit.crossbars];
  };
  expect(headOf("joint")).toEqual([16, 4, 16, 16, 4]);
  expect(headOf("bits")).toEqual([4, 1, 4, 4, 1]);
});
