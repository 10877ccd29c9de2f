/** Graphs that no preset has: both simulators compute them alike, and as the digital network does. */
import { describe, expect, test } from "vitest";
import { requireEqualCounts } from "../../test/support/equal-counts.ts";
import { LISTED_FORMS, listedNetwork } from "../../test/support/listed-networks.ts";
import { meanGeometry, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed } from "../../test/support/tiny-stem.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { type SpikingSpec, stemSpec, transformerSpec } from "../experiment/model.ts";
import type { Action } from "../hardware/actions.ts";
import { offeredBits } from "../hardware/attention/catalogue.ts";
import { readsFor, unfoldedBits } from "../hardware/line-reads.ts";
import { countActions } from "../machine/counts.ts";
import type { TrainDensities } from "../machine/densities.ts";
import { type Machine, machineOf } from "../machine/machine.ts";
import { machineNetwork } from "../machine/network.ts";
import { scheduleOf } from "../machine/schedule.ts";
import { bitsOf, type Transfer } from "../machine/transfers.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import { inputRows } from "../model/geometry.ts";
import { operationsOf } from "../model/graph.ts";
import type { Network } from "../model/network.ts";
import { BITS, largestOf } from "../model/operation.ts";
import { graphOf } from "../model/transformer.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulateFast } from "./fast/simulate.ts";
import { calibrate, simulate } from "./reference/simulate.ts";
import type { Trace } from "./trace.ts";

const [STEPS, PROMPTS] = [3, 2];

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

/** A block that adds spikes, behind a stem as Spikformer and QKFormer have. */
function behindSpikes(stem: object): Network<SpikingSpec> {
  const fields = { residual: "spikes", depth: 1, stem };
  return blocksOnly(fields, stemmed(stemSpec.parse(stem)), { expansion: 2 });
}

const NETWORKS: Readonly<Record<string, Network<SpikingSpec>>> = {
  "blocks without a feed-forward pair": blocksOnly({}),
  "those without a projection": blocksOnly({ outputProjection: false, position: "learned" }),
  "those that add spikes": blocksOnly({ residual: "spikes" }, meanGeometry),
  "those without a projection that add spikes": blocksOnly(
    { residual: "spikes", outputProjection: false },
    meanGeometry,
  ),
  "a stem with spikes around the embedding": behindSpikes({
    layers: [{ channels: 24, pool: 2, poolWindow: 3 }],
    embedding: { shortcut: true },
  }),
  "a stem with two trains of the embedding": behindSpikes({
    layers: [{ channels: 8 }],
    embedding: { trains: 2, stride: 2 },
  }),
  "those that replace the stream": blocksOnly({ residual: "none", outputProjection: false }, meanGeometry),
  ...Object.fromEntries(
    LISTED_FORMS.map(([name, operations, geometry = tinyGeometry]) => {
      const fields = { normalisation: "none", steps: STEPS, neuron: { threshold: 0.3 } };
      return [name, dyadic(listedNetwork(operations, geometry, fields))];
    }),
  ),
};

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

/** Of lines, trains and attention, by what a simulation counted. */
function trainDensities({ operations, densities }: Trace, { layers, crossbar }: Machine): TrainDensities {
  const actionsOf = (name: string) => operations.find((operation) => operation.name === name)!.actions;
  const lines = layers.map(({ name, outputs, readsInput }) => {
    const { cellReads, bitsRead } = actionsOf(name);
    return [name, cellReads / (bitsRead * outputs * (readsInput ? crossbar.linesPerInput : 1))];
  });
  const coincidences = operations
    .filter(({ kind }) => kind === "attention")
    .map(({ name, actions }) => [name, actions.counterIncrements / offeredBits(actions)]);
  return {
    lines: Object.fromEntries(lines),
    trains: densities,
    coincidences: Object.fromEntries(coincidences),
  };
}

