import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { reportHtml } from "./html.ts";
import type { LinesChart } from "./report.ts";
import { metricsCsv, type TrainingMetric, trainingReport } from "./training.ts";

const experiment = tinyExperiment({ training: { stages: [{ name: "first" }, { name: "second" }] } });
const header = { experiment, command: "a command", versions: { xpikeformer: "0" } };

const metric = (step: number, stage: string, loss: number, validation?: TrainingMetric["validation"]) =>
  ({ step, stage, loss, learningRate: 0.01, gradientNorm: 2, validation, seconds: step / 4 }) satisfies TrainingMetric;
const valid = (loss: number, bitErrorRate: number, best: boolean) => ({ loss, bitErrorRate, best });

const metrics = [
  metric(10, "first", 2),
  metric(20, "first", 1.5, valid(1.6, 0.25, true)),
  metric(30, "second", 1.25, valid(1.4, 0.125, true)),
  metric(40, "second", 1, valid(1.5, 0.1875, false)),
];

describe("the table of metrics", () => {
  test("has a line for each metric, with empty cells where nothing was validated", () => {
    expect(metricsCsv(metrics, experiment)).toBe(
      [
        "step,stage,loss,learningRate,gradientNorm,seconds,validationLoss,bitErrorRate,best",
        "10,first,2,0.01,2,2.5,,,",
        "20,first,1.5,0.01,2,5,1.6,0.25,true",
        "30,second,1.25,0.01,2,7.5,1.4,0.125,true",
        "40,second,1,0.01,2,10,1.5,0.1875,false",
        "",
      ].join("\r\n"),
    );
  });

  test("quotes a stage's name that would be taken for more than one cell", () => {
    const [, line] = metricsCsv([metric(1, 'a "b", c', 0.1)], experiment).split("\r\n");
    expect(line).toBe('1,"a ""b"", c",0.1,0.01,2,0.25,,,');
  });
});

describe("learning curves", () => {
  const chartsOf = (some: readonly TrainingMetric[]) =>
    trainingReport({ ...header, metrics: some }).charts as readonly LinesChart[];

  test("are a curve of batches and one of validations for each stage, and one of the error rate", () => {
    const [loss, rate] = chartsOf(metrics);
    expect(loss.series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
      [
        "first: batches",
        [
          [10, 2],
          [20, 1.5],
        ],
      ],
      ["first: validation", [[20, 1.6]]],
      [
        "second: batches",
        [
          [30, 1.25],
          [40, 1],
        ],
      ],
      [
        "second: validation",
        [
          [30, 1.4],
          [40, 1.5],
        ],
      ],
    ]);
    expect(rate.id).toBe("ber.validation");
    expect(rate.series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
      ["first", [[20, 0.25]]],
      [
        "second",
        [
          [30, 0.125],
          [40, 0.1875],
        ],
      ],
    ]);
  });

  test("say the best validation of the last stage, which is the network that training returns", () => {
    const { figures, summary, highlights } = trainingReport({ ...header, metrics });
    const figureOf = (id: string) => figures.find((figure) => figure.id === id)?.value;
    expect(figureOf("ber.validation")).toBe(0.125);
    expect(figureOf("loss.validation")).toBe(1.4);
    expect(figureOf("training.steps")).toBe(40);
    expect(figureOf("training.prompts")).toBe(40 * experiment.training.batch);
    expect(figureOf("training.seconds")).toBe(10);
    expect(summary).toContain("bit error rate 0.125, at step 30 of 40");
    expect(highlights).toEqual(["ber.validation", "loss.validation", "training.steps"]);
  });

  test("without validations are those of batches", () => {
    const run = { ...header, metrics: metrics.slice(0, 1) };
    expect(trainingReport(run).charts.map(({ id }) => id)).toEqual(["loss"]);
    expect(trainingReport(run).summary).toContain("last loss is 2");
    expect(reportHtml(trainingReport(run))).toContain("Loss over optimiser steps");
  });

  test("of a long training keep the mean of the loss, in as many points as a chart has room for", () => {
    const long = Array.from({ length: 1000 }, (_, i) => metric(10 * (i + 1), "only", 1 + ((i * 37) % 101)));
    const [{ series, caption }] = chartsOf(long);
    const [{ points }] = series;
    expect(points.length).toBeLessThanOrEqual(80);
    expect(caption).toContain("mean of up to 13 consecutive values");
    // The last point holds fewer values than the others.
    const sum = points.reduce((total, { y }, i) => total + y * (i < points.length - 1 ? 13 : 1000 % 13), 0);
    expect(sum).toBeCloseTo(
      long.reduce((total, { loss }) => total + loss, 0),
      6,
    );
  });

  test("of many stages are one curve", () => {
    const many = Array.from({ length: 40 }, (_, i) => metric(i + 1, `stage ${i}`, 1, valid(1, 0.5, true)));
    expect(chartsOf(many)[0].series.map(({ name }) => name)).toEqual(["40 stages: batches", "40 stages: validation"]);
  });
});
