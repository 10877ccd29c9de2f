// @module-tag slow
/** The cost section of a run, from small chips that were really simulated. */
import { describe, expect, test } from "vitest";
import { ARCHITECTURE_IDS, ARCHITECTURES } from "../cost/architectures/catalogue.ts";
import { comparedWith, experimentWorkload } from "../cost/measured.ts";
import { findCostPreset } from "../cost/presets.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import { chipsCost, simulatedPrices } from "../cost/simulated.ts";
import { totalOf } from "../cost/unit-energies.ts";
import { withSteps } from "../cost/workload.ts";
import type { AnnSpec, SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { sampleOf } from "../numeric/variance-components.ts";
import { type CostRun, priceRun } from "../runs/price.ts";
import { programChip } from "../simulation/chip.ts";
import { calibrate, simulate } from "../simulation/reference/simulate.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { buildReport } from "./build-report.ts";
import { type CostSection, costHighlights, costRows, costSection } from "./cost-run.ts";

const experiment = parseExperiment({
  task: { pilots: 3, coding: "thermometer" },
  model: { kind: "spiking", width: 32, depth: 2, heads: 2, steps: 4, normalisation: "none" },
});

function simulated(chip: number) {
  if (experiment.model.kind !== "spiking") throw new Error("the model is spiking");
  const task = createTask(experiment);
  const root = stream(3);
  const network = initialise(experiment.model, networkGeometry(experiment, task), root.fork("network"));
  const mapping = mapNetwork(network, experiment.hardware, experiment.task.coding);
  const { spikes } = task.draw(4, root.fork("prompts"), { values: false });
  const random = root.fork("chip", chip);
  const fresh = programChip(network, mapping, experiment.hardware, random);
  return simulate(calibrate(fresh, spikes!, random), spikes!, random, { rasters: 1 });
}

const chips = [simulated(0), simulated(1)];
const curve = { steps: [1, 2, 3, 4], rates: [0.2, 0.1, 0.081, 0.08] };
const [{ rasters }] = chips;
const model = experiment.model;
if (model.kind !== "spiking") throw new Error("the model is spiking");
const ann: AnnSpec = { kind: "ann", width: 64, depth: 3, heads: 4, expansion: 2, position: "none" };
const lif: SpikingSpec = { ...model, steps: 8, width: 16, attention: { kind: "lif", scoreGain: 4, valueGain: 8 } };
const densities = Object.fromEntries(
  [
    "input",
    "output",
    ...[0, 1].flatMap((i) => ["input", "qkv", "attention", "middle", "hidden"].map((name) => `blocks.${i}.${name}`)),
  ].map((name, i) => [name, 0.1 + 0.02 * i]),
);
const snn = { model: lif, rates: [0.2, 0.12, 0.07, 0.069, 0.069, 0.068, 0.068, 0.068], densities };
const compared = { ann: { model: ann, rate: 0.05 }, snn };
const sectionOf = (changed: Partial<CostRun>): CostSection =>
  costSection(priceRun({ experiment, chips, rasters, curve, compared, ...changed }));
const priced = priceRun({ experiment, chips, rasters, curve, compared });
const section = costSection(priced);
const unrivalled = sectionOf({ compared: {} });
const figure = (id: string) => section.figures.find((one) => one.id === id)!.value;

describe("the cost section", () => {
  test("fits into a report, with a link to every source that is a publication", () => {
    const header = { title: "t", summary: "s", description: "d", command: "c", seed: 1, versions: {} };
    const { charts, annName: _, result: __, sizes: ___, remark: ____, ...rest } = section;
    const report = buildReport({ ...header, ...rest, charts, highlights: ["cost.xpikeformer.energy"] });
    const unlinked = report.sources.filter(({ url }) => url === undefined).map(({ text }) => text);
    expect([...new Set(unlinked)]).toEqual(["Assumptions of this model, each with its reason"]);
    expect(report.notes.some((note) => note.includes("by hand"))).toBe(false);
  });

  test("gives the energy per detected symbol of every machine, two symbols a prompt, at T chosen by accuracy", () => {
    expect(figure("cost.isoAccuracy.steps")).toBe(3);
    for (const id of ARCHITECTURE_IDS) {
      expect(figure(`cost.isoAccuracy.${id}.symbol`), id).toBeGreaterThan(0);
      expect(figure(`cost.${id}.energy`) / figure(`cost.${id}.symbol`), id).toBe(2);
      expect(figure(`cost.isoAccuracy.ratio.${id === "xpikeformer" ? "annDigital" : id}`), id).toBeGreaterThan(0);
    }
    const [asRun, chosen] = [figure("cost.xpikeformer.symbol"), figure("cost.isoAccuracy.xpikeformer.symbol")];
    // Three of four steps: everything is proportional to T here, since inputs are spikes, but the window in which tiles run empty and the
    // memories' size.
    expect(chosen / asRun).toBeCloseTo(0.75, 2);
    expect(figure("cost.isoAccuracy.annDigital.symbol")).toBe(figure("cost.annDigital.symbol"));
    for (const kind of ["ml", "mmse"]) {
      expect(figure(`cost.receiver.${kind}.symbol`), kind).toBeGreaterThan(0);
      expect(figure(`cost.receiver.${kind}.symbol`), kind).toBeLessThan(figure("cost.annDigital.symbol") / 100);
    }
  });

  test("calls no ratio one at equal accuracy unless a test shows it, at every T that it claims", () => {
    const texts = ({ notes, figures }: typeof section) => [...notes, ...figures.map(({ label }) => label)].join("\n");
    // Without answers by prompt there is no test.
    expect(texts(section)).toContain("The energy ratios to the ANN are not shown to be at equal accuracy");
    expect(section.notes.at(-1)).toBe(
      "Figures cost.isoAccuracy are at T = 3 of Xpikeformer (error rate 0.0810) and T = 3 of the digital SNN (0.0700).",
    );
    // The chips err on the first prompts, at T = 1 on more; the ANN, and the SNN at T = 2, on as many as the chips at T = 3 and 4.
    const prompts = 4000;
    const wrong = (count: number) => Float64Array.from({ length: prompts }, (_, k) => Number(k < count));
    const samples = [800, 400, 324, 320].map((count) => sampleOf([wrong(count), wrong(count)]));
    const of = (annErrors: number) =>
      sectionOf({
        curve: { ...curve, samples },
        compared: {
          ann: { ...compared.ann, rate: annErrors / prompts, byPrompt: wrong(annErrors) },
          snn: { ...snn, rates: [0.2, 0.081], byPrompt: [wrong(800), wrong(324)] },
        },
      });
    const found = ({ figures }: typeof section, id: string) => figures.find((one) => one.id === id)?.value;
    const equal = of(324);
    expect(equal.notes.at(-1)).toBe(
      "Figures cost.isoAccuracy are at T = 3 of Xpikeformer (error rate 0.0810) and T = 2 of the digital SNN (0.0810). " +
        "Beside the ANN (0.0810): not worse by more than 5 % of its error rate, shown with 4000 prompts. " +
        "Beside the digital SNN: not worse by more than 5 % of its error rate, shown with 4000 prompts.",
    );
    expect(equal.notes).toContain("The ANN was not run in int8.");
    expect(found(equal, "cost.isoAccuracy.steps")).toBe(3);
    expect(found(equal, "cost.isoAccuracy.equality.shown")).toBe(1);
    // 10 more errors of 310 are 3 %, which these prompts do not resolve.
    const open = of(310);
    expect(open.notes.join("\n")).toContain("not shown to be at equal accuracy");
    expect(open.notes.at(-1)).toMatch(
      /Beside the ANN \(0\.0775\), at T = 4: equal accuracy is not shown with 4000 prompts\./,
    );
    expect(found(open, "cost.isoAccuracy.equality.shown")).toBe(0);
    // Twice as many errors as the ANN are beyond the margin, and that is said.
    const worse = of(160);
    expect(worse.notes).toContain(
      "The energy ratios to the ANN are shown not to be at equal accuracy, and the ANN was not run in int8.",
    );
    expect(found(worse, "cost.isoAccuracy.equality.exceeded")).toBe(1);
    expect(texts(worse)).not.toContain("not shown to be at equal accuracy");
    // What is shown at T = 3 is not claimed if the 4 steps that the chips run do not show it.
    const odd = sectionOf({
      curve: { ...curve, samples: [samples[0], samples[1], samples[2], samples[1]], rates: [0.2, 0.1, 0.081, 0.1] },
      compared: { ann: { ...compared.ann, rate: 0.081, byPrompt: wrong(324) } },
    });
    expect(found(odd, "cost.isoAccuracy.equality.shown")).toBe(0);
    expect(texts(odd)).toContain("equal accuracy with the ANN is not shown at T = 4");
    for (const one of [section, open, odd, worse])
      expect(texts(one)).not.toMatch(/(?<!not shown to be |shown not to be )at equal accuracy|within 5 % of each/);
  });

  test("names the ANN by its size unless it has the chips'", () => {
    expect([section, unrivalled].map(({ annName }) => annName)).toEqual([
      "the ANN of 3 blocks of width 64",
      "the ANN of the same size",
    ]);
    expect(unrivalled.notes.join("\n")).toContain("No ANN is named (checkpoints.ann)");
  });

  test("says once where T was checked, whatever else it says of the chips", () => {
    const stepsNote = "T = 4 was checked on validation prompts, after training at T = 8.";
    for (const guess of [null, { rate: 0.47, chance: 0.5 }]) {
      const { notes } = costSection({ ...priced, stepsNote, guess });
      expect(notes.filter((note) => note.startsWith(stepsNote))).toHaveLength(1);
    }
  });

  test("sets both spiking machines at one T beside each other, and names T wherever there are two", () => {
    const label = (id: string) => section.figures.find((one) => one.id === id)!.label;
    // The SNN was trained for 8 steps and the chips run 4.
    expect(label("cost.ratio.snnDigital")).toBe("Energy ratio: SNN, ideal digital, T = 8, over Xpikeformer, T = 4");
    expect(label("cost.equalSteps.ratio.snnDigital")).toBe(
      "Energy ratio: SNN, ideal digital, T = 4, over Xpikeformer, T = 4",
    );
    expect(figure("cost.equalSteps.snnDigital.energy")).toBeLessThan(0.6 * figure("cost.snnDigital.energy"));
    expect(figure("cost.equalSteps.ratio.snnDigital")).toBeCloseTo(
      figure("cost.equalSteps.snnDigital.symbol") / figure("cost.xpikeformer.symbol"),
      12,
    );
    expect(label("cost.isoAccuracy.snnDigital.symbol")).toBe(
      "Energy per symbol: SNN, ideal digital, T = 3 (fewest steps)",
    );
    const chart = section.charts.find(({ id }) => id === "cost-comparison")!;
    if (chart.kind !== "bars") throw new Error("energies are bars");
    expect([...new Set(chart.bars.map(({ group }) => group))]).toEqual([
      "T = 4",
      "fewest steps of each, T = 3",
      "T = 4, the paper's prices",
    ]);
    const bar = chart.bars.find(({ label, group }) => label === "SNN, ideal digital" && group === "T = 4")!;
    expect(bar.value).toBeCloseTo(1e6 * figure("cost.equalSteps.snnDigital.energy"), 9);
    // After 4 steps nothing is known of an SNN that ran 2.
    const short = sectionOf({ compared: { snn: { ...snn, rates: [0.2, 0.1] } } });
    expect(short.figures.filter(({ id }) => id.startsWith("cost.equalSteps"))).toEqual([]);
  });

  test("has the ratios that the energies of two separate estimates give, at each network's own T and at equal T", () => {
    const { technology } = simulatedPrices(experiment);
    const own = chipsCost(experiment, chips);
    const workload = comparedWith(own.workload, experiment, { ann, snn });
    // 8 steps of the digital SNN, for which it was trained, and 4, which the chips run.
    for (const [prefix, steps] of [
      ["cost", 8],
      ["cost.equalSteps", 4],
    ] as const) {
      const rival = totalOf(ARCHITECTURES.snnDigital.energy(withSteps(workload, 4, steps), technology));
      const ratio = rival / own.architectures.xpikeformer.total;
      expect(figure(`${prefix}.ratio.snnDigital`), prefix).toBeCloseTo(ratio, 12);
      expect(figure(`${prefix}.snnDigital.energy`), prefix).toBe(rival);
    }
    expect(figure("cost.ratio.snnDigital")).toBeGreaterThan(1.5 * figure("cost.equalSteps.ratio.snnDigital"));
  });

  test("gives the energy of a result, with that of an inference, and ratios at the same T", () => {
    const accuracy = "not tested";
    expect(costRows(section, [])).toEqual([
      {
        figure: "cost.xpikeformer.symbol",
        label: "Energy per symbol: Xpikeformer",
        also: { figure: "cost.xpikeformer.energy", unit: "per inference" },
      },
      { figure: "cost.ratio.annTrees", label: "Energy: int8 ANN (adder trees) over Xpikeformer", accuracy },
      { figure: "cost.ratio.annDigital", label: "Energy: int8 ANN (systolic array) over Xpikeformer", accuracy },
      { figure: "cost.equalSteps.ratio.snnDigital", label: "Energy: ideal digital SNN over Xpikeformer", accuracy },
    ]);
  });

  test("gives no energy ratio without an evaluated rival, or to a network that guesses", () => {
    const ratios = ({ figures, charts }: typeof section) => [
      ...figures.filter(({ id }) => id.includes(".ratio.")).map(({ id }) => id.split(".").at(-1)!),
      ...charts.filter(({ id }) => /^(waterfall|cost-tornado|cost-map)/.test(id)).map(({ id }) => id),
    ];
    expect(ratios(section)).toEqual(expect.arrayContaining(["annDigital", "snnDigital", "waterfall", "cost-map-snn"]));
    expect(ratios(unrivalled)).toEqual([]);
    expect(unrivalled.notes.join("\n")).toContain("No ANN is named (checkpoints.ann), so no energy ratio");
    expect(ratios(sectionOf({ compared: { ann: compared.ann } })).filter((name) => /snn/i.test(name))).toEqual([]);
    // Half of all bits are wrong by chance.
    const guessing = sectionOf({ chipRate: { value: 0.47, high: 0.51 } });
    expect(ratios(guessing)).toEqual([]);
    expect(costRows(guessing, []).map(({ figure }) => figure)).toEqual(["cost.xpikeformer.symbol"]);
    expect(costHighlights(guessing)).toEqual(["cost.xpikeformer.energy"]);
    expect(guessing.notes.join("\n")).toContain(
      "no better than guessing: its error rate is 0.4700, that of guessing 0.5000",
    );
    expect(ratios(sectionOf({ chipRate: { value: 0.47, high: 0.49 } }))).toEqual(ratios(section));
  });

  test("prices the ANN that was evaluated, not one of the spiking network's size", () => {
    // MACs of 3 blocks of width 64 with expansion 2, by hand: 4 + 2 x 2 squares of the width per block and token.
    const { real } = createTask({ task: experiment.task, model: ann }).geometry;
    const open = real.mask.reduce((sum, cell) => sum + cell, 0);
    const blocks = 3 * (8 * 64 ** 2 * real.tokens + 2 * open * 64);
    const macs = blocks + real.tokens * real.inputs * 64 + real.queries.length * 64 * real.classes;
    const own = resolveTechnology(findCostPreset("simulated")).technology;
    const [workload] = [comparedWith(experimentWorkload(experiment), experiment, { ann })];
    const { mac } = ARCHITECTURES.annDigital.energy(workload, own);
    expect(mac / (macs * (own.multiply8 + own.add32))).toBeCloseTo(1, 12);
    const total = Object.values(ARCHITECTURES.annDigital.energy(workload, own)).reduce((a, b) => a + b, 0);
    expect(figure("cost.annDigital.energy")).toBe(total);
    const alone = sectionOf({ compared: { snn } });
    const ofOurSize = alone.figures.find(({ id }) => id === "cost.annDigital.energy")!.value;
    expect(total).toBeGreaterThan(2 * ofOurSize);
  });

  test("prices the digital SNN at its own fewest steps, its own size and its own densities", () => {
    expect(figure("cost.isoAccuracy.snnSteps")).toBe(3);
    const priced = (changed: Partial<typeof snn>) => {
      const { figures } = sectionOf({ compared: { ...compared, snn: { ...snn, ...changed } } });
      return (id: string) => figures.find((one) => one.id === id)!.value;
    };
    // As run, each network has the steps that it was trained for: 8, of which the weights' fetches do not depend on steps.
    const asRun = figure("cost.snnDigital.energy") / 2;
    const fewest = figure("cost.isoAccuracy.snnDigital.symbol");
    expect(fewest).toBeLessThan(0.6 * asRun);
    expect(fewest).toBeGreaterThan((3 / 8) * asRun);
    expect(
      priced({ rates: [...snn.rates.slice(0, 2), 0.086, ...snn.rates.slice(3)] })("cost.isoAccuracy.snnSteps"),
    ).toBe(4);
    const halved = Object.fromEntries(
      Object.entries(densities).map(([name, share]) => [name, name.startsWith("blocks") ? share / 2 : share]),
    );
    const sparse = priced({ densities: halved });
    expect(sparse("cost.snnDigital.energy")).toBeLessThan(figure("cost.snnDigital.energy"));
    expect(priced({ model: { ...lif, width: 32 } })("cost.snnDigital.energy")).toBeGreaterThan(
      2 * figure("cost.snnDigital.energy"),
    );
    expect(sparse("cost.xpikeformer.energy")).toBe(figure("cost.xpikeformer.energy"));
  });
});
