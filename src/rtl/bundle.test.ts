import { expect, test } from "vitest";
import { randomRun, smallDesign } from "../../test/support/engine-runs.ts";
import { lifParameters } from "../hardware/lif-parameters.ts";
import { stream } from "../numeric/stream.ts";
import { rtlBundle } from "./bundle.ts";
import { lifBundle } from "./lif-bundle.ts";
import { lifTestPins } from "./lif-windows.ts";

test("the same engine and runs give the same files", () => {
  const bundle = () => {
    const design = smallDesign({ tokens: 4, dimension: 16, isCausal: true, draws: "stratified", heads: 2 });
    return rtlBundle(design, [randomRun(design, 3, stream(1))], "Random spikes.");
  };
  expect(bundle()).toEqual(bundle());
});

test("the same LIF unit and codes give the same files", () => {
  const request = { rowBlocks: 4, columns: 8, leakShift: 1, fractionBits: 2, offsetBits: 6, steps: 10 };
  const bundle = () => {
    const parameters = lifParameters({ codeBits: 6, ...request });
    return lifBundle({ parameters, pins: lifTestPins(parameters, 6, stream(7)), origin: "Random codes." });
  };
  expect(bundle()).toEqual(bundle());
});
