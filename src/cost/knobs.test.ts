// @module-tag slow
/**
 * Every knob of the hardware is paid: what changes answers changes energy, time or area too, or has a reason here why it cannot.
 * And every price counts: a machine in which one of them is 0 has a hole, which these tests find.
 */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LISTED_FORMS, listedNetwork } from "../../test/support/listed-networks.ts";
import { tinyGeometry } from "../../test/support/tiny-network.ts";
import { type HardwareSpec, hardwareSpec } from "../experiment/hardware.ts";
import { timingOf } from "../hardware/timing.ts";
import { countActions } from "../machine/counts.ts";
import type { TrainDensities } from "../machine/densities.ts";
import { machineOf } from "../machine/machine.ts";
import { type MachineNetwork, machineNetwork, type Runnable } from "../machine/network.ts";
import { scheduleOf } from "../machine/schedule.ts";
import type { NetworkShape } from "../machine/shape.ts";
import { layersOf } from "../model/layers.ts";
import { priceMachine } from "./machine-energy.ts";
import type { AreaPart, EnergyPart } from "./machine-price.ts";
import type { ParameterId, Technology } from "./parameters.ts";
import { findCostPreset } from "./presets.ts";
import { analogTimes } from "./prices/clocks.ts";
import { PRICED_BY } from "./prices/priced-by.ts";
import { resolveTechnology } from "./resolve.ts";
import { SPIKINGFORMER } from "./workloads.ts";

const { technology } = resolveTechnology(findCostPreset("bottom-up"));

/** 37 tokens, which is no power of two, and layers of several row blocks and column groups. */
const SHAPE: NetworkShape = {
  ...{ depth: 2, width: 256, heads: 4, expansion: 4, tokens: 37, inputs: 60, classes: 16, queries: 19, steps: 4 },
  ...{ embedding: "lines", outputProjection: true, residuals: 2, positions: false, scores: (37 * 38) / 2 },
};
/** ViT-8-768, which is more than one die. */
const LARGE: NetworkShape = {
  ...{ depth: 8, width: 768, heads: 12, expansion: 4, tokens: 197, inputs: 768, classes: 1000, queries: 1, steps: 4 },
  ...{ embedding: "values", outputProjection: true, residuals: 2, positions: false, scores: 197 ** 2 },
};

/** Two layers read sums of spikes. */
const SUMS = (() => {
  const [, operations] = LISTED_FORMS.find(([name]) => name === "layers on sums of spikes")!;
  const { model, geometry } = listedNetwork(operations, tinyGeometry, { steps: 4 });
  return machineNetwork(model, geometry);
})();

/** Three of ten bits are 1, everywhere. */
function evenDensities({ graph }: MachineNetwork): TrainDensities {
  const even = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0.3]));
  return {
    lines: even(layersOf(graph).map(({ name }) => name)),
    trains: even([...graph.values.keys()]),
    coincidences: {},
  };
}

/** `energy.conversions`, `area.crossbars`, `time.alone`, `time.interval`, ...: joules per inference, square metres, seconds. */
type Cost = Readonly<Record<Part, number>>;
type Part = `energy.${EnergyPart}` | `area.${AreaPart}` | "time.alone" | "time.interval";

function costOf(hardware: HardwareSpec, prices: Technology, network: Runnable = SHAPE): Cost {
  const timing = timingOf(hardware, analogTimes(prices));
  const machine = machineOf({ ...hardware, timing }, network);
  const schedule = scheduleOf(machine);
  const { buffers } = schedule.inFlight ?? schedule.alone;
  const densities =
    "graph" in network
      ? evenDensities(network)
      : { blocks: Array(network.depth).fill(SPIKINGFORMER), inputDensity: 0.5, headDensity: 0.28 };
  const operations = countActions(machine, densities);
  const interval = Math.max(schedule.interval / timing.clock, 1 / (hardware.rate ?? Number.POSITIVE_INFINITY));
  const { energy, area } = priceMachine({ machine, hardware, operations, buffers, time: interval }, prices);
  const named = (group: string, parts: Readonly<Record<string, number>>) =>
    Object.entries(parts).map(([part, value]) => [`${group}.${part}`, value]);
  const time = { alone: schedule.alone.clocks / timing.clock, interval };
  return Object.fromEntries([...named("energy", energy), ...named("area", area), ...named("time", time)]);
}

