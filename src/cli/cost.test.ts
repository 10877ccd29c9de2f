// @module-tag slow
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { tinyDocument, tinyExperiment } from "../../test/support/tiny-training.ts";
import { SOURCES } from "../cost/catalogue.ts";
import { PARAMETER_IDS, PARAMETERS } from "../cost/parameters.ts";
import { COST_PRESETS } from "../cost/presets.ts";
import { WORKLOADS } from "../cost/workloads.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { parseReport } from "../report/json.ts";
import type { Report } from "../report/report.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { formatPrice } from "./cost-list.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-cost-"));
  writeFileSync(join(folder, "untrained.json"), '{ "name": "Untrained", "model": { "width": 64 } }');
});
afterAll(() => rmSync(folder, { recursive: true }));

const cost = (...argv: string[]) => runCommand("cost", ...argv);

/** Reports by their options: what several cases ask for is computed once. */
const reports = new Map<string, Promise<Report>>();

function reportOf(...argv: string[]): Promise<Report> {
  const key = JSON.stringify(argv);
  const report = reports.get(key) ?? runReport(...argv);
  reports.set(key, report);
  return report;
}

async function runReport(...argv: string[]): Promise<Report> {
  const { code, out, err } = await cost(
    "--json",
    "--draws",
    "20",
    "--threads",
    "1",
    "--out",
    join(folder, "out"),
    // Of an option given twice, the last counts.
    ...argv,
  );
  expect(err).toBe("");
  expect(code).toBe(0);
  return parseReport(out);
}

const figuresOf = (report: Report) => Object.fromEntries(report.figures.map(({ id, value }) => [id, value]));

