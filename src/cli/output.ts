/** Where results go: a folder with `report.html` and `report.json`, and the terminal. */
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../node/files.ts";
import { reportHtml } from "../report/html.ts";
import { reportJson } from "../report/json.ts";
import type { Report } from "../report/report.ts";
import { terminalTable } from "../report/table.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { CommandOptions } from "./options.ts";
import type { Terminal } from "./terminal.ts";

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
 * Writes the report to the folder and prints it: the `table` of all figures or another one, or with `--json` the JSON alone.
 * Throws  FileError when the folder cannot be written
 */
export async function deliverReport(
  report: Report,
  options: Pick<CommandOptions, "out" | "json">,
  terminal: Terminal,
  table: (report: Report, options: { color?: boolean }) => string = terminalTable,
): Promise<void> {
  const folder = outputFolder(report.experiment ?? { name: report.title }, options);
  const json = reportJson(report);
  await makeFolder(folder);
  await writeFileAtomic(join(folder, "report.json"), json);
  await writeFileAtomic(join(folder, "report.html"), reportHtml(report));
  if (options.json) return terminal.out(json);
  terminal.out(`${table(report, { color: terminal.color })}\n`);
  terminal.out(`${join(folder, "report.html")}\n${join(folder, "report.json")}\n`);
}
