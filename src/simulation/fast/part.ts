/**
 * A chip in parts. Each thread programs, reads and calibrates the crossbars of its part and writes their conductances to the
 * memory that all threads share; then every thread can run any prompts on the whole chip. Random streams belong to crossbars
 * and prompts, so results are identical for any number of parts and any assignment of work.
 *
 * A part is a chip with a mapping of only some tiles: `crossbars` and other per-crossbar fields have entries for these.
 *
 * Calibration proceeds layer by layer, because a layer is measured on the output of the calibrated layers before it. Prompts
 * are divided into slices. Each thread advances its slices to the next linear layer, then measures the crossbars of its part on
 * the vectors of all slices, and continues. Threads must wait for each other in between and after reading; the caller of these
 * functions is responsible for that.
 */
import { decidingOf } from "../../experiment/by-read-out.ts";
import type { CodeReference } from "../../hardware/own-calibration.ts";
import type { PackedBits } from "../../kernels/arena.ts";
import type { LayerMapping, Mapping } from "../../mapping/mapping.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { type Chip, chipAt, readCrossbars, readOne } from "../chip.ts";
import { CALIBRATION_TIME, fullScaleOf, rangeOf, referenceByCodes } from "../compensation.ts";
import type { LayerInput } from "../pass.ts";
import { measuredEvery } from "../reference/linear.ts";
import type { Trace, TraceOptions } from "../trace.ts";
import type { CrossbarKernels } from "./linear.ts";

/** A simulator of one thread in its memory. */
export interface BoundSimulator {
  readonly crossbars: CrossbarKernels;
  /** Runs a slice of prompts up to each linear layer in turn; the layer's crossbars must be ready before the pass continues. */
  pass(slice: number, input: SpikeTrain, random: Stream, options: TraceOptions): Generator<LayerInput, Trace>;
  /** Gathers vectors on a layer's lines from all slices, in order, into one array; returns its address. */
  gather(layer: string, vectors: Iterable<{ readonly slice: number; readonly vector: number }>): PackedBits;
}

/** The tiles of one of `parts` parts. Whole tiles, because their crossbars may share a compensation factor. */
export function partOfMapping(mapping: Mapping, part: number, parts: number): Mapping {
  const ofPart = (layer: LayerMapping): LayerMapping => ({
    ...layer,
    blocks: layer.blocks.filter(({ tile }) => tile % parts === part),
  });
  return { ...mapping, layers: mapping.layers.map(ofPart) };
}

/** Writes the errors of the part's converters and columns. */
export function placeErrors({ crossbars }: BoundSimulator, { converterErrors, columnErrors, mapping }: Chip): void {
  for (const { crossbar } of mapping.layers.flatMap(({ blocks }) => blocks)) {
    if (converterErrors !== null) crossbars.placeErrors(crossbar, converterErrors[crossbar]);
    if (columnErrors?.[crossbar]) crossbars.columns?.placeErrors(crossbar, columnErrors[crossbar]);
  }
}

/** Reads the part's crossbars into memory, at its `readTime`, and sets their converters. Random: as `readCrossbars`. */
export function readPart({ crossbars }: BoundSimulator, part: Chip, random: Stream): void {
  for (const [crossbar, reading] of readCrossbars(part, random, crossbars.takeWeights)) {
    crossbars.load(crossbar, reading);
    crossbars.setRange(crossbar, fullScaleOf(part, crossbar, reading), reading.scales);
  }
}

/** Prompts of a calibration, divided into slices of `slicePrompts`; the last may have fewer. */
export interface CalibrationShape {
  readonly steps: number;
  readonly prompts: number;
  readonly slicePrompts: number;
}

export interface Calibration {
  /** The part with ranges and references, as far as they have been measured. */
  readonly part: Chip;
  /** Brings this thread's slices to their next linear layer and returns it; null after the last. */
  advance(): LayerInput | null;
  /** Measures this part's crossbars of the layer that all threads' slices have reached, and sets their converters. */
  measure(layer: LayerInput): void;
}

/**
 * Starts calibrating a part, as `calibrate` of the reference does, by reading its crossbars.
 *
 * @param inputs by slice number: those that this thread runs, holes for the others
 */
export function startCalibration(
  simulator: BoundSimulator,
  part: Chip,
  { steps, prompts, slicePrompts }: CalibrationShape,
  inputs: readonly SpikeTrain[],
  random: Stream,
): Calibration {
  const { crossbars } = simulator;
  const ranges = new Float64Array(part.mapping.totals.blocks);
  const { calibration, compensation } = part.hardware;
  const codeReferences: CodeReference[] | null = calibration === "codes" && compensation.scope !== "none" ? [] : null;
  const scales: Float64Array[] = [];
  for (const [crossbar, reading] of readCrossbars(chipAt(part, CALIBRATION_TIME), random, crossbars.takeWeights)) {
    crossbars.load(crossbar, reading);
    scales[crossbar] = reading.scales;
  }
  const passes: Generator<LayerInput, Trace>[] = [];
  inputs.forEach((input, slice) => {
    passes.push(simulator.pass(slice, input, random, { firstPrompt: slice * slicePrompts }));
  });

  /** The sampling interval over the vectors of all prompts, and their address. */
  function* measuredVectors(perPrompt: number): Generator<{ slice: number; vector: number }> {
    const inStep = prompts * perPrompt;
    const every = measuredEvery(steps * inStep, perPrompt);
    for (let v = 0; v < steps * inStep; v += every) {
      const slice = Math.floor((v % inStep) / (slicePrompts * perPrompt));
      const first = slice * slicePrompts;
      const size = Math.min(slicePrompts, prompts - first) * perPrompt;
      yield { slice, vector: Math.floor(v / inStep) * size + (v % inStep) - first * perPrompt };
    }
  }

  function measure({ layer, perPrompt }: LayerInput) {
    const vectors = [...measuredVectors(perPrompt)];
    const bits = simulator.gather(layer, vectors);
    const { blocks, readOut } = part.mapping.layers.find(({ name }) => name === layer) as LayerMapping;
    // Charges have a grid instead of a range.
    const converts = decidingOf(readOut) === null;
    for (const { crossbar, rows } of blocks) {
      const widest = rows * part.device.maxConductance;
      const range = converts ? crossbars.measure(crossbar, bits, vectors.length, widest, random) || widest : null;
      if (range !== null) {
        crossbars.setRange(crossbar, range, scales[crossbar]);
        ranges[crossbar] = rangeOf(part, crossbar, { scales: scales[crossbar] }, range);
      }
      if (codeReferences === null) continue;
      // Read again, with the same result, because readings of a large chip are not stored.
      const reading = readOne(part, crossbar, CALIBRATION_TIME, random.fork("read", crossbar), false);
      codeReferences[crossbar] = referenceByCodes(part, crossbar, reading, range, random);
    }
  }

  return {
    part: { ...part, codeReferences, ranges },
    advance: () => {
      const layers = passes.map((pass) => pass.next());
      const [first] = layers;
      return first === undefined || first.done ? null : first.value;
    },
    measure,
  };
}
