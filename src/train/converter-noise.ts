/**
 * The effect of an experiment's ADCs on pre-activations, for hardware-aware training. Offsets and gains are drawn once per step,
 * as for a chip; noise and rounding are drawn for every row. All are in code steps, whose size is measured
 * (`converter-steps.ts`). Left out: clipping, IR drop, and the head.
 */
import type { AdcSpec, HardwareSpec } from "../experiment/hardware.ts";
import type { StageSpec } from "../experiment/training.ts";
import { trimmedSpread } from "../hardware/trim.ts";

/** Standard deviations, in code steps; of gains, relative to 1. */
export interface ConverterNoise {
  readonly offsets: number;
  readonly gains: number;
  readonly outputs: number;
}

/** Variance of the rounding error of a code. */
const ROUNDING = 1 / 12;

/** Null for converters that pass on the exact current. */
export function converterNoise({ bits, errors, trim }: AdcSpec): ConverterNoise | null {
  if (bits === null) return null;
  return {
    offsets: trim === null ? errors.offsetSpread : Math.min(errors.offsetSpread, trimmedSpread(trim, errors)),
    gains: errors.gainSpread,
    outputs: Math.sqrt(errors.outputNoise * errors.outputNoise + ROUNDING),
  };
}

export interface StageNoise {
  readonly weights: number;
  readonly outputs: number;
  /** Used instead of `outputs`, per column. */
  readonly converters: ConverterNoise | null;
  readonly devices: { readonly youngest: number; readonly oldest: number } | null;
  readonly dropConnect: number;
}

/** The converter noise of a stage: as specified, or as the hardware has it. Chips are read at any age up to the hardware's. */
export function stageNoise({ noise }: StageSpec, { adc, readTime }: HardwareSpec): StageNoise {
  const { weights, outputs, devices = null, dropConnect } = noise;
  if (noise.hardware !== true) return { weights, outputs, converters: null, devices, dropConnect };
  const oldest = Math.max(YOUNGEST, readTime);
  const converters = converterNoise(adc);
  return { weights: 0, outputs: 0, converters, devices: { youngest: YOUNGEST, oldest }, dropConnect };
}

/** Seconds after programming. */
const YOUNGEST = 1;
