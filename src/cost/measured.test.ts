// @module-tag slow
/** Counts from a workload's densities and counts from the simulator agree on the same run, and so do their prices. */
import { expect, test } from "vitest";
import { requireEqualCounts } from "../../test/support/equal-counts.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { calibrate, simulate } from "../simulation/reference/simulate.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { priceOperations, workloadActions, xpikeformer } from "./architectures/xpikeformer.ts";
import { workloadsByStep } from "./by-step.ts";
import { hardwarePrices } from "./hardware.ts";
import { comparedWith, experimentWorkload, measuredWorkload, perInference } from "./measured.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { totalOf } from "./unit-energies.ts";
import { networkFor } from "./workload.ts";

/** Every switch of network and machine that changes counts. */
const MACHINES: readonly { name: string; task?: object; model: object; hardware: object }[] = [
  { name: "pair conversions, projection", model: {}, hardware: {} },
  { name: "integrate-and-fire neurons, soft reset", model: { neuron: { kind: "if", reset: "soft" } }, hardware: {} },
  { name: "differential conversions", model: {}, hardware: { adc: { mode: "differential" } } },
  { name: "no projection, learned positions", model: { outputProjection: false, position: "learned" }, hardware: {} },
  {
    name: "small crossbars, no residual",
    model: { residual: "none" },
    hardware: { crossbar: { rows: 24, columns: 20, embedRows: 7 } },
  },
  {
    name: "three lines for each input",
    model: {},
    hardware: { crossbar: { rows: 24, columns: 20, linesPerInput: 3, inputStride: 2 } },
  },
  { name: "registers of each tile", model: {}, hardware: { ssa: { random: "lfsr", lfsr: { shiftsPerClock: 8 } } } },
  {
    name: "registers of the engine, one tile for both heads, a FIFO per row",
    model: {},
    hardware: { ssa: { random: "lfsr", tiles: 1, fifo: "row", lfsr: { scope: "engine", sharing: "row" } } },
  },
  { name: "tiles of three tokens", model: {}, hardware: { ssa: { random: "lfsr", tileTokens: 3 } } },
  {
    name: "step-major order, tiles of two tokens",
    model: {},
    hardware: { order: "step-major", ssa: { random: "lfsr", tileTokens: 2 } },
  },
  { name: "copies of the last query", task: { queryCopies: 3 }, model: {}, hardware: {} },
];

test.each(MACHINES)("$name", ({ task: asked, model, hardware }) => {
  const experiment = parseExperiment({
    task: { pilots: 3, coding: "thermometer", ...asked },
    model: { kind: "spiking", width: 32, depth: 2, heads: 2, steps: 3, normalisation: "none", ...model },
    hardware: { ...hardware },
  });
  if (experiment.model.kind !== "spiking") throw new Error("the model is spiking");
  const task = createTask(experiment);
  const root = stream(5);
  const network = initialise(experiment.model, networkGeometry(experiment, task), root.fork("network"));
  const mapping = mapNetwork(network, experiment.hardware, experiment.task.coding);
  const { spikes } = task.draw(4, root.fork("prompts"), { values: false });
  const fresh = programChip(network, mapping, experiment.hardware, root.fork("chip"));
  const calibrated = calibrate(fresh, spikes!, root.fork("run"));
  const trace = simulate(calibrated, spikes!, root.fork("run"), { rasters: 4 });

  const workload = measuredWorkload(experiment, trace);
  const { technology } = resolveTechnology(findCostPreset("bottom-up"), {
    set: hardwarePrices(experiment.hardware, experiment.model),
  });
  const counted = perInference(trace);
  const analytic = workloadActions(workload, technology);
  requireEqualCounts(trace, analytic);
  const charged = { ...technology, attentionTraffic: 1, residualTrafficBits: 8 };
  const [fromTrace, fromDensities] = [priceOperations(counted, charged, workload), xpikeformer(workload, charged)];
  for (const part in fromTrace) {
    expect(Math.abs(fromTrace[part] - fromDensities[part]), part).toBeLessThanOrEqual(1e-9 * fromTrace[part]);
  }
  expect(totalOf(fromTrace)).toBeGreaterThan(0);
  // So do those of the whole machine.
  const whole = { ...charged, wholeMachine: 1 };
  const [traced, expected] = [xpikeformer(workload, whole, counted), xpikeformer(workload, whole)];
  for (const part in traced) expect(traced[part] / expected[part] || 1, part).toBeCloseTo(1, 9);

  // The steps of the same run, one by one, add up to the whole.
  const steps = workloadsByStep(experiment, trace.rasters);
  expect(steps).toHaveLength(3);
  for (const prices of [charged, { ...charged, wholeMachine: 1 }]) {
    const whole = xpikeformer(workload, prices, counted);
    const bySteps = steps.map((step) => xpikeformer(step, prices));
    for (const part in whole) {
      const sum = bySteps.reduce((total, parts) => total + parts[part] / steps.length, 0);
      expect(Math.abs(sum - whole[part]), `${part} of all steps`).toBeLessThanOrEqual(1e-9 * whole[part]);
    }
    expect(new Set(bySteps.map(({ array }) => array)).size).toBeGreaterThan(1);
  }
});

test("networks that draw nothing have no copies of a query", () => {
  const workloadOf = (task: object) =>
    experimentWorkload(
      parseExperiment({ task: { pilots: 3, coding: "thermometer", ...task }, model: { kind: "spiking" } }),
    );
  const [once, often] = [workloadOf({}), workloadOf({ queryCopies: 4 })];
  expect([once.tokens, often.tokens, once.queries, often.queries]).toEqual([7, 10, 4, 7]);
  const { compared, ...ann } = networkFor(often, "ann");
  expect(ann).toEqual(once);
  expect(networkFor(often, "snn")).toBe(often);
  const { model } = parseExperiment({ model: { kind: "ann" } });
  const experiment = parseExperiment({
    task: { pilots: 3, coding: "thermometer", queryCopies: 4 },
    model: { kind: "spiking" },
  });
  expect(comparedWith(often, experiment, { ann: model }).compared!.ann).toMatchObject({ tokens: 7, queries: 4 });
  expect(comparedWith(often, experiment, {}).compared!.ann).toMatchObject({ tokens: 7, queries: 4 });
  // A digital SNN with LIF attention says the same at every copy, one with the SSA engine's does not.
  const snn = (neuron: string) => {
    const { model } = parseExperiment({ model: { kind: "spiking", attention: { neuron } } });
    const densities = new Proxy({}, { get: () => 0.25 });
    return comparedWith(often, experiment, { snn: { model: model as SpikingSpec, densities } }).compared!.snn;
  };
  expect(snn("lif")).toMatchObject({ tokens: 7, queries: 4 });
  expect(snn("stochastic")).toMatchObject({ tokens: 10, queries: 7 });
});
