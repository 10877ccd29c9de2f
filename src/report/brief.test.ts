import { expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { terminalBrief } from "./brief.ts";
import { buildReport, type ReportDraft } from "./build-report.ts";

const figures: ReportDraft["figures"] = [
  {
    id: "ber.chips",
    label: "Chips",
    value: 0.056_78,
    unit: "1",
    interval: { low: 0.0456, high: 0.0679, kind: "95 %, chips" },
  },
  { id: "gap", label: "Chips minus ANN", value: 0.008_754_321, unit: "1" },
  { id: "energy", label: "Energy", value: 1.03456e-6, unit: "J" },
  { id: "crossbars", label: "Crossbars", value: 1234, unit: "crossbars" },
];
const claims: ReportDraft["claims"] = [
  { id: "a", source: "Table IV, small", claim: "chips", paper: 0.067, figure: "ber.chips", why: "size" },
  { id: "b", source: "Table IV, large", claim: "chips", paper: 0.063, figure: "ber.chips", why: "size" },
];
const rows = [
  { figure: "ber.chips", label: "Bit error rate" },
  { figure: "gap", label: "minus the ANN" },
  { figure: "energy", label: "Energy per symbol" },
  { figure: "crossbars", label: "Crossbars" },
];
const draft = { ...sampleDraft(), figures, claims, highlights: ["energy"], notes: ["one"] };

test("shows the chosen figures with interval and the paper's numbers, in digits that are known, and where those are printed", () => {
  const text = terminalBrief(buildReport({ ...draft, brief: { rows, remark: "Counted, not measured." } }));
  expect(text.slice(text.indexOf("\n\n") + 2).split("\n")).toEqual([
    "                         this run  95 % interval   paper",
    "Bit error rate              0.057  0.046 to 0.068  0.067, 0.063",
    "minus the ANN             0.00875",
    "Energy per symbol         1.03 µJ",
    "Crossbars          1234 crossbars",
    "Paper: Table IV, small; Table IV, large.",
    "Counted, not measured.",
    "",
    "Note: one",
    "",
  ]);
});

test("shows the highlights of a report that chooses no figures, and at most three notes", () => {
  const text = terminalBrief(buildReport({ ...draft, notes: ["one", "two", "three", "four", "five"] }));
  expect(text).toMatch(/^Energy +1\.03 µJ$/m);
  expect(text).not.toContain("Crossbars");
  expect(text).toMatch(/Note: three\nNote: 2 more with --all\.\n$/);
});

test("shows a chart as a table where the report says so, and keeps within the width", () => {
  const points = [{ x: 1, y: 0.05, low: 0.04, high: 0.06 }];
  const chart = {
    ...{ kind: "lines" as const, id: "age", title: "Over age", x: { label: "age", ticks: [1], tickLabels: ["1s"] } },
    ...{ y: { label: "rate" }, series: [{ name: "HWAT", points }] },
  };
  const report = buildReport({ ...draft, charts: [chart], brief: { chart: "age" } });
  expect(terminalBrief(report)).toMatch(/Over age\nage +HWAT\n1s +0\.050 ± 0\.010\n/);
  for (const line of terminalBrief(buildReport({ ...draft, brief: { rows } }), { width: 60 }).split("\n")) {
    expect(line.length).toBeLessThanOrEqual(60);
  }
});

test("a brief that names no figure, or no chart of lines, is refused", () => {
  const refused = (brief: object) => () => buildReport({ ...draft, brief });
  expect(refused({ rows: [{ figure: "lost", label: "x" }] })).toThrow("No figure has the id lost.");
  expect(refused({ chart: "lost" })).toThrow("No chart of lines has the id lost.");
});