const total = (cost: Cost, group: "energy" | "area"): number =>
  Object.entries(cost).reduce((sum, [part, value]) => sum + (part.startsWith(group) ? value : 0), 0);

type Change = z.input<typeof hardwareSpec>;

interface Paid {
  /** Default: `SHAPE`. */
  readonly network?: Runnable;
  readonly from?: Change;
  readonly to: Change;
  readonly moves: readonly Part[];
}

/** Clocks of each analog operation. */
const FOUR = { settle: 4, conversion: 4 };

/** Columns that feed neurons decide on charge. */
const charge = (circuit: NonNullable<Change["readOut"]>["circuit"]): Change => ({
  readOut: { attentionInput: "charge", feedForwardUp: "charge", circuit },
});
const CHARGE = charge({});

/** Two settings of each knob that is paid, and which parts of the cost it moves by the price that is meant for it. */
const PAID: Readonly<Record<string, Paid>> = {
  "crossbar.rows": {
    to: { crossbar: { rows: 256 } },
    moves: ["energy.conversions", "energy.digital", "energy.upkeep", "area.crossbars"],
  },
  "crossbar.embedRows": {
    to: { crossbar: { embedRows: 20 } },
    moves: ["energy.conversions", "energy.digital", "area.crossbars"],
  },
  "crossbar.linesPerInput": {
    to: { crossbar: { linesPerInput: 4 } },
    moves: ["energy.array", "energy.conversions", "energy.digital", "energy.drivers", "area.crossbars"],
  },
  "crossbar.integers": {
    network: SUMS,
    to: { crossbar: { integers: "bit-serial" } },
    moves: ["energy.array", "energy.conversions", "energy.digital", "time.alone"],
  },
  "crossbar.columns": {
    to: { crossbar: { columns: 64 } },
    moves: ["energy.drivers", "area.crossbars", "area.scalers"],
  },
  "crossbar.scaling": { to: { crossbar: { scaling: "crossbar" } }, moves: ["area.scalers", "energy.leakage"] },
  "crossbar.device.maxConductance": {
    to: { crossbar: { device: { maxConductance: 40 } } },
    moves: ["energy.array", "energy.conversions"],
  },
  "crossbar.parallelDevices": {
    to: { crossbar: { parallelDevices: 2 } },
    moves: ["energy.array", "energy.conversions", "energy.drivers", "energy.upkeep", "area.crossbars", "time.interval"],
  },
  "crossbar.device.devices": {
    from: { crossbar: { device: { kind: "hermes", devices: 2, maxConductance: 10 } } },
    to: { crossbar: { device: { kind: "hermes", devices: 1, maxConductance: 10 } } },
    moves: ["energy.drivers", "energy.upkeep", "area.crossbars"],
  },
  "crossbar.wires.lines": { to: { crossbar: { wires: { lines: 100 } } }, moves: ["time.interval"] },
  "crossbar.wires.columns": { to: { crossbar: { wires: { columns: 100 } } }, moves: ["time.interval"] },
  crossbars: { to: { crossbars: 16 }, moves: ["energy.upkeep", "time.alone", "area.crossbars"] },
  "adc.bits": {
    to: { adc: { bits: 8 } },
    moves: ["energy.conversions", "energy.digital", "time.interval", "area.crossbars"],
  },
  "adc.sharing": {
    to: { adc: { sharing: 1 } },
    moves: ["time.interval", "area.crossbars", "area.scalers", "energy.leakage"],
  },
  "adc.mode": {
    to: { adc: { mode: "pair" } },
    moves: ["energy.conversions", "energy.digital", "area.crossbars"],
  },
  "adc.fullScale": { to: { adc: { fullScale: 100 } }, moves: ["energy.conversions"] },
  "adc.trim.bits": {
    from: { adc: { trim: {} } },
    to: { adc: { trim: { bits: 8 } } },
    moves: ["area.crossbars", "energy.leakage"],
  },
  "adc.trim.reads": { from: { adc: { trim: {} } }, to: { adc: { trim: { reads: 640 } } }, moves: ["energy.upkeep"] },
  "readOut.attentionInput": {
    to: { readOut: { attentionInput: "charge" } },
    moves: ["energy.feet", "energy.conversions", "energy.digital", "area.feet", "area.crossbars", "area.scalers"],
  },
  "readOut.feedForwardUp": {
    to: { readOut: { feedForwardUp: "charge" } },
    moves: ["energy.feet", "energy.conversions", "energy.digital", "area.feet", "area.adders", "area.neurons"],
  },
  "readOut.circuit.swing": { from: CHARGE, to: charge({ swing: 0.5 }), moves: ["energy.feet"] },
  "readOut.circuit.capacitor": {
    from: CHARGE,
    to: charge({ capacitor: 100 }),
    moves: ["energy.feet", "area.feet", "energy.leakage"],
  },
  "readOut.circuit.trim.bits": {
    from: charge({ trim: {} }),
    to: charge({ trim: { bits: 8 } }),
    moves: ["area.feet", "energy.leakage"],
  },
  "readOut.circuit.trim.reads": {
    from: charge({ trim: {} }),
    to: charge({ trim: { reads: 2560 } }),
    moves: ["energy.upkeep"],
  },
  "transport.code": { to: { transport: { code: "events" } }, moves: ["energy.wires"] },
  "transport.vector": {
    from: { transport: { code: "fewer" } },
    to: { transport: { code: "fewer", vector: null } },
    moves: ["energy.wires"],
  },
  clocking: { to: { clocking: "gated" }, moves: ["energy.clock"] },
  // Columns of one row block.
  scaling: {
    from: { crossbar: { rows: 256 } },
    to: { crossbar: { rows: 256 }, scaling: "threshold" },
    moves: ["energy.digital", "area.scalers"],
  },
  rate: { to: { rate: 10 }, moves: ["energy.leakage", "energy.control", "energy.upkeep"] },
  calibration: { to: { calibration: "codes" }, moves: ["energy.upkeep"] },
  "ssa.random": { to: { ssa: { random: "ideal" } }, moves: ["energy.random", "area.random"] },
  "ssa.lfsr.sharing": {
    to: { ssa: { lfsr: { sharing: "cell" } } },
    moves: ["energy.random", "area.random"],
  },
  "ssa.lfsr.scope": {
    to: { ssa: { lfsr: { scope: "engine" } } },
    moves: ["energy.random", "area.random"],
  },
  "ssa.lfsr.shiftsPerClock": {
    to: { ssa: { lfsr: { shiftsPerClock: 8 } } },
    moves: ["energy.random"],
  },
  "ssa.tiles": { to: { ssa: { tiles: 1 } }, moves: ["time.alone", "area.attention", "area.fifos"] },
  "ssa.tileTokens": {
    to: { ssa: { tileTokens: 16 } },
    moves: ["energy.attention", "energy.fifos", "time.alone", "area.attention"],
  },
  "ssa.normaliser": {
    to: { ssa: { normaliser: "power-of-two" } },
    moves: ["energy.random", "area.random"],
  },
  "ssa.counterBits": { to: { ssa: { counterBits: 8 } }, moves: ["energy.attention", "area.attention"] },
  "ssa.fifo": { to: { ssa: { fifo: "cell" } }, moves: ["energy.fifos", "area.fifos"] },
  "arithmetic.factorBits": {
    to: { arithmetic: { factorBits: 16 } },
    moves: ["energy.digital", "area.scalers"],
  },
  "arithmetic.streamBits": {
    to: { arithmetic: { streamBits: 8 } },
    moves: ["energy.stream", "area.buffers"],
  },
  "arithmetic.membraneBits": {
    to: { arithmetic: { membraneBits: 10 } },
    moves: ["energy.neurons", "area.neurons"],
  },
  "arithmetic.logitBits": { to: { arithmetic: { logitBits: 8 } }, moves: ["area.buffers"] },
  "timing.clock": { from: { timing: FOUR }, to: { timing: { ...FOUR, clock: 100e6 } }, moves: ["time.interval"] },
  "timing.settle": { from: { timing: FOUR }, to: { timing: { ...FOUR, settle: 5 } }, moves: ["time.interval"] },
  "timing.conversion": { from: { timing: FOUR }, to: { timing: { ...FOUR, conversion: 5 } }, moves: ["time.alone"] },
  order: { to: { order: "step-major" }, moves: ["energy.neurons", "time.alone", "area.neurons", "area.buffers"] },
  "compensation.scope": { to: { compensation: { scope: "none" } }, moves: ["energy.upkeep"] },
  "compensation.readout": { to: { compensation: { readout: "one-hot" } }, moves: ["energy.upkeep"] },
  "compensation.schedule.kind": { to: { compensation: { schedule: { kind: "interval" } } }, moves: ["energy.upkeep"] },
  "compensation.schedule.seconds": {
    from: { compensation: { schedule: { kind: "interval" } } },
    to: { compensation: { schedule: { kind: "interval", seconds: 60 } } },
    moves: ["energy.upkeep"],
  },
  "compensation.schedule.first": {
    from: { compensation: { schedule: { kind: "geometric" } } },
    to: { compensation: { schedule: { kind: "geometric", first: 1e4 } } },
    moves: ["energy.upkeep"],
  },
  "compensation.schedule.ratio": {
    from: { compensation: { schedule: { kind: "geometric" } } },
    to: { compensation: { schedule: { kind: "geometric", ratio: 2 } } },
    moves: ["energy.upkeep"],
  },
};

