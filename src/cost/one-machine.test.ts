// @module-tag slow
/**
 * Accuracy, energy, time and area are those of one machine: what is simulated is priced, and what is priced takes time. Rules that
 * all machines share are in `rules.test.ts`, knobs that nobody pays for in `knobs.test.ts`.
 */
import { describe, expect, test } from "vitest";
import { hardwareSpec } from "../experiment/hardware.ts";
import type { Action } from "../hardware/actions.ts";
import { countActions } from "../machine/counts.ts";
import { coreOf } from "../machine/machine.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES } from "./architectures/catalogue.ts";
import { meritOf } from "./architectures/performance.ts";
import { workloadActions } from "./architectures/xpikeformer.ts";
import { estimateCost } from "./cost.ts";
import { sizedFor } from "./hardware.ts";
import { machineCost } from "./machine-cost.ts";
import { planMachine } from "./planned.ts";
import { findCostPreset } from "./presets.ts";
import { type CostChoice, resolveTechnology } from "./resolve.ts";
import { findWorkload, WORKLOADS } from "./workloads.ts";

const simulated = resolveTechnology(findCostPreset("simulated"));
const bottomUp = resolveTechnology(findCostPreset("bottom-up"));

/** ViT-8-768 on this hardware, at the prices of the whole machine. */
function machine(change: object, choice: CostChoice = {}) {
  const hardware = hardwareSpec.parse(change);
  const workload = { ...findWorkload("vit-8-768-imagenet"), hardware };
  const technology = sizedFor(hardware, resolveTechnology(findCostPreset("simulated"), choice).technology);
  return { hardware, workload, technology, cost: machineCost(workload, technology) };
}
const PAIR = { adc: { mode: "pair", sharing: 8 }, ssa: { fifo: "cell" }, order: "token-major" };
const OTHER = { adc: { mode: "differential", sharing: 8 }, ssa: { fifo: "row", random: "lfsr" }, order: "step-major" };

describe("the machine that is priced", () => {
  test.each([PAIR, OTHER])("has the counts of the simulators: %j", (change) => {
    const { hardware, workload, technology } = machine(change);
    const priced = workloadActions(workload, technology);
    expect(priced).toEqual(countActions(coreOf(hardware, workload), workload));
  });

  test("converts both lines of a pair, scales every local sum, moves a FIFO in every cell and stores the stream: 8 blocks by hand", () => {
    const { workload, technology, cost } = machine(PAIR);
    const operations = workloadActions(workload, technology);
    const counted = (action: Action, of: RegExp) =>
      operations
        .filter(({ name, kind }) => kind !== "neurons" && of.test(name))
        .reduce((sum, { actions, repeat }) => sum + repeat * actions[action], 0);
    // 55,296 local sums of a block per token and step; 197 x 197 FIFOs of 64 bits in each of 12 heads, for (4 + 1) 64 clocks.
    expect(counted("conversions", /^blocks/)).toBe(2 * 55_296 * 8 * 788);
    expect(counted("scalings", /^blocks/)).toBe(55_296 * 8 * 788);
    expect(counted("fifoShifts", /^blocks/)).toBe(8 * 12 * 320 * 197 ** 2 * 64);
    // Two additions a block, of which the last leaves nothing to store, and the embedding.
    expect(counted("streamWrites", /./)).toBe((2 * 8 - 1 + 1) * 788 * 768);
    const { energy } = cost.price;
    expect(Math.min(energy.conversions, energy.digital, energy.fifos, energy.stream)).toBeGreaterThan(1e-6);
    const without = (id: keyof typeof technology) => machineCost(workload, { ...technology, [id]: 0 }).price.energy;
    expect(
      energy.conversions /
        machine({ ...PAIR, adc: { mode: "differential", sharing: 8 } }).cost.price.energy.conversions,
    ).toBeGreaterThan(1.2);
    expect(without("multiply8").digital).toBeLessThan(energy.digital / 2);
    expect(without("flipFlopClock").fifos / energy.fifos).toBeCloseTo(3.6 / 11.4, 12);
    expect(without("sramRead").stream).toBeLessThan(energy.stream / 2);
  });

  test("pays for the membranes of all tokens where attention works beside the crossbars", () => {
    const [alternating, beside] = [PAIR, { ...PAIR, order: "step-major" }].map((change) => machine(change).cost);
    expect(beside.latency).toBeLessThan(0.6 * alternating.latency);
    expect(beside.price.energy.neurons).toBeGreaterThan(2 * alternating.price.energy.neurons);
    expect(beside.area).toBeGreaterThan(alternating.area);
  });
});

