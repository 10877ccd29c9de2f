/** Writes results to a folder with `report.html` and `report.json`, and to the terminal. */
import { join, resolve } from "node:path";
import { FileError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { sha256Of } from "../node/content-hash.ts";
import { writeFileAtomic, writeFilesTogether } from "../node/files.ts";
import { QUESTION_FILE } from "../node/run-folder.ts";
import { terminalBrief } from "../report/brief.ts";
import { reportCsv } from "../report/csv.ts";
import { reportJson } from "../report/json.ts";
import type { Report } from "../report/report.ts";
import { type TableOptions, terminalTable } from "../report/table.ts";
import type { CommandOptions, ReportOptions, TableOption } from "./arguments.ts";
import { asTyped } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/** Characters of a folder's name; systems have room for 255 bytes. */
const LONGEST_NAME = 100;

export interface Delivery {
  /** Prints the answer. Default: a small table of figures or of a curve. */
  readonly brief?: (report: Report, options: TableOptions) => string;
  /** Prints everything. Default: the table of all figures. */
  readonly full?: (report: Report, options: TableOptions) => string;
  /** A suggested next command, and what it shows. */
  readonly next?: { readonly command: string; readonly shows: string };
}

/** `--out`, or a folder below `results/` named after the experiment, followed by `suffix`. */
export const outputFolder = (
  { name }: Pick<Experiment, "name">,
  { out }: Pick<CommandOptions, "out">,
  suffix = "",
): string => out ?? join("results", `${folderName(name)}${suffix}`);

/**
 * A folder name, distinct for every name. Characters other than lower-case letters, digits and single hyphens are replaced; some digits of
 * the name's SHA-256 then keep it distinct.
 *
 * @example
 * folderName("wireless-2x2"); // wireless-2x2
 * folderName("Wireless 2x2"); // wireless-2x2-77188093
 */
export function folderName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, LONGEST_NAME);
  if (plain === name) return name;
  return `${plain || "experiment"}-${sha256Of(name).slice(0, 8)}`;
}

/** Throws FileError if the table would replace the experiment. */
export function requireTable({ csv }: TableOption, source: string): void {
  if (csv === undefined || resolve(csv) !== resolve(source)) return;
  throw new FileError(
    csv,
    "This file is the experiment, which the table would overwrite. Name another file with --csv.",
  );
}

/** File names of a report. */
export const REPORT_FILES = { json: "report.json", html: "report.html" } as const;

/** Imports the drawing code late: it loads as slowly as everything else together. */
export const reportFiles = async (report: Report): Promise<Record<string, string>> => {
  const { reportHtml } = await import("../report/html.ts");
  return { [REPORT_FILES.json]: reportJson(report), [REPORT_FILES.html]: reportHtml(report) };
};

/** Writes a report that cannot be resumed. The caller holds the folder. Throws FileError. */
export const writeReport = async (report: Report, folder: string): Promise<void> =>
  writeFilesTogether(folder, { ...(await reportFiles(report)), [QUESTION_FILE]: null });

/**
 * Publishes the report and prints it: in short, in full with `--all`, as JSON with `--json`. It is printed even if it cannot be written.
 * Throws  FileError of `publish`, or for a table that cannot be written
 */
export async function deliver(
  report: Report,
  folder: string,
  options: Pick<ReportOptions, "json" | "all"> & TableOption,
  terminal: Terminal,
  { publish = async () => {}, ...delivery }: Delivery & { readonly publish?: () => Promise<void> },
): Promise<void> {
  const failure = await publish().then(
    () => null,
    (error: unknown) => ({ error }),
  );
  terminal.out(reportText(report, failure ? null : folder, options, terminal, delivery));
  if (failure) throw failure.error;
  if (options.csv === undefined) return;
  await writeFileAtomic(options.csv, reportCsv(report));
  if (!options.json) terminal.out(`Table: ${options.csv}\n`);
}

/** The printed text; without file names if nothing was written. */
function reportText(
  report: Report,
  folder: string | null,
  options: Pick<ReportOptions, "json" | "all">,
  terminal: Terminal,
  { brief = terminalBrief, full = terminalTable, next }: Delivery,
): string {
  if (options.json) return reportJson(report);
  const typed = (message: string) => asTyped(message, terminal.program);
  // Before lines are wrapped, which could split a command.
  const shown = {
    ...report,
    notes: report.notes.map(typed),
    ...(report.brief && { brief: { ...report.brief, remark: typed(report.brief.remark) } }),
  };
  const text = (options.all ? full : brief)(shown, terminal);
  if (folder === null) return `${text}\n`;
  const html = join(folder, REPORT_FILES.html);
  const lines = [
    options.all
      ? `Report: ${html}, and as data ${REPORT_FILES.json}`
      : `Report: ${html} (all ${report.figures.length} figures: ${REPORT_FILES.json}, or --all)`,
  ];
  if (next) {
    const line = `Next, ${next.shows}: ${typed(next.command)}`;
    lines.push(line.length <= terminal.width ? line : `Next, ${next.shows}:\n  ${typed(next.command)}`);
  }
  return `${text}\n${lines.join("\n")}\n`;
}
