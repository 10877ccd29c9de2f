import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { FileError, ValueError } from "../errors.ts";
import { stream } from "../numeric/stream.ts";
import { density, packSpikes, unpackSpikes } from "../spike/train.ts";
import { buildReport, type FigureDraft, type ReportDraft } from "./build-report.ts";
import { parseReport, reportJson } from "./json.ts";
import { errorRateFigure, meanFigure, rasterLayer, rasterSpikes } from "./measured.ts";
import type { Report } from "./report.ts";

const withFigures = (...figures: FigureDraft[]): ReportDraft => ({
  ...sampleDraft(),
  highlights: [],
  claims: [],
  figures,
});
const thrown = (draft: ReportDraft): ValueError => {
  try {
    buildReport(draft);
  } catch (error) {
    expect(error).toBeInstanceOf(ValueError);
    return error as ValueError;
  }
  throw new Error("nothing was thrown");
};

describe("a report", () => {
  test("fills in seed and command of a figure, and what a claim takes from its figure", () => {
    const report = buildReport(sampleDraft());
    expect(report.figures[0]).toMatchObject({ seed: 1, command: report.command });
    expect(report.claims[0]).toMatchObject({ paper: 0.067, ours: 0.0581, unit: "1" });
    expect(report.claims[0].difference).toBeCloseTo(-0.0089, 12);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses a figure of %d and names its id", (value) => {
    expect(thrown(withFigures({ id: "ber.ann", label: "ANN", value, unit: "1" })).path).toBe(
      "report.figures[ber.ann].value",
    );
  });

  test("refuses an id that is used twice", () => {
    const figure = { id: "ber.ann", label: "ANN", value: 0, unit: "1" };
    expect(thrown(withFigures(figure, figure)).message).toContain("ber.ann is used twice");
  });

  test("refuses an interval that does not hold its value", () => {
    const interval = { low: 0.2, high: 0.3, kind: "95 %" };
    expect(thrown(withFigures({ id: "ber.ann", label: "ANN", value: 0.1, unit: "1", interval })).message).toContain(
      "0.2 .. 0.3",
    );
  });

  test("refuses highlights and claims about figures that are not there", () => {
    expect(thrown({ ...sampleDraft(), highlights: ["ber.none"] }).message).toContain("ber.none");
    const claim = { id: "a", source: "Table I", claim: "c", paper: 1, figure: "ber.none", why: "w" };
    expect(thrown({ ...sampleDraft(), claims: [claim] }).path).toBe("report.claims[a]");
  });

  test("refuses charts whose data do not fit together", () => {
    const [lines, , , heat, raster] = sampleDraft().charts!;
    if (heat?.kind !== "heat" || raster?.kind !== "raster" || lines?.kind !== "lines")
      throw new Error("the sample changed");
    const short = { ...heat, values: heat.values.slice(1) };
    expect(thrown({ ...sampleDraft(), charts: [short] }).message).toContain("37 x 37");
    const cut = { ...raster, layers: [{ ...raster.layers[0], spikes: "AAAA" }] };
    expect(thrown({ ...sampleDraft(), charts: [cut] }).message).toContain("1184 bytes");
    const logarithmic = { ...lines, x: { ...lines.x, scale: "log" as const } };
    expect(thrown({ ...sampleDraft(), charts: [logarithmic] }).message).toContain("x <= 0");
    const labelled = { ...lines, x: { ...lines.x, ticks: [0, 5], tickLabels: ["none"] } };
    expect(thrown({ ...sampleDraft(), charts: [labelled] }).message).toContain("1 labels for 2 ticks");
  });
});

describe("JSON", () => {
  test("reads back what it wrote, and writes equal reports alike", () => {
    const report = buildReport(sampleDraft());
    const text = reportJson(report);
    expect(parseReport(text)).toEqual(report);
    const reordered = { ...report, versions: { node: report.versions.node!, xpikeformer: "0.1.0" } };
    const reversed: unknown = Object.fromEntries(Object.entries(reordered).reverse());
    expect(reportJson(reversed as Report)).toBe(text);
  });

  test("refuses a text that is cut off or corrupted with an error that names the file", () => {
    const text = reportJson(buildReport({ ...sampleDraft(), charts: [] }));
    fc.assert(
      fc.property(fc.nat(text.length - 3), fc.constantFrom("", "\u0000", "{", '"'), (at, noise) => {
        expect(() => parseReport(text.slice(0, at) + noise, "r.json")).toThrow(FileError);
      }),
      { seed: 1, numRuns: 40 },
    );
    expect(() => parseReport(text.replace("xpikeformer-report", "other"), "r.json")).toThrow("report.format");
  });
});

describe("measured values", () => {
  test("the mean over chips has Student's interval", () => {
    // Mean 2, deviation 1, standard error 1/sqrt(3); t(0.975, 2) = 4.3027 from printed tables.
    const { value, interval, trials } = meanFigure("m", "mean", [1, 2, 3]);
    expect([value, trials]).toEqual([2, 3]);
    expect(interval!.high).toBeCloseTo(2 + 4.3027 / Math.sqrt(3), 4);
    expect(meanFigure("m", "mean", [5]).interval).toBeUndefined();
  });

  test("an error rate keeps its interval and its number of bits", () => {
    const rate = { errors: 5, trials: 100, rate: 0.05, low: 0.02, high: 0.11, standardError: 0.02, designEffect: 1 };
    expect(errorRateFigure("ber.ann", "ANN", rate)).toMatchObject({
      value: 0.05,
      trials: 100,
      interval: { low: 0.02, high: 0.11 },
    });
  });

  test("a raster holds the spikes of the rows asked for", () => {
    const random = stream(1).fork("raster");
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 40 }),
        (steps, rows, features) => {
          const bits = Array.from({ length: steps * rows * features }, () => (random.uniform() < 0.3 ? 1 : 0));
          const train = packSpikes(bits, steps, rows, features);
          const all = rasterLayer("all", train);
          expect(rasterSpikes(all)).toEqual(unpackSpikes(train));
          expect(all.density).toBe(density(train));
          const last = rasterSpikes(rasterLayer("last", train, rows - 1, 1));
          const expected = bits.filter((_, i) => Math.floor(i / features) % rows === rows - 1);
          expect([...last]).toEqual(expected);
        },
      ),
      { seed: 1, numRuns: 30 },
    );
  });
});
