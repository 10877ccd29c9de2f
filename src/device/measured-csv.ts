/**
 * Reads measured curves of a device from CSV: comma, semicolon or tab between cells, one section or file per curve, in any order.
 *
 *   g_uS, mean_uS, sigma_uS              programmed conductance by target: mean (left out: the target) and standard deviation
 *   g_uS, nu_mean, nu_sigma, read_noise  drift exponent by conductance: mean and standard deviation; Q of the read noise (may be left out)
 *   t0_s, t_read_s                       one row: when conductances were measured, and how long a read takes
 *
 * A line that begins with a letter is a header and starts a section; one table may hold both curves. Conductances may be in nS, uS, mS
 * or S, as the header says. Lines that begin with # are comments.
 */
import { FileError } from "../errors.ts";
import { CURVE_LIMITS, deviceSpec } from "../experiment/device.ts";
import type { MeasuredSpec } from "./measured.ts";

/** A table as text; `name` is for messages. */
export interface CurveFile {
  readonly name: string;
  readonly text: string;
}

export interface MeasuredCurves {
  readonly device: MeasuredSpec;
  /** What the tables left out, and what stands in its place. */
  readonly notes: readonly string[];
}

const [LEAST_ROWS, MOST_ROWS] = CURVE_LIMITS.points;
/** Most characters of a file; tables of this many rows have far fewer. */
const MOST_CHARACTERS = 1e6;

/** Microsiemens of each unit. */
const UNITS: Readonly<Record<string, number>> = { ns: 1e-3, us: 1, ms: 1e3, s: 1e6 };

/** Columns without the unit of a conductance, and the least and largest value of each. */
const COLUMNS = {
  g: CURVE_LIMITS.conductance,
  mean: CURVE_LIMITS.conductance,
  sigma: CURVE_LIMITS.conductance,
  nu_mean: CURVE_LIMITS.driftExponent,
  nu_sigma: CURVE_LIMITS.driftSpread,
  read_noise: CURVE_LIMITS.readNoise,
  t0_s: CURVE_LIMITS.referenceTime,
  t_read_s: CURVE_LIMITS.readDuration,
} as const;

type Column = keyof typeof COLUMNS;

const HEADERS = "g_uS, mean_uS, sigma_uS; g_uS, nu_mean, nu_sigma, read_noise; t0_s, t_read_s";

interface Section {
  /** Of its header. */
  readonly place: string;
  readonly columns: readonly { readonly name: string; readonly column: Column; readonly factor: number }[];
  readonly rows: { readonly place: string; readonly values: readonly number[] }[];
}

/**
 * The device that tables describe: the value of `hardware.crossbar.device`.
 * Throws  FileError with file, line, column and arithmetic for anything that is not such a table
 */
export function readMeasuredCurves(files: readonly CurveFile[]): MeasuredCurves {
  const sections = files.flatMap(sectionsOf);
  const names = files.map(({ name }) => name).join(", ");
  const having = (column: Column): Section | null => {
    const [first, second] = sections.filter(({ columns }) => columns.some((one) => one.column === column));
    if (second) throw new FileError(second.place, `${column} is in a second table, after that of ${first.place}.`);
    return first ?? null;
  };
  const [programmed, drifting] = [having("sigma"), having("nu_mean")];
  if (!programmed) {
    throw new FileError(names, `There is no programming spread: no table has a column sigma_uS. Headers: ${HEADERS}.`);
  }
  const targets = levels(programmed);
  const maxConductance = targets[targets.length - 1];
  const noise = having("read_noise");
  if (noise && noise !== drifting) {
    throw new FileError(noise.place, "read_noise stands in the table of nu_mean and nu_sigma. Join the two tables.");
  }
  if (drifting && levels(drifting).at(-1)! < maxConductance) {
    throw new FileError(
      drifting.place,
      `The table ends at ${levels(drifting).at(-1)} uS, below the largest target, ${maxConductance} uS. Add a row for ${maxConductance} uS.`,
    );
  }
  const mean = values(programmed, "mean");
  const amplitudes = drifting && values(drifting, "read_noise");
  const single = (column: Column): number | undefined => {
    const section = having(column);
    return section ? values(section, column)![0] : undefined;
  };
  const [referenceTime, readDuration] = [single("t0_s"), single("t_read_s")];
  const device = deviceSpec.parse({
    kind: "measured",
    maxConductance,
    programming: {
      conductances: targets,
      means: mean ?? targets,
      deviations: values(programmed, "sigma"),
    },
    table: drifting
      ? {
          conductances: levels(drifting),
          means: values(drifting, "nu_mean"),
          deviations: required(drifting, "nu_sigma"),
        }
      : { conductances: [0, maxConductance], means: [0, 0], deviations: [0, 0] },
    ...(amplitudes && { amplitudes }),
    ...(referenceTime !== undefined && { referenceTime }),
    ...(readDuration !== undefined && { readDuration }),
  }) as MeasuredSpec;
  const notes = [
    mean ? "" : "No mean_uS: devices are programmed to their targets on average.",
    drifting ? "" : "No nu_mean: devices do not drift.",
    amplitudes ? "" : "No read_noise: reads are exact.",
    referenceTime === undefined && drifting ? `No t0_s: drift begins ${device.referenceTime} s after programming.` : "",
  ];
  return { device, notes: notes.filter((note) => note !== "") };
}

