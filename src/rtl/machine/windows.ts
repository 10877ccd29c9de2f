/**
 * The input stage of a stem's layer: it max-pools the pixels on the way in, keeps the lines of the map that windows are working
 * on, and forms the windows on the way out.
 *
 * Pixels arrive row by row, all steps of a pixel in succession; in step-major order all rows of a step, then those of the next.
 * For bits, the maximum is the OR. A window is available when its last pixel is; beyond the map there are zeros. Lines are
 * reused: row r is in line r mod L; in step-major order, where a line has one step, row r of R at step t is in line (R t + r)
 * mod L. The number of lines follows from the schedule, because no layer of a stem ever waits for the next one. Before the
 * first layer the whole map is stored for all steps, so a prompt begins when it is complete.
 */
import type { Machine } from "../../machine/machine.ts";
import type { ScheduledUnit } from "../../machine/timetable.ts";
import type { WindowsOperation } from "../../model/convolution.ts";
import { writerOf } from "../../model/graph.ts";
import { pixels, type WindowSize } from "../../model/stem.ts";
import * as sv from "../syntax.ts";
import type { VectorOrder } from "./erring-converters.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";

export interface WindowPlan {
  /** The layer that reads the map. */
  readonly size: WindowSize;
  /** Side of the pooling squares. */
  readonly pool: number;
  /** Lines that are kept. */
  readonly lines: number;
}

/** Vectors received per prompt. */
export const comingVectors = ({ size, pool }: WindowPlan, steps: number): number =>
  pixels(size.grid) * pool ** 2 * steps;

/**
 * The input stage of a layer that reads windows.
 *
 * @param windows which it reads
 * @param unit    its jobs
 * @param before  the layer with the map as its result; undefined: the map is the prompt
 * @param latency clocks from the end of a job to its results
 */
export function windowPlan(
  { network: { graph, steps }, order }: Machine,
  { reads, size }: WindowsOperation,
  unit: ScheduledUnit,
  before: ScheduledUnit | undefined,
  latency: number,
): WindowPlan {
  const lines = size.grid.rows * (order === "step-major" ? steps : 1);
  if (before === undefined) return { size, pool: 1, lines };
  const pooling = writerOf(graph, reads[0]);
  const pool = pooling?.kind === "pool" ? pooling.size.pool : 1;
  const perLine = before.end.length / lines;
  const coming = Array.from({ length: lines }, (_, line) => before.end[line * perLine] + latency);
  return { size, pool, lines: keptLines(size, coming, unit.end) };
}

/**
 * Number of lines of a map that must be kept.
 *
 * @param coming from when each line is written, in clocks: a row at all steps, or in step-major order rows of one step after another
 * @param end    when the job of each window ends, in the order of the jobs
 */
function keptLines({ grid, windows, kernel, stride }: WindowSize, coming: readonly number[], end: Float64Array) {
  const edge = (kernel - 1) / 2;
  const maps = coming.length / grid.rows;
  const perRow = end.length / (maps * windows.rows);
  const until = new Array<number>(coming.length).fill(0);
  for (let y = 0; y < maps * windows.rows; y++) {
    const last = end[(y + 1) * perRow - 1];
    const [map, row] = [Math.floor(y / windows.rows), stride * (y % windows.rows)];
    for (let r = Math.max(0, row - edge); r <= Math.min(grid.rows - 1, row + edge); r++)
      until[map * grid.rows + r] = last;
  }
  let lines = 1;
  while (coming.some((clock, line) => line >= lines && until[line - lines] > clock)) lines++;
  return lines;
}

