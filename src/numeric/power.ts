/**
 * Powers from basic IEEE operations only, so that they are the same on every platform. (`**` and `Math.pow` are not: they changed
 * in the last bits between Node 22 and 24.) Squares and powers of two are exact enough everywhere and stay `x ** 2` and `2 ** n`.
 */
import { exponential } from "./exponential.ts";
import { naturalLog } from "./stream.ts";

/**
 * base^exponent for a finite, non-negative base. For an integer exponent n: products of squares, relative error below 2 n 2^-53.
 * For any other: e^(exponent ln base), relative error about (1 + |exponent ln base|) 2^-52.
 */
export function power(base: number, exponent: number): number {
  if (exponent < 0) return 1 / power(base, -exponent);
  if (base === 0 || Number.isInteger(exponent)) return wholePower(base, Math.ceil(exponent));
  return exponential(exponent * naturalLog(base));
}

function wholePower(base: number, exponent: number): number {
  let [result, square] = [1, base];
  for (let rest = exponent; rest >= 1; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
