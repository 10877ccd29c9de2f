import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { SOURCES } from "../cost/catalogue.ts";
import { PARAMETER_IDS, PARAMETERS } from "../cost/parameters.ts";
import { COST_PRESETS } from "../cost/presets.ts";
import { WORKLOADS } from "../cost/workloads.ts";
import { parseReport } from "../report/json.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-cost-"));
  writeFileSync(join(folder, "untrained.json"), '{ "name": "Untrained", "model": { "width": 64 } }');
});
afterAll(() => rmSync(folder, { recursive: true }));

const cost = (...argv: string[]) => runCommand("cost", ...argv);

async function reportOf(...argv: string[]) {
  const { code, out, err } = await cost(
    ...argv,
    "--json",
    "--draws",
    "50",
    "--threads",
    "1",
    "--out",
    join(folder, "out"),
  );
  expect(err).toBe("");
  expect(code).toBe(0);
  return parseReport(out);
}

const figuresOf = (report: Awaited<ReturnType<typeof reportOf>>) =>
  Object.fromEntries(report.figures.map(({ id, value }) => [id, value]));

describe("without a workload", () => {
  test("every workload is priced at every preset", async () => {
    const { out } = await cost("--preset", "all");
    expect(out.trim().split("\n")).toHaveLength(1 + WORKLOADS.length * COST_PRESETS.length);
    for (const { name } of WORKLOADS) expect(out).toContain(name);
  });

  test("prints the golden totals", async () => {
    const { out } = await cost();
    expect(out).toMatch(/vit-8-768-imagenet +bottom-up +4 +345\.6 +4192 +2582 +642\.0 +12\.13 +7\.47 +1\.86/);
    const rows = JSON.parse((await cost("--json")).out) as { workload: string; architectures: object }[];
    expect(rows.map(({ workload }) => workload)).toEqual(WORKLOADS.map(({ name }) => name));
  });

  test("lists what can be named", async () => {
    const { out } = await cost("--list");
    for (const id of PARAMETER_IDS) expect(out).toContain(id);
    for (const { id } of SOURCES) expect(out).toContain(id);
  });
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
    for (const id of ["cost.latency.sequential", "cost.area.crossbars", "cost.monteCarlo.annDigital"]) {
      expect(figures[id], id).toBeGreaterThan(0);
    }
    expect(figures["cost.breakEven.steps.ann10"]).toBeCloseTo(4.9, 1);
    expect(figures["cost.breakEven.density.snn1"]).toBeCloseTo(0.044, 3);
    const unlinked = report.sources.filter(({ url }) => url === undefined).map(({ text }) => text);
    expect([...new Set(unlinked)]).toEqual(["Assumptions of this model, each with its reason"]);
    const receipts = report.sources.map(({ usedFor }) => usedFor).join("; ");
    for (const id of PARAMETER_IDS) expect(receipts, id).toContain(PARAMETERS[id].label);
    expect(receipts).toContain("5-bit conversion: 276 fJ at 45 nm, simulated");
    expect(report.claims.map(({ paper }) => paper)).toEqual([13, "5.4 or 5.9", "1.8 or 1.9"]);
    expect(readFileSync(join(folder, "out", "report.html"), "utf8")).toContain(
      "What the ratio to the digital ANN depends on",
    );
  });

  test("shows a question beside the estimate without it, and repeats itself by its command", async () => {
    const argv = ["vit-6-512-cifar10", "--what-if", "conversion5=shafiee-isca-2016.conversion5"];
    const report = await reportOf(...argv);
    const figures = figuresOf(report);
    expect(figures["cost.bottom-up-what-if.ratio.annDigital"]).toBeLessThan(figures["cost.ratio.annDigital"]);
    expect(report.sources.some(({ text }) => text.includes("ISAAC"))).toBe(true);
    expect(report.command).toBe(
      "xpike cost vit-6-512-cifar10 --what-if conversion5=shafiee-isca-2016.conversion5 --draws 50",
    );
  });

  test("notes what was set by hand, and nodes that are mixed", async () => {
    const report = await reportOf("icl-4-256-2x2", "--set", "conversion5=1pJ", "--node", "22", "--steps", "6");
    expect(report.notes.join("\n")).toContain("Set by hand, without a source: conversion5.");
    expect(report.notes.join("\n")).toContain("scaled to 22 nm");
    expect(report.description).toContain("T = 6");
  });

  test("puts single blocks on other nodes, and warns", async () => {
    const mixed = await reportOf("vit-8-768-imagenet", "--node", "digital=65,aimc=22");
    expect(mixed.notes[0]).toContain("Nodes are mixed: digital at 65 nm, aimc at 22 nm, the rest at 45 nm");
    const same = await reportOf("vit-8-768-imagenet");
    const ratio = (report: typeof same) => figuresOf(report)["cost.ratio.annDigital"];
    expect(ratio(mixed)).toBeGreaterThan(1.2 * ratio(same));
  });

  test("uses the paper's steps with the paper's prices", async () => {
    const figures = figuresOf(await reportOf("vit-8-768-imagenet", "--preset", "paper"));
    expect(figures["cost.xpikeformer.energy"]).toBeCloseTo(0.3e-3, 12);
    expect(figures["cost.area.crossbars"] + figures["cost.area.attention"]).toBeCloseTo(784e-6, 9);
  });
});

describe("an experiment", () => {
  test("without a trained network has published densities, and says so", async () => {
    const report = await reportOf(join(folder, "untrained.json"));
    expect(report.notes[0]).toContain("No trained network is named");
    expect(figuresOf(report)["cost.xpikeformer.symbol"]).toBeGreaterThan(0);
  });

  test("with one is simulated, and priced by what was counted", async () => {
    const report = await reportOf("examples/wireless-2x2.json", "--prompts", "2");
    const figures = figuresOf(report);
    expect(report.notes[0]).toContain("Densities are those of 2 prompts");
    // One prompt detects a symbol per transmit antenna.
    expect(figures["cost.xpikeformer.energy"] / figures["cost.xpikeformer.symbol"]).toBe(2);
    expect(report.experiment?.name).toBe("wireless-2x2");
  });
});

test.each([
  [["vit-8-768"], "There is no workload"],
  [["vit-8-768-imagenet", "--preset", "papper"], "Did you mean paper?"],
  [["vit-8-768-imagenet", "--set", "conversion5=nobody-2020.price"], 'no source "nobody-2020"'],
  [["vit-8-768-imagenet", "--set", "conversion5=5ns"], "is in J"],
  [["vit-8-768-imagenet", "--set", "conversion5"], "sets nothing"],
  [["vit-8-768-imagenet", "--node", "14"], "--extrapolate"],
  [["vit-8-768-imagenet", "--node", "small"], '"small" names no node'],
  [["vit-8-768-imagenet", "--node", "dram=22"], "such as digital=65,aimc=22"],
  [["preset:wireles-2x2"], "Did you mean wireless-2x2?"],
])("%j ends with code 2 and says: %s", async (argv, message) => {
  const { code, err } = await cost(...argv);
  expect(err.replaceAll("\n  ", " ")).toContain(message);
  expect(code).toBe(2);
});