describe("without a workload", () => {
  test("every workload is priced at every preset, in a table and as a report", async () => {
    const { code, out } = await cost("--preset", "all", "--out", join(folder, "every"));
    expect(code).toBe(0);
    for (const { name } of WORKLOADS) {
      const lines = out.split("\n").filter((line) => line.startsWith(`${name} `));
      expect(lines, name).toHaveLength(COST_PRESETS.length);
    }
    const { charts } = parseReport(readFileSync(join(folder, "every", "report.json"), "utf8"));
    const [chart] = charts;
    expect(chart.kind === "bars" && chart.bars.length).toBeGreaterThanOrEqual(WORKLOADS.length * COST_PRESETS.length);
  });

  test("prints the golden totals", async () => {
    const { out } = await cost("--preset", "bottom-up");
    expect(out).toMatch(/vit-8-768-imagenet +bottom-up +4 +345\.6 +4183 +12\.10 +10\.58 +6\.61 +2\.57 +1\.45/);
    expect((await cost("--machine", "paper")).out).toMatch(/vit-8-768-imagenet +simulated +4 +1944 +10550 +5\.43 /);
    expect((await cost()).out).toMatch(
      /vit-8-768-imagenet +simulated +4 +821\.8 +10550 +12\.84 +6\.09 +7\.89 +1\.85 +2\.58/,
    );
    const rows = JSON.parse((await cost("--json")).out) as { workload: string; architectures: object }[];
    expect(rows.map(({ workload }) => workload)).toEqual(WORKLOADS.map(({ name }) => name));
  });

  test("leaves the folder of a training that is not over to it, as with one", async () => {
    const training = join(folder, "training");
    mkdirSync(training);
    for (const name of ["state.safetensors", "question.json"]) writeFileSync(join(training, name), "{}");
    for (const workload of [[], ["icl-4-256-2x2", "--draws", "0"]]) {
      const { code, err } = await cost(...workload, "--out", training);
      expect(code).toBe(2);
      expect(err).toContain("The folder holds an unfinished training");
      expect(readdirSync(training).sort()).toEqual(["question.json", "state.safetensors"]);
    }
  });

  test("with a folder, all of it is a report", async () => {
    const { code, out } = await cost("--out", join(folder, "all"));
    expect(code).toBe(0);
    for (const { name } of WORKLOADS) expect(out).toContain(name);
    expect(out).toContain(join(folder, "all", "report.html"));
    const report = parseReport(readFileSync(join(folder, "all", "report.json"), "utf8"));
    const figures = figuresOf(report);
    expect(figures["cost.vit-8-768-imagenet.simulated.ratio.annDigital"]).toBeCloseTo(12.84, 2);
    expect(figures["cost.vit-8-768-imagenet.simulated.energy"]).toBeCloseTo(822e-6, 6);
    expect(report.command).toBe("xpike cost");
  });

  test("lists all that can be named as JSON, too", async () => {
    const { workloads, presets, parameters, sources } = JSON.parse((await cost("--list", "--json")).out);
    expect(workloads.map(({ name }: { name: string }) => name)).toEqual(WORKLOADS.map(({ name }) => name));
    expect(presets).toHaveLength(COST_PRESETS.length);
    expect(parameters.map(({ id }: { id: string }) => id)).toEqual(PARAMETER_IDS);
    expect(parameters[0]).toMatchObject({ value: expect.any(Number), source: expect.any(String) });
    expect(sources).toHaveLength(SOURCES.length);
  });

  test.each([
    ["set", ["--set", "conversion5=1pJ", "--set", " conversion5 =2pJ"], "conversion5 twice, 1pJ and 2pJ"],
    ["what-if", ["--what-if", "conversion5=1pJ", "--what-if", "conversion5=1pJ"], "conversion5 twice, 1pJ and 1pJ"],
    ["node", ["--node", "digital=65,digital=22"], "digital twice, 65 and 22"],
    ["node", ["--node", "45,22"], "the node of all blocks twice, 45 and 22"],
  ])("refuses what --%s gives twice", async (path, options, what) => {
    const { code, err } = await cost(...options);
    expect([code, err]).toEqual([2, `CostError at ${path}\n  --${path} gives ${what}. Leave one of them out.\n`]);
  });

  test("shows a price of --what-if beside the one of --set", async () => {
    const both = ["--set", "conversion5=1pJ", "--what-if", "conversion5=2pJ"];
    expect((await cost(...both)).code).toBe(0);
  });

  test("lists what can be named, in units that people use", async () => {
    const { out } = await cost("--list");
    expect(out).not.toMatch(/\de-\d/);
    expect(out).toMatch(/^ +sramRead +SRAM read at 32 kB, per byte: .* [fp]J\/B, /m);
    expect(out).toMatch(/^ +weightBuffer +Weight buffer: \d+ [kM]B, /m);
    expect(out).toMatch(/^ +gpuEfficiency +Operations per joule: .* [GT]op\/J, /m);
    for (const id of PARAMETER_IDS) expect(out).toContain(id);
    for (const { id } of SOURCES) expect(out).toContain(id);
  });
});

test.each([
  [7.8e-15, "J", "7.8 fJ"],
  [5e-12, "J/bit", "5 pJ/bit"],
  [121e-12, "J/bit/m", "121 pJ/bit/m"],
  [2200, "W/m2", "2.2 kW/m2"],
  [65_536, "B", "64 kB"],
  [1.2e12, "op/J", "1.2 Top/J"],
  [1e-9, "s", "1 ns"],
  [120e-12, "m2", "120 µm²"],
  [8, "bit", "8 bit"],
  [0, "1", "0"],
] as const)("%d %s is printed as %s", (value, unit, text) => expect(formatPrice({ value, unit })).toBe(text));

test.each([
  ["vit-4-384-cifar10", "Energy per image"],
  ["examples/wireless-2x2.json", "Energy per symbol"],
])("in short, %s on one screen: %s, where it goes, what to change", async (source, energy) => {
  const options = [source, "--draws", "2", "--prompts", "2", "--threads", "1", "--out", join(folder, "brief")];
  const { out } = await cost(...options);
  const lines = out.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  const [longest] = lines.filter((line) => !line.includes(folder)).toSorted((a, b) => b.length - a.length);
  expect(longest.length).toBeLessThanOrEqual(100);
  for (const part of [energy, "Where the energy goes: ", "What to change", "Report: "]) expect(out).toContain(part);
  const all = (await cost(...options, "--all")).out;
  expect(all).toContain("Latency: ANN, digital int8");
  expect(all).toMatch(/^Relative energy with converters of 4 bits \(adc.bits=4\)/m);
});

