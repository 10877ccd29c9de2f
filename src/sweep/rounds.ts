/**
 * The points of a sweep, round by round. The next measurements follow only from the design and the rows so far, so an interrupted
 * sweep requests the same points again, finds the rows that exist, and continues.
 *
 * A grid or a sample is one round; a search (`nsga2.ts`) has one round per generation. With a budget, all of these are measured
 * on few chips and prompts, and a race (`race.ts`) sends the points that are not surely beaten through further rounds with more,
 * which continue from the measurements of earlier rounds.
 */
import { SpecError } from "../errors.ts";
import { type Axis, type Budget, OBJECTIVES } from "../experiment/design.ts";
import { formatPath } from "../experiment/json.ts";
import { stream } from "../numeric/stream.ts";
import { costsOf } from "./front.ts";
import { type Fitness, type Gene, type Genome, searchFront } from "./nsga2.ts";
import { experimentAt, listPoints, type OpenedDesign, type PointValues, valueAt } from "./points.ts";
import { race } from "./race.ts";
import { type Measures, needsBlocks, needsErrors, type Row } from "./unit.ts";

const CHIPS = "hardware.chips";
const PROMPTS = "evaluation.prompts";

/** Number of chips, and of prompts that each answers. */
export interface Size {
  readonly chips: number;
  readonly prompts: number;
}

/** The request of a round. */
export interface RoundPoint {
  readonly values: PointValues;
  /** The previous round's row of the same point on fewer chips and prompts: saves that work, and does not change the row. */
  readonly earlier: Row | null;
}

/**
 * Yields the points to be measured, in rounds, and receives a row for each: null for values that are not a valid experiment. A
 * point may be requested several times; its row is the same.
 *
 * Throws   SpecError as `listPoints`, and for a budget without error rates or with an axis over chips or prompts
 */
export function* sweepRounds(design: OpenedDesign): Generator<readonly RoundPoint[], void, readonly (Row | null)[]> {
  const { budget } = design;
  const search = design.sampling.kind === "search" ? searchPoints(design) : null;
  let values = search ? search.next().value! : listPoints(design);
  const sizes = budget === undefined ? [null] : sizesOf(design, budget, values[0] ?? {});
  const found = new Map<number, Row>();
  while (true) {
    const rows = yield values.map((point) => ({ values: withSize(point, sizes[0]), earlier: null }));
    for (const row of rows) if (row) found.set(row.point, row);
    const next = search?.next(rows.map((row) => row?.measures ?? null));
    if (!next || next.done) break;
    values = next.value;
  }
  let running = [...found.values()];
  for (const size of sizes.slice(1)) {
    const { left, open } = race(running, design);
    if (!open) return;
    const rows = yield left.map((earlier) => ({
      values: withSize(withoutSize(design, earlier.values), size),
      earlier,
    }));
    running = rows.flatMap((row) => row ?? []);
  }
}

/** True if rounds depend on rows, so that the number of points is not known in advance. */
export const isAdaptive = ({ sampling, budget }: OpenedDesign): boolean =>
  sampling.kind === "search" || budget !== undefined;

/**
 * For each point, the row of its last round, without the size in its values: the lines of the table. They keep the numbers of
 * their first round.
 */
export function lastRows(rows: readonly Row[], design: OpenedDesign): Row[] {
  if (design.budget === undefined) return [...rows];
  const points = new Map<string, Row>();
  for (const row of rows) {
    const key = keyOf(design, row);
    const before = points.get(key);
    points.set(key, { ...row, values: withoutSize(design, row.values), point: before?.point ?? row.point });
  }
  return [...points.values()];
}

/** The work done by a sweep. */
export interface Effort {
  /** Prompts on chips: a later round of a point counts only those that earlier rounds did not measure. */
  readonly spent: number;
  /** The same, if every point had been measured in full. */
  readonly full: number;
  /** Chips that were programmed and calibrated. */
  readonly programmed: number;
  /** Those of these chips that an earlier round of their point also had: they answer more prompts. */
  readonly again: number;
}

/** The work behind the rows of all rounds, in order. */
export function effortOf(rows: readonly Row[], design: OpenedDesign): Effort {
  const { budget } = design;
  const points = new Map<string, Measures>();
  let programmed = 0;
  for (const row of rows) {
    const { measures } = row;
    if (measures === null) continue;
    const key = keyOf(design, row);
    const before = points.get(key);
    // Chips that already have their prompts are not run again.
    programmed += measures.chips - (before?.prompts === measures.prompts ? before.chips : 0);
    points.set(key, measures);
  }
  const sum = (of: (measures: Measures) => number) => [...points.values()].reduce((total, own) => total + of(own), 0);
  const spent = sum(({ chips, prompts }) => chips * prompts);
  const again = programmed - sum(({ chips }) => chips);
  const [first] = rows.filter(({ measures }) => measures !== null);
  if (budget === undefined || first === undefined) return { spent, full: spent, programmed, again };
  const sizes = sizesOf(design, budget, withoutSize(design, first.values));
  const { chips, prompts } = sizes[sizes.length - 1];
  return { spent, full: points.size * chips * prompts, programmed, again };
}

