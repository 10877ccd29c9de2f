// @module-tag slow
/** Register saturation is counted by every simulator, on any number of chips, and every report shows it. */
import { expect, test } from "vitest";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import type { TransformerSpec } from "../src/experiment/model.ts";
import { parseSweep } from "../src/experiment/sweep.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { initialise } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { formatText } from "../src/report/format.ts";
import type { Report } from "../src/report/report.ts";
import { evaluateDrift } from "../src/runs/drift.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { firstChip } from "../src/runs/first-chip.ts";
import { evaluateSweep } from "../src/runs/sweep.ts";
import { simulate } from "../src/simulation/reference/simulate.ts";
import { REGISTERS, sumRegisters } from "../src/simulation/registers.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { tinyExperiment } from "./support/tiny-training.ts";

const executor = inlineExecutor(jobs);
const options = { executor, command: "xpike test", versions: {} };
const CHIPS = 2;
const PROMPTS = 40;
const STEPS = 3;

const shape = { seed: 4, evaluation: { prompts: PROMPTS, curvePrompts: 20, curveChips: 1, snrDecibels: [10] } };
/** A low threshold keeps the untrained network active. */
const experimentWith = (arithmetic: object | null) =>
  tinyExperiment({
    ...shape,
    model: { kind: "spiking", steps: STEPS, neuron: { threshold: 0.3 } },
    hardware: { chips: CHIPS, crossbar: { rows: 16, columns: 16 }, arithmetic },
  });
const narrow = experimentWith({ streamBits: 9, membraneBits: 9, logitBits: 8 });
const geometry = networkGeometry(narrow, createTask(narrow));
const network = initialise(narrow.model as TransformerSpec, geometry, stream(1));

const stoppedIn = ({ figures }: Report) =>
  figures.filter(({ id }) => id.startsWith("saturated.")).map(({ id, value }) => [id, value]);

test("chips count the same as the reference on all prompts at once, with as many numbers as sums", async () => {
  const evaluations = await evaluateChips(executor, narrow, network, { chips: CHIPS, prompts: PROMPTS, slice: 7 });
  const mapping = mapNetwork(foldNetwork(network), narrow.hardware);
  const { chip, task, random } = firstChip({ experiment: narrow, data: null }, network, mapping);
  const { spikes } = task.draw(PROMPTS, stream(narrow.seed).fork("evaluation"), { values: false });
  const { registers, saturated } = simulate(chip, spikes!, random.fork("run"));
  expect(evaluations[0].registers).toEqual(registers);
  const { width, depth, expansion } = narrow.model as TransformerSpec;
  const rows = STEPS * PROMPTS * geometry.tokens;
  // After the embedding, projections and down; before input, qkv, middle, hidden and output.
  expect(registers!.stream.numbers).toBe(rows * width * (1 + 2 * depth));
  expect(registers!.membrane.numbers).toBe(rows * width * (depth * (1 + 3 + 1 + expansion) + 1));
  expect(registers!.logit.numbers).toBe(STEPS * PROMPTS * geometry.queries.length * geometry.classes);
  const stopped = REGISTERS.map((register) => registers![register].stopped);
  expect(Math.min(...stopped)).toBeGreaterThan(0);
  const byOperation = Object.values(saturated).reduce((sum, count) => sum + count, 0);
  expect(stopped.reduce((sum, count) => sum + count, 0)).toBe(byOperation);
});

test("a run has a figure for each register and a note with the fields to change; without saturation figures are 0 and there is no note", async () => {
  const report = await runExperiment(narrow, { network }, options);
  const chips = await evaluateChips(executor, narrow, network, { chips: CHIPS, prompts: PROMPTS });
  const counts = sumRegisters(chips.map(({ registers }) => registers))!;
  expect(stoppedIn(report)).toEqual(REGISTERS.map((register) => [`saturated.${register}`, counts[register].stopped]));
  const { label } = report.figures.find(({ id }) => id === "saturated.stream")!;
  expect(label).toBe(
    `Saturated sums, of ${formatText({ value: counts.stream.numbers, unit: "sums" })} in the residual stream`,
  );
  const note = report.notes.find((text) => text.startsWith("Integers that saturated"))!;
  expect(note).toMatch(/hardware\.arithmetic\.streamBits.*membraneBits.*logitBits.*fewer fraction bits/);
  expect(note).toContain(`, ${formatText({ value: counts.logit.stopped, unit: "1" })} of `);

  const wide = await runExperiment(experimentWith({}), { network }, options);
  expect(stoppedIn(wide).map(([, value]) => value)).toEqual([0, 0, 0]);
  expect(wide.notes.join()).not.toContain("Integers");
  const float = await runExperiment(experimentWith(null), { network }, options);
  expect(stoppedIn(float)).toEqual([]);
  expect(float.notes.join()).not.toContain("Integers");
});

test("studies have them at each age and at each value of a field", async () => {
  const size = { ...options, chips: CHIPS, prompts: PROMPTS };
  const drift = await evaluateDrift(narrow, { network }, parseDurations("1s,1y", "drift"), size);
  const chips = await evaluateChips(executor, narrow, network, {
    chips: CHIPS,
    prompts: PROMPTS,
    hardware: { ...narrow.hardware, readTime: 365 * 86_400 },
  });
  const old = sumRegisters(chips.map(({ registers }) => registers))!;
  const figures = new Map(stoppedIn(drift) as [string, number][]);
  expect(figures.size).toBe(2 * 2 * 3);
  expect(figures.get("saturated.membrane.drift.hwat.compensated.1y")).toBe(old.membrane.stopped);
  expect(drift.notes.join()).toContain("Integers that saturated");

  const sweep = parseSweep("arithmetic.streamBits=9,14", narrow);
  const over = new Map(stoppedIn(await evaluateSweep(narrow, { network }, sweep, [], size)) as [string, number][]);
  expect(over.get("saturated.stream.sweep.arithmetic.streamBits.9.hwat")).toBeGreaterThan(0);
  expect(over.get("saturated.stream.sweep.arithmetic.streamBits.14.hwat")).toBe(0);
  const steps = await evaluateSweep(narrow, { network }, parseSweep("steps=1,3", narrow), [], size);
  expect(stoppedIn(steps).map(([id]) => id)).toEqual(
    REGISTERS.map((register) => `saturated.${register}.sweep.steps.hwat`),
  );
});
