// @module-tag slow
/** What an evaluation gives before its end: the first chip, its result on a few prompts, and an early end when it is cancelled. */
import { expect, test } from "vitest";
import { keepUntil } from "../../test/support/memory-keeper.ts";
import { workerPorts } from "../../test/support/worker-ports.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { type Chip, programChip, stateOfChip } from "../simulation/chip.ts";
import { calibrate } from "../simulation/reference/simulate.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { type Executor, inlineExecutor, workerExecutor } from "../threads/executor.ts";
import { CALIBRATION_DRAW, CALIBRATION_PROMPTS } from "./calibration-prompts.ts";
import { type ChipEvaluation, evaluateChips } from "./chips.ts";
import { jobs } from "./jobs.ts";

const task = { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 };
const model = { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } };
const small = { rows: 7, columns: 6 };
const errors = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 };

const experimentOf = (hardware: object) =>
  parseExperiment({ seed: 9, task, model, hardware }) as Experiment<SymbolDetectionSpec>;
const networkOf = (experiment: Experiment) =>
  initialise(experiment.model as SpikingSpec, networkGeometry(experiment, createTask(experiment)), stream(3));
const threadsOf = (count: number): Executor =>
  count === 1 ? inlineExecutor(jobs) : workerExecutor(workerPorts(jobs, count).list);

test.each([
  { crossbar: small },
  { crossbar: small, adc: { bits: null }, arithmetic: null },
  { crossbar: small, adc: { errors }, compensation: { scope: "tile" } },
  { crossbar: small, calibration: "codes", adc: { errors, trim: {} }, compensation: { scope: "column" } },
])(
  "the first chip that threads hand over is the one that the reference programs and calibrates: %j",
  async (hardware) => {
    const experiment = experimentOf(hardware);
    const network = networkOf(experiment);
    const folded = foldNetwork(network);
    const root = stream(experiment.seed);
    const random = root.fork("chip", 0);
    const mapping = mapNetwork(folded, experiment.hardware, experiment.task.coding);
    const fresh = programChip(folded, mapping, experiment.hardware, random);
    const { spikes } = createTask(experiment).draw(CALIBRATION_PROMPTS, root.fork("calibration"), CALIBRATION_DRAW);
    const expected = calibrate(fresh, spikes!, random.fork("calibration"));
    for (const count of [1, 2, 3]) {
      const given: Chip[] = [];
      const options = { chips: 2, prompts: 3, snrDecibels: [0, 20], onFirstChip: (chip: Chip) => given.push(chip) };
      await evaluateChips(threadsOf(count), experiment, network, options);
      expect(given.length).toBe(1);
      expect(stateOfChip(given[0])).toEqual(stateOfChip(expected));
      expect(given[0].mapping).toEqual(mapping);
      expect(given[0].device.maxConductance).toBe(expected.device.maxConductance);
    }
  },
);

test("the first chip's early result equals an evaluation of that few prompts, whatever was kept", async () => {
  const experiment = experimentOf({ crossbar: small });
  const network = networkOf(experiment);
  const evaluate = async (prompts: number, early: number[], keeper = keepUntil(100)) => {
    const told: ChipEvaluation[] = [];
    let answered = 0;
    const onPrompts = (count: number) => {
      answered += count;
    };
    const options = { chips: 2, prompts, slice: 4, early, keeper, onPrompts };
    await evaluateChips(threadsOf(2), experiment, network, { ...options, onChip: (chip) => told.push(chip) });
    return { told, answered, keeper };
  };
  const [few, more, all] = await Promise.all([5, 9, 20].map((prompts) => evaluate(prompts, [])));
  const coarse = await evaluate(20, [5, 9, 20, 50]);
  expect(coarse.told).toEqual([few.told[0], more.told[0], ...all.told]);
  expect(coarse.answered).toBe(40);
  // The first of four prompts were answered in an earlier run.
  const again = await evaluate(20, [5], keepUntil(100, coarse.keeper.units.slice(0, 1)));
  expect(again.told).toEqual([few.told[0], ...all.told]);
  expect(again.answered).toBe(40);
});

test.each([1, 2])("on %d threads it ends at its next piece of work when it is cancelled", async (count) => {
  const experiment = experimentOf({ crossbar: small });
  const network = networkOf(experiment);
  const executor = threadsOf(count);
  const reason = new Error("another question");
  let answered = 0;
  const stopper = new AbortController();
  const running = evaluateChips(executor, experiment, network, {
    ...{ chips: 50, prompts: 40, slice: 2, signal: stopper.signal },
    onPrompts: (prompts) => {
      answered += prompts;
      stopper.abort(reason);
    },
  });
  await expect(running).rejects.toBe(reason);
  expect(answered).toBe(2);
  // A chip that is not yet calibrated is not finished either.
  const steps: unknown[] = [];
  const early = new AbortController();
  const watched: Executor = {
    ...executor,
    open: (...given) => {
      const session = executor.open(...(given as [string, unknown]));
      const each = (piece: never) => {
        if (steps.push(piece) === 3) early.abort(reason);
        return session.each(piece);
      };
      return { ...session, each } as never;
    },
  };
  const options = { chips: 1, prompts: 8 };
  await expect(evaluateChips(watched, experiment, network, { ...options, signal: early.signal })).rejects.toBe(reason);
  expect(steps.length).toBe(3);
  const whole = await evaluateChips(inlineExecutor(jobs), experiment, network, options);
  expect(await evaluateChips(executor, experiment, network, options)).toEqual(whole);
});
