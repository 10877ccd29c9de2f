/** Each action and each unit of a machine pays what its price says, and nothing else. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { attentionSpec } from "../experiment/attention.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { neuronSpec } from "../experiment/neuron.ts";
import { ACTION_NAMES, type Action, emptyTally } from "../hardware/actions.ts";
import { attentionUnitFor } from "../hardware/attention/catalogue.ts";
import { graphOfShape, type NetworkShape } from "../machine/shape.ts";
import type { SizedEngine } from "./attention-units.ts";
import { priceMachine } from "./machine-energy.ts";
import type { EnergyPart } from "./machine-price.ts";
import type { BufferSize, MachineSizes, MachineWork } from "./machine-work.ts";
import { findCostPreset } from "./presets.ts";
import { adder, multiplier, register, shifter } from "./prices/logic.ts";
import { resolveTechnology } from "./resolve.ts";

const { technology } = resolveTechnology(findCostPreset("bottom-up"));
const published = resolveTechnology(findCostPreset("op-only")).technology;
const hardware = literalMachine({ ssa: { random: "lfsr" } });

const served = { takesCodes: false, clocks: 10, tokens: Int32Array.of(0, 1), everyStep: true };

const shape: NetworkShape = {
  ...{ depth: 1, width: 128, heads: 2, expansion: 4, tokens: 2, inputs: 60, classes: 768, queries: 1, steps: 1 },
  ...{ embedding: "lines", outputProjection: true, residuals: 2, positions: false, scores: 4 },
};
const attending = { serves: ["blocks.0.attention"], heads: 2, tokens: 2, dimension: 64 };

/** One block of width 128 for 2 tokens: round numbers, to be followed by hand. */
const machine: MachineSizes = {
  network: { graph: graphOfShape(shape), steps: 1 },
  layers: [
    { name: "embed", inputs: 60, outputs: 128, ...served },
    { name: "head", inputs: 768, outputs: 768, ...served },
  ],
  units: {
    crossbars: { count: 10, rows: 128, columns: 128, devices: 1 },
    converters: { count: 320, bits: 5 },
    scalers: { count: 160, codeBits: 6, factorBits: 8 },
    shifters: { count: 0, crossbars: 0, shifts: 8 },
    adders: { count: 16, bits: 16 },
    lif: { count: 16, membranes: 128, stateWords: 1, membraneBits: 16, place: "sram" },
    comparators: [],
    residual: { count: 16, bits: 16 },
  },
  engines: [
    {
      ...attending,
      ...{ unit: "ssa-tile", tiles: 2, cells: 4, counterBits: 7, fifos: 2, fifoBits: 64, feet: 2, registers: 4 },
    },
  ],
  mapping: { totals: { cells: 163_840, loads: 1 } },
};
/** Attention units with neurons, for 2 tokens and heads of 64 features over one step, and the actions that only they take. */
const unitOf = (document: object) => {
  const attention = attentionSpec.parse(document) as Parameters<typeof attentionUnitFor>[0];
  const request = { tokens: 2, dimension: 64, mask: new Uint8Array(4).fill(1), neuron: neuronSpec.parse({}), steps: 1 };
  return {
    ...attentionUnitFor(attention, request, hardwareSpec.parse({ order: "step-major" })),
    tiles: 2,
    ...attending,
  } as SizedEngine;
};
const OTHER_UNITS: readonly (readonly [SizedEngine, readonly Action[]])[] = [
  [unitOf({ kind: "lif" }), ["scoreUpdates", "outputUpdates", "stateReads", "stateWrites"]],
  [unitOf({ kind: "alpha-xnor" }), ["scoreNors", "gatedAdditions"]],
  [unitOf({ kind: "binary-map" }), ["countComparisons"]],
  [unitOf({ kind: "sdsa-1" }), ["channelCounts", "tokenAnds"]],
  [unitOf({ kind: "sdsa-3" }), ["outerAnds"]],
  [unitOf({ kind: "qk-token" }), ["treeBits"]],
];

