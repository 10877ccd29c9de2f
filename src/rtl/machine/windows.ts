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
import type { ScheduledUnit } from "../../machine/schedule.ts";
import { pixels, type StemLayer } from "../../model/stem.ts";
import {
  binary,
  bit,
  CLOCKED,
  choose,
  clocked,
  combinational,
  concat,
  decimal,
  type Expression,
  forEach,
  input,
  isFalse,
  logic,
  type Module,
  name,
  output,
  part,
  plus,
  put,
  registers,
  type Statement,
  set,
  sized,
  when,
  widen,
  wire,
  zeros,
} from "../syntax.ts";
import type { VectorOrder } from "./erring-converters.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";

export interface WindowPlan {
  /** The layer that reads the map. */
  readonly size: StemLayer;
  /** Side of the pooling squares. */
  readonly pool: number;
  /** Lines that are kept. */
  readonly lines: number;
}

/** Vectors received per prompt. */
export const comingVectors = ({ size, pool }: WindowPlan, steps: number): number =>
  pixels(size.grid) * pool ** 2 * steps;

/**
 * The input stage of layer `reader` of the stem.
 *
 * @param unit    its jobs
 * @param before  the stem layer with the map as its result; undefined: the map is the prompt
 * @param latency clocks from the end of a job to its results
 */