/** The values of a column; null for a table without it. */
function values({ columns, rows }: Section, wanted: Column): number[] | null {
  const at = columns.findIndex(({ column }) => column === wanted);
  return at < 0 ? null : rows.map((row) => row.values[at]);
}

function required(section: Section, wanted: Column): number[] {
  const found = values(section, wanted);
  if (found) return found;
  const given = section.columns.map(({ name }) => name).join(", ");
  throw new FileError(section.place, `The table has ${given}, but no ${wanted}. Headers: ${HEADERS}.`);
}

/** The conductances of a table: from 0, ascending. */
function levels(section: Section): number[] {
  const found = required(section, "g");
  const { rows, place } = section;
  if (rows.length < LEAST_ROWS)
    throw new FileError(place, `The table has ${count(rows.length, "row")}; a curve needs at least ${LEAST_ROWS}.`);
  if (rows.length > MOST_ROWS) {
    const every = Math.ceil(rows.length / MOST_ROWS);
    throw new FileError(
      place,
      `The table has ${rows.length} rows; at most ${MOST_ROWS} are read. Keep one row in ${every}, with the first and the last.`,
    );
  }
  const unsorted = found.findIndex((g, i) => i > 0 && g <= found[i - 1]);
  if (unsorted > 0) {
    const [before, after] = [found[unsorted - 1], found[unsorted]];
    throw new FileError(
      rows[unsorted].place,
      `The conductance ${after} uS stands after ${before} uS, and ${after} <= ${before}. Sort the rows, and remove duplicates.`,
    );
  }
  if (found[0] !== 0) {
    throw new FileError(
      rows[0].place,
      `The table begins at ${found[0]} uS, but one device of every pair holds 0. Add a row for 0 uS; if it was not measured, repeat this one.`,
    );
  }
  return found;
}

const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? "" : "s"}`;

/** The sections of a file. */
function sectionsOf({ name, text }: CurveFile): Section[] {
  if (text.length > MOST_CHARACTERS) {
    throw new FileError(
      name,
      `The file has ${text.length} characters; tables of curves have at most ${MOST_CHARACTERS}.`,
    );
  }
  const sections: Section[] = [];
  for (const [i, line] of text
    .replace(/^\ufeff/, "")
    .split(/\r\n?|\n/)
    .entries()) {
    const place = `${name}:${i + 1}`;
    const cells = line.split(/[,;\t]/).map((cell) =>
      cell
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .trim(),
    );
    if (cells.every((cell) => cell === "") || cells[0].startsWith("#")) continue;
    if (/^[a-zµμ]/i.test(cells[0])) {
      sections.push({ place, columns: cells.map((cell) => columnOf(cell, place)), rows: [] });
      continue;
    }
    const section = sections.at(-1);
    if (!section) throw new FileError(place, `A header must come first. Headers: ${HEADERS}.`);
    const { columns, rows } = section;
    if (cells.length !== columns.length) {
      const given = `${count(cells.length, "cell")}, but the header in ${section.place} has ${columns.length}`;
      throw new FileError(place, `The row has ${given}. Numbers take a decimal point, not a comma.`);
    }
    rows.push({ place, values: cells.map((cell, at) => numberIn(cell, columns[at], place)) });
  }
  if (sections.length === 0) throw new FileError(name, `The file has no table. Headers: ${HEADERS}.`);
  return sections;
}

function columnOf(cell: string, place: string): Section["columns"][number] {
  const plain = cell.replace(/[µμ]/g, "u").toLowerCase();
  if (plain in COLUMNS && !["g", "mean", "sigma"].includes(plain)) {
    return { name: cell, column: plain as Column, factor: 1 };
  }
  const [, column, unit] = /^(g|mean|sigma)_(ns|us|ms|s)$/.exec(plain) ?? [];
  if (column === undefined) {
    throw new FileError(place, `There is no column ${JSON.stringify(cell.slice(0, 40))}. Headers: ${HEADERS}.`);
  }
  return { name: cell, column: column as Column, factor: UNITS[unit] };
}

/** A cell's number, in microsiemens where it is a conductance. */
function numberIn(cell: string, { name, column, factor }: Section["columns"][number], place: string): number {
  const given = cell === "" ? Number.NaN : Number(cell);
  if (!Number.isFinite(given)) {
    throw new FileError(place, `${name} is ${JSON.stringify(cell.slice(0, 40))}, which is no number.`);
  }
  // Twelve digits: the product of a decimal number and a power of ten may have others.
  const value = factor === 1 ? given : Number((given * factor).toPrecision(12));
  const [least, most] = COLUMNS[column];
  if (value >= least && value <= most) return value;
  const unit = ["g", "mean", "sigma"].includes(column) ? " uS" : column.startsWith("t") ? " s" : "";
  const negative = value < 0 && /sigma/.test(column) ? " A standard deviation is not negative." : "";
  throw new FileError(
    place,
    `${name} is ${cell}${factor === 1 ? "" : ` = ${value} uS`}; allowed: ${least} to ${most}${unit}.${negative}`,
  );
}