/** Actions that only engines take. */
const OF_ENGINES: ReadonlySet<string> = new Set<Action>([
  ...OTHER_UNITS.flatMap(([, actions]) => actions),
  ...(["scoreAnds", "valueAnds", "scoreComparisons", "outputComparisons", "fifoShifts", "partialSums"] as const),
]);
const kindOf = (tally: Partial<Record<Action, number>>) =>
  Object.keys(tally).some((action) => OF_ENGINES.has(action)) ? "attention" : "linear";

const buffer = (name: BufferSize["name"]): BufferSize => ({ name, wordBits: 16, bits: 32_768 * 8 });
const work = (tally: Partial<Record<Action, number>> = {}, changes: Partial<MachineWork> = {}): MachineWork => ({
  machine,
  hardware,
  operations: [{ name: "head", kind: kindOf(tally), actions: { ...emptyTally(), ...tally } }],
  buffers: (["spikes", "qkv", "attention", "stream", "membranes", "states"] as const).map(buffer),
  time: 1e-6,
  ...changes,
});
const idle = priceMachine(work(), technology).energy;
/** What a million of an action adds, joules each, by part. */
function added(tally: Partial<Record<Action, number>>, kind = kindOf(tally), prices = technology, of = machine) {
  const operations = [{ name: "head", kind, actions: { ...emptyTally(), ...tally } }];
  const { energy } = priceMachine(work({}, { operations, machine: of }), prices);
  const still = priceMachine(work({}, { machine: of }), prices).energy;
  const parts = Object.entries(energy).map(
    ([part, value]) => [part, (value - still[part as EnergyPart]) / 1e6] as const,
  );
  return Object.fromEntries(parts.filter(([, value]) => value !== 0));
}

