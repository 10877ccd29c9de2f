/**
 * Offset correction: a small digital-to-analog converter trims the offset of each converter.
 *
 * With no line driven, a converter should output 0. It is read repeatedly, while the trim steps through eighths of a code step.
 * In `pair` mode, where codes are never below 0, it is also raised by half of its range. The mean of the codes then gives the
 * offset, with a resolution finer than a step even without noise. It is subtracted in eighths of a step, as far as the trim
 * reaches:
 *
 *   code_k = round(offset + up + d_k + noise),  d_k = ((k mod 8) - 3.5) / 8,   trim = -(mean code_k - up), in eighths
 *
 * Calibrating every converter's offset on the chip is common practice in in-memory computing (R. Khaddam-Aljameh et al., HERMES
 * core, IEEE Journal of Solid-State Circuits 57 (2022), describes it for 256 converters); the sizes here are ours. Gains are
 * not trimmed.
 */
import type { AdcSpec } from "../experiment/hardware.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import type { Stream } from "../numeric/stream.ts";
import type { ConverterErrors, LineErrors } from "./converter-errors.ts";

/** Trim settings per code step. */
const FINENESS = 8;

/**
 * The remaining errors of a crossbar's converters.
 *
 * @param units readout units of the crossbar
 * Random   forks "plus" and "minus" of `random`
 */
export function trimConverters(errors: ConverterErrors, units: number, adc: AdcSpec, random: Stream): ConverterErrors {
  const { trim } = adc;
  if (trim === null) return errors;
  const most = 2 ** (trim.bits - 1) - 1;
  const up = adc.mode === "pair" ? most / FINENESS : 0;
  const line = ({ gains, offsets }: LineErrors, draws: Stream): LineErrors => {
    const trims = Float32Array.from({ length: Math.min(units, offsets.length) }, (_, u) => {
      let sum = 0;
      for (let k = 0; k < trim.reads; k++) {
        const dither = ((k % FINENESS) - (FINENESS - 1) / 2) / FINENESS;
        sum += zeroCode(adc, offsets[u] + up + dither + adc.errors.outputNoise * draws.normal());
      }
      const eighths = -roundHalfEven(FINENESS * (sum / trim.reads - up));
      return Math.min(most, Math.max(-most, eighths)) / FINENESS;
    });
    return { gains, offsets: offsets.map((offset, c) => offset + trims[c % units]) };
  };
  return { plus: line(errors.plus, random.fork("plus")), minus: line(errors.minus, random.fork("minus")) };
}

/** Standard deviation of the remaining offset within the trim's range, in code steps: from the mean of the reads, and from the eighths. */
export const trimmedSpread = ({ reads }: NonNullable<AdcSpec["trim"]>, { outputNoise }: AdcSpec["errors"]): number =>
  Math.sqrt((outputNoise ** 2 + 1 / 12) / reads + 1 / (12 * FINENESS ** 2));

/** The code of a converter with no current. */
function zeroCode({ mode, bits }: AdcSpec, steps: number): number {
  const largest = mode === "pair" ? 2 ** (bits as number) - 1 : 2 ** ((bits as number) - 1) - 1;
  return Math.min(largest, Math.max(mode === "pair" ? 0 : -largest, roundHalfEven(steps)));
}
