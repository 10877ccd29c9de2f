/**
 * The LIF unit of a simulated chip, with vectors: the codes from the converters of one layer.
 *
 * Column c of a column group is served by unit c mod U of the group's U readout units, so the columns of one unit are U apart
 * (Fig. 4 of the paper). If a group has fewer columns than its units can serve, the remaining ones get codes of 0 and never
 * fire.
 *
 * The unit adds codes, so a code step must have the same value in all row blocks of a column. Crossbars with individual scales
 * and converter ranges satisfy this only with one row block.
 */
import { SpecError } from "../errors.ts";
import { type ByNeuron, forNeuron } from "../experiment/by-neuron.ts";
import { decidingOf } from "../experiment/by-read-out.ts";
import type { NeuronSpec } from "../experiment/neuron.ts";
import { type LifPins, lifPins } from "../hardware/clocked-lif.ts";
import { runIntegerLif } from "../hardware/integer-lif.ts";
import {
  codeBitsOf,
  type LifParameters,
  type LifRequest,
  type LifSettings,
  leakShiftOf,
  lifParameters,
  lifSettings,
  offsetBitsFor,
} from "../hardware/lif-parameters.ts";
import type { LayerMapping } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";
import { type Chip, unitNeuron } from "../simulation/chip.ts";
import type { CodeRecord } from "../simulation/reference/linear.ts";
import { simulate } from "../simulation/reference/simulate.ts";
import { type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import type { LifRuns } from "./lif-bundle.ts";
import { lifTestPins } from "./lif-windows.ts";

/** The first layer whose sums feed LIF units directly, without a residual stream in between. */
const LAYER = "blocks.0.qkv";
/** Offset and threshold to a sixteenth of a code step: our choice. */
const FRACTION_BITS = 4;
const RANDOM_WINDOWS = 8;

const hardResetOnly = ({ reset }: NeuronSpec) =>
  reset === "hard" ? null : "neurons reset by subtraction, and the unit resets to 0.";

/** By kind of neuron: why the generated unit does not implement it, or null if it does. */
const REFUSALS: ByNeuron<string | null> = {
  lif: hardResetOnly,
  if: hardResetOnly,
  plif: hardResetOnly,
  alif: () =>
    'model.neuron.kind is "alif", and the unit has no register for a rising threshold. Use "lif", "if" or "plif".',
};

/**
 * The unit of the chip's first q, k and v layer, with corner cases, random windows and, if the row blocks of a column share
 * their factor, the layer's codes on `input`. A sentence if no such unit exists for the chip's neurons or converters.
 *
 * Shapes   input: `[T][prompts tokens][inputs]`
 * Random   as `simulate`, and `random.fork("lif")`
 */
export function networkLif(chip: Chip, input: SpikeTrain, random: Stream): LifRuns | string {
  const { neuron, steps } = chip.network.model;
  const { adc } = chip.hardware;
  if (adc.bits === null) return "No LIF unit: converters pass exact currents, and the unit adds codes.";
  const refusal = forNeuron(neuron, REFUSALS);
  if (refusal !== null) return `No LIF unit: ${refusal}`;
  const layer = chip.mapping.layers.find(({ name }) => name === LAYER) as LayerMapping;
  if (decidingOf(layer.readOut) !== null) {
    return `No LIF unit: hardware.readOut.attentionInput is "${layer.readOut.kind}", so columns of ${LAYER} fire themselves, without codes.`;
  }
  try {
    const request: LifRequest = {
      codeBits: codeBitsOf(adc.bits, adc.mode),
      rowBlocks: layer.rowBlocks,
      columns: layer.multiplexerSteps,
      leakShift: leakShiftOf(unitNeuron(chip.network, LAYER)),
      fractionBits: FRACTION_BITS,
      offsetBits: 2,
      steps,
    };
    lifParameters(request);
    const records: CodeRecord[] = [];
    const onCodes = (record: CodeRecord) => void (record.layer === LAYER && records.push(record));
    const { rasters, prompts } = simulate(chip, input, random, { onCodes, rasters: input.rows });
    return unitOf(chip, layer, request, records, { fired: rasters[LAYER], prompts }, random.fork("lif"));
  } catch (error) {
    if (error instanceof SpecError) return `No LIF unit: ${error.message}`;
    throw error;
  }
}

function unitOf(
  chip: Chip,
  layer: LayerMapping,
  request: LifRequest,
  records: readonly CodeRecord[],
  { fired, prompts }: { fired: SpikeTrain; prompts: number },
  random: Stream,
): LifRuns {
  const test = "corner cases and random codes";
  const groups = columnGroups(records);
  if (groups === null) {
    const parameters = lifParameters({ ...request, offsetBits: request.codeBits + request.fractionBits });
    const origin = `Vectors: ${test}, none of the network: the ${layer.rowBlocks} row blocks of ${layer.name} have code steps of different worth.`;
    return { parameters, pins: lifTestPins(parameters, RANDOM_WINDOWS, random), origin };
  }
  const { threshold } = chip.network.model.neuron;
  const offsets = chip.network.parameters[`${layer.name}.offset`].data;
  const columns = groups.flatMap(({ columnStart, factors }) =>
    Array.from(factors, (factor, c) => ({ factor, offset: offsets[columnStart + c], threshold })),
  );
  const parameters = lifParameters({ ...request, offsetBits: offsetBitsFor(columns, request.fractionBits) });
  const settings = columns.map((column) => lifSettings(parameters, column));
  const units = groups.flatMap((group) => unitsOf(group, chip.mapping.readoutUnits, parameters, settings, fired));
  const { updates, differ } = compare(parameters, units, fired.steps);
  const origin =
    `Vectors: ${test}, then the codes of ${layer.name} on ${prompts} ${prompts === 1 ? "prompt" : "prompts"}, ${units.length} units one after another. ` +
    `Offsets are rounded to 2^-${parameters.fractionBits} code steps: of ${updates} updates, ${differ} give another bit than the single-precision unit of the simulators.`;
  function* pins(): Generator<LifPins> {
    yield* lifTestPins(parameters, RANDOM_WINDOWS, random);
    for (const unit of units) yield* lifPins(parameters, unit.settings, unit.codes, fired.steps);
  }
  return { parameters, pins: pins(), origin };
}

interface ColumnGroup {
  readonly columnStart: number;
  readonly factors: Float32Array;
  /** By row block, `[T rows][columns]`. */
  readonly codes: readonly Float32Array[];
}

/** Null when a code step has different values in the row blocks of a column. */
function columnGroups(records: readonly CodeRecord[]): ColumnGroup[] | null {
  const groups = new Map<number, CodeRecord[]>();
  for (const record of records) {
    const { columnStart } = record.block;
    groups.set(columnStart, [...(groups.get(columnStart) ?? []), record]);
  }
  const found: ColumnGroup[] = [];
  for (const [columnStart, blocks] of groups) {
    const [{ factors }] = blocks;
    if (blocks.some((block) => block.factors.some((factor, c) => factor !== factors[c]))) return null;
    found.push({ columnStart, factors, codes: blocks.map(({ codes }) => codes) });
  }
  return found;
}

interface UnitRun {
  readonly settings: readonly LifSettings[];
  /** `[rows][T][columns][rowBlocks]` */
  readonly codes: Int32Array;
  /** Bits of the simulators' unit, `[rows][T][columns]`; 0 for missing columns. */
  readonly fired: Uint8Array;
}

function unitsOf(
  { columnStart, factors, codes }: ColumnGroup,
  readoutUnits: number,
  { columns, rowBlocks, membraneRange }: LifParameters,
  settings: readonly LifSettings[],
  fired: SpikeTrain,
): UnitRun[] {
  const { steps, rows, features } = fired;
  const width = factors.length;
  const bits = unpackSpikes(fired);
  return Array.from({ length: Math.min(readoutUnits, width) }, (_, unit) => {
    const run = new Int32Array(rows * steps * columns * rowBlocks);
    const expected = new Uint8Array(rows * steps * columns);
    for (let row = 0, i = 0; row < rows; row++) {
      for (let t = 0; t < steps; t++) {
        for (let m = 0; m < columns; m++, i++) {
          const c = unit + m * readoutUnits;
          if (c >= width) continue;
          const vector = t * rows + row;
          for (let b = 0; b < rowBlocks; b++) run[i * rowBlocks + b] = codes[b][vector * width + c];
          expected[i] = bits[vector * features + columnStart + c];
        }
      }
    }
    const own = Array.from(
      { length: columns },
      (_, m) =>
        (unit + m * readoutUnits < width && settings[columnStart + unit + m * readoutUnits]) || {
          offset: 0,
          threshold: membraneRange.high,
        },
    );
    return { settings: own, codes: run, fired: expected };
  });
}

function compare(parameters: LifParameters, units: readonly UnitRun[], steps: number) {
  let [updates, differ] = [0, 0];
  for (const { settings, codes, fired } of units) {
    const spikes = runIntegerLif(parameters, settings, codes, steps);
    updates += spikes.length;
    for (let i = 0; i < spikes.length; i++) if (spikes[i] !== fired[i]) differ++;
  }
  return { updates, differ };
}