const STATISTICS = "how devices are, not what is built; better ones would cost, but no source says how much";
const FAULTS = "what went wrong in making the chip";
/** Knobs that are not paid, each with its reason. */
const FREE: Readonly<Record<string, string>> = {
  "crossbar.conductanceBits":
    "levels that weights are rounded to; how many pulses a finer level takes is not published",
  "crossbar.inputStride": "which wire goes to which line",
  "crossbar.clippingQuantile": "how weights are brought onto the same devices",
  "crossbar.device.kind": STATISTICS,
  "crossbar.device.programmingNoise": STATISTICS,
  "crossbar.device.drift": STATISTICS,
  "crossbar.device.readNoise": STATISTICS,
  "crossbar.device.noise": STATISTICS,
  "crossbar.device.table.conductances": STATISTICS,
  "crossbar.device.table.means": STATISTICS,
  "crossbar.device.table.deviations": STATISTICS,
  "crossbar.device.programming.conductances": STATISTICS,
  "crossbar.device.programming.means": STATISTICS,
  "crossbar.device.programming.deviations": STATISTICS,
  "crossbar.device.amplitudes": STATISTICS,
  "crossbar.device.referenceTime": STATISTICS,
  "crossbar.device.readDuration": STATISTICS,
  "crossbar.device.path": "names a module; its conductance and devices are fields of their own",
  "crossbar.device.imports": "names the content of files",
  "crossbar.device.sha256": "names the content of a file",
  "crossbar.pairs": "how a simulator treats a pair, not how it is built",
  "crossbar.spread": FAULTS,
  "crossbar.stuck.atZero": FAULTS,
  "crossbar.stuck.atMaximum": FAULTS,
  "adc.rangeQuantile": "a calibrated range moves by a few percent, and only a simulation knows by how many",
  "adc.errors.gainSpread": FAULTS,
  "adc.errors.offsetSpread": FAULTS,
  "adc.errors.outputNoise": FAULTS,
  "readOut.circuit.offset": STATISTICS,
  "readOut.circuit.noise": STATISTICS,
  "readOut.circuit.mismatch": STATISTICS,
  "readOut.circuit.leakage": STATISTICS,
  "readOut.circuit.settling":
    "clocks of lines: a price states them for the whole machine, as `timing.settle`, for which columns wait",
  "ssa.lfsr.polynomial": "other wires of the same register",
  "ssa.counterOverflow": "one gate, or a refusal",
  "arithmetic.stepBits": "how finely a simulator rounds analog currents, which no register holds",
  "arithmetic.fractionBits": "where the binary point stands in registers whose bits are given",
  "arithmetic.offsetBits": "an operand of an adder that has the bits of a sum",
  "arithmetic.overflow": "one gate, or a refusal",
  sram: "a limit: what does not fit is refused, or runs one prompt at a time",
  readTime: "when the chip is used",
  chips: "how many chips are simulated",
};

