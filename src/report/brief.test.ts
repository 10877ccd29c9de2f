import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { terminalBrief } from "./brief.ts";
import { buildReport, type ReportDraft } from "./build-report.ts";
import { equalityFigures } from "./equality.ts";
import { parseReport, reportJson } from "./json.ts";
import { figuresHtml } from "./page.ts";
import { terminalTable } from "./table.ts";

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
const claims: NonNullable<ReportDraft["claims"]> = [
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

test("shows the highlights of a report that chooses no figures, and at most two notes", () => {
  const text = terminalBrief(buildReport({ ...draft, notes: ["one", "two", "three", "four", "five"] }));
  expect(text).toMatch(/^Energy +1\.03 µJ$/m);
  expect(text).not.toContain("Crossbars");
  expect(text).toMatch(/Note: one\nNote: two \(3 more with --all\)\n$/);
});

test("names what all rows share, and the same quantity in another unit in brackets", () => {
  const also = { figure: "crossbars", unit: "in all" };
  const brief = { heading: "At T = 2 time steps", rows: [{ figure: "energy", label: "Energy per symbol", also }] };
  const text = terminalBrief(buildReport({ ...draft, brief }));
  expect(text).toMatch(/^At T = 2 time steps +this run/m);
  expect(text).toMatch(/^Energy per symbol \(1,?234 crossbars in all\) +1\.03 µJ$/m);
  expect(() =>
    buildReport({ ...draft, brief: { rows: [{ ...brief.rows[0], also: { figure: "lost", unit: "x" } }] } }),
  ).toThrow("No figure has the id lost.");
});

test("a ratio has what is shown of equal accuracy beside it, in its row of the table and on its card of the page", () => {
  const ratio = { id: "cost.ratio.annTrees", label: "ANN over ours", value: 3, unit: "1" };
  const test = { verdict: "worse", allowed: 0.01, prompts: 640 } as const;
  const report = buildReport({
    ...draft,
    figures: [...figures, ratio, ...equalityFigures("equality.ann", "the ANN", test, 0.05)],
    highlights: ["energy", ratio.id],
    charts: [],
    brief: { rows: [...rows, { figure: ratio.id, label: "ANN over ours", accuracy: "shown not to be" }] },
  });
  const text = terminalBrief(report);
  expect(text).toMatch(/^ +this run +95 % interval +equal accuracy +paper$/m);
  expect(text).toMatch(/^ANN over ours +3 +shown not to be$/m);
  const { document } = parseHTML(figuresHtml(report));
  const [energy, over] = [...document.querySelectorAll(".cards li")].map(({ textContent }) => textContent);
  expect(over).toContain("shown not to be at equal accuracy");
  expect(energy).not.toContain("accuracy");
});

test("the paper's number stands nowhere beside a network of another size, and stays in the file", () => {
  const other = buildReport({
    ...draft,
    claims: claims.map((claim) => ({ ...claim, comparable: false })),
    brief: { rows },
  });
  expect(terminalBrief(other)).not.toMatch(/paper|Table IV|0\.067/i);
  expect(terminalTable(other)).not.toContain("Table IV");
  expect(figuresHtml({ ...other, charts: [] }).replace(/<script[\s\S]*/, "")).not.toContain("Table IV");
  expect(parseReport(reportJson(other), "report.json").claims.map(({ paper }) => paper)).toEqual([0.067, 0.063]);
  const [first, second] = claims;
  const one = buildReport({ ...draft, claims: [first, { ...second, comparable: false }], brief: { rows } });
  expect(terminalBrief(one)).toMatch(/^Bit error rate .* 0\.067$/m);
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
