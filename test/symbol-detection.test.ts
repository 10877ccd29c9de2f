// @module-tag slow
/** A run for a link: its report gives the evaluations' results for chips, the gap and each SNR. */
import { beforeAll, describe, expect, test } from "vitest";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import { evaluateNetwork } from "../src/evaluation/network.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { AnnSpec, SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { mean } from "../src/numeric/statistics.ts";
import { stream } from "../src/numeric/stream.ts";
import { checkReport } from "../src/report/build-report.ts";
import { comparableClaims, type Figure, type Report } from "../src/report/report.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { tinyDocument, tinyExperiment } from "./support/tiny-training.ts";

const executor = inlineExecutor(jobs);
const SNRS = [0, 20];
const shape = {
  seed: 4,
  hardware: { chips: 3, crossbar: { rows: 16, columns: 16 } },
  evaluation: { prompts: 120, curvePrompts: 60, curveChips: 2, snrDecibels: SNRS, steps: [1, 3] },
};
/** A low threshold keeps the untrained network active. */
const experiment = tinyExperiment({ ...shape, model: { kind: "spiking", steps: 3, neuron: { threshold: 0.3 } } });
const annExperiment = tinyExperiment({ ...shape, model: { kind: "ann" } });

function untrained<M extends SpikingSpec | AnnSpec>(of: Experiment, seed: number): Network<M> {
  return initialise(of.model as M, networkGeometry(of, createTask(of)), stream(seed));
}
const network = untrained<SpikingSpec>(experiment, 1);
const ann = untrained<AnnSpec>(annExperiment, 2);

describe("the report of a link", () => {
  let report: Report;
  let figures: Readonly<Record<string, Figure>>;
  beforeAll(async () => {
    const options = { executor, command: "xpike test", versions: {} };
    report = await runExperiment(experiment, { network, ann }, options);
    figures = Object.fromEntries(report.figures.map((figure) => [figure.id, figure]));
  });
  const width = ({ interval }: Figure) => interval!.high - interval!.low;

  test("has the error rate of the chips and their gap to the ANN, more precise than the two rates", async () => {
    const chips = await evaluateChips(executor, experiment, network, { chips: 3, prompts: 120 });
    const alone = (await evaluateNetwork(executor, experiment, ann, { prompts: 120 })).errors.bits.rate;
    const rate = mean(chips.map(({ errors }) => errors.bits.rate));
    expect(figures["ber.xpikeformer"].value).toBeCloseTo(rate, 12);
    expect(figures["gap.ann"].value).toBeCloseTo(rate - alone, 12);
    const afterOne = mean(chips.map(({ bySteps }) => bySteps[0].bits.rate));
    expect(figures["ber.xpikeformer.steps.1"].value).toBeCloseTo(afterOne, 12);
    expect(figures["ber.xpikeformer.steps.3"].value).toBe(figures["ber.xpikeformer"].value);
    expect(figures["gap.ann"].interval!.kind).toBe("95 %, 3 chips and 120 prompts, in pairs");
    // For three chips with deviation s, Student's interval alone is 4.30 s / sqrt(3) on either side.
    const deviation = figures["ber.xpikeformer.deviation"].value;
    expect(width(figures["ber.xpikeformer"])).toBeGreaterThan((2 * 4.3 * deviation) / Math.sqrt(3));
  });

  test("has at each SNR the rates of the requested chips, and their ratio to the ANN's", async () => {
    for (const snrDecibels of SNRS) {
      const point = { prompts: 60, snrDecibels: [snrDecibels] };
      const chips = await evaluateChips(executor, experiment, network, { chips: 2, ...point });
      const alone = (await evaluateNetwork(executor, experiment, ann, { ...point, snrDecibels })).errors.bits.rate;
      const rate = mean(chips.map(({ errors }) => errors.bits.rate));
      expect(figures[`ber.xpikeformer.snr.${snrDecibels}`].value).toBeCloseTo(rate, 12);
      expect(figures[`ber.ann.snr.${snrDecibels}`].value).toBe(alone);
      expect(figures[`ratio.ann.snr.${snrDecibels}`].value).toBeCloseTo(rate / alone, 12);
      const { low, high, kind } = figures[`ratio.ann.snr.${snrDecibels}`].interval!;
      expect(Math.sqrt(low * high)).toBeCloseTo(rate / alone, 12);
      expect(kind).toBe("95 %, 2 chips and 60 prompts, in pairs");
    }
  });

  test("draws the same points, with their intervals", () => {
    const chart = report.charts.find(({ id }) => id === "ber-snr");
    if (chart?.kind !== "lines") throw new Error("error rates over SNR are drawn as lines");
    const { points } = chart.series.find(({ name }) => name === "Xpikeformer on hardware")!;
    for (const { x, y, low, high } of points) {
      const { value, interval } = figures[`ber.xpikeformer.snr.${x}`];
      expect({ y, low, high }).toEqual({ y: value, low: interval!.low, high: interval!.high });
    }
    expect(chart.caption).toContain("2 chips");
  });
});