/** Paths of all fields of a schema, with the fields of every member of a union. */
function leaves(schema: z.core.JSONSchema.BaseSchema, path = ""): string[] {
  const members = schema.anyOf ?? schema.oneOf;
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    leaves(field as z.core.JSONSchema.BaseSchema, path === "" ? name : `${path}.${name}`),
  );
  const inside = (members ?? []).flatMap((member) => leaves(member as z.core.JSONSchema.BaseSchema, path));
  // A number or null is one knob; fields or null are those fields.
  const deeper = [...fields, ...inside.filter((leaf) => leaf !== path)];
  return deeper.length === 0 ? [path] : deeper;
}

/** Knobs that do not move what they should. */
const freeKnobs = (prices: Technology, paid: Readonly<Record<string, Paid>> = PAID): string[] =>
  Object.entries(paid).flatMap(([path, { network, from = {}, to, moves }]) => {
    const [before, after] = [from, to].map((change) => costOf(hardwareSpec.parse(change), prices, network));
    return moves.filter((part) => before[part] === after[part]).map((part) => `${path}: ${part}`);
  });

describe("a knob", () => {
  test("of the hardware is paid, or states why not", () => {
    const fields = [...new Set(leaves(z.toJSONSchema(hardwareSpec, { io: "input" })))];
    expect([...Object.keys(PAID), ...Object.keys(FREE)].sort()).toEqual(fields.sort());
  });

  test.each(Object.keys(PAID))("%s moves what it should", (path) => {
    expect(freeKnobs(technology, { [path]: PAID[path] })).toEqual([]);
  });

  test.each([
    ["conversionLoad", "adc.fullScale: energy.conversions"],
    ["converterArea", "adc.sharing: area.crossbars"],
    ["lfsrShift", "ssa.lfsr.shiftsPerClock: energy.random"],
    ["registerArea", "ssa.fifo: area.fifos"],
    ["multiply8", "ssa.normaliser: energy.random"],
  ] as const)("is free where %s is 0", (id, knob) => {
    expect(freeKnobs({ ...technology, [id]: 0 })).toContain(knob);
  });

  test("that measures ranges by codes, or trims converters, is paid even without drift compensation", () => {
    const upkeepOf = (change: Change) =>
      costOf(hardwareSpec.parse({ compensation: { scope: "none" }, ...change }), technology)["energy.upkeep"];
    expect(upkeepOf({ calibration: "codes" })).toBeGreaterThan(upkeepOf({}));
    expect(upkeepOf({ adc: { trim: {} } })).toBeGreaterThan(upkeepOf({}));
  });

  test.each([
    [1, 10.35],
    [2, 20.7],
  ])(
    "that takes the conductance of %i HERMES devices from their chip is paid as if it were set explicitly",
    (devices, largest) => {
      const of = (maxConductance: number | null) =>
        costOf(hardwareSpec.parse({ crossbar: { device: { kind: "hermes", devices, maxConductance } } }), technology);
      expect(of(null)).toEqual(of(largest));
      expect(of(null)["energy.array"]).toBeLessThan(costOf(hardwareSpec.parse({}), technology)["energy.array"]);
    },
  );

  test("that makes crossbars tall is no bargain; converters for every column take their area", () => {
    const of = (change: Change) => costOf(hardwareSpec.parse(change), technology, LARGE);
    const [base, tall, all] = [{}, { rows: 3072 }, { sharing: 1 }].map(({ rows = 128, sharing = 8 }) =>
      of({ crossbar: { rows }, adc: { sharing, mode: "pair" }, ssa: { fifo: "cell" } }),
    );
    // 29 times less, when prices did not know about rows.
    expect(total(tall, "energy")).toBeGreaterThan(total(base, "energy") / 3);
    expect(total(all, "area")).toBeGreaterThan(1.4 * total(base, "area"));
    expect(all["time.interval"]).toBeLessThan(base["time.interval"] / 2);
  });
});

