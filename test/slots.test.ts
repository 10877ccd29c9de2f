// @module-tag slow
/** Slots end to end: trained on all data elements, evaluated without and on chips, beside classical receivers, and priced. */
import { beforeAll, describe, expect, test } from "vitest";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import { evaluateNetwork } from "../src/evaluation/network.ts";
import { runStudy } from "../src/evaluation/study.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { AnnSpec, SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import type { SlotDetectionSpec } from "../src/experiment/slot-detection.ts";
import { networkForward } from "../src/model/forward.ts";
import type { Network } from "../src/model/network.ts";
import { mean } from "../src/numeric/statistics.ts";
import { stream } from "../src/numeric/stream.ts";
import { checkReport } from "../src/report/build-report.ts";
import { reportHtml } from "../src/report/html.ts";
import type { Figure, Report } from "../src/report/report.ts";
import { evaluateDrift } from "../src/runs/drift.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { createTask } from "../src/task/create.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { type TrainingEvent, train } from "../src/train/train.ts";

const executor = inlineExecutor(jobs);
const options = { executor, command: "xpike test", versions: {} };
const SNRS = [0, 20];
/** Data elements: 4 tokens are pilots, 8 are data of one bit each. */
const DATA = 8;
const PROMPTS = 40;

/** A grid of 3 symbols and 4 subcarriers. */
const experimentOf = <M extends SpikingSpec | AnnSpec>(model: object, fields: object = {}) =>
  parseExperiment({
    seed: 6,
    task: {
      kind: "slot-detection",
      receiveAntennas: 1,
      modulation: "bpsk",
      positions: "binary",
      channel: { kind: "tdl", symbols: 3, subcarriers: 4, pilots: { symbols: [0], comb: 1 } },
    },
    model: { width: 16, depth: 1, heads: 2, expansion: 2, readOut: "bits", ...model },
    hardware: { chips: 2, crossbar: { rows: 16, columns: 16 } },
    training: {
      batch: 32,
      validateEvery: 10,
      validationPrompts: 64,
      stages: [{ steps: 40, warmup: 5, learningRate: 0.01 }],
    },
    evaluation: { prompts: PROMPTS, curvePrompts: 20, snrDecibels: SNRS, steps: [1, 2], softBits: { prompts: 10 } },
    ...fields,
  }) as Experiment<SlotDetectionSpec, M>;

const experiment = experimentOf<SpikingSpec>({ kind: "spiking", steps: 2, neuron: { threshold: 0.5 } });
const annExperiment = experimentOf<AnnSpec>({ kind: "ann" });

let network: Network<SpikingSpec>;
let ann: Network<AnnSpec>;
const annEvents: TrainingEvent[] = [];
beforeAll(async () => {
  network = (await train(experiment, { executor })).network;
  ann = (await train(annExperiment, { executor, onStep: (event) => void annEvents.push(event) })).network;
});

/** Wrong bits of each slot: BPSK has one per element. */
const wrongOf = (labels: Int32Array, decided: (row: number) => number): number[] =>
  Array.from({ length: labels.length / DATA }, (_, k) =>
    Array.from({ length: DATA }, (_, i) => k * DATA + i).reduce(
      (sum, row) => sum + (decided(row) === labels[row] ? 0 : 1),
      0,
    ),
  );

describe("training", () => {
  test("lowers the loss of an ANN below that of guessing, which is ln 2 for one bit", () => {
    expect(annEvents[0].loss).toBeGreaterThan(0.6);
    expect(annEvents.at(-1)!.validation!.loss).toBeLessThan(0.6);
  });

  test("validates on all data elements of each slot", async () => {
    const { bitErrorRate } = annEvents.at(-1)!.validation!;
    const { values, labels } = createTask(annExperiment).draw(64, stream(6).fork("validation"));
    const { network: last } = await train(annExperiment, { executor, ...stopped(40) });
    const { logits } = networkForward(last, { prompts: 64, values });
    const wrong = wrongOf(labels, (row) => (logits[row] > 0 ? 1 : 0));
    expect(bitErrorRate).toBeCloseTo(wrong.reduce((sum, count) => sum + count) / (64 * DATA), 12);
  });

  test("resumes from a state as if it had never stopped", async () => {
    for (const [of, whole] of [
      [experiment, network],
      [annExperiment, ann],
    ] as const) {
      const { state, finished } = await train<SpikingSpec | AnnSpec>(of, { executor, ...stopped(10) });
      expect(finished).toBe(false);
      const resumed = await train<SpikingSpec | AnnSpec>(of, { executor, state });
      expect(resumed.network.parameters).toEqual(whole.parameters);
    }
  });
});

/** Options that stop after a step. */
function stopped(after: number) {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onStep: ({ step }: TrainingEvent) => {
      if (step === after) controller.abort();
    },
  };
}

