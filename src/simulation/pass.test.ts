/** Graphs that no preset has: both simulators compute them alike, and as the digital network does. */
import { describe, expect, test } from "vitest";
import { meanGeometry, tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import type { Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const [STEPS, PROMPTS] = [3, 2];
const { tokens, inputs } = tinyGeometry;
const input = packSpikes(tinyBits(STEPS, PROMPTS, 3), STEPS, PROMPTS * tokens, inputs);

/** Parameters are multiples of 1/64, so that sums do not depend on their order. */
function dyadic(network: Network<SpikingSpec>): Network<SpikingSpec> {
  const parameters = Object.entries(network.parameters).map(([name, { shape, data }]) => {
    return [name, { shape, data: data.map((x) => Math.round(64 * x) / 64) }];
  });
  return { ...network, parameters: Object.fromEntries(parameters) };
}

function blocksOnly(fields: object, geometry = tinyGeometry, unchecked: object = {}): Network<SpikingSpec> {
  const size = { normalisation: "none", width: 24, heads: 3, depth: 2, steps: STEPS };
  const neuron = { threshold: 0.3 };
  const model = transformerSpec.parse({
    ...size,
    neuron,
    attention: { kind: "lif", scoreGain: 16, valueGain: 8 },
    ...fields,
  });
  return dyadic(tinyNetwork({ ...model, expansion: 0, ...unchecked }, 4, geometry));
}

const NETWORKS: Readonly<Record<string, Network<SpikingSpec>>> = {
  "blocks without a feed-forward pair": blocksOnly({}),
  "those without a projection": blocksOnly({ outputProjection: false, position: "learned" }),
  "those that replace the stream": blocksOnly({ residual: "none", outputProjection: false }, meanGeometry),
};

test("neurons that no kernel computes are refused at their operation, with the next number that one does", () => {
  const chip = chipOf(blocksOnly({ attention: { kind: "none" } }, tinyGeometry, { width: 20, heads: 2 }), {});
  expect(() => simulateFast(chip, input, stream(5))).toThrow(
    "8 neurons at a time, but blocks.0.input has 20 in a row. Give their layer 24 outputs.",
  );
});

function chipOf(network: Network<SpikingSpec>, hardware: object): Chip {
  const spec = hardwareSpec.parse(hardware);
  return programChip(network, mapNetwork(network, spec), spec, stream(1));
}

describe.each(Object.entries(NETWORKS))("%s", (_, network) => {
  test.each([
    {},
    { arithmetic: null, order: "step-major" },
    { crossbar: { rows: 13, columns: 10, inputStride: 2, linesPerInput: 2 }, transport: { code: "events" } },
  ])("have the same trace in both simulators on %j", (hardware) => {
    const chip = calibrate(chipOf(network, hardware), input, stream(2));
    const options = { firstPrompt: 3, rasters: PROMPTS };
    const slow = simulate(chip, input, stream(5), options);
    expect(simulateFast(chip, input, stream(5), options)).toEqual(slow);
    for (const { name } of slow.operations) {
      if (slow.rasters[name]) expect(slow.spikes[name].ones, name).toBeGreaterThan(0);
    }
  });

  test("fire as the digital network does on an exact chip", () => {
    const crossbar = { device: { kind: "ideal" }, conductanceBits: null };
    const chip = chipOf(network, { arithmetic: null, crossbar, adc: { bits: null } });
    const { trace } = networkForward(network, spikeInput(input, tokens), { mode: "eval" });
    const { rasters } = simulate(chip, input, stream(5), { rasters: PROMPTS });
    const { input: read, ...fired } = rasters;
    expect(Object.keys(fired)).toContain("blocks.1.attention");
    for (const [name, train] of Object.entries(fired)) expect(unpackSpikes(train), name).toEqual(trace[name]);
  });
});