describe.each(Object.entries(NETWORKS))("%s", (_, network) => {
  const input = inputOf(network);
  const rows = inputRows(network.geometry);

  describe.each([
    {},
    { arithmetic: null, order: "step-major" },
    {
      crossbar: { rows: 13, columns: 10, inputStride: 2, linesPerInput: 2, integers: "bit-serial" },
      transport: { code: "events" },
    },
    { adc: { mode: "pair", errors: { outputNoise: 0.5, offsetSpread: 0.3 } }, scaling: "threshold" },
  ])("on %j", (hardware) => {
    const chip = calibrate(chipOf(network, hardware), input, stream(2));
    const options = { firstPrompt: 3, rasters: PROMPTS };
    const slow = simulate(chip, input, stream(5), options);

    test("have the same trace in both simulators", () => {
      expect(simulateFast(chip, input, stream(5), options)).toEqual(slow);
      for (const { name } of slow.operations) {
        if (slow.rasters[name]) expect(slow.spikes[name].ones, name).toBeGreaterThan(0);
      }
    });

    test("count as their machine does at these densities, and work as long as it is scheduled", () => {
      const machine = machineOf(chip.hardware, machineNetwork(network.model, network.geometry));
      expect(machine.mapping).toEqual(chip.mapping);
      requireEqualCounts(slow, countActions(machine, trainDensities(slow, machine)));
      const { alone } = scheduleOf(machine);
      const timed = slow.operations.filter(({ kind }) => kind === "linear" || kind === "attention");
      expect(alone.units.map(({ name, kind, busy }) => ({ name, kind, cycles: busy }))).toEqual(
        timed.map(({ name, kind, cycles }) => ({ name, kind, cycles: cycles / PROMPTS })),
      );
    });

    test("move the bits that they count", () => {
      const machine = machineOf(chip.hardware, machineNetwork(network.model, network.geometry));
      const transfers = scheduleOf(machine).alone.units.flatMap((unit) => unit.transfers);
      const moved = (way: Transfer["way"], ...buffers: Transfer["buffer"][]) =>
        buffers.reduce((sum, buffer) => sum + PROMPTS * bitsOf(transfers, way, buffer), 0);
      const counted = (action: Action, ...kinds: string[]) =>
        slow.operations.reduce((sum, { kind, actions }) => sum + (kinds.includes(kind) ? actions[action] : 0), 0);
      const { words } = machine;
      const kinds = ["linear", "residual"];
      expect(moved("read", "input", "spikes", "attention")).toBe(counted("bitsRead", "linear"));
      expect(moved("write", "spikes", "qkv")).toBe(counted("bitsWritten", "neurons", "residual"));
      expect(moved("read", "qkv")).toBe(counted("bitsRead", "attention"));
      expect(moved("write", "attention")).toBe(counted("bitsWritten", "attention"));
      expect(moved("read", "stream")).toBe(counted("streamReads", ...kinds) * words.stream);
      expect(moved("write", "stream")).toBe(counted("streamWrites", ...kinds) * words.stream);
      expect(moved("read", "membranes")).toBe(counted("membraneReads", "neurons") * words.membrane);
      expect(moved("write", "membranes")).toBe(counted("membraneWrites", "neurons") * words.membrane);
    });
  });

  const { values } = graphOf(network);
  const onLines = operationsOf(graphOf(network), "linear").map(({ reads: [read] }) => values.get(read)!.domain);
  const codings = onLines.some(({ kind }) => kind === "integers")
    ? (["unary", "bit-serial"] as const)
    : ["unary" as const];
  test.each(codings)("fire as the digital network does on an exact chip of %s lines", (integers) => {
    const crossbar = { device: { kind: "ideal" }, conductanceBits: null, integers };
    const chip = chipOf(network, { arithmetic: null, crossbar, adc: { bits: null } });
    const { trace } = networkForward(network, spikeInput(input, rows), { mode: "eval" });
    const { rasters } = simulate(chip, input, stream(5), { rasters: PROMPTS });
    const compared = Object.keys(trace).filter((name) => rasters[name] !== undefined);
    // Digital attention that passes probabilities on has scores, which are no train.
    expect(operationsOf(graphOf(network), "neurons").filter(({ writes }) => !compared.includes(writes))).toEqual([]);
    for (const name of compared) {
      const { rows = 0, features = 0, domain = BITS } = values.get(name) ?? {};
      const reads = readsFor(largestOf(domain)!, integers);
      const bits = reads > 1 ? unfoldedBits(trace[name], rows * features, reads, integers) : trace[name];
      expect(unpackSpikes(rasters[name]), name).toEqual(bits);
    }
  });
});
