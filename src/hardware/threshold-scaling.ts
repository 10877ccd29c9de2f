/**
 * Scale in the threshold: where a layer feeds only neurons and a column lies on one crossbar, a neuron adds codes as they are.
 *
 *   V = sat(floor(V / 2^k) + 2^f_c code + offset'_c);   fire where V >= theta_c;   then V = 0, or V - theta_c
 *
 * Column c counts in u_c = factor_c / 2^f_c, a fraction of its own code step, so nothing is multiplied:
 *
 *   offset'_c = round(offset_c / u_c), half to +;   theta_c = ceil(threshold / u_c)
 *
 * As in `lif-parameters.ts`, rounding threshold and leak changes no spike of a membrane that is whole: what differs from real numbers
 * is the offset, by at most u_c / 2 at each step. With f fraction bits a membrane holds eight times the largest code, and four times
 * threshold and offset; a column whose threshold or offset needs more has fewer bits, a power of two by a shift. Where even a whole code
 * is less than a unit, the column takes no code: it hardly reaches its threshold by codes, and its unit is the finest that holds
 * threshold and offset.
 *
 * Columns of several row blocks stay as they are: each crossbar has its own factor, and sums need a common one. So do layers that read a
 * vector several times, and those with sums that join the residual stream.
 */
import { ValueError } from "../errors.ts";
import type { ArithmeticSpec } from "../experiment/arithmetic.ts";
import type { AdcSpec, HardwareSpec } from "../experiment/hardware.ts";
import type { LinearLayer } from "../model/layers.ts";
import { codeRange } from "./integer-arithmetic.ts";
import { signedRange } from "./lif-parameters.ts";
import { bitsFor } from "./ssa-parameters.ts";

/** Registers of columns, by column, in each column's own unit. */
export interface ThresholdColumns {
  /** 2^f_c, the worth of a code; 0 for a column that takes none. */
  readonly multipliers: Float32Array;
  readonly offsets: Float32Array;
  readonly thresholds: Float32Array;
}

/** Whether the neurons behind a layer take its codes: nothing else reads its sums, such as the stream around an embedding. */
export const scalesInThreshold = (
  scaling: HardwareSpec["scaling"],
  {
    ownNeurons,
    joins,
    rowBlocks,
    reads,
  }: Pick<LinearLayer, "ownNeurons" | "joins"> & { readonly rowBlocks: number; readonly reads: number },
): boolean => scaling === "threshold" && rowBlocks === 1 && reads === 1 && ownNeurons && joins === null;

/** Fraction bits f of a code step: a membrane holds eight times the largest code. Below 0 for a membrane that cannot. */
export const codeFractionBits = (adc: AdcSpec, { membraneBits }: ArithmeticSpec): number =>
  membraneBits - 4 - bitsFor(codeRange(adc).high);

/**
 * The registers of a crossbar's columns.
 *
 * @param factors   value of a code step by column, in the unit of weights
 * @param offsets   by column, in the unit of weights
 * @param threshold in the unit of weights
 * Throws  ValueError for a column without a finite factor above 0, and for membranes too narrow for codes
 */
export function thresholdColumns(
  factors: Float32Array,
  offsets: Float32Array,
  threshold: number,
  adc: AdcSpec,
  arithmetic: ArithmeticSpec,
): ThresholdColumns {
  const finest = codeFractionBits(adc, arithmetic);
  const largest = codeRange(adc).high;
  if (finest < 0) {
    throw new ValueError(
      "hardware.arithmetic.membraneBits",
      `Codes reach ${largest}, and a membrane that adds them as they are holds eight times as much with ${arithmetic.membraneBits - finest} bits or more, ` +
        `but has ${arithmetic.membraneBits}. Use more bits, fewer adc.bits, or hardware.scaling "sums".`,
    );
  }
  const quarter = 2 ** (arithmetic.membraneBits - 3);
  const most = Math.min(quarter, signedRange(arithmetic.offsetBits).high);
  const columns = {
    multipliers: new Float32Array(factors.length),
    offsets: new Float32Array(factors.length),
    thresholds: new Float32Array(factors.length),
  };
  for (const [c, factor] of factors.entries()) {
    if (!(factor > 0 && Number.isFinite(factor))) {
      throw new ValueError(
        "hardware.scaling",
        `A code step of column ${c} is worth ${factor}, so a threshold cannot be expressed in it. Set hardware.scaling to "sums".`,
      );
    }
    // Every step down halves offset and threshold, so one of them fits.
    for (let fraction = finest; ; fraction--) {
      const unit = factor / 2 ** fraction;
      const level = Math.ceil(threshold / unit);
      const offset = Math.floor(offsets[c] / unit + 0.5);
      const multiplier = fraction < 0 ? 0 : 2 ** fraction;
      // The sum of code and offset has 16 bits, like any.
      const isHeld = Math.abs(offset) <= most && Math.abs(offset) + largest * multiplier < 2 ** 15;
      if (!isHeld || level > quarter) continue;
      columns.multipliers[c] = multiplier;
      columns.offsets[c] = offset;
      columns.thresholds[c] = level;
      break;
    }
  }
  return columns;
}
