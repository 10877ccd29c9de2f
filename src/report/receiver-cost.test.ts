/** Energies of classical receivers in reports of costs: for the task's symbols only, at the prices of the report. */
import { expect, test } from "vitest";
import { estimateCost } from "../cost/cost.ts";
import { experimentWorkload } from "../cost/measured.ts";
import { findCostPreset } from "../cost/presets.ts";
import { priceReceivers, priceWorkload } from "../cost/priced.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import { simulatedPrices } from "../cost/simulated.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { costReport } from "./cost-report.ts";
import { receiverFigures, receiverRows } from "./receiver-cost.ts";

const experimentOf = (task: object) =>
  parseExperiment({
    task,
    model: { kind: "spiking", width: 32, depth: 1, heads: 2, steps: 2, normalisation: "none" },
  });

function figuresOf(task: object, preset = "simulated") {
  const experiment = experimentOf(task);
  const { technology } = resolveTechnology(findCostPreset(preset));
  const receivers = priceReceivers(experiment.task, technology);
  const figures = receiverFigures(receivers, experimentWorkload(experiment).result);
  const at = (id: string) => figures.find((figure) => figure.id === `cost.receiver.${id}`)?.value;
  return { figures, at };
}

test("both receivers are priced per vector and per antenna's symbol", () => {
  const { at } = figuresOf({ kind: "symbol-detection" });
  // 2x2 QPSK with 18 pilots, in nJ: 92 products at 0.8 pJ, 548 additions and subtractions at 0.05, 15 comparisons, and 655 results in 16
  // flip-flops of 11.4 fJ.
  expect(1e9 * at("ml.energy")!).toBeCloseTo(0.22, 2);
  expect(at("mmse.energy")).toBeLessThan(at("ml.energy")!);
  for (const kind of ["ml", "mmse"]) expect(at(`${kind}.energy`)! / at(`${kind}.symbol`)!, kind).toBe(2);
  // Published comparisons charge no flip-flops.
  expect(1e9 * figuresOf({ kind: "symbol-detection" }, "claim").at("ml.energy")!).toBeCloseTo(0.1, 2);
});

test("one antenna's vector is its symbol, and images have no such receiver", () => {
  const single = figuresOf({ kind: "symbol-detection", transmitAntennas: 1 });
  expect(single.at("ml.energy")).toBeGreaterThan(0);
  expect(single.at("ml.symbol")).toBeUndefined();
  const images = figuresOf({ kind: "image-classification", data: "mnist" });
  expect(images.figures).toEqual([]);
  expect(receiverRows(images.figures)).toEqual([]);
});

test("a report of costs has them among its figures and in its table", () => {
  const experiment = experimentOf({ kind: "symbol-detection" });
  const estimate = estimateCost(experimentWorkload(experiment), simulatedPrices(experiment));
  const priced = priceWorkload(estimate, { task: experiment.task });
  const report = costReport({ priced, prices: "only", experiment, command: "c", seed: 1, versions: {} });
  const rows = report.brief!.rows.map(({ figure }) => figure);
  expect(rows.slice(-2)).toEqual(["cost.receiver.ml.energy", "cost.receiver.mmse.energy"]);
  for (const { id, value } of receiverFigures(priced.receivers, estimate.workload.result)) {
    expect(report.figures.find((figure) => figure.id === id)?.value, id).toBe(value);
  }
});
