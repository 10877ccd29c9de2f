/** Where results go: a folder with `report.html` and `report.json`, and the terminal. */
import { join } from "node:path";
import { writeFileAtomic } from "../node/files.ts";
import { terminalBrief } from "../report/brief.ts";
import { reportHtml } from "../report/html.ts";
import { reportJson } from "../report/json.ts";
import type { Report } from "../report/report.ts";
import { type TableOptions, terminalTable } from "../report/table.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { CommandOptions, ReportOptions } from "./arguments.ts";
import { asTyped } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

export interface Delivery {
  /** What prints the answer; a small table of figures or of a curve when left out. */
  readonly brief?: (report: Report, options: TableOptions) => string;
  /** What prints everything; the table of all figures when left out. */
  readonly full?: (report: Report, options: TableOptions) => string;
  /** A command to go on with, and what it shows. */
  readonly next?: { readonly command: string; readonly shows: string };
}

/** `--out`, or a folder below `results/` named after the experiment. */
export function outputFolder({ name }: Pick<Experiment, "name">, { out }: Pick<CommandOptions, "out">): string {
  return (
    out ??
    join(
      "results",
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "") || "experiment",
    )
  );
}

/**
 * Writes the report to its folder, which the caller holds (`useFolder`), and prints it: in short, with `--all` in full, with `--json` the JSON alone.
 * Throws  FileError when the folder cannot be written
 */
export async function deliverReport(
  report: Report,
  options: Pick<ReportOptions, "out" | "json" | "all">,
  terminal: Terminal,
  { brief = terminalBrief, full = terminalTable, next }: Delivery = {},
): Promise<void> {
  const folder = outputFolder(report.experiment ?? { name: report.title }, options);
  const json = reportJson(report);
  await writeFileAtomic(join(folder, "report.json"), json);
  await writeFileAtomic(join(folder, "report.html"), reportHtml(report));
  if (options.json) return terminal.out(json);
  const typed = (message: string) => asTyped(message, terminal.program);
  // Before lines are broken, which could part a command.
  const shown = {
    ...report,
    notes: report.notes.map(typed),
    ...(report.brief && { brief: { ...report.brief, remark: typed(report.brief.remark) } }),
  };
  const text = (options.all ? full : brief)(shown, terminal);
  const lines = [`Report: ${join(folder, "report.html")}`];
  lines.push(
    `All ${report.figures.length} figures: ${join(folder, "report.json")}${options.all ? "" : ", or add --all"}`,
  );
  if (next) lines.push(`Next, ${next.shows}:`, `  ${typed(next.command)}`);
  terminal.out(`${text}\n${lines.join("\n")}\n`);
}
