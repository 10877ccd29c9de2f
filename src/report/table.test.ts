import { expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { buildReport } from "./build-report.ts";
import { TERMINAL_WIDTH, terminalCurves, terminalTable } from "./table.ts";

test("the table shows every figure with interval, every claim and every note, in 100 columns", () => {
  const report = buildReport(sampleDraft());
  const text = terminalTable(report);
  for (const { label } of report.figures) expect(text).toContain(label);
  expect(text).toContain("0.0563 to 0.0599");
  expect(text).toContain("−0.0089");
  expect(text).toContain("Note: 0.2 %");
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(TERMINAL_WIDTH);
});

test("ids of figures are shown where they fit beside whole labels", () => {
  const report = buildReport({ ...sampleDraft(), claims: [] });
  const idsIn = (width: number) =>
    report.figures.filter(({ id }) => new RegExp(` ${id}$`, "m").test(terminalTable(report, { width }))).length;
  expect(idsIn(160)).toBe(report.figures.length);
  expect(idsIn(60)).toBe(0);
});

test.each([60, 80, 100, 140])("tables keep within %i columns, however long labels and names are", (width) => {
  const draft = sampleDraft();
  const series = Array.from({ length: 4 }, (_, i) => ({
    name: `a curve of some length, number ${i}`,
    points: [{ x: 1, y: 0.0712, low: 0.07, high: 0.0724 }],
  }));
  const chart = {
    ...{ kind: "lines" as const, id: "wide", title: "Wide", x: { label: "time after programming", ticks: [1] } },
    ...{ y: { label: "rate" }, series },
  };
  const report = buildReport({ ...draft, charts: [chart] });
  for (const text of [terminalTable(report, { width }), terminalCurves(report, { width })]) {
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(width);
  }
});

test("long labels are wrapped within the columns", () => {
  const draft = sampleDraft();
  const figures = [{ id: "a.b", label: "very long ".repeat(30).trim(), value: 1, unit: "crossbars" }];
  const text = terminalTable(buildReport({ ...draft, figures, claims: [], highlights: [] }));
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(TERMINAL_WIDTH);
  expect(text.match(/very/g)).toHaveLength(30);
});

test("colour codes appear on request only, and text cannot bring its own", () => {
  const report = buildReport({ ...sampleDraft(), title: "a\u001b[31m\u0007b" });
  expect(terminalTable(report)).not.toContain("\u001b");
  expect(terminalTable(report, { color: true })).toContain("\u001b[1ma\ufffd[31m\ufffdb\u001b[22m");
});

test("curves stand side by side, by the labels of their ticks, with half of their intervals", () => {
  const point = (x: number, y: number, half: number) => ({ x, y, low: y - half, high: y + half });
  const chart = {
    kind: "lines" as const,
    id: "ages",
    title: "Over age",
    x: { label: "age", ticks: [1, 60], tickLabels: ["1s", "1m"] },
    y: { label: "rate" },
    series: [
      { name: "one", points: [point(1, 0.0712, 0.0021), point(60, 0.08, 0.0021)] },
      { name: "two", points: [{ x: 60, y: 0.25 }] },
    ],
  };
  const text = terminalCurves(buildReport({ ...sampleDraft(), charts: [chart] }));
  expect(text).toMatch(/^age +one +two$/m);
  expect(text).toMatch(/^1s +0\.0712 ± 0\.0021$/m);
  expect(text).toMatch(/^1m +0\.0800 ± 0\.0021 +0\.25$/m);
  expect(text).toContain("Note: 0.2 %");
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(TERMINAL_WIDTH);
});