test("a machine that is named is not said to be that of a run, nor its actions to be counted on chips", async () => {
  const { out } = await cost("icl-4-256-2x2", "--machine", "paper", "--draws", "0", "--out", join(folder, "named"));
  expect(out.replace(/\s+/g, " ")).toContain("Priced: the whole machine, with clock, wires and leakage");
  expect(out).not.toContain("simulated chips");
});

test.each([
  ["simulated", "822 µJ", "5 mJ", "the whole machine"],
  ["bottom-up", "346 µJ", "3.66 mJ", "one conversion for each pair of columns"],
])("%s prices: %s beside %s of the cheaper int8 ANN, and %s is priced", async (preset, ours, ann, priced) => {
  const options = ["vit-8-768-imagenet", "--steps", "4", "--draws", "0", "--preset", preset];
  const { out } = await cost(...options, "--out", join(folder, preset));
  expect(out).toMatch(new RegExp(`^Energy per image +${ours} +${ann} `, "m"));
  expect(out.replace(/\s+/g, " ")).toContain(`Priced: ${priced}`);
});

describe("the report of a workload", () => {
  test("has stable ids, adds up, and links every source", async () => {
    const report = await reportOf("vit-8-768-imagenet");
    const figures = figuresOf(report);
    const parts = report.figures.filter(({ id }) => id.startsWith("cost.xpikeformer.parts."));
    const sum = parts.reduce((total, { value }) => total + value, 0);
    expect(sum / figures["cost.xpikeformer.energy"]).toBeCloseTo(1, 12);
    expect(figures["cost.annDigital.energy"] / figures["cost.xpikeformer.energy"]).toBe(
      figures["cost.ratio.annDigital"],
    );
    for (const id of ["cost.latency.alone", "cost.area.crossbars", "cost.monteCarlo.annDigital"]) {
      expect(figures[id], id).toBeGreaterThan(0);
    }
    // 12.84 at T = 4, and nearly proportional to 1 / T.
    expect(figures["cost.breakEven.steps.ann5"]).toBeGreaterThan(10);
    expect(figures["cost.breakEven.steps.ann5"]).toBeLessThan(10.5);
    const counted = figuresOf(await reportOf("vit-8-768-imagenet", "--preset", "bottom-up"));
    expect(counted["cost.breakEven.steps.ann10"]).toBeCloseTo(4.9, 1);
    expect(counted["cost.breakEven.density.snn1"]).toBeCloseTo(0.095, 3);
    const unlinked = report.sources.filter(({ url }) => url === undefined).map(({ text }) => text);
    expect([...new Set(unlinked)]).toEqual(["Assumptions of this model, each with its reason"]);
    const receipts = report.sources.map(({ usedFor }) => usedFor).join("; ");
    for (const id of PARAMETER_IDS) expect(receipts, id).toContain(PARAMETERS[id].label);
    expect(receipts).toContain("5-bit conversion: 276 fJ at 45 nm, simulated");
    expect(report.claims.map(({ paper }) => paper)).toEqual([13, "5.4 or 5.9", "1.8 or 1.9"]);
    expect(readFileSync(join(folder, "out", "report.html"), "utf8")).toContain(
      "Sensitivity of the energy ratio to the digital ANN",
    );
  });

  test.each([
    ["--preset", "survey-adc"],
    ["--node", "22"],
    ["--set", "conversion5=3pJ"],
  ])("draws about the estimate that was asked for: %s %s", async (...choice) => {
    // Enough draws that a median is within a few per cent of that of many.
    const of = async (...options: string[]) =>
      figuresOf(await reportOf("vit-8-768-imagenet", "--preset", "bottom-up", "--draws", "300", ...options));
    const [usual, chosen] = [await of(), await of(...choice)];
    const [ratio, drawn] = ["cost.ratio.annDigital", "cost.monteCarlo.annDigital"].map((id) => chosen[id] / usual[id]);
    expect(ratio).toBeLessThan(0.9);
    // Medians of draws follow the ratio within a fifth.
    expect(Math.abs(drawn / ratio - 1)).toBeLessThan(0.2);
  });

  test("shows a question beside the estimate without it, and repeats itself by its command", async () => {
    const argv = ["icl-4-256-2x2", "--what-if", "conversion5=shafiee-isca-2016.conversion5"];
    const report = await reportOf(...argv);
    const figures = figuresOf(report);
    expect(figures["cost.simulated-what-if.ratio.annDigital"]).toBeLessThan(figures["cost.ratio.annDigital"]);
    expect(report.sources.some(({ text }) => text.includes("ISAAC"))).toBe(true);
    expect(report.command).toBe(
      "xpike cost icl-4-256-2x2 --what-if conversion5=shafiee-isca-2016.conversion5 --draws 20",
    );
  });

  test("notes what was set by hand, and nodes that are mixed", async () => {
    const report = await reportOf("icl-4-256-2x2", "--set", "conversion5=1pJ", "--node", "22", "--steps", "6");
    expect(report.notes.join("\n")).toContain("Set by hand, without a source: conversion5.");
    expect(report.notes.join("\n")).toContain("scaled to 22 nm");
    expect(report.description).toContain("T = 6");
  });

  test("puts single blocks on other nodes, and warns", async () => {
    const prices = ["icl-4-256-2x2", "--preset", "bottom-up"];
    const mixed = await reportOf(...prices, "--node", "digital=65,aimc=22");
    expect(mixed.notes[0]).toContain("Nodes are mixed: digital at 65 nm, aimc at 22 nm, the rest at 45 nm");
    const same = await reportOf(...prices);
    const ratio = (report: typeof same) => figuresOf(report)["cost.ratio.annDigital"];
    expect(ratio(mixed)).toBeGreaterThan(1.2 * ratio(same));
  });

  test("uses the paper's steps with the paper's prices", async () => {
    const figures = figuresOf(await reportOf("vit-8-768-imagenet", "--preset", "paper"));
    expect(figures["cost.xpikeformer.energy"]).toBeCloseTo(0.3e-3, 12);
    expect(figures["cost.area.crossbars"] + figures["cost.area.attention"]).toBeCloseTo(784e-6, 9);
  });
});

