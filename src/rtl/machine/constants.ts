/** The contents of the machine's memories of constants: conductances, converters, factors, offsets and positions of one read of a chip. */

import { decidingOf } from "../../experiment/by-read-out.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import { converter } from "../../hardware/adc.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import { wholeFactors } from "../../hardware/integer-arithmetic.ts";
import { operationsOf } from "../../model/graph.ts";
import type { Stream } from "../../numeric/stream.ts";
import { type Chip, readCrossbars } from "../../simulation/chip.ts";
import { fullScaleOf } from "../../simulation/compensation.ts";
import { integerCrossbar, integerOffsets, integerPosition, requireLayerSums } from "../../simulation/integers.ts";
import { columnFactors, conversionKey } from "../../simulation/reference/linear.ts";
import type { SourceFiles } from "../design.ts";
import * as sv from "../syntax.ts";
import { type AimcMacroSize, CONDUCTANCE_BITS, type WholeCrossbar } from "./aimc-macro.ts";
import { converterFile, converterWords, hasNoise, NOISE_FILE, noiseWords } from "./erring-converters.ts";
import { cellFile, constantFile, joined, macroSize } from "./layer-sizes.ts";
import { type CrossbarMemory, cellWords } from "./memory-crossbar.ts";
import type { LayerPlan, MachinePlan } from "./plan.ts";

/**
 * Parameters of a crossbar's macro.
 *
 * @param tokens that its layer serves
 */
export function macroSettings(
  crossbar: number,
  { stepBits, errors, noiseKey: [low, high] }: WholeCrossbar,
  adc: AdcSpec,
  tokens: number,
): Record<string, sv.Expression> {
  const key = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return {
    Cells: sv.text(cellFile(crossbar)),
    StepBits: sv.decimal(stepBits),
    ...(errors ? { Converters: sv.text(converterFile(crossbar)) } : {}),
    ...(hasNoise(adc) ? { Noise: sv.text(NOISE_FILE), NoiseKey: sv.hex(64, key), Tokens: sv.decimal(tokens) } : {}),
  };
}

/**
 * The chip's crossbars in whole numbers, as a simulation with the same stream has them, and the readings of those without converters;
 * both by crossbar.
 *
 * Random   as `readChip`
 * Throws   ValueError where a factor or a sum does not fit
 */
export function wholeCrossbars(
  chip: Chip,
  { arithmetic, adc, layers }: MachinePlan,
  random: Stream,
): { crossbars: WholeCrossbar[]; decided: CrossbarReading[] } {
  const crossbars: WholeCrossbar[] = [];
  const decided: CrossbarReading[] = [];
  const deciding = layers.filter(({ readOut }) => decidingOf(readOut) !== null);
  const ofDeciding = new Set(
    deciding.flatMap(({ groups }) => groups.flatMap(({ blocks }) => blocks)).map(({ crossbar }) => crossbar),
  );
  for (const [crossbar, reading] of readCrossbars(chip, random)) {
    if (ofDeciding.has(crossbar)) {
      decided[crossbar] = reading;
      continue;
    }
    const converters = converter(adc.mode, adc.bits as number, fullScaleOf(chip, crossbar, reading));
    const errors = chip.converterErrors?.[crossbar] ?? null;
    const whole = integerCrossbar(reading, converters, errors, adc, arithmetic);
    const factors = wholeFactors(columnFactors(converters, reading.scales), crossbar, arithmetic);
    const { columns } = reading;
    const noiseKey = conversionKey(random, crossbar);
    const { step } = converters;
    crossbars[crossbar] = { ...whole, step, factors, rows: reading.plus.length / columns, columns, errors, noiseKey };
  }
  const factors = crossbars.map((crossbar) => crossbar.factors);
  for (const layer of chip.mapping.layers) {
    if (decidingOf(layer.readOut) !== null) continue;
    const { integers } = chip.hardware.crossbar;
    requireLayerSums(layer, integerOffsets(chip, layer.name, arithmetic), factors, { adc, arithmetic, integers });
  }
  return { crossbars, decided };
}

