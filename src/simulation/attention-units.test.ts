// @module-tag slow
/** Networks of every kind of attention on a chip: mapped, scheduled, simulated by both simulators, counted and priced. */
import { describe, expect, test } from "vitest";
import { requireEqualCounts } from "../../test/support/equal-counts.ts";
import { meanGeometry, tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { machineCost } from "../cost/machine-cost.ts";
import { findCostPreset } from "../cost/presets.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import type { Workload } from "../cost/workload.ts";
import { MappingError } from "../errors.ts";
import type { AttentionKind } from "../experiment/attention.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { transformerSpec } from "../experiment/model.ts";
import { offeredBits } from "../hardware/attention/catalogue.ts";
import { countActions } from "../machine/counts.ts";
import type { Densities } from "../machine/densities.ts";
import { coreOf, machineOf } from "../machine/machine.ts";
import { machineNetwork } from "../machine/network.ts";
import { scheduleOf } from "../machine/schedule.ts";
import { shapeLayers, shapeOf } from "../machine/shape.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import type { Geometry } from "../model/geometry.ts";
import { operationsOf } from "../model/graph.ts";
import { graphOf } from "../model/transformer.ts";
import { stream } from "../numeric/stream.ts";
import { machineEngine } from "../rtl/network-vectors.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { attentionMaps } from "./attention-map.ts";
import { type Chip, programChip } from "./chip.ts";
import { simulateCycles } from "./cycle.ts";
import { simulateFast } from "./fast/simulate.ts";
import { inspectPrompt, inspectTile } from "./inspect.ts";
import { calibrate, simulate } from "./reference/simulate.ts";
import type { Trace } from "./trace.ts";

/** Kinds, with settings in which attention fires, and the unit that serves each. */
const KINDS: readonly (readonly [
  unit: string,
  attention: { readonly kind: AttentionKind; readonly [field: string]: unknown },
])[] = [
  ["ssa-tile", { kind: "stochastic" }],
  ["pair-tile", { kind: "lif", scoreGain: 16, valueGain: 8 }],
  ["pair-tile", { kind: "spikformer", scale: 0.5 }],
  ["column-counters", { kind: "sdsa-1" }],
  ["outer-product", { kind: "sdsa-3", scale: 0.5 }],
  ["token-counters", { kind: "qk-token", scale: 0.25 }],
  ["column-counters", { kind: "qk-channel" }],
  ["pair-tile", { kind: "alpha-xnor" }],
  ["pair-tile", { kind: "binary-map", cut: 1, scale: 1 }],
  ["pair-tile", { kind: "random", scale: 0.5 }],
  ["none", { kind: "none" }],
];

const STEPS = 3;
const input = (steps = STEPS) => packSpikes(tinyBits(steps, 3, 3), steps, 3 * tinyGeometry.tokens, tinyGeometry.inputs);

function chipOf(attention: object, geometry: Geometry, hardware: object = {}, model: object = {}): Chip {
  const size = { normalisation: "none", width: 24, heads: 3, depth: 2, expansion: 2, steps: STEPS };
  const fields = { ...size, neuron: { threshold: 0.5 }, ...model, attention };
  const network = tinyNetwork(transformerSpec.parse(fields), 4, geometry);
  const spec = hardwareSpec.parse(hardware);
  return programChip(network, mapNetwork(network, spec), spec, stream(1));
}

/** What `measuredWorkload` takes from a trace. */
function densitiesOf({ operations, densities }: Trace, chip: Chip): Densities {
  const head = operations.at(-1)!.actions;
  const { outputs } = chip.mapping.layers.at(-1)!;
  return {
    inputDensity: densities.input,
    headDensity: head.cellReads / (outputs * head.bitsRead),
    blocks: [0, 1].map((i) => {
      const block = `blocks.${i}`;
      const attention = operations.find(({ name }) => name === `${block}.attention`)?.actions;
      const shared = densities[`${block}.qkv`];
      const coincidences = attention ? attention.counterIncrements / offeredBits(attention) : 0;
      return {
        ...{ qkv: densities[`${block}.input`], projection: densities[`${block}.attention`], coincidences, scores: 0 },
        ...{ up: densities[`${block}.middle`], down: densities[`${block}.hidden`] },
        ...{ query: shared, key: shared, value: shared },
      };
    }),
  };
}

const HARDWARE = [
  {},
  { arithmetic: null },
  { order: "step-major", ssa: { tileTokens: 3, tiles: 2, fifo: "row" } },
  { arithmetic: null, order: "step-major", ssa: { normaliser: "power-of-two", tiles: 1 } },
  { transport: { code: "events" }, scaling: "threshold", ssa: { tileTokens: 3 } },
];
const GEOMETRIES = { "queries and contexts": tinyGeometry, "every token": meanGeometry };

describe.each(KINDS)("%s of %j", (unit, attention) => {
  const settings = Object.entries(GEOMETRIES).flatMap(([mask, geometry]) =>
    HARDWARE.map((hardware) => ({ mask, geometry, hardware })),
  );

  test.each(settings)("is simulated alike, counted as planned and timed as scheduled: $mask, $hardware", (setting) => {
    const { geometry, hardware } = setting;
    const chip = calibrate(chipOf(attention, geometry, hardware), input(), stream(2));
    expect(chip.mapping.attention.map((units) => units.unit)).toEqual([unit]);
    const options = { firstPrompt: 4, rasters: 2 };
    const slow = simulate(chip, input(), stream(5), options);
    const fast = simulateFast(chip, input(), stream(5), options);
    for (const name of Object.keys(slow.rasters)) expect(fast.rasters[name], name).toEqual(slow.rasters[name]);
    expect(fast).toEqual(slow);
    expect(slow.densities["blocks.0.attention"]).toBeGreaterThan(0);
    const described = machineNetwork(chip.network.model, geometry);
    requireEqualCounts(slow, countActions(coreOf(chip.hardware, described), densitiesOf(slow, chip)));
    const { alone } = scheduleOf(machineOf(chip.hardware, described));
    const timed = slow.operations.filter(({ kind }) => kind === "linear" || kind === "attention");
    expect(alone.units.map(({ name, kind, busy }) => ({ name, kind, cycles: busy }))).toEqual(
      timed.map(({ name, kind, cycles }) => ({ name, kind, cycles: cycles / slow.prompts })),
    );
    expect(machineOf(chip.hardware, described).mapping).toEqual(chip.mapping);
  });

  test("fires as the digital network does on an exact chip", () => {
    if (attention.kind === "stochastic") return; // draws its own bits
    const crossbar = { device: { kind: "ideal" }, conductanceBits: null };
    for (const geometry of Object.values(GEOMETRIES)) {
      const chip = chipOf(attention, geometry, { arithmetic: null, crossbar, adc: { bits: null } });
      const { network } = chip;
      // Multiples of 1/64: sums do not depend on their order.
      for (const { data } of Object.values(network.parameters)) {
        for (let i = 0; i < data.length; i++) data[i] = Math.round(data[i] * 64) / 64;
      }
      const exact = programChip(network, chip.mapping, chip.hardware, stream(1));
      const { rasters } = simulate(exact, input(), stream(9), { rasters: 3 });
      const digital = networkForward(network, spikeInput(input(), geometry.tokens), {
        mode: "eval",
        attention: "expected",
      });
      for (const name of ["blocks.0.qkv", "blocks.0.attention", "blocks.1.attention", "output"])
        expect(unpackSpikes(rasters[name]), name).toEqual(digital.trace[name]);
    }
  });

  test("has energy, time and area, and another order or number of tiles costs something else", () => {
    const { technology } = resolveTechnology(findCostPreset("simulated"));
    const costOf = (hardware: object) => {
      const chip = chipOf(attention, tinyGeometry, hardware);
      const trace = simulateFast(calibrate(chip, input(), stream(2)), input(), stream(5));
      const workload: Workload = {
        ...shapeOf(chip.network.model, tinyGeometry),
        ...densitiesOf(trace, chip),
        ...{ name: "tiny", description: "", hardware: chip.hardware, annInputs: 6, embedRows: null, scaled: true },
        ...{ annScores: 25, snnSteps: STEPS, result: { name: "symbol", perInference: 3 } },
      };
      return machineCost(workload, { ...technology, ssaTiles: chip.hardware.ssa.tiles ?? 3 });
    };
    const base = costOf({});
    for (const value of [base.energy, base.latency, base.interval, base.area]) expect(value).toBeGreaterThan(0);
    const has = unit === "none" ? 0 : 1;
    expect(Math.sign(base.price.area.attention)).toBe(has);
    expect(Math.sign(base.price.energy.attention)).toBe(has);
    if (unit === "none") return;
    expect(costOf({ order: "step-major" }).latency).not.toBe(base.latency);
    const fewer = costOf({ ssa: { tiles: 1 } });
    expect((3 * fewer.price.area.attention) / base.price.area.attention).toBeCloseTo(1, 12);
    expect(fewer.latency).toBeGreaterThan(base.latency);
  });

  test("reads as many parts as the layer before it has", () => {
    const { network, mapping, hardware } = chipOf(attention, tinyGeometry);
    const layers = shapeLayers(shapeOf(network.model, tinyGeometry));
    expect(layers.map(({ name, outputs }) => [name, outputs])).toEqual(
      mapping.layers.map(({ name, outputs }) => [name, outputs]),
    );
    expect(hardware.ssa.tiles).toBeNull();
  });

  test("is looked into, simulated by clocks and written as RTL only where it draws bits", () => {
    if (attention.kind === "stochastic") return;
    const chip = calibrate(chipOf(attention, tinyGeometry), input(), stream(2));
    expect(() => simulateCycles(chip, input(), stream(5))).toThrow(MappingError);
    expect(() => machineEngine(chip)).toThrow(MappingError);
    const one = packSpikes(tinyBits(STEPS, 1, 3), STEPS, tinyGeometry.tokens, tinyGeometry.inputs);
    const inspection = inspectPrompt(chip, one, stream(5));
    expect(() => inspectTile(inspection, 0, 0, 0)).toThrow(MappingError);
    const [operation] = operationsOf(graphOf(chip.network), "attention");
    expect(attentionMaps(operation, inspection.trace.rasters["blocks.0.qkv"])).toBeNull();
  });
});

test.each([{ beta: 0.25 }, { beta: 0.5, threshold: 0.4, reset: "soft" }])(
  "LIF attention whose membranes exceed single precision runs on the slow units, with the same trace: %j",
  (neuron) => {
    const chip = calibrate(
      chipOf({ kind: "lif", scoreGain: 16, valueGain: 8 }, tinyGeometry, { arithmetic: null }, { steps: 12, neuron }),
      input(12),
      stream(2),
    );
    const [slow, fast] = [simulate, simulateFast].map((run) => run(chip, input(12), stream(5)));
    expect(fast).toEqual(slow);
  },
);

test("more steps than membranes without a leak were built for are refused", () => {
  const chip = calibrate(chipOf({ kind: "sdsa-1" }, tinyGeometry, {}, { neuron: { kind: "if" } }), input(), stream(2));
  expect(() => simulate(chip, input(4), stream(5))).toThrow("for the 3 steps of the network");
  expect(() => simulateFast(chip, input(4), stream(5))).toThrow("for the 3 steps of the network");
});
