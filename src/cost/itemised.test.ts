import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { evaluateChips } from "../evaluation/chips.ts";
import { jobs } from "../evaluation/jobs.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { openExperiment } from "../task/open.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { itemiseChips } from "./itemised.ts";
import { perInference } from "./measured.ts";
import type { ParameterId } from "./parameters.ts";
import { chipsCost, machineOfChips, pool } from "./simulated.ts";

const model = { kind: "spiking", steps: 2, neuron: { threshold: 0.3 } } as const;
const executor = inlineExecutor(jobs);

async function evaluated(hardware: object) {
  const experiment = tinyExperiment({ model, hardware: { ...hardware, chips: 2 } as never });
  const opened = openExperiment(experiment);
  const network = initialise(experiment.model as SpikingSpec, opened.task.geometry.spiking, stream(1));
  return { experiment, chips: await evaluateChips(executor, opened, network, { chips: 2, prompts: 20 }) };
}

test.each([{}, { adc: { mode: "pair" } }, { ssa: { random: "lfsr" } }, { order: "token-major" }])(
  "items add up to the parts and the energy of the same chips, exactly: %j",
  async (hardware) => {
    const { experiment, chips } = await evaluated(hardware);
    const { parts, total, receipts } = itemiseChips(experiment, chips);
    const own = chipsCost(experiment, chips).architectures.xpikeformer;
    const paid = Object.entries(own.parts).filter(([, energy]) => energy !== 0);
    expect(parts.map(({ part, energy }) => [part, energy])).toEqual(paid);
    expect(total).toBe(own.total);
    for (const { items } of parts) {
      expect(items.length).toBeGreaterThan(0);
      for (const { count, energy, weights } of items) {
        expect(count).toBeGreaterThan(0);
        expect(energy).toBeGreaterThan(0);
        expect(weights.length).toBeGreaterThan(0);
        for (const { parameter } of weights) expect(receipts[parameter]!.price.printed).not.toBe("");
      }
    }
  },
);

test.each([{}, { adc: { mode: "pair" } }, { order: "step-major", ssa: { tiles: 1 } }])(
  "the machine of the network's graph costs what the machine of its sizes does: %j",
  async (hardware) => {
    const { experiment, chips } = await evaluated(hardware);
    const { estimate, machine } = machineOfChips(experiment, chips);
    const { architectures, workload, area, ...sized } = chipsCost(experiment, chips);
    expect(estimate).toEqual({
      ...sized,
      workload: { steps: workload.steps, snnSteps: workload.snnSteps, result: workload.result },
      architectures: { xpikeformer: architectures.xpikeformer },
      area: { crossbars: area.crossbars, xpikeformer: area.xpikeformer },
    });
    expect(Object.values(machine.energy).reduce((sum, part) => sum + part, 0)).toBeCloseTo(
      architectures.xpikeformer.total,
      20,
    );
  },
);

test("counts are those of the simulator, and weights those of a changed price", async () => {
  const { experiment, chips } = await evaluated({});
  const { parts, receipts } = itemiseChips(experiment, chips);
  const total = perInference(pool(chips)).reduce((sum, { actions }) => sum + actions.conversions, 0);
  const converters = parts.find(({ part }) => part === "conversions")!;
  const conversions = converters.items.find(({ what }) => what === "conversions")!;
  expect(conversions.count).toBe(total);
  const weight = (id: ParameterId) => conversions.weights.find(({ parameter }) => parameter === id)?.weight ?? 0;
  // A conversion is the converter and its periphery, in proportion; doubling both doubles it.
  expect(weight("conversion5") + weight("periphery")).toBeCloseTo(1, 4);
  expect(weight("periphery")).toBeCloseTo((receipts.periphery!.value * conversions.count) / conversions.energy, 4);
  const cells = parts.find(({ part }) => part === "array")!.items[0];
  expect(cells.weights[0].parameter).toBe("cellRead");
  expect(cells.weights[0].weight).toBeCloseTo(1, 4);
  expect(receipts.conversion5!.url).toMatch(/^https:/);
});
