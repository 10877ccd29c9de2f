/**
 * What the converters of an experiment's hardware do to pre-activations, for hardware-aware training: offsets and gains as of a chip, drawn
 * once per step, and noise drawn for every row.
 *
 * A converter's full scale is a quantile q of the sizes of its currents. These are taken for normal, so that a code step is a share of what
 * a column varies by, whatever its scale:
 *
 *   step = z(q) / largest code,   z(q) the normal deviate that a share q of all sizes does not exceed
 *
 * Where a layer has several row blocks each varies by less, has a finer step, and errs for itself: the sum errs as one converter would.
 * Left out: what columns of one crossbar differ by, the mean of a column, clipping, wires; and the head, whose outputs are no columns of
 * a normalised layer.
 */
import { trimmedSpread } from "../hardware/trim.ts";
import { normalQuantile } from "../numeric/stream.ts";
import type { AdcSpec, HardwareSpec } from "../spec/hardware.ts";
import type { StageSpec } from "../spec/training.ts";

/** Standard deviations, relative to what a column varies by; of gains, to 1. */
export interface ConverterNoise {
  readonly offsets: number;
  readonly gains: number;
  readonly outputs: number;
}

const NONE: ConverterNoise = { offsets: 0, gains: 0, outputs: 0 };

/** Of a code that is rounded. */
const ROUNDING = 1 / Math.sqrt(12);

export function converterNoise(adc: AdcSpec): ConverterNoise {
  const { bits, mode, errors, rangeQuantile, trim } = adc;
  if (bits === null) return NONE;
  const largest = mode === "pair" ? 2 ** bits - 1 : 2 ** (bits - 1) - 1;
  // The largest of all sizes is taken for one of a thousand.
  const deviate = normalQuantile((1 + Math.min(rangeQuantile, 0.999)) / 2);
  // Both lines of a pair have a converter.
  const step = (deviate / largest) * (mode === "pair" ? Math.SQRT2 : 1);
  return {
    offsets: step * (trim === null ? errors.offsetSpread : Math.min(errors.offsetSpread, trimmedSpread(trim, errors))),
    gains: errors.gainSpread,
    outputs: step * Math.hypot(errors.outputNoise, ROUNDING),
  };
}

export interface StageNoise {
  readonly weights: number;
  readonly outputs: number;
  readonly offsets: number;
  readonly gains: number;
  readonly devices: { readonly youngest: number; readonly oldest: number } | null;
  readonly dropConnect: number;
}

/** The noise of a stage: as it says, or as the hardware has it. Chips are read at any age up to the hardware's. */
export function stageNoise({ noise }: StageSpec, { adc, readTime }: HardwareSpec): StageNoise {
  const { weights, outputs, devices = null, dropConnect } = noise;
  if (noise.hardware !== true) return { weights, outputs, offsets: 0, gains: 0, devices, dropConnect };
  const oldest = Math.max(YOUNGEST, readTime);
  return { weights: 0, ...converterNoise(adc), devices: { youngest: YOUNGEST, oldest }, dropConnect };
}

/** Seconds after programming. */
const YOUNGEST = 1;
