// @module-tag slow
import { describe, expect, test } from "vitest";
import { estimateCost } from "../cost/cost.ts";
import { findCostPreset } from "../cost/presets.ts";
import { priceWorkload } from "../cost/priced.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import { type Workload, withSteps } from "../cost/workload.ts";
import { findWorkload, WORKLOADS } from "../cost/workloads.ts";
import { costReport } from "./cost-report.ts";
import { costScreen } from "./cost-screen.ts";

const prices = resolveTechnology(findCostPreset("simulated"));

const pricedOf = (workload: Workload) => priceWorkload(estimateCost(workload, prices));
const full = pricedOf(findWorkload("vit-8-768-imagenet"));

function shown(priced = full, notes: readonly string[] = []) {
  const { estimate, levers } = priced;
  const header = { command: "xpike cost", seed: 1, versions: {} };
  const report = costReport({ priced, prices: "simulated", notes, ...header });
  return { estimate, levers, report, text: costScreen(report, { estimate, levers }) };
}

describe("a cost on one screen", () => {
  test("has all columns at one T where it is given, with the energy per inference in brackets", () => {
    const link = { ...findWorkload("icl-4-256-2x2"), result: { name: "symbol", perInference: 2 } };
    const own = shown(pricedOf(withSteps(link, 7, 4)));
    const same = shown(pricedOf(withSteps(link, 7, 7)));
    const text = costScreen(own.report, { estimate: own.estimate, equal: same.estimate, levers: own.levers });
    expect(text.split("\n")[0]).toMatch(/: T = 7, /);
    const energy = (of: string) => /^Energy per symbol .*$/m.exec(of)![0];
    expect(energy(text)).toBe(energy(same.text));
    expect(energy(text)).not.toBe(energy(own.text));
    expect(energy(text)).toMatch(/^Energy per symbol \([\d.]+ [nµ]J per inference\) /);
  });

  test("sets no energy over Xpikeformer's for a rival that was not evaluated", () => {
    const { report, estimate, levers, text } = shown();
    const without = costScreen(report, { estimate, levers, rivals: { ann: true, snn: false } });
    const energy = (of: string) => /^Energy per image .*$/m.exec(of)![0].split(/ {2,}/);
    expect(energy(text)).toContain("2.58 x");
    expect(energy(without)).not.toContain("2.58 x");
    expect(energy(without)).toContain("6.09 x");
  });

  test.each(WORKLOADS.map((workload) => [workload.name, workload] as const))(
    "of %s leaves five of 24 lines, and fits 100 columns",
    (_, workload) => {
      const lines = shown(pricedOf(withSteps(workload, 7, 4)))
        .text.trimEnd()
        .split("\n");
      expect(lines.length).toBeLessThanOrEqual(19);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
      expect(lines[0]).toContain("T = 7 (digital SNN 4)");
    },
  );

  test("has energy, answers and area of three machines, with how many times ours they are", () => {
    const { text, estimate } = shown();
    const row = (label: string) =>
      text
        .split("\n")
        .find((line) => line.startsWith(label))!
        .slice(label.length)
        .trim()
        .split(/ {2,}/);
    expect(row("Energy per image")).toEqual(["822 µJ", "5 mJ", "6.09 x", "2.12 mJ", "2.58 x"]);
    const { xpikeformer, annTrees, annDigital, snnDigital } = estimate.architectures;
    expect(text).toContain("int8 ANN, trees");
    expect(annTrees.total).toBeLessThan(annDigital.total);
    const numbers = (label: string) => row(label).map((cell) => Number.parseFloat(cell.replace(",", "")));
    const compared = [xpikeformer, annTrees, snnDigital];
    const expected = (of: (one: typeof xpikeformer) => number) => {
      const [own, ann, snn] = compared.map(of);
      return [own, ann, ann / own, snn, snn / own];
    };
    const close = (label: string, of: (one: typeof xpikeformer) => number) =>
      numbers(label).forEach((value, i) => void expect(value / expected(of)[i]).toBeCloseTo(1, 1.9));
    close("Images per second, pipelined", ({ performance: { interval } }) => 1 / interval);
    close("Images per second, one at a time", ({ performance: { latency } }) => 1 / latency);
    close("Area", ({ performance: { area } }) => 1e6 * area!);
    const alone = row("Energy per image, one at a time");
    expect(alone.filter((_, i) => i === 2 || i === 4)).toEqual(
      [annTrees, snnDigital].map((rival) => `${(rival.alone / xpikeformer.alone).toPrecision(3)} x`),
    );
    // Rivals have one inference at a time anyway.
    expect([alone[1], alone[3]]).toEqual([row("Energy per image")[1], row("Energy per image")[3]]);
  });

  test("names where the energy goes, largest first, all of it", () => {
    const { text } = shown();
    const sentence = /Where the energy goes: ([^.]*)\./.exec(text.replaceAll("\n", " "))![1];
    const shares = sentence.split(", ").map((part) => Number(/(\d+) %$/.exec(part)![1]));
    expect(shares.slice(0, -1)).toEqual(shares.slice(0, -1).toSorted((a, b) => b - a));
    expect(text).not.toMatch(/^%/m);
    // Each is rounded.
    expect(Math.abs(shares.reduce((sum, share) => sum + share) - 100)).toBeLessThanOrEqual(shares.length / 2);
  });

  test("says what to change, what to write for it, and where accuracy is in question", () => {
    const { report, estimate, levers } = shown();
    const [first, other] = ["gated-cells", "more-rows"].map((wanted) => levers.find(({ id }) => id === wanted)!);
    expect([first.sameAnswers, other.sameAnswers]).toEqual([true, false]);
    const text = costScreen(report, { estimate, levers: [first, other] });
    expect(text).toMatch(new RegExp(`^${first.label}  +${first.setting}  +−5 %`, "m"));
    expect(text).toMatch(new RegExp(`^${other.label} \\*  +${other.setting}  +−28 %`, "m"));
    // Half the time between answers: twice as many per second.
    const faster = { ...first, change: { energy: 0, latency: 0, interval: -0.5, area: 0 } };
    const alone = costScreen({ title: "x", notes: [] }, { estimate: shown().estimate, levers: [faster] });
    expect(alone).toMatch(new RegExp(`^${first.label}  +${first.setting}  +\\+100 %$`, "m"));
  });

  test("shows the first note, and how many more there are", () => {
    const notes = ["The first thing to know.", "The second.", "The third."];
    const { text } = shown(full, notes);
    expect(text).toContain("Note: The first thing to know. (2 more with --all)");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(19);
  });

  test("without levers has no empty table", () => {
    const { estimate, report } = shown();
    expect(costScreen(report, { estimate, levers: [] })).not.toContain("What to change");
  });
});