describe("energy", () => {
  const million = 1e6;

  test.each([
    // A conversion with its multiplexers, and the wires and buffers of its sum.
    [{ conversions: million }, { conversions: 0.276 + 0.069 + 0.256 + 0.02 }],
    // The second code of a pair needs no wires: they carry the difference, of 6 bits.
    [
      { conversions: million, subtractions: million },
      { conversions: 0.276 + 0.069, digital: 0.03 - (0.02 * 2) / 8 },
    ],
    [{ cellReads: million }, { array: 0.0032 }],
    // Two segments of 128 devices.
    [{ lineDrives: million }, { drivers: 0.1 }],
    // 6 x 8 bits; 14 flip-flops are written, of 7.8 and 3.6 fJ each.
    [{ scalings: million }, { digital: (0.2 * 48) / 64, clock: 14 * 0.0114 }],
    [{ accumulations: million }, { digital: 0.05, clock: 16 * 0.0114 }],
    [{ offsetAdditions: million }, { digital: 0.05, clock: 16 * 0.0114 }],
    [{ residualAdditions: million }, { stream: 0.05, clock: 16 * 0.0114 }],
    [{ lifUpdates: million }, { neurons: 0.1, clock: 16 * 0.0114 }],
    // C V^2 of 50 fF at 0.3 V, a wire of the crossbar's side at the same swing instead of 0.9 V, and switches.
    [{ chargeTransfers: million }, { feet: 0.0045 + (0.121 * Math.sqrt(0.425 + 16 * 923e-6)) / 9 + 0.069 }],
    [{ chargeSharings: million }, { feet: 0.0024 }],
    [{ membraneResets: million }, { feet: 0.0024 }],
    // 67 fJ at 65 nm and the charge of an offset; a spike is held. Without a membrane, which would be reset, a charge more.
    [
      { decisions: million, membraneResets: million },
      { feet: 0.067 / 1.73 + 0.0045 + 0.0024, clock: 0.0114 },
    ],
    [
      { decisions: million },
      { feet: 0.067 / 1.73 + 2 * 0.0045 + (0.121 * Math.sqrt(0.425 + 16 * 923e-6)) / 9 + 0.069, clock: 0.0114 },
    ],
    // A counter of 7 bits instead of 8, and a held bit, both written once per clock, in which a cell counts and adds.
    [{ scoreAnds: million }, { attention: (0.03 * 7) / 8, clock: 8 * 0.0114 }],
    [{ valueAnds: million }, { attention: (0.03 * 7) / 8 }],
    [{ outputComparisons: million }, { random: (1e12 * technology.comparison32 * 8) / 32 + 8 * 0.0025, clock: 0.0114 }],
    [{ fifoShifts: million }, { fifos: 0.0114 }],
    [{ lfsrShifts: million }, { random: 0.12, clock: 32 * 0.0114 }],
    // 64 partial sums of two bits circulate.
    [{ partialSums: million }, { attention: 0.05, clock: 128 * 0.0114 }],
  ] as const)("of %j, pJ", (tally, expected) => {
    const parts = added(tally);
    expect(Object.keys(parts).sort()).toEqual(Object.keys(expected).sort());
    for (const [part, pj] of Object.entries(expected)) expect(1e12 * parts[part], part).toBeCloseTo(pj, 9);
  });

  test.each([
    // Membranes below 64 + 64 / 2 + ..., and one more for the threshold: 8 sixteenths of a neuron's logic, and 8 flip-flops. Those of
    // outputs sum two bits, in quarters, because a gain of 8 over 2 tokens makes a threshold of 1 a quarter of a count.
    ["scoreUpdates", { kind: "lif" }, { attention: (0.1 * 8) / 16, clock: 8 * 0.0114 }],
    ["outputUpdates", { kind: "lif" }, { attention: (0.1 * 5) / 16, clock: 5 * 0.0114 }],
    // A NOR gate; a count of 64 x 4 has 9 bits, and a column's sum 10.
    ["scoreNors", { kind: "alpha-xnor" }, { attention: 0.0025 }],
    ["gatedAdditions", { kind: "alpha-xnor" }, { attention: 0.03 + (0.02 * 2) / 8 + 9 * 0.0025 }],
    ["countComparisons", { kind: "binary-map" }, { attention: (1e12 * technology.comparison32 * 7) / 32 }],
    // Counters of 2 bits.
    ["channelCounts", { kind: "sdsa-1" }, { attention: 0.03 - (0.02 * 6) / 8, clock: 2 * 0.0114 }],
    ["tokenAnds", { kind: "sdsa-1" }, { attention: 0.0025 }],
    ["outerAnds", { kind: "sdsa-3" }, { attention: (0.03 * 2) / 8, clock: 2 * 0.0114 }],
    // A full adder for each bit; the sum of 64 bits is held in 7.
    ["treeBits", { kind: "qk-token" }, { attention: 0.03 / 8, clock: (7 / 64) * 0.0114 }],
  ] as const)("of %s in the unit of %j is that of its widths, pJ", (action, document, expected) => {
    const parts = added({ [action]: million }, undefined, technology, { ...machine, engines: [unitOf(document)] });
    expect(Object.keys(parts).sort()).toEqual(Object.keys(expected).sort());
    for (const [part, pj] of Object.entries(expected)) expect(1e12 * parts[part], part).toBeCloseTo(pj, 9);
  });

  test("of wires in a layer follows its size: 0.084 pJ per conversion instead of 0.256 in a small one", () => {
    const of = (name: string) =>
      priceMachine(
        work({}, { operations: [{ name, kind: "linear", actions: { ...emptyTally(), conversions: million } }] }),
        technology,
      ).energy.conversions;
    expect(1e6 * (of("head") - of("embed"))).toBeCloseTo(0.256 - 0.084, 9);
    expect(of("unknown")).toBe(of("head"));
  });

  test("of words of the stream and membranes: a sixteenth of a line that 16 readout units fill", () => {
    // One bank of 32 kB: 0.336 pJ x (0.7 x 32 + 0.3 x 16) bytes / 16 words.
    expect(1e12 * added({ streamReads: 1e6 }).stream).toBeCloseTo((0.336 * (0.7 * 32 + 4.8)) / 16, 9);
    expect(1e12 * added({ membraneWrites: 1e6 }).neurons).toBeCloseTo((0.336 * (0.7 * 32 + 4.8)) / 16, 9);
  });

  test("of detecting silent row blocks is one gate per line of an input vector", () => {
    const skipping = added({ bitsRead: 1e6 }, "linear", { ...technology, skipSilentBlocks: 1 });
    expect(1e15 * skipping.digital).toBeCloseTo(2.5, 9);
    expect(Object.keys(skipping).sort()).toEqual(["buffers", "clock", "digital"]);
  });

  test("of spikes depends on who reads them: a crossbar's driver holds them in a flip-flop", () => {
    const read = added({ bitsRead: 1e6 });
    expect(Object.keys(read)).toEqual(["buffers", "clock"]);
    expect(1e15 * read.clock).toBeCloseTo(11.4, 9);
    expect(Object.keys(added({ bitsWritten: 1e6 })).sort()).toEqual(["buffers", "wires"]);
    expect(Object.keys(added({ bitsRead: 1e6 }, "attention")).sort()).toEqual(["buffers", "wires"]);
  });

  test("is paid for every action that is not part of another", () => {
    // Increments and column sums are in the price of an AND; a number is drawn for each comparison.
    const parts: Partial<Record<Action, true>> = {
      counterIncrements: true,
      columnAdditions: true,
      randomNumbers: true,
      // Every spike and silence is sent.
      bitsSent: true,
    };
    for (const action of ACTION_NAMES) {
      const [engine] = OTHER_UNITS.find(([, actions]) => actions.includes(action)) ?? machine.engines;
      const pays = added({ [action]: 1e6 }, undefined, technology, { ...machine, engines: [engine] });
      expect(Object.keys(pays).length === 0, action).toBe(parts[action] ?? false);
    }
    const drawing = { operations: [{ kind: "attention", actions: { ...emptyTally(), randomNumbers: 10 } }] };
    // Ideal numbers have no LFSR to come from, but 8 flip-flops each.
    const ideal = priceMachine(work({}, { ...drawing, hardware: literalMachine() }), technology);
    expect(1e12 * ideal.energy.clock).toBeCloseTo(10 * 8 * 0.0114, 9);
    expect(priceMachine(work({}, drawing), technology).energy.clock).toBe(0);
  });

  test("continues when idle: leakage, control and upkeep, in proportion to time", () => {
    const twice = priceMachine(work({}, { time: 2e-6 }), technology).energy;
    const parts = (Object.keys(idle) as EnergyPart[]).filter((part) => idle[part] > 0);
    expect(parts.sort()).toEqual(["control", "leakage", "upkeep"]);
    for (const part of parts) expect(twice[part] / idle[part]).toBeCloseTo(2, 12);
    const { leakage } = priceMachine(work(), technology);
    expect(idle.leakage).toBeCloseTo(leakage * 1e-6, 20);
  });

  test("of a chip that is reloaded includes programming and fetching all weights", () => {
    const loads = { mapping: { totals: { cells: 1000, loads: 2 } } };
    const { energy } = priceMachine(work({}, { machine: { ...machine, ...loads } }), technology);
    const kept = priceMachine(
      work({}, { machine: { ...machine, mapping: { totals: { cells: 1000, loads: 1 } } } }),
      technology,
    );
    // 2,000 devices at 450 pJ, 5,000 bits at 8 pJ.
    expect(1e9 * (energy.upkeep - kept.energy.upkeep)).toBeCloseTo(900 + 40, 6);
  });

  test("without the costs that projections leave out is that of the counted actions", () => {
    const { energy, leakage } = priceMachine(work({ conversions: 1e6, fifoShifts: 1e6 }), published);
    expect(leakage).toBe(0);
    expect([energy.clock, energy.wires, energy.links, energy.leakage, energy.control]).toEqual([0, 0, 0, 0, 0]);
  });
});