const withSize = (values: PointValues, size: Size | null): PointValues =>
  size === null ? values : { ...values, [CHIPS]: size.chips, [PROMPTS]: size.prompts };

/** Only the axes of the design. */
const withoutSize = ({ axes }: OpenedDesign, values: PointValues): PointValues =>
  Object.fromEntries(Object.keys(axes).map((path) => [path, values[path]]));

/** The same for the rows of a point in all rounds. */
const keyOf = (design: OpenedDesign, { values }: Row): string => JSON.stringify(withoutSize(design, values));

/** Numbers of chips and prompts in each round of a race, up to those of the experiment. */
function sizesOf(design: OpenedDesign, { chips, prompts, growth }: Budget, values: PointValues): Size[] {
  if (needsBlocks(design.objectives)) {
    throw new SpecError(
      "budget",
      "A budget adds chips and prompts, but coded blocks end by themselves, at evaluation.coded.errors or evaluation.coded.blocks. Lower " +
        "these and leave the budget out, or leave blockErrorRate and codedEbN0 out of the objectives.",
    );
  }
  if (!needsErrors(design.objectives)) {
    throw new SpecError(
      "budget",
      "A budget saves simulated chips and prompts, but without errorRate or yearLoss among the objectives nothing is simulated except spike densities. Leave " +
        "the budget out, or add one of these objectives.",
    );
  }
  for (const path of [CHIPS, PROMPTS]) {
    if (Object.keys(design.axes).some((axis) => axis === path || path.startsWith(`${axis}.`))) {
      throw new SpecError(
        formatPath(["axes", path]),
        "A budget sets the chips and prompts of every point, so neither can be an axis. Leave out the budget or the axis.",
      );
    }
  }
  const { hardware, evaluation } = experimentAt(design, values);
  const full: Size = { chips: hardware.chips, prompts: evaluation.prompts };
  const sizes: Size[] = [];
  for (let factor = 1; ; factor *= growth) {
    const size = {
      chips: Math.min(full.chips, Math.round(chips * factor)),
      prompts: Math.min(full.prompts, Math.round(prompts * factor)),
    };
    // A round saves little if a smaller one follows it, and its chips may have to be programmed again.
    if (2 * size.chips * size.prompts > full.chips * full.prompts) return [...sizes, full];
    sizes.push(size);
  }
}

/**
 * Values of the points of a search, generation by generation; receives the result of each; null for an invalid experiment or machine.
 */
export function* searchPoints(
  design: OpenedDesign,
): Generator<readonly PointValues[], void, readonly (Measures | null)[]> {
  const { sampling, seed } = design;
  if (sampling.kind !== "search") return;
  const axes = Object.entries(design.axes);
  const valuesOf = (genome: Genome): PointValues =>
    Object.fromEntries(axes.map(([path, axis], a) => [path, valueAt(axis, shareOf(axis, genome[a]))]));
  const search = searchFront(
    axes.map(([, axis]) => geneOf(axis)),
    {
      population: sampling.population,
      evaluations: sampling.points,
      random: stream(seed).fork("sweep", "search"),
      keyOf: (genome) => JSON.stringify(valuesOf(genome)),
    },
  );
  let next = search.next();
  while (!next.done) {
    const measures = yield next.value.map(valuesOf);
    next = search.next(measures.map((own) => fitnessOf(own, design)));
  }
}

/** Entries of a list are choices; numbers of a range are ordered, even if there are few. */
const geneOf = (axis: Axis): Gene => (Array.isArray(axis) ? axis.length : null);

const shareOf = (axis: Axis, gene: number): number => (Array.isArray(axis) ? (gene + 0.5) / axis.length : gene);

/** The fitness of a point: the relative amount by which limits are exceeded, summed over limits; absolute if a limit is 0. */
export function fitnessOf(
  measures: Measures | null,
  { objectives, constraints }: Pick<OpenedDesign, "objectives" | "constraints">,
): Fitness {
  const costs = costsOf(measures, objectives);
  if (costs === null) {
    return { costs: objectives.map(() => Number.POSITIVE_INFINITY), violation: Number.POSITIVE_INFINITY };
  }
  let violation = 0;
  for (const name of OBJECTIVES) {
    const value = measures![name]?.value;
    const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = constraints[name] ?? {};
    if (value === undefined) continue;
    const [beyond, limit] = value > most ? [value - most, most] : value < least ? [least - value, least] : [0, 1];
    violation += beyond / (Math.abs(limit) || 1);
  }
  return { costs, violation };
}
