// @module-tag slow
/** A run plans each of its machines once, and its report asks no further price. */
import { afterEach, expect, test, vi } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import * as planned from "../cost/planned.ts";
import { jobs } from "../evaluation/jobs.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { costSection, type PricedRun } from "../report/cost-run.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { runExperiment } from "./experiment.ts";
import * as price from "./price.ts";

const hardware = { chips: 1, crossbar: { rows: 16, columns: 16 } };
const model = { kind: "spiking", steps: 3, neuron: { threshold: 0.3 } } as const;
const whole = tinyExperiment({ model, hardware });
const experiment = { ...whole, evaluation: { ...whole.evaluation, prompts: 8, curvePrompts: 4, steps: [1, 3] } };
const ann = tinyExperiment({ model: { kind: "ann" } });
const untrained = (of: typeof experiment, seed: number): Network =>
  initialise(of.model, networkGeometry(of, createTask(of)), stream(seed));
const networks = { network: untrained(experiment, 1), ann: untrained(ann, 2), spiking: untrained(experiment, 3) };
const run = () => {
  const options = { executor: inlineExecutor(jobs), command: "xpike test", versions: {} };
  return runExperiment(experiment, networks, options);
};

afterEach(() => void vi.restoreAllMocks());

test("a run plans every machine once: its own for all estimates, draws and charts together", async () => {
  const plan = vi.spyOn(planned, "planMachine");
  await run();
  const machines = plan.mock.results.map(({ value }) => JSON.stringify(value));
  expect(machines.length).toBeGreaterThan(10);
  expect(new Set(machines).size).toBe(machines.length);
});

test("the section of a report is written without a plan or a unit's price", async () => {
  const priced = vi.spyOn(price, "priceRun");
  await run();
  const [{ value }] = priced.mock.results;
  const questions = [vi.spyOn(planned, "planMachine"), vi.spyOn(planned, "priceUnitsOf")];
  expect(costSection(value as PricedRun).figures.length).toBeGreaterThan(50);
  for (const asked of questions) expect(asked).not.toHaveBeenCalled();
});
