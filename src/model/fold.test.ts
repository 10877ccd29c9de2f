import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/support/gradient.ts";
import { tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import { stream } from "../numeric/stream.ts";
import { foldNetwork } from "./fold.ts";
import { drawBlocks, type NetworkForward, networkForward } from "./forward.ts";
import { parameterLayout } from "./network.ts";

const model = (settings: Partial<SpikingSpec>): SpikingSpec =>
  transformerSpec.parse({
    kind: "spiking",
    width: 8,
    heads: 2,
    depth: 2,
    expansion: 2,
    position: "learned",
    ...settings,
  });

const input = { steps: 3, prompts: 2, values: tinyBits(3, 2, 1) };

/** Membranes of all LIF layers, in the order in which they run. */
const membranesOf = ({ membranes }: NetworkForward): number[] => Object.values(membranes).flatMap((of) => [...of]);

describe("a folded network", () => {
  // A low threshold, so that every layer fires.
  const network = tinyNetwork(model({ neuron: { kind: "lif", beta: 0.5, threshold: 0.25, reset: "hard" } }), 3);
  const folded = foldNetwork(network);

  test("has the parameters of a network without normalisation, in the same order", () => {
    const layout = parameterLayout(folded.model, folded.geometry);
    expect(folded.model.normalisation).toBe("none");
    expect(Object.keys(folded.parameters)).toEqual(layout.map(({ name }) => name));
    for (const { name, shape } of layout) expect(folded.parameters[name].shape).toEqual(shape);
  });

  test("spikes exactly as before, so its logits are the same to the last bit", () => {
    const draws = drawBlocks(network, input, stream(4));
    const before = networkForward(network, input, { mode: "eval", draws });
    const after = networkForward(folded, input, { mode: "eval", draws });
    // Folded weights are rounded to single precision. A spike may flip only where a membrane is closer to the threshold than this
    // rounding shifts it. No membrane here is that close, and the test checks that too.
    const [v, w] = [membranesOf(before), membranesOf(after)];
    const moved = Math.max(...v.map((x, i) => Math.abs(x - w[i])));
    const margin = Math.min(...v.map((x) => Math.abs(x - network.model.neuron.threshold)));
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(1e-6);
    expect(margin).toBeGreaterThan(moved);
    for (const [name, fired] of Object.entries(before.trace)) expect(fired.includes(1), `${name} fires`).toBe(true);
    expect(after.trace).toEqual(before.trace);
    expect(after.logits).toEqual(before.logits);
  });

  test("agrees in the smooth network, too, up to single precision", () => {
    const options = { mode: "eval", attention: "expected", smooth: true } as const;
    const before = networkForward(network, input, options);
    const after = networkForward(folded, input, options);
    // Weights are off by up to 2^-24 of their size; a dozen layers with slopes of order 1 amplify that a little.
    expectClose(after.logits, before.logits, { absolute: 2e-6 });
  });

  test("is unchanged by a second fold", () => {
    expect(foldNetwork(folded)).toBe(folded);
  });
});