describe("time steps and densities", () => {
  test("of each spiking machine by itself, the other as it is", async () => {
    const figures = async (...argv: string[]) => figuresOf(await reportOf("icl-4-256-2x2", "--draws", "0", ...argv));
    const usual = await figures();
    const snn = await figures("--steps", "snn=2");
    expect(snn["cost.xpikeformer.energy"]).toBe(usual["cost.xpikeformer.energy"]);
    expect(snn["cost.snnDigital.energy"]).toBeLessThan(0.8 * usual["cost.snnDigital.energy"]);
    const own = await figures("--steps", "xpikeformer=8");
    expect(own["cost.snnDigital.energy"]).toBe(usual["cost.snnDigital.energy"]);
    const both = await figures("--steps", "xpikeformer=8,snn=2");
    expect(both["cost.snnDigital.energy"]).toBe(snn["cost.snnDigital.energy"]);
    expect(both["cost.xpikeformer.energy"]).toBeGreaterThan(1.9 * usual["cost.xpikeformer.energy"]);
    expect(await figures("--steps", "4")).toEqual(usual);
  });

  test("are in the command that repeats the report, and a mean density is what the map has there", async () => {
    const report = await reportOf("icl-4-256-2x2", "--density", "0.05", "--steps", "xpikeformer=4,snn=4");
    expect(report.command).toBe("xpike cost icl-4-256-2x2 --steps xpikeformer=4,snn=4 --density 0.05 --draws 20");
    const map = report.charts.find(({ id }) => id === "cost-map-snn");
    if (map?.kind !== "heat") throw new Error("the map is a heat map");
    const row = map.y.ticks.indexOf("4");
    expect(Math.log2(figuresOf(report)["cost.ratio.snnDigital"])).toBeCloseTo(map.values[row][0], 9);
  });

  test("that are all 0 leave out the map of densities, which no factor makes of them", async () => {
    const report = await reportOf("icl-4-256-2x2", "--density", "qkv=0,projection=0,up=0,down=0");
    expect(report.charts.filter(({ id }) => id.startsWith("cost-map"))).toEqual([]);
  });

  test("single ones", async () => {
    const figures = async (...argv: string[]) => figuresOf(await reportOf("icl-4-256-2x2", ...argv));
    const denser = await figures("--density", "down=0.5,up=0.5");
    const usual = await figures();
    expect(denser["cost.snnDigital.energy"]).toBeGreaterThan(1.2 * usual["cost.snnDigital.energy"]);
    expect(denser["cost.annDigital.energy"]).toBe(usual["cost.annDigital.energy"]);
  });
});