export function windowPlan(
  { shape: { stem = [], steps }, order }: Machine,
  reader: number,
  unit: ScheduledUnit,
  before: ScheduledUnit | undefined,
  latency: number,
): WindowPlan {
  const size = stem[reader];
  const lines = size.grid.rows * (order === "step-major" ? steps : 1);
  if (before === undefined) return { size, pool: 1, lines };
  const { pool } = stem[reader - 1];
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
function keptLines({ grid, windows, kernel, stride }: StemLayer, coming: readonly number[], end: Float64Array) {
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
): Module {
  const { size, pool, lines } = plan;
  const isStepMajor = order === "step-major";
  const { grid, channels, kernel, stride, windows } = size;
  const edge = (kernel - 1) / 2;
  const total = comingVectors(plan, steps);
  const countBits = indexBits(total + 1);
  const [push, pop] = [name("push_i"), name("pop_i")];
  const ofMap = { inner_column_q: pool, column_q: grid.columns, inner_row_q: pool, row_q: grid.rows };
  const ofWindows = { window_column_q: windows.columns, window_row_q: windows.rows };
  const [ofStep, ofReadStep] = [{ step_q: steps }, { read_step_q: steps }];
  /** Counters of arrivals and reads, the innermost first. */
  const ends = isStepMajor ? { ...ofMap, ...ofStep } : { ...ofStep, ...ofMap };
  const reads = isStepMajor ? { ...ofWindows, ...ofReadStep } : { ...ofReadStep, ...ofWindows };
  const wide = (register: keyof typeof ends | keyof typeof reads) =>
    concat(sized(32 - indexBits({ ...ends, ...reads }[register]), 0), name(register));
  const allThere = binary(name("count_q"), "==", sized(countBits, total));
  /** Row and column of a pixel of the window, including the border of zeros. */
  const at = (register: "window_row_q" | "window_column_q", offset: Expression): Expression =>
    binary(scaled(stride, wide(register)), "+", offset);
  const isInside = (place: Expression, side: number): Expression =>
    binary(binary(place, ">=", decimal(edge)), "&&", binary(place, "<", decimal(side + edge)));
  const word = (row: Expression, column: Expression, step: Expression): Expression => {
    const place = isStepMajor ? binary(scaled(grid.rows, step), "+", row) : row;
    const line = lines < (isStepMajor ? steps : 1) * grid.rows ? binary(place, "%", decimal(lines)) : place;
    const pixel = lines === 1 ? column : binary(scaled(grid.columns, line), "+", column);
    return bit(name("pixels_q"), isStepMajor ? pixel : binary(scaled(steps, pixel), "+", step));
  };
  const written = word(wide("row_q"), wide("column_q"), wide("step_q"));
  const [row, column] = [at("window_row_q", name("i")), at("window_column_q", name("j"))];
  const minus = (place: Expression): Expression => (edge === 0 ? place : binary(place, "-", decimal(edge)));
  const taken = put(
    part(name("data_o"), scaled(channels, binary(scaled(kernel, name("i")), "+", name("j"))), channels),
    word(minus(row), minus(column), wide("read_step_q")),
  );
  /** The last pixel of a window, as an index of arriving pixels. */
  const last = (register: "window_row_q" | "window_column_q", side: number): Expression => {
    const furthest = plus(scaled(stride, wide(register)), edge);
    const inMap = edge === 0 ? furthest : choose(binary(furthest, "<", decimal(side)), furthest, decimal(side - 1));
    return plus(scaled(pool, inMap), pool - 1);
  };
  const lastPixel = binary(
    scaled(grid.columns * pool, last("window_row_q", grid.rows)),
    "+",
    last("window_column_q", grid.columns),
  );
  /** Nested counters: each advances when all before it are at their last value. */
  const chain = (counters: readonly (readonly [string, number])[], atEnd: Statement[]): Statement[] =>
    counters.reduceRight<Statement[]>(
      (inner, [register, count]) => [
        countUp(register, count),
        ...(inner.length > 0 ? [when(isAt(register, count - 1, count), inner)] : []),
      ],
      atEnd,
    );
  const cleared = [...Object.keys(ends), ...Object.keys(reads), "count_q", "read_q"];
  return {
    name: moduleName,
    header: [
      `Windows of ${kernel} x ${kernel} pixels of ${channels} channels, ${stride} pixels apart, on a map of ${grid.rows} x ${grid.columns} pixels at ${steps} steps. ${lines} of its lines${isStepMajor ? ", each of one step," : ""} are kept.` +
        (pool > 1 ? ` Inputs are ${pool} x ${pool} times as many pixels, max-pooled by an OR over each square.` : ""),
      `Pixels arrive and windows leave row by row, ${isStepMajor ? "those of a step before those of the next" : "all steps of each in succession"}. A window holds its pixels row by row, the first in the low bits, and zeros beyond the map.`,
      "Latency: a pushed pixel is available in the next clock. The next prompt's pixels may arrive when all windows of a prompt have been taken and all of its pixels have arrived.",
    ],
    ports: [
      ...CLOCKED,
      input("push_i"),
      input("data_i", channels),
      input("pop_i"),
      output("valid_o"),
      output("data_o", kernel ** 2 * channels),
      ...(isInput ? [output("full_o")] : []),
    ],
    items: [
      { kind: "memory", width: channels, name: "pixels_q", entries: lines * grid.columns * (isStepMajor ? 1 : steps) },
      ...Object.entries({ ...ends, ...reads }).map(([register, count]) => logic(indexBits(count), register)),
      logic(countBits, "count_q"),
      logic(1, "read_q"),
      logic(32, "needed"),
      ...(isInput ? [wire(name("full_o"), allThere)] : []),
      wire(
        name("needed"),
        isStepMajor
          ? binary(scaled(total / steps, wide("read_step_q")), "+", lastPixel)
          : binary(scaled(steps, lastPixel), "+", wide("read_step_q")),
      ),
      wire(
        name("valid_o"),
        both(isFalse(name("read_q")), binary(widen(name("count_q"), countBits, 32), ">", name("needed"))),
      ),
      combinational(
        put(name("data_o"), zeros),
        forEach(
          "i",
          kernel,
          forEach(
            "j",
            kernel,
            edge === 0 ? taken : when(binary(isInside(row, grid.rows), "&&", isInside(column, grid.columns)), [taken]),
          ),
        ),
      ),
      clocked(
        when(push, [
          set(
            written,
            pool === 1
              ? name("data_i")
              : choose(
                  both(isAt("inner_row_q", 0, pool), isAt("inner_column_q", 0, pool)),
                  name("data_i"),
                  binary(written, "|", name("data_i")),
                ),
          ),
        ]),
      ),
      registers(
        cleared.map((register) => set(name(register), zeros)),
        [
          when(push, [
            set(name("count_q"), binary(name("count_q"), "+", sized(countBits, 1))),
            ...chain(Object.entries(ends), []),
          ]),
          when(pop, chain(Object.entries(reads), [set(name("read_q"), sized(1, 1))])),
          when(both(name("read_q"), allThere), [set(name("read_q"), zeros), set(name("count_q"), zeros)]),
        ],
      ),
    ],
  };
}

const scaled = (factor: number, value: Expression): Expression =>
  factor === 1 ? value : binary(decimal(factor), "*", value);