test("the short table has at most eight rows, all at the T of the chips, and no ratio for a network that guesses", async () => {
  const few = { ...shape, evaluation: { prompts: 40, curvePrompts: 10, snrDecibels: [], steps: [1] } };
  const [own, longer, other] = [2, 4, 1].map((steps) =>
    tinyExperiment({ ...few, model: { kind: "spiking", steps, neuron: { threshold: 0.3 } } }),
  );
  const reportWith = (spiking: Experiment) =>
    runExperiment(
      own,
      { network: untrained<SpikingSpec>(own, 1), ann, spiking: untrained<SpikingSpec>(spiking, 3) },
      { executor, command: "xpike test", versions: {} },
    );
  const report = await reportWith(longer);
  const ids = report.brief!.rows.map(({ figure }) => figure);
  expect(report.brief!.heading).toBe("At T = 2 time steps");
  expect(ids.length).toBeLessThanOrEqual(8);
  expect(ids).toContain("ber.spiking.steps.2");
  expect(ids).not.toContain("ber.spiking");
  const exact = await evaluateNetwork(executor, own, untrained<SpikingSpec>(longer, 3), { prompts: 40 });
  const rate = report.figures.find(({ id }) => id === "ber.spiking.steps.2")!;
  expect(rate.value).toBe(exact.spiking!.bySteps[1].bits.rate);
  expect(report.figures.find(({ id }) => id === "gap.spiking")!.label).toMatch(/at its T = 4$/);
  // Untrained: half of its bits are wrong, give or take.
  expect(ids.filter((id) => id.includes("ratio"))).toEqual([]);
  expect(report.notes.join("\n")).toContain("does no better than guessing");
  // Nothing is known after two steps of a network that runs one.
  expect((await reportWith(other)).brief!.rows.map(({ figure }) => figure).filter((id) => /spiking/.test(id))).toEqual(
    [],
  );
});

test("the paper's numbers are comparable only where the network of the figure has the paper's size", async () => {
  const task = { transmitAntennas: 2, receiveAntennas: 2, modulation: "qpsk", pilots: 2 };
  const evaluation = { prompts: 4, curvePrompts: 2, snrDecibels: [], steps: [1] };
  const sized = (model: object) =>
    parseExperiment({ ...tinyDocument({ hardware: { chips: 1 } }), task, evaluation, model }) as Experiment;
  const own = sized({ kind: "spiking", width: 8, depth: 1, heads: 2, steps: 2 });
  const comparableOf = async (depth: number, width: number) => {
    const other = untrained<AnnSpec>(sized({ kind: "ann", width, depth, heads: 2, expansion: 1 }), 2);
    const networks = { network: untrained<SpikingSpec>(own, 1), ann: other };
    const { claims } = await runExperiment(own, networks, { executor, command: "xpike test", versions: {} });
    expect(claims.map(({ id }) => id)).toEqual([
      ...["ann-4-256", "xpikeformer-4-256", "gap-4-256"],
      ...["ann-8-512", "xpikeformer-8-512", "gap-8-512"],
    ]);
    return comparableClaims({ claims }).map(({ id }) => id);
  };
  expect(await comparableOf(4, 256)).toEqual(["ann-4-256"]);
  expect(await comparableOf(4, 128)).toEqual([]);
});

test("a network that never fires has its report, with a note and without maps of densities", async () => {
  const few = { ...shape, evaluation: { prompts: 20, curvePrompts: 10, snrDecibels: [10], steps: [1, 2] } };
  const silent = tinyExperiment({ ...few, model: { kind: "spiking", steps: 2, neuron: { threshold: 20 } } });
  const options = { executor, command: "xpike test", versions: {} };
  const report = await runExperiment(silent, { network: untrained<SpikingSpec>(silent, 1) }, options);
  const densities = report.figures.filter(({ id }) => /^density\.blocks\.\d\.(qkv|hidden)$/.test(id));
  expect(densities.map(({ value }) => value)).toEqual([0, 0]);
  expect(
    report.notes.filter((note) => note.startsWith("No layer inside the blocks ever received a spike")),
  ).toHaveLength(1);
  expect(report.charts.filter(({ id }) => id.startsWith("cost-map"))).toEqual([]);
  expect(() => checkReport(report)).not.toThrow();
});
