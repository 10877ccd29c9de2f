// @module-tag slow
import { describe, expect, test } from "vitest";
import { keepUntil } from "../../test/support/memory-keeper.ts";
import { evaluateChips } from "../evaluation/chips.ts";
import { jobs } from "../evaluation/jobs.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { bestScale, mutualInformation } from "../task/soft-bits.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { runExperiment } from "./experiment.ts";

const SNRS = [5, 20];
const executor = inlineExecutor(jobs);

const linkOf = (softBits?: object, readOut = "joint") =>
  parseExperiment({
    seed: 9,
    task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 },
    model: { width: 16, heads: 2, depth: 1, expansion: 2, steps: 2, neuron: { threshold: 0.4 }, readOut },
    hardware: { chips: 2 },
    evaluation: { prompts: 40, curvePrompts: 48, snrDecibels: SNRS, steps: [2], ...(softBits && { softBits }) },
  }) as Experiment<SymbolDetectionSpec, SpikingSpec>;

function networkOf(experiment: Experiment<SymbolDetectionSpec, SpikingSpec>) {
  const geometry = networkGeometry(experiment, createTask(experiment));
  return initialise(experiment.model, geometry, stream(3)) as Network<SpikingSpec>;
}

async function reportOf(softBits?: object, keeper = keepUntil(Number.POSITIVE_INFINITY)) {
  const experiment = linkOf(softBits);
  const network = networkOf(experiment);
  const report = await runExperiment(experiment, { network }, { executor, command: "xpike run", versions: {}, keeper });
  const byId = new Map(report.figures.map((one) => [one.id, one]));
  return { report, byId, figure: (id: string) => byId.get(id)!.value };
}

describe("soft bits in a report", () => {
  test("have a table of scales that chips fit on prompts after those of all figures, and its cost", async () => {
    const { report, figure } = await reportOf({ fit: "table", prompts: 32 });
    const experiment = linkOf({ fit: "none" });
    const network = networkOf(experiment);
    const evaluate = (options: object) =>
      evaluateChips(executor, experiment, network, { chips: 2, prompts: 48, snrDecibels: SNRS, ...options });
    const fitted = await evaluate({ prompts: 32, firstPrompt: 48 });
    const judged = await evaluate({});
    SNRS.forEach((snr, i) => {
      const scales = [0, 1].map((chip) => bestScale(fitted[2 * chip + i].agreed!));
      expect(figure(`softbits.scale.snr.${snr}`)).toBeCloseTo((scales[0] + scales[1]) / 2, 12);
      const information = scales.map((scale, chip) => mutualInformation(judged[2 * chip + i].agreed!, scale));
      expect(figure(`gmi.xpikeformer.fitted.snr.${snr}`)).toBeCloseTo((information[0] + information[1]) / 2, 12);
      // The digital network is the chips' without its hardware.
      for (const id of ["digital", "exact.pilots", "max-log.pilots", "mmse.pilots", "xpikeformer"]) {
        expect(figure(`gmi.${id}.scaled.snr.${snr}`)).toBeGreaterThanOrEqual(figure(`gmi.${id}.snr.${snr}`));
        expect(figure(`calibration.${id}.snr.${snr}`)).toBeLessThanOrEqual(0.5);
      }
    });
    const costs = ["multiplications", "comparisons", "words", "prompts"].map((id) => figure(`softbits.${id}`));
    expect(costs).toEqual([1, 1, 3, 64]);
    expect(report.charts.map(({ id }) => id)).toEqual(expect.arrayContaining(["gmi-snr", "calibration-curve"]));
  });

  test("with one scale per chip use the SNRs of the task, and resume from kept answers", async () => {
    const keeper = keepUntil(Number.POSITIVE_INFINITY);
    const first = await reportOf({ fit: "scale", prompts: 32 }, keeper);
    expect(first.figure("softbits.scale.snr.5")).toBe(first.figure("softbits.scale.snr.20"));
    // Nothing new may be kept.
    const again = await reportOf({ fit: "scale", prompts: 32 }, keepUntil(0, keeper.units));
    expect(again.report).toEqual(first.report);
  });

  test("are left out by default, and other figures do not change", async () => {
    const [plain, soft] = [await reportOf(), await reportOf({ fit: "none" })];
    const own = /^(gmi|calibration|softbits)\./;
    expect(plain.report.figures.filter(({ id }) => own.test(id))).toEqual([]);
    expect(soft.report.figures.filter(({ id }) => !own.test(id))).toEqual(plain.report.figures);
    expect(soft.byId.has("gmi.xpikeformer.fitted.snr.5")).toBe(false);
  });
});

test("agreements are negative exactly where bits are wrong, for both read-outs", async () => {
  for (const readOut of ["joint", "bits"]) {
    const experiment = linkOf({}, readOut);
    const [{ agreed, errors }] = await evaluateChips(executor, experiment, networkOf(experiment), {
      chips: 1,
      prompts: 64,
    });
    expect(agreed).toHaveLength(64 * 2);
    // Marginal decisions may differ from those of the most probable joint symbol, rarely.
    const wrong = agreed!.filter((a) => a < 0).length;
    if (readOut === "bits") expect(wrong).toBe(errors.bits.errors);
    else expect(Math.abs(wrong - errors.bits.errors)).toBeLessThanOrEqual(6);
  }
});
