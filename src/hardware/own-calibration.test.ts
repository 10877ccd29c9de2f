import { expect, test } from "vitest";
import { adcSpec } from "../experiment/hardware.ts";
import { stream } from "../numeric/stream.ts";
import type { Converter } from "./adc.ts";
import { drawConverterErrors } from "./converter-errors.ts";
import {
  agreement,
  drawKnownLines,
  factorByCodes,
  KNOWN_INPUTS,
  type KnownCurrents,
  knownCodes,
  knownCurrents,
  rangeByCodes,
} from "./own-calibration.ts";

test.each([
  ["differential", 5],
  ["pair", 5],
  ["differential", 8],
] as const)("a range by codes of %s converters of %i bits is the quantile to half a code", (mode, bits) => {
  for (const quantile of [3, 40, 170, 1000, 3100]) {
    let last: Converter | null = null;
    const range = rangeByCodes({ mode, bits }, 3200, (converter) => {
      last = converter;
      return quantile / converter.step;
    });
    // The last pass rounds to a code, which is half of one at most from the quantile.
    expect(Math.abs(range - quantile)).toBeLessThanOrEqual((last as unknown as Converter).step / 2 + 1e-4 * quantile);
    expect(Math.abs(range / quantile - 1)).toBeLessThan(0.04);
  }
});

test("a crossbar that sees no current in any pass has no range by codes, one that sees some in one has", () => {
  const rangeOf = (seen: readonly number[]) =>
    rangeByCodes({ mode: "differential", bits: 5 }, 3200, (converter, pass) => seen[pass] / converter.step);
  expect(rangeOf([0, 0, 0, 0])).toBe(0);
  expect(rangeOf([400, 0, 0, 0])).toBeGreaterThan(0);
});

const ROWS = 64;
const COLUMNS = 48;
function crossbar(shrunk = 1) {
  const draws = stream(5);
  const plus = Float32Array.from(
    { length: ROWS * COLUMNS },
    () => 25 * draws.uniform() * (draws.uniform() < 0.5 ? 1 : 0),
  );
  const minus = plus.map((g) => (g === 0 ? 25 * draws.uniform() : 0));
  const scales = new Float64Array(COLUMNS).fill(1);
  const smaller = (matrix: Float32Array) => matrix.map((g) => g / shrunk);
  return { rows: ROWS, columns: COLUMNS, plus: smaller(plus), minus: smaller(minus), scales, weights: plus };
}
const lines = drawKnownLines(ROWS, stream(6));

test("known inputs drive an eighth of the lines, and their currents are sums of conductances", () => {
  expect(lines.reduce((a, b) => a + b, 0) / lines.length).toBeCloseTo(1 / 8, 1);
  const { plus, minus } = crossbar();
  const currents = knownCurrents(crossbar(), lines);
  const column = 7;
  for (const [matrix, sums] of [
    [plus, currents.plus],
    [minus, currents.minus],
  ]) {
    let [sum, all] = [0, 0];
    for (let v = 0; v < KNOWN_INPUTS; v++) {
      all += sums[v * COLUMNS + column];
      for (let r = 0; r < ROWS; r++) sum += lines[v * ROWS + r] * matrix[r * COLUMNS + column];
    }
    expect(all).toBeCloseTo(sum, 2);
  }
});

test.each([1, 1.3, 2, 5])("converters with errors find currents that shrank %d times", (shrunk) => {
  const spread = { gainSpread: 0.05, offsetSpread: 0.1, outputNoise: 0.5 };
  for (const [mode, errors] of [
    ["differential", drawConverterErrors(COLUMNS, COLUMNS, spread, stream(7))],
    ["pair", null],
  ] as const) {
    const adc = adcSpec.parse({ mode, ...(errors && { errors: spread }) });
    const codes = (of: KnownCurrents, scale: number, trial: number) =>
      knownCodes(of, adc, scale, errors, stream(8).fork("codes", trial));
    const fullScale = 150;
    const fresh = knownCurrents(crossbar(), lines);
    const [first, second] = [98, 99].map((trial) => codes(fresh, fullScale, trial));
    // Devices that drift each on their own: what is no signal is not taken for one.
    const now = knownCurrents(crossbar(shrunk), lines);
    const draws = stream(9);
    for (const i of now.plus.keys()) now.plus[i] += (10 / shrunk) * draws.normal();
    const factor = factorByCodes([{ agreement: agreement(first, second, COLUMNS) }], (by, trial) => [
      agreement(first, codes(now, fullScale / by, trial), COLUMNS),
    ]);
    // 1,536 products of codes of about 5, with a step of noise each: 0.5 %. Trials end 0.4 % apart.
    expect(Math.abs(factor / shrunk - 1)).toBeLessThan(0.015);
  }
});
