import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateCost } from "../cost/cost.ts";
import { exitEnergy } from "../cost/exit.ts";
import { hardwarePrices } from "../cost/hardware.ts";
import { experimentWorkload } from "../cost/measured.ts";
import { findCostPreset } from "../cost/presets.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import { withSteps } from "../cost/workload.ts";
import { SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { mostHeads, type TransformerSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { evaluateChips } from "./chips.ts";
import { exitByMargin } from "./exit.ts";
import { jobs } from "./jobs.ts";

describe("an exit by margin", () => {
  test("answers at the first step whose mean logits differ by the margin, by hand", () => {
    // Three classes, two rows, three steps. Row 0 has means (1, 0, 0), (2, 0, 0.5), ...; row 1 never gets there.
    const stepLogits = Float32Array.from([1, 0, 0, 0, 0.5, 0, 3, 0, 1, 0.5, 0, 0, 0, 9, 0, 0, 0.25, 0]);
    const at = (margin: number) => {
      const { steps, decisions } = exitByMargin({ stepLogits, steps: 3 }, 3, undefined, margin);
      return [[...steps], [...decisions]];
    };
    expect(at(1)).toEqual([
      [1, 3],
      [0, 1],
    ]);
    expect(at(1.5)).toEqual([
      [2, 3],
      [0, 1],
    ]);
    expect(at(0.5)).toEqual([
      [1, 1],
      [0, 1],
    ]);
    // After three steps row 0 has means (4/3, 3, 1/3).
    expect(at(100)).toEqual([
      [3, 3],
      [1, 1],
    ]);
  });

  test("with a bit read-out waits for all bits", () => {
    // Two bits: the first is confident at once, the second in the second step.
    const stepLogits = Float32Array.from([4, 0.5, 4, -5]);
    const { steps, decisions } = exitByMargin({ stepLogits, steps: 2 }, 4, "bits", 2);
    expect([[...steps], [...decisions]]).toEqual([[2], [2]]);
    expect([...exitByMargin({ stepLogits, steps: 2 }, 4, "bits", 0.5).steps]).toEqual([1]);
  });

  test("of queries that stop together waits for the least sure of them", () => {
    // Two prompts of two queries with two classes, two steps: in the first prompt one query is sure, in the second both are.
    const stepLogits = Float32Array.from([5, 0, 0, 1, 4, 0, 0, 6, 5, 0, 0, 9, 0, 9, 0, 9]);
    const { steps, decisions } = exitByMargin({ stepLogits, steps: 2 }, 2, undefined, 3, 2);
    expect([...steps]).toEqual([2, 2, 1, 1]);
    expect([...decisions]).toEqual([0, 1, 0, 1]);
    expect([...exitByMargin({ stepLogits, steps: 2 }, 2, undefined, 3).steps]).toEqual([1, 2, 1, 1]);
  });

  test("is never later with a smaller margin, and gives the answer of its step", () => {
    const logit = fc.integer({ min: -8, max: 8 });
    fc.assert(
      fc.property(
        fc.array(logit, { minLength: 24, maxLength: 24 }),
        fc.integer({ min: 1, max: 9 }),
        (values, margin) => {
          // Four steps, two rows, three classes.
          const trace = { stepLogits: Float32Array.from(values), steps: 4 };
          const [wide, narrow] = [margin, margin / 2].map((one) => exitByMargin(trace, 3, "joint", one));
          for (const row of [0, 1]) {
            expect(narrow.steps[row]).toBeLessThanOrEqual(wide.steps[row]);
            const taken = wide.steps[row];
            const sums = [0, 1, 2].map((c) =>
              Array.from({ length: taken }, (_, t) => values[t * 6 + row * 3 + c]).reduce((a, b) => a + b),
            );
            expect(wide.decisions[row]).toBe(sums.indexOf(Math.max(...sums)));
          }
        },
      ),
    );
  });
});

const document = (exitMargin?: number, order = "step-major") => ({
  seed: 9,
  task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 },
  model: { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } },
  hardware: { adc: { rangeQuantile: 0.99 }, order },
  evaluation: exitMargin === undefined ? {} : { exitMargin },
});

describe("chips that stop when they are confident", () => {
  const executor = inlineExecutor(jobs);
  const evaluate = async (exitMargin?: number, order?: string) => {
    const experiment = parseExperiment(document(exitMargin, order)) as Experiment<SymbolDetectionSpec, TransformerSpec>;
    const geometry = networkGeometry(experiment, createTask(experiment));
    const network = initialise(experiment.model, geometry, stream(3)) as Network<TransformerSpec>;
    return (await evaluateChips(executor, experiment, network, { chips: 1, prompts: 20 }))[0];
  };

  test("answer as after one step if every margin suffices, and as after all steps if none does", async () => {
    const { exit, ...all } = await evaluate();
    expect(exit).toBeNull();
    const [first, last] = [await evaluate(1e-9), await evaluate(1e6)];
    expect(first.exit).toEqual({ errors: all.bySteps[0], shares: [1, 0, 0] });
    expect(last.exit).toEqual({ errors: all.errors, shares: [0, 0, 1] });
    const { exit: _, ...rest } = last;
    expect(rest).toEqual(all);
  });

  test("are refused on a machine that has no logits before the end", async () => {
    await expect(evaluate(1, "token-major")).rejects.toThrow(SpecError);
    expect((await evaluate(undefined, "token-major")).exit).toBeNull();
  });
});

test("an exit costs the steps that are run, plus a check after each of them", () => {
  const experiment = parseExperiment(document(1));
  const workload = experimentWorkload(experiment);
  const resolved = resolveTechnology(findCostPreset("simulated"), {
    set: hardwarePrices(experiment.hardware, { heads: mostHeads(experiment.model) }),
  });
  const total = (steps: number) => estimateCost(withSteps(workload, steps), resolved).architectures.xpikeformer.total;
  const look = 9 * resolved.technology.add16;
  expect(workload.classes).toBe(4);
  expect(exitEnergy(workload, resolved, [0, 0, 1])).toBeCloseTo(total(3) + 3 * look, 18);
  expect(exitEnergy(workload, resolved, [0.5, 0.25, 0.25])).toBeCloseTo(
    0.5 * (total(1) + look) + 0.25 * (total(2) + 2 * look) + 0.25 * (total(3) + 3 * look),
    18,
  );
  expect(look).toBeGreaterThan(0);
});