/** Files of layers with converters by name, a word a line, in hexadecimal. */
export function constantFiles(
  chip: Chip,
  plan: MachinePlan,
  crossbars: readonly WholeCrossbar[],
  memory: CrossbarMemory | null,
): SourceFiles {
  const files: Record<string, string> = {};
  const sizes = macroSizes(plan);
  // Crossbars without converters are holes.
  crossbars.forEach((whole, crossbar) => {
    files[cellFile(crossbar)] = memory ? memoryText(whole, sizes.get(crossbar)!, memory, plan.adc) : cellText(whole);
    if (whole.errors) files[converterFile(crossbar)] = lines(converterWords(whole.errors, plan.adc));
  });
  if (hasNoise(plan.adc)) files[NOISE_FILE] = lines(noiseWords(plan.adc));
  const [placed] = operationsOf(plan.machine.network.graph, "position");
  const position = placed ? integerPosition(chip, placed.name, plan.arithmetic) : null;
  const { factorBits, offsetBits } = plan.arithmetic;
  for (const layer of plan.layers) {
    if (decidingOf(layer.readOut) !== null) continue;
    const offsets = integerOffsets(chip, layer.name, plan.arithmetic);
    const steps = Array.from({ length: layer.multiplexerSteps }, (_, m) => m);
    const blocks = Array.from({ length: layer.rowBlocks }, (_, b) => b);
    const factorsAt = (m: number) =>
      blocks.flatMap((b) =>
        byLane(layer, m, (group, c) => crossbars[layer.groups[group].blocks[b].crossbar].factors[c]),
      );
    files[constantFile(layer, "factors")] = lines(steps.map((m) => wordText(factorsAt(m), factorBits)));
    const rowAt = (values: Float32Array, first: number, m: number) =>
      byLane(layer, m, (group, c) => values[first + layer.groups[group].columnStart + c]);
    files[constantFile(layer, "offsets")] = lines(steps.map((m) => wordText(rowAt(offsets, 0, m), offsetBits)));
    if (plan.fabric.loadable && layer.neuron)
      files[constantFile(layer, "threshold")] = lines([layer.neuron.threshold.toString(16)]);
    if (position === null || joined(plan, layer) !== "position") continue;
    const tokens = Array.from({ length: plan.tokens }, (_, n) => n);
    files[constantFile(layer, "positions")] = lines(
      tokens.flatMap((n) => steps.map((m) => wordText(rowAt(position, n * layer.outputs, m), offsetBits))),
    );
  }
  return files;
}

/** A number per readout unit at a step of the multiplexers; 0 if the unit has no column left. */
function byLane({ groups }: LayerPlan, m: number, of: (group: number, column: number) => number): number[] {
  return groups.flatMap(({ lanes, columns }, group) =>
    Array.from({ length: lanes }, (_, lane) => {
      const column = m * lanes + lane;
      return column < columns ? of(group, column) : 0;
    }),
  );
}

function cellText({ rows, columns, plus, minus }: WholeCrossbar): string {
  const words: string[] = [];
  for (let c = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++)
      words.push(wordText([minus[r * columns + c], plus[r * columns + c]], CONDUCTANCE_BITS));
  }
  return lines(words);
}

/** Of every crossbar. */
const macroSizes = ({ layers }: MachinePlan): ReadonlyMap<number, AimcMacroSize> =>
  new Map(
    layers.flatMap(({ groups, multiplexerSteps }) =>
      groups.flatMap((group) =>
        group.blocks.map(({ crossbar, rows, columns }): [number, AimcMacroSize] => [
          crossbar,
          macroSize(group, multiplexerSteps, rows, columns),
        ]),
      ),
    ),
  );

const memoryText = (whole: WholeCrossbar, size: AimcMacroSize, memory: CrossbarMemory, adc: AdcSpec): string =>
  lines(cellWords(whole, size, memory, adc).map((word) => wordText(word, memory.bits)));

/** Numbers of equal width packed in one word, the first in the low bits, negative ones in two's complement. */
export function wordText(values: readonly number[], width: number): string {
  let bits = "";
  for (const value of values) bits = BigInt.asUintN(width, BigInt(value)).toString(2).padStart(width, "0") + bits;
  return BigInt(`0b${bits}`)
    .toString(16)
    .padStart(Math.ceil(bits.length / 4), "0");
}

export const lines = (words: readonly string[]): string => `${words.join("\n")}\n`;
