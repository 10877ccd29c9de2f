/**
 * How coarse the experiment's ADCs are for the network in training: the width of a code step, by layer and column.
 *
 * The converters of a crossbar share one full scale, set by its widest column and the mean activity of its lines. A column that
 * varies little therefore spans few codes, especially in the first layer. This depends on the weights, so it is measured: the
 * folded network runs a few training prompts in exact arithmetic, and the full scales come from their currents, as in calibration.
 *
 *   step of a column = sqrt( sum over row blocks of (full scale / largest code x weight of the largest conductance)^2 )
 *
 * Each block rounds separately, so errors add in quadrature. Both lines of a pair have a converter, which counts as two blocks. Left
 * out: discrete conductance levels, device errors, clipping, and the head, whose outputs are not columns of a normalised layer.
 */
import { largestWeights } from "../device/conversion.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { convertedSizes, converter } from "../hardware/adc.ts";
import { cutBlock, matrixBlocks } from "../hardware/blocks.ts";
import { rowsFor } from "../hardware/crossbar.ts";
import { valuesByLine, weightsByLine, wiringOf } from "../hardware/line-order.ts";
import { foldNetwork } from "../model/fold.ts";
import { drawBlocks, networkForward, repeatInput, spikeInput } from "../model/forward.ts";
import { inputRows } from "../model/geometry.ts";
import { operationsOf } from "../model/graph.ts";
import { isSpiking, linearLayers, type Network, parameterLayout } from "../model/network.ts";
import { graphOf } from "../model/transformer.ts";
import { quantile } from "../numeric/quantile.ts";
import { columnMoments } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, takesSpikes } from "../task/create.ts";
import type { Given } from "../task/open.ts";
import { convertingLayers, stageGeometry, stageModel, stageTask } from "./plan.ts";

/**
 * Code steps by layer, `[outputs]`, in the unit of the noise on the layer's output: the spread of the column with
 * BatchNorm, the threshold without.
 */
export type ConverterSteps = Readonly<Record<string, Float32Array>>;

/**
 * A column that varies by less than half a code step is treated as varying by half a step, the least that a converter could resolve.
 */
const LARGEST_STEP = 2;

const MOST_PROMPTS = 16;
/**
 * Budget of spike-weight products for the choice of prompts: about a second, negligible next to the steps between two
 * measurements. A large network runs one prompt.
 */
const MOST_PRODUCTS = 2 ** 30;

/**
 * Measures the code steps of a network on training prompts, drawn as the stage draws them; null for a network without
 * converters or with exact ones.
 *
 * Random   `stream(seed).fork("converter steps", step)`
 */
export function measureConverterSteps(
  network: Network,
  experiment: Experiment,
  stage: number,
  data: Given["data"],
  step: number,
): ConverterSteps | null {
  const { hardware, seed, training } = experiment;
  if (!isSpiking(network) || hardware.adc.bits === null) return null;
  const root = stream(seed);
  const random = root.fork("converter steps", step);
  const stageSpec = training.stages[stage];
  const [taskSpec, model] = [stageTask(experiment, stageSpec), stageModel(experiment, stageSpec)];
  const folded = foldNetwork({ ...network, geometry: stageGeometry(experiment, network.geometry, stageSpec) });
  const steps = "steps" in model ? model.steps : 1;
  const wanted = Math.floor(MOST_PRODUCTS / (steps * productsOf(folded)));
  const prompts = Math.max(1, Math.min(MOST_PROMPTS, wanted));
  const spikes = takesSpikes(model, taskSpec);
  const batch = createTask({ task: taskSpec, model }, data).draw(prompts, random.fork("prompts"), {
    spikes,
    values: !spikes,
    from: { part: "training", position: 0, order: root.fork("epochs") },
  });
  const input = spikes
    ? spikeInput(batch.spikes!, inputRows(folded.geometry))
    : repeatInput(batch.values!, steps, prompts);
  const draws = drawBlocks(folded, input, random.fork("draws"));
  const { values } = networkForward(folded, input, { mode: "eval", draws });
  const { normalisation, neuron } = network.model;
  const layers = linearLayers(folded.model, folded.geometry);
  const read = new Map(operationsOf(graphOf(folded), "linear").map(({ name, reads }) => [name, reads[0]]));
  return Object.fromEntries(
    layers.slice(0, -1).map((layer) => {
      const { name, inputs, outputs } = layer;
      const { data } = folded.parameters[`${name}.weight`];
      const wiring = wiringOf(layer, hardware.crossbar);
      const [lines, weights] = [
        valuesByLine(values.get(read.get(name)!)!, inputs, wiring),
        weightsByLine(data, outputs, wiring),
      ];
      const { steps: own, spreads } = columnSteps(rowsFor(layer, hardware.crossbar), lines, weights, outputs, hardware);
      const unit = (c: number) => (normalisation === "batch" ? spreads[c] : neuron.threshold);
      const isCoarse = (width: number, c: number) => width >= LARGEST_STEP * unit(c);
      return [name, Float32Array.from(own, (width, c) => (isCoarse(width, c) ? LARGEST_STEP : width / unit(c)))];
    }),
  );
}