/** Machines in which every price has something to pay. */
const VARIANTS: readonly (readonly [Change, NetworkShape])[] = [
  [{}, SHAPE],
  [{ ssa: { random: "ideal" }, adc: { bits: 8 } }, SHAPE],
  [{ crossbar: { rows: 1024 }, order: "step-major" }, SHAPE],
  [{ crossbars: 16 }, SHAPE],
  [charge({ trim: {} }), SHAPE],
  [{}, LARGE],
  [{}, { ...SHAPE, reset: "soft" }],
];

/**
 * Prices that no machine pays: of other converters, of adders wider than 16 bits, of more ports than one, of a neuron with its registers;
 * and the switches for silent blocks and for wires that follow the floorplan.
 */
const UNUSED: ReadonlySet<ParameterId> = new Set<ParameterId>([
  ...(["flashConverter", "surveyConverter", "add32", "sramPort", "lifUpdate", "skipSilentBlocks"] as const),
  "floorplan",
]);

/** All other prices that machines read. */
function pricesRead(): ParameterId[] {
  const read = new Set<ParameterId>();
  const watched = new Proxy(technology, {
    get: (prices, id) => {
      read.add(id as ParameterId);
      return prices[id as ParameterId];
    },
  });
  for (const [change, shape] of VARIANTS) costOf(hardwareSpec.parse(change), watched, shape);
  return [...read].filter((id) => !UNUSED.has(id));
}
const PRICED = pricesRead();

