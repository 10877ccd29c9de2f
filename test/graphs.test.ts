// @module-tag slow
/** Networks that list their operations, end to end: each of examples/graphs/ is trained, run on chips, aged and reported. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jobs } from "../src/evaluation/jobs.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { loadTaskData } from "../src/node/task-data.ts";
import { reportHtml } from "../src/report/html.ts";
import { evaluateDrift } from "../src/runs/drift.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { openExperiment } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { train } from "../src/train/train.ts";

const executor = inlineExecutor(jobs);
const options = { executor, command: "xpike test", versions: {} };
const folder = join(import.meta.dirname, "../examples/graphs");
const files = readdirSync(folder);

test("they are the forms that people ask for", () => {
  expect(files).toEqual(["cnn.json", "mlp.json", "no-attention.json", "series.json", "two-widths.json"]);
});

describe.each(files)("%s", (file) => {
  test("learns, answers on chips far better than by guessing, and ages less with compensation", async () => {
    const document = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const [stage] = document.training.stages;
    const steps = file === "mlp.json" || file === "series.json" ? stage.steps : 100;
    const evaluation = { ...document.evaluation, prompts: 100, curvePrompts: 50 };
    const training = { ...document.training, stages: [{ ...stage, steps }] };
    const experiment = parseExperiment({ ...document, training, evaluation });
    const given = openExperiment(experiment, (await loadTaskData(experiment)).data as never);
    const { network } = await train(given, { executor });

    const report = await runExperiment(given, { network }, options);
    const [id, guess] = file === "series.json" ? ["nrmse", 1] : ["accuracy", 0.1];
    const { value, interval } = report.figures.find((one) => one.id === `${id}.xpikeformer`)!;
    if (id === "nrmse") expect(interval!.high).toBeLessThan(guess / 2);
    else expect(interval!.low).toBeGreaterThan(4 * guess);
    expect(interval!.low).toBeLessThan(value);
    expect(report.summary).toContain("the spiking network");
    // The machine is priced from what its chips counted. Rivals are planned from the sizes of a transformer, so that none is given.
    const costs = report.figures.filter((one) => one.id.startsWith("cost."));
    for (const figure of ["xpikeformer.energy", "latency.alone", "area.xpikeformer"]) {
      expect(costs.find((one) => one.id === `cost.${figure}`)!.value, figure).toBeGreaterThan(0);
    }
    expect(costs.filter(({ id }) => /ratio|[a-z]Digital/.test(id))).toEqual([]);
    expect(report.brief!.remark).toContain("counted actions times published 45 nm prices");
    expect(report.brief!.rows!.map(({ figure }) => figure)).toContain("cost.xpikeformer.energy");
    expect(reportHtml(report)).toContain("Crossbars by layer");

    const size = { chips: 2, prompts: 120 };
    const aged = await evaluateDrift(given, { network }, parseDurations("1s,10y", "drift"), { ...options, ...size });
    const ending = (curve: string) => aged.figures.find((one) => one.id.endsWith(`.drift.hwat.${curve}.10y`))!.value;
    expect(ending("uncompensated")).toBeGreaterThan(ending("compensated"));
  });
});