describe("time", () => {
  test("includes the embedding: 197 tokens of 8-bit pixels, bit by bit, take 142 us before the next image", () => {
    const { workload, technology, cost } = machine(PAIR);
    const { layers } = planMachine(workload, technology).machine;
    const [embed] = layers;
    expect(embed.name).toBe("embed");
    // Eight reads of 2 clocks to settle and 8 conversions of 2, at 200 MHz.
    expect(cost.interval).toBeCloseTo((197 * 8 * 18) / 200e6, 12);
    const { schedule } = estimateCost(workload, { ...simulated, technology });
    const [first, second] = schedule.alone.units;
    expect([first.name, first.busy]).toEqual(["embed", 197 * 8 * 18]);
    expect(second.start[0]).toBeGreaterThanOrEqual(first.end[0]);
  });

  test("grows with the bits of residual inputs, which enter one after another", () => {
    for (const change of [PAIR, OTHER]) {
      const [spikes, numbers] = [1, 6].map((residualInputBits) => machine(change, { set: { residualInputBits } }));
      const { layers } = planMachine(numbers.workload, numbers.technology).machine;
      const clocks = layers.slice(1, 5).map((layer) => [layer.name, layer.clocks]);
      expect(clocks).toEqual([
        ["blocks.0.qkv", 6 * 18],
        ["blocks.0.projection", 18],
        ["blocks.0.up", 6 * 18],
        ["blocks.0.down", 18],
      ]);
      expect(numbers.cost.latency).toBeGreaterThan(2 * spikes.cost.latency);
      expect(numbers.cost.interval).toBeGreaterThan(spikes.cost.interval);
      expect(numbers.cost.price.energy.buffers).toBeGreaterThan(2 * spikes.cost.price.energy.buffers);
    }
  });

  test("follows the node, on every machine but a graphics processor", () => {
    const at = (node: number) => resolveTechnology(findCostPreset("simulated"), { node }).technology;
    for (const id of ARCHITECTURE_IDS.filter((id) => !id.startsWith("gpu"))) {
      for (const workload of WORKLOADS) {
        const [large, small] = [45, 22].map((node) => ARCHITECTURES[id].performance(workload, at(node)));
        expect(small.latency, id).toBeLessThan(large.latency);
        expect(small.interval, id).toBeLessThan(large.interval);
      }
    }
  });
});

test("every machine has a throughput: answers per second, one at a time and pipelined, per mm2 and per watt, ours from its schedule", () => {
  for (const resolved of [simulated, bottomUp]) {
    for (const workload of WORKLOADS) {
      const { architectures, times } = estimateCost(workload, resolved);
      for (const id of ARCHITECTURE_IDS) {
        const { performance } = architectures[id];
        const merit = meritOf(architectures[id], performance, workload.result.perInference);
        expect(Math.min(merit.oneAtATime, merit.inFlight, merit.perWatt), id).toBeGreaterThan(0);
        expect(merit.inFlight).toBeGreaterThanOrEqual(merit.oneAtATime);
        if (!id.startsWith("gpu")) expect(merit.perArea, id).toBeGreaterThan(0);
      }
      const { latency, interval } = architectures.xpikeformer.performance;
      expect([latency, interval]).toEqual([times.alone, times.interval]);
    }
  }
});
