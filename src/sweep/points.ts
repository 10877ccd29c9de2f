/**
 * The points of a design: its list of experiments.
 *
 * A point consists of its values; a complete experiment follows from them, and point i is a pure function of (design, i). On every axis
 * a point has a coordinate u in [0, 1): a list uses its entry floor(u n), a range the number at that share of its length. Experiments
 * keep their seed: all points answer the same prompts on chips from the same streams, so differences between points are precise.
 */
import { invariant, SpecError } from "../errors.ts";
import { type Axis, type Design, MOST_POINTS, type Range } from "../experiment/design.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { formatPath, shorten } from "../experiment/json.ts";
import { parseExperiment, withField } from "../experiment/parse.ts";
import { exponential } from "../numeric/exponential.ts";
import { SOBOL_DIMENSIONS, sobolWord } from "../numeric/sobol.ts";
import { naturalLog, stream } from "../numeric/stream.ts";

/** One value per axis, by field of the experiment. */
export type PointValues = Readonly<Record<string, unknown>>;

/** A design with its experiment loaded, no longer a file name. */
export interface OpenedDesign extends Design {
  readonly experiment: Readonly<Record<string, unknown>>;
}

/**
 * The values of all points, in order. Points that a sample repeats are listed as often as they were drawn.
 *
 * Random   `stream(design.seed)`, forked by the kind of the sampling and the field of the axis
 * Throws   SpecError for a grid over a range without a count, for too many points, and for more axes than a Sobol sequence supports
 */
export function listPoints(design: Design, sampling = listed(design)): PointValues[] {
  const axes = Object.entries(design.axes);
  const columns = coordinates(design.seed, sampling, axes);
  // Without axes there is one point, the experiment itself.
  const count = columns[0]?.length ?? 1;
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(axes.map(([path, axis], a) => [path, valueAt(axis, columns[a][i])])),
  );
}

/**
 * The experiment of a point.
 * Throws  SpecError, at the invalid field, when the experiment does not accept the values
 *
 * @example
 * experimentAt({ ...design, experiment: {} }, { "hardware.adc.bits": 6 }).hardware.adc.bits; // 6
 */
export function experimentAt({ experiment }: OpenedDesign, values: PointValues): Experiment {
  let document: unknown = experiment;
  for (const [path, value] of Object.entries(values)) document = withField(document, path.split("."), value);
  try {
    return parseExperiment(document);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new SpecError(
      error.path,
      `The design contains an invalid point, ${describeValues(values)}:\n${error.message}`,
    );
  }
}

/** `hardware.adc.bits 6, model.steps 4`. */
export const describeValues = (values: PointValues): string =>
  Object.entries(values)
    .map(([path, value]) => `${path} ${shorten(value)}`)
    .join(", ") || "the experiment itself";

function listed({ sampling }: Design): Listed {
  invariant(sampling.kind !== "search", "a search has no list of points");
  return sampling;
}

/** Sampling methods for which all points are known before any is measured. */
type Listed = Exclude<Design["sampling"], { kind: "search" }>;

/** For each axis, the coordinate of every point. */
function coordinates(seed: number, sampling: Listed, axes: readonly (readonly [string, Axis])[]): Float64Array[] {
  const root = stream(seed).fork("sweep", sampling.kind);
  const column = (count: number, at: (point: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => at(i));
  if (sampling.kind === "grid") {
    const sizes = axes.map(([path, axis]) => listLength(axis) ?? refuseRange(path));
    const total = sizes.reduce((product, size) => product * size, 1);
    if (total > MOST_POINTS) {
      throw new SpecError(
        "axes",
        `The grid has ${sizes.join(" x ")} = ${total} points, more than the limit of ${MOST_POINTS}. Choose another \`sampling\`.`,
      );
    }
    return sizes.map((size, a) => {
      const inner = sizes.slice(a + 1).reduce((product, size) => product * size, 1);
      return column(total, (i) => ((Math.floor(i / inner) % size) + 0.5) / size);
    });
  }
  const { kind, points } = sampling;
  if (kind === "random") {
    return axes.map(([path]) => {
      const random = root.fork(path);
      return column(points, () => random.uniform());
    });
  }
  if (kind === "latin-hypercube") {
    return axes.map(([path]) => {
      const random = root.fork(path);
      const parts = column(points, (i) => i);
      for (let i = points - 1; i > 0; i--) {
        const j = random.integer(i + 1);
        [parts[i], parts[j]] = [parts[j], parts[i]];
      }
      return parts.map((part) => (part + random.uniform()) / points);
    });
  }
  if (axes.length > SOBOL_DIMENSIONS) {
    throw new SpecError(
      "sampling.kind",
      `There are ${axes.length} axes, but Sobol sequences have at most ${SOBOL_DIMENSIONS} dimensions here. Choose "latin-hypercube".`,
    );
  }
  return axes.map(([path], dimension) => {
    // A digital shift, drawn for the axis, keeps the evenness and moves the points off the corners.
    const shift = root.fork(path).word();
    return column(points, (i) => ((sobolWord(i, dimension) ^ shift) >>> 0) / 2 ** 32);
  });
}

/** Entries of a list, or of a range with a count; null if a range is continuous. */
function listLength(axis: Axis): number | null {
  if (Array.isArray(axis)) return axis.length;
  const { from, to, scale, whole, count } = axis;
  return count ?? (whole && scale === "linear" ? Math.floor(to) - Math.ceil(from) + 1 : null);
}

function refuseRange(path: string): never {
  throw new SpecError(
    formatPath(["axes", path]),
    `A grid needs a list of values, but this range is continuous. Give it a \`count\`, or choose another \`sampling\`.`,
  );
}

/** The value at a coordinate u in [0, 1]. */
export function valueAt(axis: Axis, u: number): unknown {
  const length = listLength(axis);
  // A product that rounds up to the length counts as the last entry.
  const entry = length === null ? 0 : Math.min(length - 1, Math.floor(u * length));
  if (Array.isArray(axis)) return axis[entry];
  if (axis.count === undefined && length !== null) return Math.ceil(axis.from) + entry;
  return numberAt(axis, length === null ? u : entry / (length - 1));
}

/** The number at a share of a range's length; both ends are exact. */
function numberAt({ from, to, scale, whole }: Range, share: number): number {
  if (share === 0 || share === 1) return share === 0 ? from : to;
  const value = scale === "log" ? from * exponential(share * naturalLog(to / from)) : from + share * (to - from);
  return whole ? Math.round(value) : value;
}
