/**
 * The functional simulator: the folded spiking network on a programmed chip, by value, with counted actions.
 *
 * This is `model/forward.ts`, operation by operation (`../pass.ts`), with linear layers on crossbars (`linear.ts`), neurons on LIF units
 * and attention on its units (`attention.ts`); an ideal device with exact converters gives the same spikes. Sums, offsets, positions and
 * neurons are digital (`digital.ts`), in single precision or, with `hardware.arithmetic`, in whole numbers. The head runs only at the
 * tokens that are read. A mean over tokens is taken together with the mean over steps, after the converters, in the same accumulators;
 * a mean of the stream before the last neurons.
 *
 * A simulation draws read noise once, at `readTime`, and keeps it for the whole call: low-frequency noise hardly changes within
 * an inference. Prompts have their own random numbers, so a set split into several calls with the same stream and the right
 * `firstPrompt` gives the same answers as one call. `fast/simulate.ts` is the fast twin, equal bit for bit.
 */
import { ShapeError, ValueError } from "../../errors.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import type { TileDraws } from "../../hardware/draws.ts";
import type { NeuronProbe, UnitShape } from "../../hardware/neuron-probe.ts";
import { inputRows } from "../../model/geometry.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { type Chip, chipAt, type MappedNetwork, readChip } from "../chip.ts";
import { CALIBRATION_TIME, fullScales, rangesOf, referenceByCodes } from "../compensation.ts";
import { flowOf } from "../flow.ts";
import { finish, runPass } from "../pass.ts";
import type { Trace, TraceOptions } from "../trace.ts";
import { type BlockAttention, blockAttention } from "./attention.ts";
import { referenceBackend } from "./backend.ts";
import { digitalSide } from "./digital.ts";
import type { AnalogEngine, CodeRecord } from "./linear.ts";

export interface SimulationOptions extends TraceOptions {
  /** Random numbers of the tiles, instead of those in the hardware's spec: for comparing simulators. */
  readonly draws?: (block: number, prompt: number, head: number) => TileDraws;
  /** What runs a block's q, k and v, instead of the functional units: `../cycle.ts` passes the clocked ones. */
  readonly engine?: BlockAttention;
  /** Called with the codes of every crossbar, layer by layer: test vectors for the RTL. */
  readonly onCodes?: (record: CodeRecord) => void;
  /** Asked for a probe at each layer of neurons, by the name of its spike train. */
  readonly probeOf?: (train: string, shape: UnitShape) => NeuronProbe;
}

/**
 * Runs the chip on spikes.
 *
 * Shapes   input: [T][prompts tokens][inputs], or [T][prompts pixels][inputs] for a stem
 * Random   `random.fork("read", crossbar)`, `random.fork("conversion", crossbar)`, and for the tiles as in `tileDraws`
 * Throws   ShapeError when the input does not fit the network, ValueError when the chip is not calibrated, or a number does not
 * fit
 *         its register in `hardware.arithmetic`
 */
export function simulate(chip: Chip, input: SpikeTrain, random: Stream, options: SimulationOptions = {}): Trace {
  requireRanges(chip);
  const readings = readChip(chip, random);
  return run(
    chip,
    input,
    random,
    { readings, ranges: fullScales(chip, readings), measure: false, byCodes: false },
    options,
  );
}

/** Whether full scales are measured: neither for exact converters nor when the spec fixes them. */
export const needsCalibration = ({ bits, fullScale }: AdcSpec): boolean => bits !== null && fullScale === null;

/** Throws ValueError when the chip has uncalibrated converters. */
export function requireRanges({ ranges, hardware, crossbars }: Chip): void {
  if (ranges !== null || !needsCalibration(hardware.adc)) return;
  throw new ValueError(
    "chip.ranges",
    `The chip's ${crossbars.length} crossbars have ${hardware.adc.bits}-bit converters without a range. ` +
      "Set them with calibrate(chip, input, random) on a few prompts of the task.",
  );
}

/**
 * Sets each crossbar's converter range to the `adc.rangeQuantile` of its currents on `input`, layer after layer, so a layer is
 * measured on the output of the calibrated layers before it. The chip is taken `CALIBRATION_TIME` after programming, whatever
 * its age, because ranges are set once. Returns a chip with ranges; `chip` is unchanged, and is returned itself if there is
 * nothing to set.
 *
 * If the chip calibrates itself (`hardware.calibration`), ranges are measured by codes, and the known inputs of drift
 * compensation are read right after them. A crossbar with no current gets the range of all its rows at the largest conductance.
 * Shapes, random, throws as `simulate`
 */
export function calibrate(chip: Chip, input: SpikeTrain, random: Stream): Chip {
  if (!needsCalibration(chip.hardware.adc)) return chip;
  const readings = readChip(chipAt(chip, CALIBRATION_TIME), random);
  const measured = new Float64Array(chip.crossbars.length);
  const { calibration, compensation } = chip.hardware;
  const byCodes = calibration === "codes";
  run(chip, input, random, { readings, ranges: measured, measure: true, byCodes }, {});
  const codeReferences =
    byCodes && compensation.scope !== "none"
      ? readings.map((reading, c) => referenceByCodes(chip, c, reading, measured[c] || null, random))
      : null;
  return { ...chip, codeReferences, ranges: rangesOf(chip, readings, measured) };
}

function run(
  chip: Chip,
  input: SpikeTrain,
  random: Stream,
  crossbars: Pick<AnalogEngine, "readings" | "ranges" | "measure" | "byCodes">,
  { firstPrompt = 0, rasters = 0, attention = chip, draws, engine: attendWith, onCodes, probeOf }: SimulationOptions,
): Trace {
  const { steps } = input;
  const prompts = requirePrompts(chip, input);
  const digital = digitalSide(chip);
  const { converterErrors: converters, device } = chip;
  const engine: AnalogEngine = {
    ...crossbars,
    adc: chip.hardware.adc,
    maxConductance: device.maxConductance,
    prompts,
    errors: converters === null ? null : { converters, random, firstPrompt },
    arithmetic: chip.hardware.arithmetic,
    integers: chip.hardware.crossbar.integers,
    onCodes: onCodes && ((record) => onCodes(inLayerUnit(record, digital.unit))),
  };
  const flow = flowOf(chip);
  const backend = referenceBackend(chip, flow, input, {
    ...{ digital, engine, random, firstPrompt, probeOf },
    columns: { readings: crossbars.readings, errors: chip.columnErrors ?? [] },
    attend: attendWith ?? blockAttention(attention, steps, random, draws),
  });
  return finish(runPass(chip, flow, backend, { steps, prompts, rasters }));
}

/** Prompts of an input. Throws ShapeError when it does not fit the network. */
export function requirePrompts({ network }: MappedNetwork, input: SpikeTrain): number {
  const { inputs } = network.geometry;
  const perPrompt = inputRows(network.geometry);
  if (input.features !== inputs || input.rows % perPrompt !== 0) {
    throw new ShapeError(
      "input",
      `The network reads rows of ${inputs} lines, ${perPrompt} rows to a prompt, but the input has ${input.rows} rows of ` +
        `${input.features} features.`,
    );
  }
  return input.rows / perPrompt;
}

/** Factors in the layer's unit, from floating point or registers. */
const inLayerUnit = (record: CodeRecord, unit: number): CodeRecord =>
  unit === 1 ? record : { ...record, factors: record.factors.map((factor) => factor * unit) };
