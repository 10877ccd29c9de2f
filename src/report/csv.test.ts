import { expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { buildReport } from "./build-report.ts";
import { csvText, reportCsv } from "./csv.ts";

/** A reader of RFC 4180, one character at a time. */
function parse(text: string): string[][] {
  const rows: string[][] = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const row = rows.at(-1)!;
    if (quoted && text[i] === '"' && text[i + 1] === '"') row[row.length - 1] += text[i++];
    else if (text[i] === '"') quoted = !quoted;
    else if (quoted) row[row.length - 1] += text[i];
    else if (text[i] === ",") row.push("");
    else if (text[i] === "\r" && text[i + 1] === "\n") {
      i++;
      rows.push([""]);
    } else row[row.length - 1] += text[i];
  }
  expect([quoted, rows.pop()]).toEqual([false, [""]]);
  return rows;
}

test("cells survive commas, quotes and line ends", () => {
  const cells = ["plain", "a,b", 'say "no"', "two\r\nlines", "", "ü"];
  expect(parse(csvText([cells, ["x"]]))).toEqual([cells, ["x"]]);
});

test("a report has a row for every figure and for every point of a curve, with intervals", () => {
  const report = buildReport(sampleDraft());
  const [head, ...rows] = parse(reportCsv(report));
  expect(head.join()).toBe("id,network,condition,at,value,low,high,interval,unit,trials,seed");
  const points = report.charts.flatMap((chart) =>
    chart.kind === "lines" ? chart.series.flatMap(({ points }) => points) : [],
  );
  expect(rows).toHaveLength(report.figures.length + points.length);
  for (const row of rows) expect(row).toHaveLength(head.length);
  const sampled = report.figures.find(({ interval }) => interval)!;
  const { id, label, value, interval, unit, trials, seed } = sampled;
  expect(rows.find(([first]) => first === id)).toEqual(
    [id, label, "", "", value, interval!.low, interval!.high, interval!.kind, unit, trials ?? "", seed].map(String),
  );
  const chart = report.charts.find((chart) => chart.kind === "lines")!;
  const { x, y, low, high } = chart.series[0].points[0];
  expect(rows.find(([first, , condition]) => first === chart.id && condition === chart.x.label)).toEqual(
    [chart.id, chart.series[0].name, chart.x.label, x, y, low ?? "", high ?? "", "", "", "", ""].map(String),
  );
});
