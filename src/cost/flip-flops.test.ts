/**
 * The rule for flip-flops, held against every machine: one that is written pays its own energy and its leaf of the clock tree, once.
 * Writes are counted here by hand, from sizes and actions, without the code that prices them.
 */
import { describe, expect, test } from "vitest";
import { machineByName } from "../experiment/parse.ts";
import type { SsaUnit } from "../machine/machine.ts";
import { ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import { workloadActions } from "./architectures/xpikeformer.ts";
import { hardwarePrices } from "./hardware.ts";
import { planMachine } from "./planned.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { totalOf } from "./unit-energies.ts";
import type { Workload } from "./workload.ts";
import { findWorkload } from "./workloads.ts";

const { technology } = resolveTechnology(findCostPreset("simulated"));
const large = findWorkload("vit-8-768-imagenet");
/** With layers for its embedding and its head, and with local sums that are scaled. */
const decoder: Workload = { ...findWorkload("icl-4-256-2x2"), embedding: "lines", scaled: true };

/** 45 nm; pJ of a flip-flop and of its leaf of the clock tree. */
const [OWN, LEAF] = [0.0078e-12, 0.0036e-12];

/** Elements of softmax, LayerNorm and GELU. */
const elements = ({ depth, heads, annScores, tokens, width, expansion }: Workload) =>
  depth * (heads * annScores + tokens * width * (2 + expansion));
/** Weights, and products with weights, of the blocks. */
const weights = ({ depth, width, expansion }: Workload) => depth * width ** 2 * (4 + 2 * expansion);
const attended = ({ depth, width, scores }: Workload) => 2 * depth * width * scores;
const products = (w: Workload) =>
  w.tokens * (weights(w) + w.annInputs * w.width) + attended(w) + w.queries * w.width * w.classes;

/** Bits of flip-flops written in an inference, without control. */
const WRITTEN: readonly (readonly [ArchitectureId, Workload, () => number])[] = [
  ["annDigital", large, () => 40 * products(large) + 8 * weights(large) + 32 * elements(large)],
  ["annDigital", decoder, () => 40 * products(decoder) + 8 * weights(decoder) + 32 * elements(decoder)],
  // 4-bit operands and 20-bit sums.
  ["annInt4", large, () => 24 * products(large) + 4 * weights(large) + 32 * elements(large)],
  ["annFloat16", large, () => 48 * products(large) + 16 * weights(large) + 32 * elements(large)],
  ["annTrees", large, () => (40 / 16) * products(large) + 8 * weights(large) + 32 * elements(large)],
  ["annAimcOwn", large, () => hybridWrites(large)],
  ["snnDigital", large, () => digitalWrites(large)],
  ["xpikeformer", large, () => machineWrites(large)],
  ["xpikeformer", decoder, () => machineWrites(decoder)],
];

/** An input's eight bits are held and read one after another; all codes are added to sums of 16 bits, which are scaled once. */
function hybridWrites(w: Workload): number {
  const inputs = [w.width, w.width, w.width, 4 * w.width];
  const outputs = [3 * w.width, w.width, 4 * w.width, w.width];
  const held = inputs.reduce((sum, n) => sum + 8 * n, 0);
  const sums = inputs.reduce((sum, n, i) => sum + outputs[i] * Math.ceil(n / 128), 0);
  return w.depth * w.tokens * (held + (8 + 1) * 16 * sums) + 40 * attended(w) + 32 * elements(w);
}

/** 13-bit sums of weights at spikes, 8-bit scores, 16-bit values, membranes of 16 bits, weights of 5 bits, spikes. */
function digitalWrites(w: Workload): number {
  const [{ qkv, projection, up, down, value, coincidences }] = w.blocks;
  const token = w.depth * w.snnSteps * w.tokens;
  const layers = [
    [w.width, 3 * w.width, qkv],
    [w.width, w.width, projection],
    [w.width, 4 * w.width, up],
    [4 * w.width, w.width, down],
  ];
  let writes = w.tokens * w.annInputs * w.width * 8;
  for (const [inputs, outputs, density] of layers) {
    writes += token * (13 * density * inputs * outputs + 16 * outputs + inputs);
    writes += w.depth * 5 * inputs * outputs * (1 - (1 - density) ** (w.snnSteps * w.tokens));
  }
  return writes + w.depth * w.snnSteps * w.scores * w.width * (8 * coincidences + 16 * value);
}

/** The counted actions of our machine at the widths of its units. */
function machineWrites(w: Workload, prices = technology): number {
  const actions = (action: string, kinds = /./) =>
    workloadActions(w, prices)
      .filter(({ kind }) => kinds.test(kind))
      .reduce((sum, one) => sum + one.repeat * one.actions[action as keyof typeof one.actions], 0);
  const { engines, words } = planMachine(w, prices).machine;
  const ssa = engines[0] as SsaUnit;
  return (
    actions("bitsRead", /linear|neurons|residual/) +
    // Codes of 5 bits (6 behind a pair of converters) times factors.
    actions("scalings") * ((prices.conversionsPerSum === 2 ? 6 : 5) + words.factor) +
    16 * (actions("accumulations") + actions("offsetAdditions")) +
    words.membrane * actions("lifUpdates") +
    words.stream * actions("residualAdditions") +
    // A counter and a held score per cell and clock, a bit per foot and clock.
    actions("scoreAnds") * (ssa.counterBits + 1) +
    actions("outputComparisons") +
    // A spike that a column's comparator decided on.
    actions("decisions") +
    actions("fifoShifts") +
    32 * actions("lfsrShifts")
  );
}

/** Flip-flops of control: 64 per kind of unit, at every clock. */
function controlWrites(id: ArchitectureId, w: Workload): number {
  const { interval } = ARCHITECTURES[id].performance(w, technology);
  if (id === "xpikeformer") {
    return 64 * (planMachine(w, technology).machine.layers.length + 1) * interval * technology.ssaClock;
  }
  const kinds = id === "snnDigital" ? 2 : id === "annAimcOwn" ? 4 + 4 * w.depth : 4;
  return 64 * kinds * interval * technology.annClock;
}

describe.each(WRITTEN)("%s", (id, workload, count) => {
  const energy = (changes: Partial<typeof technology> = {}) =>
    ARCHITECTURES[id].energy(workload, { ...technology, ...changes });
  const writes = count() + controlWrites(id, workload);
  /** How often a price is paid: what it adds to the total, from nothing. */
  const times = (price: "flipFlopClock" | "clockTree") =>
    (totalOf(energy({ [price]: 1e-12 })) - totalOf(energy({ [price]: 0 }))) / 1e-12;

  test(`${workload.name}: every flip-flop written pays its own energy and its leaf, once`, () => {
    expect(times("flipFlopClock") / writes).toBeCloseTo(1, 9);
    expect(times("clockTree") / writes).toBeCloseTo(1, 9);
  });

  test(`${workload.name}: their energy is all in clock, control and FIFOs, and in no other part`, () => {
    const [parts, none] = [energy(), energy({ flipFlopClock: 0, clockTree: 0 })];
    const paid = parts.clock + parts.control + (parts.fifos ?? 0);
    expect(paid / (writes * (OWN + LEAF))).toBeCloseTo(1, 9);
    expect(none.clock + none.control + (none.fifos ?? 0)).toBe(0);
    for (const [part, joules] of Object.entries(parts)) {
      if (part !== "clock" && part !== "control" && part !== "fifos") expect(none[part], part).toBe(joules);
    }
  });
});

test("the receipts of arithmetic contain no flip-flop: an update, a shift of an LFSR and a MAC are their gates alone", () => {
  const { prices } = findCostPreset("simulated");
  // 16-bit add and compare; 32 bits of which half toggle, without their clock.
  expect(technology.lifLogic).toBeCloseTo(2 * technology.add16, 20);
  expect(prices.lifUpdate.value - prices.lifLogic.value).toBeCloseTo(32 * 0.01e-12, 20);
  expect(technology.lfsrShift).toBeCloseTo((32 * 7.5e-15) / 2, 20);
  expect([technology.registerBit, technology.snnRegisterBit]).toEqual([0, 0]);
  const { mac } = ARCHITECTURES.annDigital.energy(large, technology);
  expect(mac / products(large)).toBeCloseTo(technology.multiply8 + technology.add32, 20);
});

test("on every machine of ours, with pairs of converters, FIFOs in every cell and columns without converters, too", () => {
  for (const name of ["paper", "recommended", "realistic", "charge"] as const) {
    const hardware = machineByName(name);
    const own = { ...large, hardware };
    const prices = resolveTechnology(findCostPreset("simulated"), { set: hardwarePrices(hardware, own) }).technology;
    const { clock, fifos } = ARCHITECTURES.xpikeformer.energy(own, prices);
    expect((clock + fifos) / (machineWrites(own, prices) * (OWN + LEAF)), name).toBeCloseTo(1, 9);
  }
});
