/** Graphs that no preset has: both simulators compute them alike, and as the digital network does. */
import { describe, expect, test } from "vitest";
import { LISTED_FORMS, listedNetwork } from "../../test/support/listed-networks.ts";
import { meanGeometry, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import { inputRows } from "../model/geometry.ts";
import { operationsOf } from "../model/graph.ts";
import type { Network } from "../model/network.ts";
import { graphOf } from "../model/transformer.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

const [STEPS, PROMPTS] = [3, 2];

/** The form that a machine refuses. */
const ON_SUMS = "layers on sums of spikes";

function inputOf({ geometry }: Network): SpikeTrain {
  const [rows, { inputs }] = [inputRows(geometry), geometry];
  const random = stream(3);
  const bits = new Float64Array(STEPS * PROMPTS * rows * inputs).map(() => (random.uniform() < 0.4 ? 1 : 0));
  return packSpikes(bits, STEPS, PROMPTS * rows, inputs);
}

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
  ...Object.fromEntries(
    LISTED_FORMS.filter(([name]) => name !== ON_SUMS).map(([name, operations, geometry = tinyGeometry]) => {
      const fields = { normalisation: "none", steps: STEPS, neuron: { threshold: 0.3 } };
      return [name, dyadic(listedNetwork(operations, geometry, fields))];
    }),
  ),
};

test("layers on sums of spikes are refused at the operation, because a line takes a bit", () => {
  const [, operations] = LISTED_FORMS.find(([name]) => name === ON_SUMS)!;
  const network = listedNetwork(operations, tinyGeometry, { normalisation: "none", steps: STEPS });
  expect(() => mapNetwork(network, hardwareSpec.parse({}))).toThrow("head reads all, a sum of up to 3 spikes");
});

test("attention of one kind and size shares units, and another kind or size has its own", () => {
  const attention = (name: string, heads: number, kind: string) => ({
    kind: "attention",
    name,
    heads,
    attention: { kind },
  });
  const linear = (name: string, features = 48) => ({ kind: "linear", name, features });
  const network = listedNetwork(
    [
      ...[linear("a"), { kind: "neurons", name: "a.bits" }, attention("one", 2, "sdsa-3")],
      ...[linear("b"), { kind: "neurons", name: "b.bits" }, attention("two", 2, "sdsa-3")],
      ...[linear("c", 96), { kind: "neurons", name: "c.bits" }, attention("three", 4, "sdsa-3")],
      ...[linear("d"), { kind: "neurons", name: "d.bits" }, attention("four", 2, "sdsa-1")],
      ...[linear("e", 96), { kind: "neurons", name: "e.bits" }, attention("five", 2, "sdsa-3")],
      { kind: "read-out", name: "head" },
    ],
    tinyGeometry,
    { normalisation: "none", steps: STEPS },
  );
  const { attention: units } = mapNetwork(network, hardwareSpec.parse({ ssa: { tiles: 3 } }));
  expect(units.map(({ unit, serves, heads }) => ({ unit, serves, heads }))).toEqual([
    { unit: "outer-product", serves: ["one", "two"], heads: 2 },
    { unit: "outer-product", serves: ["three"], heads: 4 },
    { unit: "column-counters", serves: ["four"], heads: 2 },
    { unit: "outer-product", serves: ["five"], heads: 2 },
  ]);
  expect(units.map((served) => (served.unit === "none" ? 0 : served.tiles))).toEqual([2, 3, 2, 2]);
});

test("neurons that no kernel computes are refused at their operation, with the next number that one does", () => {
  const chip = chipOf(blocksOnly({ attention: { kind: "none" } }, tinyGeometry, { width: 20, heads: 2 }), {});
  expect(() => simulateFast(chip, inputOf(chip.network), stream(5))).toThrow(
    "8 neurons at a time, but blocks.0.input has 20 in a row. Give their layer 24 outputs.",
  );
});

function chipOf(network: Network<SpikingSpec>, hardware: object): Chip {
  const spec = hardwareSpec.parse(hardware);
  return programChip(network, mapNetwork(network, spec), spec, stream(1));
}

describe.each(Object.entries(NETWORKS))("%s", (_, network) => {
  const input = inputOf(network);
  const rows = inputRows(network.geometry);

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
    const { trace } = networkForward(network, spikeInput(input, rows), { mode: "eval" });
    const { rasters } = simulate(chip, input, stream(5), { rasters: PROMPTS });
    const compared = Object.keys(trace).filter((name) => rasters[name] !== undefined);
    // Digital attention that passes probabilities on has scores, which are no train.
    expect(operationsOf(graphOf(network), "neurons").filter(({ writes }) => !compared.includes(writes))).toEqual([]);
    for (const name of compared) expect(unpackSpikes(rasters[name]), name).toEqual(trace[name]);
  });
});