/** Products of an input and a weight, for one prompt at one time step. */
function productsOf({ model, geometry }: Network<SpikingSpec>): number {
  return convertingLayers(parameterLayout(model, geometry)).reduce(
    (sum, { rows, inputs, outputs }) => sum + rows * inputs * outputs,
    0,
  );
}

/**
 * Code steps of a layer's columns, and the standard deviations of their outputs, in the layer's unit. Shapes: input [rows, inputs].
 *
 * @param blockRows largest number of lines of a crossbar
 */
export function columnSteps(
  blockRows: number,
  input: Float64Array,
  weights: Float32Array,
  outputs: number,
  { crossbar, adc }: HardwareSpec,
): { steps: Float64Array; spreads: Float64Array } {
  const inputs = weights.length / outputs;
  const rows = input.length / inputs;
  const squares = new Float64Array(outputs);
  const sums = new Float64Array(rows * outputs);
  for (const block of matrixBlocks(inputs, outputs, blockRows, crossbar.columns)) {
    const { rowStart, columnStart, columns: width } = block;
    const held = cutBlock(weights, outputs, block);
    const largest = largestWeights(held, width, crossbar);
    const lines = lineCurrents(input, inputs, rowStart, held, largest);
    const sizes = convertedSizes(adc.mode, lines.plus, lines.minus);
    const fullScale = adc.fullScale ?? quantile(sizes, adc.rangeQuantile);
    const { step } = converter(adc.mode, adc.bits!, fullScale > 0 ? fullScale : block.rows);
    for (let n = 0; n < width; n++)
      squares[columnStart + n] += (adc.mode === "pair" ? 2 : 1) * (step * largest[n]) ** 2;
    for (let i = 0; i < lines.plus.length; i++) {
      const n = i % width;
      sums[Math.floor(i / width) * outputs + columnStart + n] += (lines.plus[i] - lines.minus[i]) * largest[n];
    }
  }
  return { steps: squares.map(Math.sqrt), spreads: columnMoments(sums, outputs).deviations };
}

/** Currents of both lines of each column for every row, in units of a line at the largest conductance, `[rows, columns]`. */
function lineCurrents(
  input: Float64Array,
  inputs: number,
  firstInput: number,
  block: Float32Array,
  largest: Float64Array,
): { plus: Float32Array; minus: Float32Array } {
  const width = largest.length;
  const shares = block.map((weight, i) => Math.max(-1, Math.min(1, weight / (largest[i % width] || 1))));
  const rows = input.length / inputs;
  const plus = new Float32Array(rows * width);
  const minus = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let r = 0; r * width < shares.length; r++) {
      const value = input[row * inputs + firstInput + r];
      if (value === 0) continue;
      for (let n = 0, i = r * width, at = row * width; n < width; n++, i++, at++) {
        const current = value * shares[i];
        if (current > 0) plus[at] += current;
        else minus[at] -= current;
      }
    }
  }
  return { plus, minus };
}