describe("an evaluation", () => {
  test("counts the wrong bits of all data elements of each slot, in intervals by slot, and knows no context length", async () => {
    const { errors, byContext, prompts } = await evaluateNetwork(executor, annExperiment, ann, { prompts: PROMPTS });
    const { values, labels } = createTask(annExperiment).draw(PROMPTS, stream(6).fork("evaluation"));
    const { logits } = networkForward(ann, { prompts: PROMPTS, values });
    const wrong = wrongOf(labels, (row) => (logits[row] > 0 ? 1 : 0));
    expect([...errors.wrong]).toEqual(wrong);
    expect(errors.bits).toMatchObject({ trials: PROMPTS * DATA, errors: wrong.reduce((sum, count) => sum + count) });
    // The standard error over slots: that of the mean of their rates.
    const rates = wrong.map((count) => count / DATA);
    const spread = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean(rates)) ** 2, 0) / (PROMPTS - 1));
    expect(errors.bits.standardError).toBeCloseTo(spread / Math.sqrt(PROMPTS), 12);
    expect(errors.bits.designEffect).toBeGreaterThan(1.2);
    expect([byContext, prompts]).toEqual([[], PROMPTS]);
  });

  test("of a chip agrees with its study, however prompts are cut", async () => {
    const chips = await evaluateChips(executor, experiment, network, { chips: 2, prompts: PROMPTS });
    expect(await evaluateChips(executor, experiment, network, { chips: 2, prompts: PROMPTS, slice: 7 })).toEqual(chips);
    const conditions = [{ network: "own", hardware: experiment.hardware }];
    const size = { chips: 2, reads: 1, prompts: PROMPTS };
    const [{ wrong }] = await runStudy(executor, experiment, { own: network }, conditions, size);
    expect([...wrong[0].values]).toEqual(chips.flatMap(({ errors }) => [...errors.wrong]));
    expect(chips[0].bySteps[1]).toEqual(chips[0].errors);
    // Soft bits of all elements: positive where right.
    expect(chips[0].agreed!.length).toBe(PROMPTS * DATA);
    expect(chips[0].agreed!.filter((agreement) => agreement < 0).length).toBeLessThanOrEqual(
      chips[0].errors.bits.errors,
    );
  });

  test("with an exit margin stops a slot when all of its elements are sure", async () => {
    const { evaluation } = experiment;
    const machine = { ...experiment.hardware, order: "step-major" as const };
    const eager = { ...experiment, hardware: machine, evaluation: { ...evaluation, exitMargin: 1e-6 } };
    const late = { ...eager, evaluation: { ...evaluation, exitMargin: 1e5 } };
    const [atFirst] = await evaluateChips(executor, eager, network, { chips: 1, prompts: PROMPTS });
    const [atLast] = await evaluateChips(executor, late, network, { chips: 1, prompts: PROMPTS });
    expect(atLast.exit!.shares).toEqual([0, 1]);
    expect(atLast.exit!.errors).toEqual(atLast.errors);
    expect(atFirst.exit!.errors.bits.trials).toBe(PROMPTS * DATA);
    expect(atFirst.exit!.shares[0] * PROMPTS).toBeCloseTo(Math.round(atFirst.exit!.shares[0] * PROMPTS), 9);
  });
});

describe("the report", () => {
  let report: Report;
  let figures: Readonly<Record<string, Figure>>;
  beforeAll(async () => {
    report = await runExperiment(experiment, { network, ann }, options);
    figures = Object.fromEntries(report.figures.map((figure) => [figure.id, figure]));
  });

  test("has the rates of chips, networks and receivers over all data elements", async () => {
    checkReport(report);
    const chips = await evaluateChips(executor, experiment, network, { chips: 2, prompts: PROMPTS });
    expect(figures["ber.xpikeformer"].value).toBeCloseTo(mean(chips.map(({ errors }) => errors.bits.rate)), 12);
    expect(figures["ber.ann"].trials).toBe(PROMPTS * DATA);
    const symbols = mean(chips.map(({ errors }) => errors.symbols.rate));
    expect(figures["ser.xpikeformer"].value).toBeCloseTo(symbols, 12);
    const { value: known } = figures["ber.known.joint"];
    expect(known).toBeLessThanOrEqual(figures["ber.lmmse.joint"].value);
    for (const snr of SNRS) expect(figures[`ber.ls.joint.snr.${snr}`].interval!.kind).toBe("95 % prompt-clustered");
    expect(figures["ber.lmmse.joint.snr.20"].value).toBeLessThan(figures["ber.lmmse.joint.snr.0"].value);
    expect(figures["gmi.lmmse.joint.snr.20"].value).toBeGreaterThan(figures["gmi.lmmse.joint.snr.0"].value);
  });

  test("shares a slot's cost over its data symbols, and compares with no table of the paper", () => {
    const energy = figures["cost.xpikeformer.energy"].value;
    expect(figures["cost.xpikeformer.symbol"].value).toBeCloseTo(energy / DATA, 18);
    expect(report.claims).toEqual([]);
    expect(report.charts.map(({ id }) => id)).not.toContain("ber-context");
    expect(report.description).toContain("A prompt is a slot of 3 x 4 elements: its 4 pilots serve 8 data elements");
    expect(report.sources.map(({ text }) => text).join()).toContain("TR 38.901");
    expect(reportHtml(report)).toContain("LMMSE");
  });
});

test("over age the bit error rate is that of the chips", async () => {
  const size = { chips: 2, prompts: PROMPTS };
  const report = await evaluateDrift(experiment, { network }, parseDurations("1s,1y", "drift"), {
    ...options,
    ...size,
  });
  const chips = await evaluateChips(executor, experiment, network, size);
  const figures = Object.fromEntries(report.figures.map(({ id, value }) => [id, value]));
  expect(figures["ber.drift.hwat.compensated.1s"]).toBeCloseTo(mean(chips.map(({ errors }) => errors.bits.rate)), 12);
});

test("copies of a query are refused, because a slot holds none", async () => {
  const copied = experimentOf({ kind: "spiking" }, { training: { stages: [{ steps: 1, queryCopies: 2 }] } });
  await expect(train(copied, { executor })).rejects.toThrow("prompts of slot-detection hold no copies");
});