test("a workload that somebody wrote down is priced as a published one", async () => {
  const file = join(folder, "mine.json");
  const sizes = { depth: 4, width: 256, heads: 8, tokens: 37, inputs: 16, classes: 16, causal: true };
  writeFileSync(file, JSON.stringify({ kind: "workload", name: "mine", ...sizes, result: "symbol vector" }));
  const [mine, published] = [await reportOf(file), await reportOf("icl-4-256-2x2")];
  expect(mine.title).toBe("Cost of mine");
  expect(figuresOf(mine)).toEqual(figuresOf(published));
});

describe("an experiment", () => {
  test("without a trained network has published densities, and says so", async () => {
    const report = await reportOf(join(folder, "untrained.json"));
    expect(report.notes[0]).toContain("No trained network is named");
    expect(figuresOf(report)["cost.xpikeformer.symbol"]).toBeGreaterThan(0);
  });

  test("with one is simulated, and priced by what was counted", async () => {
    const report = await reportOf("examples/wireless-2x2.json", "--prompts", "24");
    const figures = figuresOf(report);
    expect(report.notes[0]).toContain("Densities are those of 24 prompts");
    expect(report.notes.join("\n")).not.toMatch(/No (ANN|digital SNN) is named/);
    // One prompt detects a symbol per transmit antenna.
    expect(figures["cost.xpikeformer.energy"] / figures["cost.xpikeformer.symbol"]).toBe(2);
    expect(report.experiment?.name).toBe("wireless-2x2");
  });

  const energyRatios = ({ figures }: Report) => figures.map(({ id }) => id).filter((id) => /ratio|monteCarlo/.test(id));

  test("has no energy ratio to a rival that it does not name", async () => {
    const example = JSON.parse(readFileSync("examples/wireless-2x2.json", "utf8")) as { checkpoints: object };
    const file = join(folder, "rivals.json");
    const of = async (checkpoints: object) => {
      writeFileSync(file, JSON.stringify({ ...example, checkpoints }));
      return runReport(file, "--prompts", "24");
    };
    const { network, ann } = example.checkpoints as { network: string; ann: string };
    const all = energyRatios(await reportOf("examples/wireless-2x2.json", "--prompts", "24"));
    expect(all).toEqual(expect.arrayContaining(["cost.ratio.annDigital", "cost.ratio.snnDigital"]));
    expect(all).toContain("cost.monteCarlo.snnDigital");
    const withoutSnn = await of({ network, ann });
    expect(energyRatios(withoutSnn)).toContain("cost.ratio.annDigital");
    expect(energyRatios(withoutSnn).filter((id) => /snn/i.test(id))).toEqual([]);
    expect(withoutSnn.summary).not.toContain("digital SNN");
    const alone = await of({ network });
    expect(energyRatios(alone)).toEqual([]);
    expect(alone.notes.join("\n")).toMatch(
      /No ANN is named .*no energy ratio.*\nNo digital SNN is named .*no energy ratio/,
    );
  });

  test("has none for a network that does no better than guessing, on the screen either", async () => {
    const model = { kind: "spiking", steps: 2, neuron: { threshold: 0.3 } } as const;
    for (const one of [model, { kind: "ann" } as const]) {
      const experiment = tinyExperiment({ model: one });
      const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
      writeFileSync(join(folder, `${one.kind}.safetensors`), encodeCheckpoint(network, {}));
    }
    const [own, ann] = ["spiking.safetensors", "ann.safetensors"];
    const file = join(folder, "guessing.json");
    writeFileSync(
      file,
      JSON.stringify({ ...tinyDocument({ model }), checkpoints: { network: own, ann, spiking: own } }),
    );
    const report = await reportOf(file, "--prompts", "40");
    expect(energyRatios(report)).toEqual([]);
    expect(report.notes[0]).toBe(
      "The network on the chip does no better than guessing on these prompts: no energy ratio is given.",
    );
    const { out } = await cost(file, "--draws", "0", "--prompts", "40", "--threads", "1", "--out", join(folder, "out"));
    expect(/^Energy per symbol .*$/m.exec(out)![0]).not.toContain(" x");
    expect(/^Area .*$/m.exec(out)![0]).toContain(" x");
  });
});