test("a soft reset adds only to neuron updates and to their area", () => {
  const [hard, soft] = (["hard", "soft"] as const).map((reset) =>
    priceMachine(
      { ...work({ lifUpdates: 1e6 }), machine: { ...machine, network: { ...machine.network, reset } } },
      technology,
    ),
  );
  expect(1e6 * (soft.energy.neurons - hard.energy.neurons)).toBeCloseTo(0.111, 9);
  expect(soft.area.neurons - hard.area.neurons).toBeCloseTo(16 * technology.softResetArea, 18);
  for (const part of ["conversions", "stream", "clock"] as const) expect(soft.energy[part]).toBe(hard.energy[part]);
});

test("a second word of state costs another update, unit and register, and another word in the buffers", () => {
  const [one, two] = [1, 2].map((stateWords) => {
    const units = { ...machine.units, lif: { ...machine.units.lif, place: "registers" as const, stateWords } };
    return priceMachine(
      { ...work({ lifUpdates: 1e6 }), machine: { ...machine, units, network: { ...machine.network, stateWords } } },
      technology,
    );
  });
  expect(two.energy.neurons).toBeCloseTo(2 * one.energy.neurons, 18);
  expect(two.energy.clock).toBeCloseTo(2 * one.energy.clock, 18);
  // 16 units, and registers for 128 - 16 further neurons.
  expect(two.area.neurons).toBeCloseTo(2 * one.area.neurons, 18);
  expect(one.area.neurons).toBeGreaterThan(16 * technology.lifArea);
});