/** Whether no machine costs less or more without it, or one has no cost with it. */
function isWorthless(id: ParameterId, prices: Technology): boolean {
  // What something is divided by is made so large that it no longer counts.
  const without = id === "lifetime" || id === "reticle" ? 1e30 : id === "referenceRows" ? 1024 : 0;
  const costs = VARIANTS.map(([change, shape]) => {
    const hardware = hardwareSpec.parse(change);
    return [prices, { ...prices, [id]: without }].map((each) => Object.values(costOf(hardware, each, shape)));
  });
  if (!costs.every(([as]) => as.every(Number.isFinite))) return true;
  return costs.every(([as, other]) => as.every((part, i) => part === other[i]));
}

describe("a price", () => {
  test("is one of those of the units, or of wires, buffers, neurons and the clock", () => {
    const ofUnits = Object.values(PRICED_BY).flat() as ParameterId[];
    const others = [
      ...(["buffer", "ssaClock"] as const),
      ...(["lifLogic", "lifUpdate", "lifArea", "softReset", "softResetArea"] as const),
    ];
    expect(PRICED.toSorted()).toEqual(
      [...new Set<ParameterId>([...ofUnits, ...others])].filter((id) => !UNUSED.has(id)).sort(),
    );
  });

  test.each(PRICED)("%s counts in some machine", (id) => {
    expect(isWorthless(id, technology)).toBe(false);
  });

  test.each(PRICED)("%s of 0 is found", (id) => {
    expect(isWorthless(id, { ...technology, [id]: 0 })).toBe(true);
  });
});
