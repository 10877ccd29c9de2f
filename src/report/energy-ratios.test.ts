import { describe, expect, test } from "vitest";
import type { FigureDraft } from "./build-report.ts";
import { energyRatios } from "./energy-ratios.ts";
import { equalityFigures } from "./equality.ts";

const ratio = (id: string, value: number): FigureDraft => ({
  ...{ id, label: id, value, unit: "1" },
  interval: { low: value / 2, high: 2 * value, kind: "prices" },
});
const tested = (id: string, verdict: "shown" | "open" | "worse") =>
  equalityFigures(id, "it", { verdict, allowed: 0.01, prompts: 640 }, 0.05);
const figures = [
  ...[ratio("cost.ratio.snnDigital", 9), ratio("cost.equalSteps.ratio.snnDigital", 4)],
  ...[ratio("cost.ratio.annDigital", 6), ratio("cost.ratio.annTrees", 3), ratio("cost.ratio.annInt4", 2)],
];

describe("energy ratios for people", () => {
  test("are those to both engines of the int8 ANN, adder trees first, and to the SNN at the same T, with their ranges", () => {
    expect(energyRatios(figures).map(({ figure, rival }) => [rival, figure.value, figure.interval?.low])).toEqual([
      ["int8 ANN (adder trees)", 3, 1.5],
      ["int8 ANN (systolic array)", 6, 3],
      ["ideal digital SNN", 4, 2],
    ]);
    expect(energyRatios(figures.filter(({ id }) => !id.includes("snn")))).toHaveLength(2);
    expect(energyRatios([])).toEqual([]);
  });

  test("say of each rival what its own test shows of equal accuracy", () => {
    const said = (...tests: FigureDraft[][]) =>
      energyRatios([...figures, ...tests.flat()]).map(({ accuracy }) => accuracy);
    const none = "not tested for equal accuracy";
    expect(said()).toEqual([none, none, none]);
    const snn = tested("cost.equalSteps.equality", "shown");
    for (const [verdict, words] of [
      ["shown", "shown to be at equal accuracy"],
      ["open", "not shown to be at equal accuracy"],
      ["worse", "shown not to be at equal accuracy"],
    ] as const) {
      expect(said(tested("equality.ann", verdict))).toEqual([words, words, none]);
      expect(said(tested("equality.ann", verdict), snn)).toEqual([words, words, "shown to be at equal accuracy"]);
    }
  });
});
