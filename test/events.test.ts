// @module-tag slow
/** Event-camera recordings end to end: trained on spikes, run on chips, aged and priced. */
import { beforeAll, describe, expect, test } from "vitest";
import { experimentWorkload } from "../src/cost/measured.ts";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import type { Network } from "../src/model/network.ts";
import { mean } from "../src/numeric/statistics.ts";
import { reportHtml } from "../src/report/html.ts";
import type { Report } from "../src/report/report.ts";
import { evaluateDrift } from "../src/runs/drift.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { openExperiment } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { train } from "../src/train/train.ts";
import { tinyEventExperiment, tinyRecordings } from "./support/tiny-events.ts";

const executor = inlineExecutor(jobs);
const rest = {
  hardware: { chips: 2, crossbar: { rows: 16, columns: 16 } },
  evaluation: { prompts: 100, curvePrompts: 40, steps: [1, 2, 4] },
};
const given = openExperiment(tinyEventExperiment({ kind: "spiking", steps: 2 }, rest), tinyRecordings);
const annGiven = openExperiment(tinyEventExperiment({ kind: "ann" }), tinyRecordings);
const options = { executor, command: "xpike test", versions: {} };
const valuesOf = (report: Report) => Object.fromEntries(report.figures.map(({ id, value }) => [id, value]));

let network: Network<SpikingSpec>;
let report: Report;
beforeAll(async () => {
  network = (await train(given, { executor })).network as Network<SpikingSpec>;
  const { network: ann } = await train(annGiven, { executor });
  report = await runExperiment(given, { network, ann }, options);
});

describe("a run", () => {
  test("has learned corners, with and without spikes, and on chips", () => {
    const values = valuesOf(report);
    // Guessing gives one in four; with 40 recordings this is more than six standard errors.
    expect(values["accuracy.ann"]).toBe(1);
    expect(values["accuracy.digital"]).toBeGreaterThan(0.7);
    expect(values["accuracy.xpikeformer"]).toBeGreaterThan(0.7);
    // The corner appears in the second frame: an answer after the first is a guess.
    expect(values["accuracy.xpikeformer.steps.1"]).toBeLessThan(0.5);
  });

  test("gives the same accuracy as the evaluations, on all recordings", async () => {
    const chips = await evaluateChips(executor, given, network, { chips: 2, prompts: 40 });
    const accuracy = 1 - mean(chips.map(({ errors }) => errors.answers.rate));
    expect(valuesOf(report)["accuracy.xpikeformer"]).toBeCloseTo(accuracy, 12);
    expect(report.notes).toContain(
      "evaluation.prompts is 100, but corners has 40 test recordings: all of them are used.",
    );
  });

  test("shows the recordings, and names them as such", () => {
    const chart = report.charts.find(({ id }) => id === "recordings");
    if (chart?.kind !== "heat") throw new Error("recordings are shown as a heat map");
    // Two frames of three rows with one row between them; six recordings of three columns with five between them.
    expect([chart.values.length, chart.values[0].length]).toEqual([7, 23]);
    // The first recording is of the top left, brighter there in the second frame; in the first frame the middle of the top row
    // grew darker.
    expect([chart.values[0].slice(0, 3), chart.values[4].slice(0, 3)]).toEqual([
      [0, 0.5, 0],
      [1, 0, 0],
    ]);
    expect(report.summary).toContain("of 40 test recordings of corners correctly");
    expect(report.sources.map(({ text }) => text).join()).toContain("Saccades");
    expect(reportHtml(report)).toContain("Test recordings");
  });
});

test("over age the error rate is that of the chips", async () => {
  const size = { chips: 2, prompts: 40 };
  const drift = await evaluateDrift(given, { network }, parseDurations("1s,1y", "drift"), { ...options, ...size });
  const chips = await evaluateChips(executor, given, network, size);
  const rate = mean(chips.map(({ errors }) => errors.answers.rate));
  expect(valuesOf(drift)["error.drift.hwat.compensated.1s"]).toBeCloseTo(rate, 12);
});

test("costs are given per recording", () => {
  const { result, inputs, annInputs, tokens } = experimentWorkload(given.experiment);
  expect({ result, inputs, annInputs, tokens }).toEqual({
    ...{ result: { name: "recording", perInference: 1 }, inputs: 8, annInputs: 16, tokens: 4 },
  });
});
