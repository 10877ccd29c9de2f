import { expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { buildReport } from "./report.ts";
import { TERMINAL_WIDTH, terminalCurves, terminalTable } from "./table.ts";

test("the table shows every figure with interval and id, every claim and every note, in 100 columns", () => {
  const report = buildReport(sampleDraft());
  const text = terminalTable(report);
  for (const { id } of report.figures) expect(text).toContain(id);
  expect(text).toContain("0.0563 to 0.0599");
  expect(text).toContain("−0.0089");
  expect(text).toContain("Note: 0.2 %");
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(TERMINAL_WIDTH);
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
