/**
 * What a machine is made of: macros, whose crossbars are analog, or memories that FPGA tools infer, with crossbars in whole numbers.
 *
 *   macros      crossbars and memories are black boxes for synthesis
 *   memories    every memory has one write port and one read port. Large ones are read at the clock edge, into block memory, an address
 *               a clock early, so the schedule stays; small ones may become memory of lookup tables. Crossbars add rows one after another.
 *
 * A crossbar of memory reads a word of `rowsAtOnce` rows for each readout unit's column in a clock. A word's sum is in a register two
 * clocks after its address, which is what lines have to settle; a conversion takes as many clocks as a column has words.
 */
import { SpecError } from "../../errors.ts";
import { decidingOf } from "../../experiment/by-read-out.ts";
import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import type { HardwareSpec } from "../../experiment/hardware.ts";
import { isTransformer } from "../../experiment/model.ts";
import type { Timing } from "../../hardware/timing.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import { operationsOf } from "../../model/graph.ts";
import { graphOf } from "../../model/transformer.ts";
import type { Chip } from "../../simulation/chip.ts";

export type Fabric = (
  | { readonly kind: "macros" }
  | {
      readonly kind: "memories";
      /** The most bits of a conductance, or of the difference of a pair. `null`: as many as the chip's need. */
      readonly conductanceBits: number | null;
    }
) & {
  /** Whether a host can load constants. Default: no. */
  readonly loadable?: boolean;
};

export const MACROS: Fabric = { kind: "macros" };

/** Clocks from the address of a layer's constant to its word: multiplexer steps are known before. */
export const CONSTANT_LATENCY: Readonly<Record<Fabric["kind"], 0 | 1>> = { macros: 0, memories: 1 };

/** Clocks from the address of a crossbar's word to the sum with it. */
export const WORD_LATENCY = 2;
/** Clocks from a block's first vector to its seeds, besides one for each. */
const SEED_LATENCY = 3;
/** The most rows of a crossbar that are added in a clock. */
const MOST_ROWS = 8;

/** Rows in a word of a crossbar. */
export const rowsAtOnce = (rows: number, conversion: number): number => Math.ceil(rows / conversion);

/** Throws SpecError, naming the field to change, for a chip whose machine cannot be built of memories. */
export function requireMemories({ hardware, network, mapping }: Chip, timing: Timing): void {
  const { adc, order } = hardware;
  if (order === "step-major") {
    refuse(
      "hardware.order",
      "Memories of a step-major machine are read and written in one clock. Set order to `token-major`",
    );
  }
  const [windows] = operationsOf(graphOf(network), "windows");
  if (windows) {
    const path = isTransformer(network.model) ? "model.stem" : `model.operations.${windows.name}`;
    refuse(path, "Line buffers of maps are read at a whole window. Use a network without convolutions");
  }
  const [sum] = operationsOf(graphOf(network), "add");
  if (sum && !isTransformer(network.model)) {
    refuse(
      `model.operations.${sum.name}`,
      "Without attention, all layers meet the stream at once. Use a network without it",
    );
  }
  if (hasConverterErrors(adc.errors))
    refuse("hardware.adc.errors", "Crossbars of memory add whole numbers, without errors. Leave errors out");
  if (mapping.layers.some(({ readOut }) => decidingOf(readOut) !== null))
    refuse("hardware.readOut", "Crossbars of memory have converters only. Leave readOut out");
  requireTiming(mapping.layers, timing, hardware);
}

/**
 * What attention's memories need time for: a vector of q, k and v goes to its bank a feature at a time, and the engine's seeds come a
 * word at a time, after the previous block's run and before the run.
 *
 * @param qkv clocks of a vector there, and by block when the first one is there
 * @param runs by block: first and last clock of its run
 */
export function requirePace(
  { clocks, firsts }: { readonly clocks: number; readonly firsts: readonly number[] },
  runs: readonly { readonly start: number; readonly end: number }[],
  { dimension, seeds }: { readonly dimension: number; readonly seeds: number },
): void {
  const load = seeds + SEED_LATENCY;
  const isTooLate = firsts.some((first, b) => runs[b].start - first < load || (b > 0 && first <= runs[b - 1].end));
  if (clocks >= dimension && !isTooLate) return;
  refuse(
    "hardware.timing.conversion",
    `A layer gives a vector every ${clocks} clocks, but buffers take ${dimension} for its ${dimension} features, and ${seeds} seeds of a block ${seeds} + ${SEED_LATENCY} = ${load} ` +
      "between the block's first vector and attention. Use a longer conversion",
  );
}

function requireTiming(
  layers: readonly LayerMapping[],
  { settle, conversion, clock }: Timing,
  { adc }: HardwareSpec,
): void {
  const rows = Math.max(...layers.flatMap(({ blocks }) => blocks.map((block) => block.rows)));
  const least = Math.max(2, Math.ceil(rows / MOST_ROWS));
  if (settle === WORD_LATENCY && conversion >= least) return;
  const steps = adc.sharing;
  refuse(
    "hardware.timing",
    `Lines settle in ${settle} clocks and a conversion takes ${conversion}, but a word of a crossbar of memory is added after exactly ${WORD_LATENCY}, and its ` +
      `${rows} rows, at most ${MOST_ROWS} at once, take ${rows} / ${MOST_ROWS} = ${least} clocks or more. Set timing to {"clock": ${clock}, "settle": ${WORD_LATENCY}, ` +
      `"conversion": ${least}}, which gives vectors of ${WORD_LATENCY} + ${steps} x ${least} = ${WORD_LATENCY + steps * least} clocks, or a longer conversion for fewer rows at once`,
  );
}

function refuse(path: string, why: string): never {
  throw new SpecError(path, `${why}, or leave --fpga out.`);
}
