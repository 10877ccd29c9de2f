/** The price of a neuron's soft reset matches the gates that it adds to a neuron in SystemVerilog. */
import { expect, test } from "vitest";
import { gates } from "../src/cost/sources/nangate-45.ts";
import type { NeuronReset } from "../src/experiment/neuron.ts";
import { synthesiseSources } from "../src/node/rtl-synthesis.ts";
import { sourceFiles } from "../src/rtl/design.ts";
import { neurons } from "../src/rtl/machine/neurons.ts";
import { ENGINE } from "../src/rtl/ssa-engine.ts";

const BITS = 14;
const PRICED_BITS = 16;
/** Area of AND2_X1, in square micrometres. */
const GATE_AREA = 1.064;

/** Gates of one integrate-and-fire neuron, synthesised separately. */
async function gatesOf(reset: NeuronReset, threshold: number): Promise<number> {
  const size = {
    lanes: 1,
    multiplexerSteps: 1,
    currentBits: BITS,
    membraneBits: BITS,
    tokens: 1,
    hasThresholdPin: false,
  };
  const membrane = { low: -(2 ** (BITS - 1)), high: 2 ** (BITS - 1) - 1 };
  // Without a machine, synthesis starts at the engine.
  const top = { ...neurons(size, { leakShift: 0, threshold, reset, membrane }), name: ENGINE };
  const { blocks } = await synthesiseSources(sourceFiles([top]), { yosys: "bundled" });
  return blocks[0].gates;
}

const added = async (threshold: number) => (await gatesOf("soft", threshold)) - (await gatesOf("hard", threshold));

test("a soft reset is priced by the gates that it adds", async () => {
  const { andGate, softReset, softResetArea } = gates.prices;
  const widened = PRICED_BITS / BITS;
  const most = await added(257);
  expect(softReset.value / (most * widened * andGate.value)).toBeCloseTo(1, 2);
  expect(softReset.high! / (most * widened * andGate.high!)).toBeCloseTo(1, 2);
  expect((1e12 * softResetArea.value) / (most * widened * GATE_AREA)).toBeCloseTo(1, 2);
  // A one-bit threshold, as in all bundled networks, takes fewer gates to subtract.
  const least = await added(256);
  expect(softReset.low! / (least * widened * andGate.value)).toBeCloseTo(1, 1);
});
