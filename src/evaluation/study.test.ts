// @module-tag slow
import { describe, expect, test } from "vitest";
import { ShapeError, ValueError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { chipAt, programChip } from "../simulation/chip.ts";
import { calibrate, simulate } from "../simulation/reference/simulate.ts";
import { meanLogits } from "../simulation/trace.ts";
import { decide } from "../task/answers.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { bitErrors } from "../task/metrics.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { evaluateChips } from "./chips.ts";
import { jobs } from "./jobs.ts";
import { runStudy, type StudyOptions } from "./study.ts";

const executor = inlineExecutor(jobs);
const YEAR = 365 * 86_400;
const PROMPTS = 24;
const experiment = parseExperiment({
  seed: 9,
  task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 },
  model: { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } },
  hardware: { crossbar: { rows: 16, columns: 16 }, compensation: { scope: "none" } },
}) as Experiment<SymbolDetectionSpec>;
const task = createTask(experiment);

/** Untrained: answers are poor but depend on everything. */
function networkOf(seed: number): Network<SpikingSpec> {
  return initialise(experiment.model as SpikingSpec, networkGeometry(experiment, task), stream(seed));
}
const networks = { first: networkOf(3), second: networkOf(4) };

const machine = (fields: Partial<HardwareSpec>): HardwareSpec => ({ ...experiment.hardware, ...fields });
const compensated = { ...experiment.hardware.compensation, scope: "crossbar" } as const;
const conditions = [
  { network: "first", hardware: machine({}) },
  { network: "first", hardware: machine({ readTime: YEAR }) },
  { network: "first", hardware: machine({ compensation: compensated }) },
  { network: "first", hardware: machine({ compensation: compensated, readTime: YEAR }) },
  { network: "second", hardware: machine({ readTime: YEAR }) },
  { network: "first", hardware: machine({ crossbar: { ...experiment.hardware.crossbar, rows: 8 } }) },
  { network: "first", hardware: machine({ adc: { ...experiment.hardware.adc, bits: null }, arithmetic: null }) },
];
const study = (options: Partial<StudyOptions> = {}, list = conditions) =>
  runStudy(executor, experiment, networks, list, { chips: 2, reads: 2, prompts: PROMPTS, ...options });

/** Wrong bits of one read of one chip, on the slow simulator, with a chip that was programmed for this read. */
function expected({ network, hardware }: (typeof conditions)[0], chip: number, read: number, steps: number): number[] {
  const root = stream(experiment.seed);
  const random = root.fork("chip", chip);
  const folded = foldNetwork(networks[network as keyof typeof networks]);
  const blank = programChip(folded, mapNetwork(folded, hardware), { ...hardware, readTime: 1 }, random);
  const ranged = calibrate(blank, task.draw(32, root.fork("calibration")).spikes!, random.fork("calibration"));
  const { spikes, labels } = task.draw(PROMPTS, root.fork("evaluation"));
  const run = read === 0 ? random.fork("run") : random.fork("run", read);
  const trace = simulate(chipAt(ranged, hardware.readTime), spikes!, run);
  const decisions = decide(meanLogits(trace.stepLogits, 3, steps), 4);
  const last = (values: Int32Array) => values.filter((_, i) => i % 4 === 3);
  return [...bitErrors(last(labels), last(decisions), experiment.task)];
}

describe("a study", () => {
  test("gives what the slow simulator gives for each condition alone, for every chip, read and number of steps", async () => {
    const results = await study({ steps: [1, 3] });
    results.forEach(({ wrong }, i) => {
      [1, 3].forEach((steps, s) => {
        for (const [chip, read] of [
          [0, 0],
          [1, 1],
        ]) {
          const at = (2 * chip + read) * PROMPTS;
          expect([...wrong[s].values.slice(at, at + PROMPTS)]).toEqual(expected(conditions[i], chip, read, steps));
        }
      });
    });
    // The comparison would be empty if nothing differed.
    const distinct = new Set(results.map(({ wrong }) => wrong[1].values.join()));
    expect(distinct.size).toBeGreaterThan(4);
    expect(results.at(-1)!.clippedShares).toEqual([0, 0]);
  });

  test("has the runs of evaluateChips as first reads", async () => {
    const hardware = conditions[3].hardware;
    const evaluations = await evaluateChips(executor, experiment, networks.first, {
      chips: 2,
      prompts: PROMPTS,
      hardware,
    });
    const [{ wrong, clippedShares }] = await study({ reads: 1 }, [conditions[3]]);
    evaluations.forEach(({ errors, clippedShare }, chip) => {
      const values = Array.from(wrong[0].values).slice(chip * PROMPTS, (chip + 1) * PROMPTS);
      expect(values.reduce((sum, wrong) => sum + wrong, 0)).toBe(errors.bits.errors);
      expect(clippedShares[chip]).toBe(clippedShare);
    });
  });

  test("depends neither on how prompts are cut nor on the other conditions, and reports progress", async () => {
    let done = 0;
    const whole = await study({ onPrompts: (prompts) => (done += prompts) });
    expect(done).toBe(conditions.length * 2 * 2 * PROMPTS);
    expect(await study({ part: 5 })).toEqual(whole);
    const [alone] = await study({}, [conditions[3]]);
    expect(alone).toEqual(whole[3]);
  });

  test("refuses what it cannot run, before it starts", async () => {
    await expect(study({ chips: 0 })).rejects.toThrow(ValueError);
    await expect(study({ reads: 1.5 })).rejects.toThrow(/reads is 1.5/);
    await expect(study({ steps: [2, 4] })).rejects.toThrow(/after 4 time steps .* run only 3/);
    const size = { chips: 1000, prompts: 10_000_000, steps: [1, 3] };
    await expect(study(size, conditions.slice(0, 2))).rejects.toThrow(
      "Every answer is kept: 4 curve points x 1000 chips x 2 reads x 10000000 prompts x 10 bytes = 800 GB, more than the limit of 4 GB.",
    );
    const small = [...conditions, { network: "second", hardware: machine({ sram: 1 }) }];
    await expect(study({}, small)).rejects.toThrow(expect.objectContaining({ path: "hardware.sram" }));
    const other = parseExperiment({ ...experiment, task: { ...experiment.task, pilots: 4 } });
    const options = { chips: 1, reads: 1, prompts: 1 };
    await expect(runStudy(executor, other, networks, conditions, options)).rejects.toThrow(ShapeError);
  });
});
