// @module-tag slow
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tinyImageExperiment, tinyImages } from "../../test/support/tiny-images.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { evaluateChips } from "../evaluation/chips.ts";
import { jobs } from "../evaluation/jobs.ts";
import { evaluateNetwork } from "../evaluation/network.ts";
import { type AnnSpec, annSpec, type SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { decodeCheckpoint } from "../model/checkpoint.ts";
import { initialise, type Network } from "../model/network.ts";
import { networkFile } from "../node/networks.ts";
import { stream } from "../numeric/stream.ts";
import { energyRatios } from "../report/energy-ratios.ts";
import { type Opened, openExperiment } from "../task/open.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { chipRate, rateChange, receiverRates } from "./catalogue.ts";
import { chipFigures } from "./chip-figures.ts";
import { compareRuns } from "./compare.ts";
import { runExperiment } from "./experiment.ts";
import { asDescribed } from "./fit.ts";

const executor = inlineExecutor(jobs);
const model = { kind: "spiking", steps: 2, neuron: { threshold: 0.3 } } as const;
const small = { hardware: { chips: 2 }, evaluation: { prompts: 20, curvePrompts: 4, snrDecibels: [10], steps: [2] } };

const freshNetwork = ({ experiment, task }: Opened): Network<SpikingSpec> =>
  initialise(experiment.model as SpikingSpec, task.geometry.spiking, stream(1));

describe("chips alone", () => {
  const link = tinyExperiment({ model, hardware: small.hardware });
  test.each<[string, Opened]>([
    ["a link", openExperiment({ ...link, evaluation: { ...link.evaluation, ...small.evaluation } })],
    ["images", openExperiment(tinyImageExperiment(model, {}, small), tinyImages)],
  ])("have the figures that the report of a run gives them: %s", async (_, opened) => {
    const { experiment } = opened as Opened<TaskSpec>;
    const network = freshNetwork(opened);
    const report = await runExperiment(opened, { network }, { executor, command: "xpike run", versions: {} });
    const chips = await evaluateChips(executor, opened, network, { chips: 2, prompts: 20 });
    const figures = chipFigures(experiment, chips);
    expect(figures.length).toBeGreaterThan(30);
    for (const figure of figures) expect(report.figures).toContainEqual(expect.objectContaining(figure));
    const receivers = await receiverRates(executor, experiment, 20);
    expect(receivers.length).toBe(experiment.task.kind === "symbol-detection" ? 4 : 0);
    for (const figure of receivers) expect(report.figures).toContainEqual(expect.objectContaining(figure));
    const known = figures.map(({ id }) => id);
    expect(known.filter((id) => /ann$|(annTrees|annDigital)\.energy$|latency\.annDigital/.test(id)).sort()).toEqual([
      "cost.annDigital.energy",
      "cost.annTrees.energy",
      "cost.latency.annDigital",
    ]);
    // Nobody answered beside them.
    expect(energyRatios(figures)).toEqual([]);
    const own = report.figures.filter(({ id }) =>
      /^cost\.(xpikeformer|area\.(?!annDigital)|latency\.(?!annDigital))/.test(id),
    );
    expect(own.map(({ id }) => id).filter((id) => !known.includes(id))).toEqual([]);
  });

  test.each<[string, Opened, string]>([
    ["a link", openExperiment({ ...link, evaluation: { ...link.evaluation, ...small.evaluation } }), "ber.ann"],
    ["images", openExperiment(tinyImageExperiment(model, {}, small), tinyImages), "accuracy.ann"],
  ])("stand beside the ANN of the run, its rate, gap and costs: %s", async (_, opened, rate) => {
    const { experiment } = opened as Opened<TaskSpec>;
    const network = freshNetwork(opened);
    // Smaller than the network on chips, so that its costs differ from those of an ANN of the same size.
    const spec = { ...annSpec.parse({ kind: "ann" }), width: 16, depth: 1, heads: 1 };
    const ann = initialise(spec, opened.task.geometry.real, stream(2));
    const report = await runExperiment(opened, { network, ann }, { executor, command: "xpike run", versions: {} });
    const chips = await evaluateChips(executor, opened, network, { chips: 2, prompts: 20 });
    const { errors } = await evaluateNetwork(executor, opened, ann, { prompts: 20 });
    const figures = chipFigures(experiment, chips, { model: spec, errors });
    expect(figures.map(({ id }) => id)).toEqual(
      expect.arrayContaining([rate, "gap.ann", "cost.annDigital.energy", "cost.latency.annDigital"]),
    );
    for (const figure of figures) expect(report.figures).toContainEqual(expect.objectContaining(figure));
    // Fresh networks guess, and have no energy ratio.
    expect(energyRatios(figures)).toEqual([]);
    const alone = chipFigures(experiment, chips).find(({ id }) => id === "cost.annDigital.energy");
    expect(figures.find(({ id }) => id === "cost.annDigital.energy")?.value).not.toBe(alone?.value);
  });

  test("have the energy ratios of the run to both engines of the ANN, their ranges and what is shown of equal accuracy", async () => {
    const { hardware, ...deep } = JSON.parse(readFileSync("examples/wireless-2x2-deep.json", "utf8"));
    const experiment = parseExperiment({ ...deep, ...small, hardware: { ...hardware, chips: 1 } });
    const opened = openExperiment(experiment);
    const read = (name = "") => decodeCheckpoint(readFileSync(networkFile(name))).network;
    const network = asDescribed(experiment, read(experiment.checkpoints.network), []);
    const ann = read(experiment.checkpoints.ann);
    const report = await runExperiment(opened, { network, ann }, { executor, command: "xpike run", versions: {} });
    const chips = await evaluateChips(executor, opened, network, { chips: 1, prompts: 20 });
    const { errors } = await evaluateNetwork(executor, opened, ann, { prompts: 20 });
    const ratios = energyRatios(chipFigures(experiment, chips, { model: ann.model as AnnSpec, errors }));
    expect(ratios.map(({ figure }) => figure.id)).toEqual(["cost.ratio.annTrees", "cost.ratio.annDigital"]);
    for (const { figure } of ratios) expect(figure.interval!.high).toBeGreaterThan(figure.interval!.low);
    expect(ratios[0].shown).not.toBe("not tested");
    expect(ratios).toEqual(
      energyRatios(report.figures).map(({ figure: { seed, command, ...figure }, ...said }) => ({ figure, ...said })),
    );
  });

  test.each<[string, Opened, sign: number]>([
    ["a link", openExperiment(link), 1],
    ["images, whose rate is the accuracy", openExperiment(tinyImageExperiment(model, {}, small), tinyImages), -1],
  ])("change from machine to machine as `compare` says, in pairs: %s", async (_, opened, sign) => {
    const { experiment } = opened as Opened<TaskSpec>;
    // Two networks: chips of a fresh one answer alike on many machines.
    const [first, second] = [1, 2].map((seed) => ({
      opened: opened as Opened,
      network: initialise(experiment.model as SpikingSpec, opened.task.geometry.spiking, stream(seed)),
    }));
    const { measures } = await compareRuns(first, second, { executor, chips: 2, prompts: 40 });
    const [, , expected] = measures[0];
    const evaluated = [];
    for (const { network } of [first, second]) {
      evaluated.push(await evaluateChips(executor, opened, network, { chips: 2, prompts: 40 }));
    }
    const [before, after] = evaluated.map((chips) => chips.map(({ errors }) => errors.wrong));
    const change = rateChange(after, before, experiment);
    expect(change.value).toBeCloseTo(sign * expected.value, 12);
    expect(change.value).not.toBe(0);
    const { low, high } = expected.interval!;
    expect(change.interval!.low).toBeCloseTo(sign > 0 ? low : -high, 12);
    expect(change.interval!.high).toBeCloseTo(sign > 0 ? high : -low, 12);
    const [was, is] = evaluated.map((chips) => chipRate({ experiment, chips }).value);
    expect(change.value).toBeCloseTo(is - was, 12);
    expect(rateChange(before, before, experiment).value).toBe(0);
  });

  test("say how many prompts were answered as they go, and what that throws ends the evaluation", async () => {
    const opened = openExperiment(link);
    const network = freshNetwork(opened as Opened);
    const counts: number[] = [];
    const options = { chips: 2, prompts: 20, slice: 8 };
    await evaluateChips(executor, opened, network, { ...options, onPrompts: (prompts) => counts.push(prompts) });
    expect(counts).toEqual([8, 8, 4, 8, 8, 4]);
    const stopped = evaluateChips(executor, opened, network, {
      ...options,
      onPrompts: () => {
        throw new RangeError("enough");
      },
    });
    await expect(stopped).rejects.toThrow("enough");
  });
});
