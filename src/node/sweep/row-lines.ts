/**
 * Rows as text, in the files of a folder, on a queue and from array jobs: a line per row, with its checksum.
 *
 * Rows come from disks, servers and programs that may lose or change some of them. A row that is not as it was written is never
 * used: it is listed as broken, and its point is measured again.
 */
import type { Row } from "../../sweep/unit.ts";
import { checkedLine, type LineFault, readCheckedLine } from "../checked-line.ts";
import { rowSpec } from "./row-spec.ts";

/** A line that is no row. */
export interface BrokenRow {
  /** The number that it states, as far as it can be read; null otherwise. */
  readonly point: number | null;
  /** Where it was found: a file. */
  readonly place: string;
  readonly fault: LineFault | "other fields" | "two contents";
}

export interface FoundRows {
  readonly rows: Row[];
  readonly broken: BrokenRow[];
}

export const rowLines = (rows: readonly Row[]): Uint8Array => Buffer.concat(rows.map(checkedLine));

const NEW_LINE = 10;

/** Rows of a text in UTF-8, and the lines that are none. Random: none. Throws: nothing, whatever the bytes are. */
export function readRowLines(bytes: Uint8Array, place: string): FoundRows {
  const rows: Row[] = [];
  const broken: BrokenRow[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEW_LINE, start);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    const read = readCheckedLine(line);
    const result = "content" in read ? rowSpec.safeParse(read.content) : null;
    if (result?.success) rows.push(result.data);
    else broken.push({ point: statedPoint(line), place, fault: "fault" in read ? read.fault : "other fields" });
    start = end + 1;
  }
  return { rows, broken };
}

/** Damage elsewhere in the line leaves the number legible; it is for the reader of a note only. */
function statedPoint(line: Uint8Array): number | null {
  const [, digits] = /^.{0,20}\{"point":(\d{1,9}),/.exec(new TextDecoder().decode(line.subarray(0, 40))) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Points that are named for each fault. */
const MOST_NAMED = 8;

/** "3 rows are not as they were written: 2 have a wrong checksum (points 4 and 7), 1 has no checksum (in rows/x.jsonl)" */
export function describeBroken(broken: readonly BrokenRow[]): string {
  const faults = [...new Set(broken.map(({ fault }) => fault))].map((fault) => {
    const own = broken.filter((row) => row.fault === fault);
    const points = [...new Set(own.flatMap(({ point }) => point ?? []))].sort((a, b) => a - b);
    const places = [...new Set(own.flatMap(({ point, place }) => (point === null ? place : [])))].sort();
    const where = [
      ...(points.length > 0 ? [`${points.length === 1 ? "point" : "points"} ${listed(points)}`] : []),
      ...(places.length > 0 ? [`in ${listed(places)}`] : []),
    ];
    return `${own.length} ${own.length === 1 ? "has" : "have"} ${fault} (${where.join("; ")})`;
  });
  return `${broken.length} ${broken.length === 1 ? "row is" : "rows are"} not as written: ${faults.join(", ")}`;
}

const listed = (names: readonly (number | string)[]): string =>
  names.length <= MOST_NAMED
    ? names.join(", ")
    : `${names.slice(0, MOST_NAMED).join(", ")} and ${names.length - MOST_NAMED} more`;
