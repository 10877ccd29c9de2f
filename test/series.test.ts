// @module-tag slow
/** A time series end to end: examples/series-tiny.json is trained, run on chips, aged and priced. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { jobs } from "../src/evaluation/jobs.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import type { TimeSeriesSpec } from "../src/experiment/task.ts";
import type { Network } from "../src/model/network.ts";
import { loadTaskData } from "../src/node/task-data.ts";
import { reportHtml } from "../src/report/html.ts";
import type { Report } from "../src/report/report.ts";
import { evaluateDrift } from "../src/runs/drift.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { type Opened, openExperiment } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { train } from "../src/train/train.ts";

const executor = inlineExecutor(jobs);
const options = { executor, command: "xpike test", versions: {} };
const document = JSON.parse(readFileSync(join(import.meta.dirname, "../examples/series-tiny.json"), "utf8"));
const experiment = parseExperiment(document) as Experiment<TimeSeriesSpec>;

let given: Opened<TimeSeriesSpec>;
let network: Network<SpikingSpec>;
let report: Report;
beforeAll(async () => {
  const { data } = await loadTaskData(experiment);
  given = openExperiment(experiment, data) as Opened<TimeSeriesSpec>;
  network = (await train(given, { executor })).network as Network<SpikingSpec>;
  report = await runExperiment(given, { network }, options);
});
const figure = (id: string) => report.figures.find((one) => one.id === id)!;

test("it has learned, and chips predict far better than the mean, with an interval that holds their error", () => {
  // The last sample as the answer has an error of 0.9 in this horizon; the mean has 1.
  expect(figure("nrmse.digital").value).toBeLessThan(0.2);
  const { value, interval } = figure("nrmse.xpikeformer");
  expect(value).toBeLessThan(0.5);
  expect(value).toBeGreaterThan(figure("nrmse.digital").value);
  expect(interval!.low).toBeLessThan(value);
  expect(interval!.high).toBeGreaterThan(value);
  expect(figure("nrmse.digital").interval!.kind).toBe("95 % Student");
});

test("the report prices a prediction and says the error in a sentence", () => {
  expect(figure("cost.xpikeformer.energy").value).toBeGreaterThan(0);
  expect(report.summary).toMatch(
    /predicts 150 test windows of mackey-glass with a normalised root mean square error of 0\.\d+/,
  );
  expect(reportHtml(report)).toContain("Predictions of the first chip");
});

test("errors grow over a year without compensation, by more than compensation leaves", async () => {
  const size = { chips: 2, prompts: 60 };
  const aged = await evaluateDrift(given, { network }, parseDurations("1s,1y", "drift"), { ...options, ...size });
  const at = (curve: string, age: string) =>
    aged.figures.find(({ id }) => id === `squared-error.drift.hwat.${curve}.${age}`)!.value;
  expect(at("uncompensated", "1y")).toBeGreaterThan(at("compensated", "1y"));
  expect(at("uncompensated", "1y")).toBeGreaterThan(3 * at("uncompensated", "1s"));
});

test("what only classes have is refused with its field", async () => {
  const refused = (change: object, path: string) => [{ ...document, ...change }, path] as const;
  for (const [changed, path] of [
    refused({ training: { ...document.training, labelSmoothing: 0.1 } }, "training.labelSmoothing"),
    refused({ training: { ...document.training, labels: "teacher" } }, "training.labels"),
    refused({ model: { ...document.model, readOut: "bits" } }, "model.readOut"),
  ]) {
    const own = openExperiment(parseExperiment(changed), given.data as never);
    await expect(train(own, { executor })).rejects.toThrow(expect.objectContaining({ path }));
  }
  const evaluation = { ...document.evaluation, exitMargin: 1 };
  const exiting = openExperiment(parseExperiment({ ...document, evaluation }), given.data as never);
  await expect(runExperiment(exiting, { network }, options)).rejects.toThrow(
    expect.objectContaining({ path: "evaluation.exitMargin" }),
  );
});