test("buffers that do not fit are refused with their sizes, before anything is written", async () => {
  const file = join(folder, "small.json");
  writeFileSync(file, '{ "model": { "width": 64 }, "hardware": { "sram": 1000 } }');
  const { code, err } = await cost(file, "--out", join(folder, "small"));
  expect(code).toBe(2);
  expect(err.replaceAll("\n  ", " ")).toMatch(
    /hardware\.sram .*needs spikes \d+ \+ .* = \d+ bytes, but the chip has 1000\. Set hardware\.sram to at least \d+/,
  );
  expect(existsSync(join(folder, "small"))).toBe(false);
});

test("prices far beyond those published leave every number of the table whole", async () => {
  const { out } = await cost("--set", "conversion5=3J");
  expect(out).toMatch(/^vit-8-768-image\S* .* 1\.07e\+15 /m);
  expect(out).not.toMatch(/\d…/);
});

test.each([
  [["vit-8-768"], "There is no workload"],
  [["vit-8-768-imagenet", "--preset", "papper"], "Did you mean paper?"],
  [["vit-8-768-imagenet", "--set", "conversion5=nobody-2020.price"], 'no source "nobody-2020"'],
  [["vit-8-768-imagenet", "--set", "conversion5=5ns"], "is in J"],
  [["vit-8-768-imagenet", "--set", "conversion5"], "is not a setting"],
  [["vit-8-768-imagenet", "--set", "conversion5= "], "is not a setting"],
  [["vit-8-768-imagenet", "--set", "conversion5=cheap"], "at set.conversion5"],
  [["vit-8-768-imagenet", "--node", "14"], "--extrapolate"],
  [["examples/wireless-2x2.json", "--node", "5"], "covers 7 to 65 nm"],
  [["vit-8-768-imagenet", "--node", "small"], '"small" does not name a node'],
  [["vit-8-768-imagenet", "--node", "dram=22"], "such as digital=65,aimc=22"],
  [["vit-8-768-imagenet", "--steps", "snn=0"], "such as xpikeformer=7,snn=4"],
  [["vit-8-768-imagenet", "--steps", "ann=2"], "is not a number of time steps"],
  [["vit-8-768-imagenet", "--steps", "3,3"], "is not a number of time steps"],
  [["vit-8-768-imagenet", "--density", "1.5"], '"1.5" is not a density'],
  [["vit-8-768-imagenet", "--density", "0"], "a mean above 0"],
  [["vit-8-768-imagenet", "--density", "qvk=0.2"], "some of qkv, projection"],
  [["vit-8-768-imagenet", "--density", "0.2,qkv=0.2"], "is not a density"],
  [["vit-8-768-imagenet", "--density", "0.9"], "some layers would need more than 1"],
  [["preset:wireles-2x2"], "Did you mean wireless-2x2?"],
])("%j ends with code 2 and says: %s", async (argv, message) => {
  const { code, err } = await cost(...argv);
  expect(err.replaceAll("\n  ", " ")).toContain(message);
  expect(code).toBe(2);
});
