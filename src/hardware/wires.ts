/**
 * Resistance of a crossbar's wires (IR drop): the signal lost by distant cells.
 *
 * Every cell adds a segment to its input line and to both of its result lines. The voltage of a driven line sags with the
 * current of its cells, and a result line rises where currents flow to its foot, which the converter holds at 0 V. Drivers hold
 * silent lines at 0 V. The circuit is then linear whatever the spikes, so wires transform the conductances into others,
 *
 *   I_c = sum_r x_r h_rc,   h_rc <= g_rc,
 *
 * and everything after the crossbar is unchanged. The line driver is one segment before column 0, the foot one segment after
 * the last row; a block smaller than its crossbar is placed in that corner.
 *
 *   exact   h_rc by solving for the voltages of all nodes, one solve per row: `solveWires`, for small arrays
 *   fast    h_rc = a_rc g_rc t_rc: `wireLosses`
 *           a_rc  voltage at cell c of line r, driven with 1 V and loaded by its cells as if result lines were at 0 V
 *           t_rc  share of a current that enters result line c at row r and leaves at the foot, the rest flowing into the
 *                 silent lines; by reciprocity the voltage at row r when the foot is driven with 1 V
 *           Both are ladders: one pass forward and one back for each wire. Exact when only the lines or only the columns have
 *           resistance. Otherwise it neglects a second-order effect: a raised result line relieves its input line. The tests
 *           compare it with the exact solution.
 *
 * Own derivation; the exact form is nodal analysis. Left out: selector and driver resistance, capacitance.
 */
import type { WireSpec } from "../experiment/hardware.ts";
import type { CrossbarReading } from "./crossbar.ts";

/** Siemens per microsiemens: conductances times resistances are in microsiemens times ohms. */
const MICRO = 1e-6;

/** A reading as seen through its wires, or the reading itself if wires have no resistance. */
export function readThroughWires(reading: CrossbarReading, wires: WireSpec): CrossbarReading {
  if (wires.lines === 0 && wires.columns === 0) return reading;
  const { rows, columns, scales } = reading;
  const plus = Float64Array.from(reading.plus);
  const minus = Float64Array.from(reading.minus);
  wireLosses(plus, minus, rows, columns, wires);
  const weights = reading.weights.map((_, i) => (plus[i] - minus[i]) / scales[i % columns]);
  return { ...reading, plus: Float32Array.from(plus), minus: Float32Array.from(minus), weights };
}

/**
 * The fast form, in place.
 *
 * Shapes   plus, minus: [rows, columns], microsiemens, overwritten with the conductances seen at the feet of their columns
 */
export function wireLosses(
  plus: Float64Array,
  minus: Float64Array,
  rows: number,
  columns: number,
  wires: WireSpec,
): void {
  const voltages = plus.map((g, i) => g + minus[i]);
  // From the load to the voltage at each cell, line by line; the driver is before the first cell.
  for (let r = 0; r < rows; r++) ladder(voltages, r * columns, 1, columns, wires.lines * MICRO);
  for (const conductances of [plus, minus]) {
    const shares = conductances.slice();
    // The foot is after the last row, so the ladder runs upwards.
    for (let c = 0; c < columns; c++) ladder(shares, (rows - 1) * columns + c, -columns, rows, wires.columns * MICRO);
    for (let i = 0; i < conductances.length; i++) conductances[i] *= voltages[i] * shares[i];
  }
}

/**
 * Replaces loads to ground by the voltages at them, on a wire driven with 1 V before the first:
 *
 *   y_k  conductance of load k and everything after it:  y_k = load_k + y_(k+1) / (1 + resistance y_(k+1))
 *   v_k  = v_(k-1) / (1 + resistance y_k)
 */
function ladder(values: Float64Array, first: number, stride: number, count: number, resistance: number): void {
  let behind = 0;
  for (let k = count - 1, i = first + k * stride; k >= 0; k--, i -= stride) {
    behind = values[i] + behind / (1 + resistance * behind);
    values[i] = behind;
  }
  let voltage = 1;
  for (let k = 0, i = first; k < count; k++, i += stride) {
    voltage /= 1 + resistance * values[i];
    values[i] = voltage;
  }
}

/**
 * The exact form: nodal analysis with one node per cell on the input line and on each result line, solved by conjugate
 * gradients. For small arrays only: time grows as rows times the cost of a solve.
 *
 * Shapes   plus, minus: [rows, columns], microsiemens; both wires must have resistance
 * Returns  the conductances seen at the feet, `[rows, columns]` for each sign, microsiemens
 */
export function solveWires(
  plus: Float64Array,
  minus: Float64Array,
  rows: number,
  columns: number,
  wires: WireSpec,
): { plus: Float64Array; minus: Float64Array } {
  const cells = rows * columns;
  const [line, column] = [1 / (wires.lines * MICRO), 1 / (wires.columns * MICRO)];
  // Nodes: input line of every cell, then its positive and its negative result line.
  const conductances = [plus, minus];
  const multiply = (v: Float64Array): Float64Array => {
    const out = new Float64Array(3 * cells);
    const join = (i: number, j: number, g: number) => {
      out[i] += g * (v[i] - v[j]);
      out[j] += g * (v[j] - v[i]);
    };
    for (let r = 0, i = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++, i++) {
        if (c === 0) out[i] += line * v[i];
        else join(i - 1, i, line);
        conductances.forEach((g, sign) => {
          const node = (sign + 1) * cells + i;
          join(i, node, g[i]);
          if (r === rows - 1) out[node] += column * v[node];
          else join(node, node + columns, column);
        });
      }
    }
    return out;
  };
  const seen = [new Float64Array(cells), new Float64Array(cells)];
  for (let r = 0; r < rows; r++) {
    const source = new Float64Array(3 * cells);
    source[r * columns] = line;
    const v = conjugateGradients(multiply, source);
    seen.forEach((out, sign) => {
      const foot = (sign + 1) * cells + (rows - 1) * columns;
      for (let c = 0; c < columns; c++) out[r * columns + c] = column * v[foot + c];
    });
  }
  return { plus: seen[0], minus: seen[1] };
}

/** Solves A x = b for a symmetric, positive A, to a residual of 1e-13 of b. */
function conjugateGradients(multiply: (x: Float64Array) => Float64Array, b: Float64Array): Float64Array {
  const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const x = new Float64Array(b.length);
  const residual = b.slice();
  let direction = b.slice();
  let size = dot(residual, residual);
  const target = 1e-26 * size;
  for (let iteration = 0; iteration < 20 * b.length && size > target; iteration++) {
    const image = multiply(direction);
    const step = size / dot(direction, image);
    for (let i = 0; i < x.length; i++) {
      x[i] += step * direction[i];
      residual[i] -= step * image[i];
    }
    const next = dot(residual, residual);
    direction = direction.map((value, i) => residual[i] + (next / size) * value);
    size = next;
  }
  return x;
}