describe("area", () => {
  test("is the counted units'", () => {
    const { area } = priceMachine(work(), technology);
    // 32 converters a crossbar instead of 16.
    expect(area.crossbars / (10 * (technology.crossbarArea + 16 * technology.converterArea))).toBeCloseTo(1, 9);
    expect(area.neurons).toBeCloseTo(16 * technology.lifArea, 18);
    expect(area.fifos).toBeCloseTo(2 * 2 * 64 * technology.registerArea, 18);
    // 4 registers of 32 flip-flops, and an encoder at each of 4 feet.
    expect(area.random).toBeGreaterThan(4 * 32 * technology.registerArea);
  });

  test("beyond a scanner's field is that of several dies, with links between them", () => {
    const crossbars = { ...machine.units.crossbars, count: 5000 };
    const converters = { ...machine.units.converters, count: 160_000 };
    const large = { ...machine, units: { ...machine.units, crossbars, converters } };
    const { dies, energy } = priceMachine(work({}, { machine: large }), technology);
    expect(dies).toBe(3);
    // 2 boundaries, 2 tokens, 128 features, 17 bits.
    expect(1e12 * energy.links).toBeCloseTo(2 * 2 * 128 * 17 * 0.54, 6);
  });
});

test("twice the actions add twice the energy, in every part", () => {
  const tallies = fc.tuple(...ACTION_NAMES.map(() => fc.nat(1e6)));
  fc.assert(
    fc.property(tallies, (some) => {
      // A second code comes with a first one.
      const tally = Object.fromEntries(ACTION_NAMES.map((action, i) => [action, some[i]])) as Record<Action, number>;
      tally.subtractions = Math.min(tally.subtractions, tally.conversions / 2);
      const twice = Object.fromEntries(ACTION_NAMES.map((action) => [action, 2 * tally[action]]));
      const [once, more] = [tally, twice].map((each) => priceMachine(work(each), technology).energy);
      for (const part of Object.keys(once) as EnergyPart[]) {
        expect(once[part]).toBeGreaterThanOrEqual(idle[part]);
        expect((more[part] - idle[part]) / (2 * (once[part] - idle[part]) || 1)).toBeCloseTo(
          once[part] > idle[part] ? 1 : 0,
          9,
        );
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("neurons that take codes pay a shift in place of a product, and an offset of their own without a register", () => {
  const layers = machine.layers.map((layer) => ({ ...layer, takesCodes: layer.name === "head" }));
  const units = { ...machine.units, scalers: { ...machine.units.scalers, count: 80 } };
  const taking = { ...machine, layers, units: { ...units, shifters: { count: 80, crossbars: 5, shifts: 8 } } };
  const actions = { ...emptyTally(), conversions: 100, subtractions: 40 };
  const neurons = { ...emptyTally(), offsetAdditions: 7 };
  const { energy, area } = priceMachine(
    work(
      {},
      {
        machine: taking,
        operations: [
          { name: "head", kind: "linear", actions },
          { name: "output", kind: "neurons", actions: neurons },
        ],
      },
    ),
    technology,
  );
  const base = priceMachine(work({ conversions: 100, subtractions: 40 }), technology);
  // Three layers of multiplexers, with a gate of each per bit of a code.
  const added = 60 * 3 * 6 * technology.gate + 7 * adder({ bits: 16 }, technology).energy;
  expect(energy.digital - base.energy.digital).toBeCloseTo(added, 22);
  expect(energy.clock).toBe(base.energy.clock);
  // 80 multipliers become shifters, and factors of 8 bits thresholds of 16 with a shift of 4: that takes more area.
  const saved =
    multiplier({ a: 6, b: 8 }, technology).area - shifter({ bits: 6, width: 16, shifts: 8 }, technology).area;
  const registers = 5 * 128 * (16 + 4 - 8) * technology.registerArea;
  expect(1e6 * (area.scalers - base.area.scalers)).toBeCloseTo(1e6 * (registers - 80 * saved), 9);
});

test("gated clocks reach a counter where it counts and once per window, and its gate always", () => {
  const tally = { scoreAnds: 6400, counterIncrements: 500 };
  const clock = (clocking: "written" | "gated") =>
    priceMachine(work(tally, { hardware: { ...hardware, clocking } }), technology).energy.clock;
  const bit = register({ bits: 1 }, technology).energy;
  expect(clock("written")).toBeCloseTo(6400 * 8 * bit, 22);
  // Heads of 64 features: 100 windows.
  const gate = technology.flipFlopClock / 2 + technology.gate + technology.clockTree;
  expect(clock("gated")).toBeCloseTo((600 * 7 + 100) * bit + 6400 * gate, 22);
});

test("gated control takes the clock while its unit works, attention's always", () => {
  const time = 1e-3;
  const control = (clocking: "written" | "gated") =>
    priceMachine(work({}, { time, hardware: { ...hardware, clocking } }), technology).energy.control;
  const clocks = time * technology.ssaClock;
  const share = control("written") / (3 * clocks);
  const gate = technology.flipFlopClock / 2 + technology.gate + technology.clockTree;
  // Two layers serve two tokens for ten clocks each.
  expect(control("gated")).toBeCloseTo(share * (clocks + 40) + 3 * clocks * gate, 18);
});

test("spikes in a code travel in as many bits as it takes, and pay for coding", () => {
  const tally = { bitsWritten: 1000, bitsSent: 300 };
  const wires = (code: "bits" | "fewer") =>
    priceMachine(
      work(
        {},
        {
          hardware: { ...hardware, transport: { code, vector: 8 } },
          operations: [{ name: "output", kind: "neurons", actions: { ...emptyTally(), ...tally } }],
        },
      ),
      technology,
    ).energy.wires;
  const coding = 1000 * (adder({ bits: 1 }, technology).energy + 2 * technology.gate);
  expect(wires("fewer")).toBeCloseTo(0.3 * wires("bits") + coding, 22);
});
