/** Reports as JSON text: fields in the order of `report.ts`, so that two reports can be compared line by line. */
import { FileError, isXpikeError } from "../errors.ts";
import { parseJson } from "../experiment/json.ts";
import { checkReport } from "./build-report.ts";
import type { Report } from "./report.ts";

/** Longest text that is read, in characters: spike rasters of a hundred layers fit. */
const LONGEST_REPORT = 64_000_000;

/** Equal reports give equal text, whatever the order of their fields. */
export function reportJson(report: Report): string {
  const { versions, ...checked } = checkReport(report);
  const names = Object.keys(versions).sort();
  const sorted = Object.fromEntries(names.map((name) => [name, versions[name]]));
  return `${JSON.stringify({ ...checked, versions: sorted }, null, 2)}\n`;
}

/**
 * The report in a text that `reportJson` wrote.
 * Throws  FileError at `name` for anything else; its message says where
 */
export function parseReport(source: string, name = "report.json"): Report {
  try {
    return checkReport(parseJson(source, name, LONGEST_REPORT));
  } catch (error) {
    if (isXpikeError(error)) throw new FileError(name, `${error.path}: ${error.message}`, { cause: error });
    throw error;
  }
}