/** @param isInput whether the map is the prompt; full_o then signals that it is complete */
export function mapWindows(
  moduleName: string,
  plan: WindowPlan,
  { order, steps }: VectorOrder,
  isInput: boolean,
): sv.Module {
  const { size, pool, lines } = plan;
  const isStepMajor = order === "step-major";
  const { grid, channels, kernel, stride, windows } = size;
  const edge = (kernel - 1) / 2;
  const total = comingVectors(plan, steps);
  const countBits = indexBits(total + 1);
  const ports = [
    ...sv.CLOCKED,
    sv.input("push_i"),
    sv.input("data_i", channels),
    sv.input("pop_i"),
    sv.output("valid_o"),
    sv.output("data_o", kernel ** 2 * channels),
    ...(isInput ? [sv.output("full_o")] : []),
  ];
  const declared = [sv.memory(channels, "pixels_q", lines * grid.columns * (isStepMajor ? 1 : steps))];
  const s = sv.signals(ports, [
    ...declared,
    sv.logic(countBits, "count_q"),
    sv.logic(1, "read_q"),
    sv.logic(32, "needed"),
  ]);
  const [push, pop] = [s.push_i, s.pop_i];
  const ofMap = { inner_column_q: pool, column_q: grid.columns, inner_row_q: pool, row_q: grid.rows };
  const ofWindows = { window_column_q: windows.columns, window_row_q: windows.rows };
  const [ofStep, ofReadStep] = [{ step_q: steps }, { read_step_q: steps }];
  /** Counters of arrivals and reads, the innermost first. */
  const ends = isStepMajor ? { ...ofMap, ...ofStep } : { ...ofStep, ...ofMap };
  const reads = isStepMajor ? { ...ofWindows, ...ofReadStep } : { ...ofReadStep, ...ofWindows };
  const counters = Object.entries({ ...ends, ...reads }).map(([register, count]) =>
    sv.logic(indexBits(count), register),
  );
  const places = sv.signals([], counters);
  const wide = (register: keyof typeof ends | keyof typeof reads) =>
    sv.widen(places[register], places[register].width!, 32);
  const allThere = sv.binary(s.count_q, "==", sv.sized(countBits, total));
  /** Row and column of a pixel of the window, including the border of zeros. */
  const at = (register: "window_row_q" | "window_column_q", offset: sv.Expression): sv.Expression =>
    sv.binary(scaled(stride, wide(register)), "+", offset);
  const isInside = (place: sv.Expression, side: number): sv.Expression =>
    sv.binary(sv.binary(place, ">=", sv.decimal(edge)), "&&", sv.binary(place, "<", sv.decimal(side + edge)));
  const [row, column] = [at("window_row_q", sv.name("i")), at("window_column_q", sv.name("j"))];
  const word = (row: sv.Expression, column: sv.Expression, step: sv.Expression): sv.Expression => {
    const place = isStepMajor ? sv.binary(scaled(grid.rows, step), "+", row) : row;
    const line = lines < (isStepMajor ? steps : 1) * grid.rows ? sv.binary(place, "%", sv.decimal(lines)) : place;
    const pixel = lines === 1 ? column : sv.binary(scaled(grid.columns, line), "+", column);
    return sv.bit(s.pixels_q, isStepMajor ? pixel : sv.binary(scaled(steps, pixel), "+", step));
  };
  const written = word(wide("row_q"), wide("column_q"), wide("step_q"));
  const minus = (place: sv.Expression): sv.Expression => (edge === 0 ? place : sv.binary(place, "-", sv.decimal(edge)));
  const taken = sv.put(
    sv.part(s.data_o, scaled(channels, sv.binary(scaled(kernel, sv.name("i")), "+", sv.name("j"))), channels),
    word(minus(row), minus(column), wide("read_step_q")),
  );
  /** The last pixel of a window, as an index of arriving pixels. */
  const last = (register: "window_row_q" | "window_column_q", side: number): sv.Expression => {
    const furthest = sv.plus(scaled(stride, wide(register)), edge);
    const inMap =
      edge === 0 ? furthest : sv.choose(sv.binary(furthest, "<", sv.decimal(side)), furthest, sv.decimal(side - 1));
    return sv.plus(scaled(pool, inMap), pool - 1);
  };
  const lastPixel = sv.binary(
    scaled(grid.columns * pool, last("window_row_q", grid.rows)),
    "+",
    last("window_column_q", grid.columns),
  );
  /** Nested counters: each advances when all before it are at their last value. */
  const chain = (counters: readonly (readonly [string, number])[], atEnd: sv.Statement[]): sv.Statement[] =>
    counters.reduceRight<sv.Statement[]>(
      (inner, [register, count]) => [
        countUp(places[register], count),
        ...(inner.length > 0 ? [sv.when(isAt(places[register], count - 1), inner)] : []),
      ],
      atEnd,
    );
  return {
    name: moduleName,
    header: [
      `Windows of ${kernel} x ${kernel} pixels of ${channels} channels, ${stride} pixels apart, on a map of ${grid.rows} x ${grid.columns} pixels at ${steps} steps. ${lines} of its lines${isStepMajor ? ", each of one step," : ""} are kept.` +
        (pool > 1 ? ` Inputs are ${pool} x ${pool} times as many pixels, max-pooled by an OR over each square.` : ""),
      `Pixels arrive and windows leave row by row, ${isStepMajor ? "those of a step before those of the next" : "all steps of each in succession"}. A window holds its pixels row by row, the first in the low bits, and zeros beyond the map.`,
      "Latency: a pushed pixel is available in the next clock. The next prompt's pixels may arrive when all windows of a prompt have been taken and all of its pixels have arrived.",
    ],
    ports,
    items: [
      ...declared,
      ...counters,
      sv.declare(s.count_q),
      sv.declare(s.read_q),
      sv.declare(s.needed),
      ...(isInput ? [sv.wire(s.full_o, allThere)] : []),
      sv.wire(
        s.needed,
        isStepMajor
          ? sv.binary(scaled(total / steps, wide("read_step_q")), "+", lastPixel)
          : sv.binary(scaled(steps, lastPixel), "+", wide("read_step_q")),
      ),
      sv.wire(s.valid_o, both(sv.isFalse(s.read_q), sv.binary(sv.widen(s.count_q, countBits, 32), ">", s.needed))),
      sv.combinational(
        sv.put(s.data_o, sv.zeros),
        sv.forEach(
          "i",
          kernel,
          sv.forEach(
            "j",
            kernel,
            edge === 0
              ? taken
              : sv.when(sv.binary(isInside(row, grid.rows), "&&", isInside(column, grid.columns)), [taken]),
          ),
        ),
      ),
      sv.clocked(
        sv.when(push, [
          sv.set(
            written,
            pool === 1
              ? s.data_i
              : sv.choose(
                  both(isAt(places.inner_row_q, 0), isAt(places.inner_column_q, 0)),
                  s.data_i,
                  sv.binary(written, "|", s.data_i),
                ),
          ),
        ]),
      ),
      sv.registers(sv.cleared(...Object.values(places), s.count_q, s.read_q), [
        sv.when(push, [
          sv.set(s.count_q, sv.binary(s.count_q, "+", sv.sized(countBits, 1))),
          ...chain(Object.entries(ends), []),
        ]),
        sv.when(pop, chain(Object.entries(reads), [sv.set(s.read_q, sv.sized(1, 1))])),
        sv.when(both(s.read_q, allThere), [sv.set(s.read_q, sv.zeros), sv.set(s.count_q, sv.zeros)]),
      ]),
    ],
  };
}

const scaled = (factor: number, value: sv.Expression): sv.Expression =>
  factor === 1 ? value : sv.binary(sv.decimal(factor), "*", value);
