/**
 * Linear layers, of packed spikes or numbers, alone or as convolutions.
 *
 * In a network with neurons the layer writes its raw output, with noise on it, and leaves offset or BatchNorm to the neurons that read
 * it (`HeldColumns`). In others its product is added to the offset, and to a second value read, the stream that a branch joins.
 */
import type { LinearOperation } from "../../model/linear.ts";
import { NORM_EPSILON } from "../../model/operation.ts";
import type { Place } from "../arena.ts";
import {
  convolutionWords,
  convolve,
  isPlain,
  mapGradient,
  mapGradientWords,
  readWords,
  weightGradient,
} from "../convolution.ts";
import { numbersAt, rowsOf } from "../held.ts";
import { productScratch } from "../wasm/dense-ops.ts";
import { NOISE_SCRATCH, normalisationScratch } from "../wasm/neuron-ops.ts";
import { inputGradientScratch, SPIKE_SCRATCH, spikeGradientScratch } from "../wasm/spike-ops.ts";
import {
  type BackwardPlaces,
  BITS_OR_NUMBERS,
  type BindContext,
  NUMBERS,
  type OutputNoise,
  type PassKit,
  type PassNode,
  type Places,
  type PlanContext,
  type Planned,
  type Run,
  type Shape,
} from "./kit.ts";

/**
 * In addition to the parameters: standard deviations of the noise on a layer's columns, relative to their spreads
 * (`outputNoise: "by column"`).
 */
export const outputNoiseOf = (layer: string): string => `${layer}.outputNoise`;

type Node = PassNode<LinearOperation>;
type Context = BindContext<LinearOperation>;

export const linear: PassKit<LinearOperation> = {
  accepts: (position, spiking) => (spiking && position === 0 ? BITS_OR_NUMBERS : NUMBERS),
  plan: (node, context) => (context.spiking ? planCurrents(node, context) : planDense(node, context)),
  forward: (context, places) => (context.spiking ? currentsForward(context, places) : denseForward(context, places)),
  backward: (context, places) => (context.spiking ? currentsBackward(context, places) : denseBackward(context, places)),
};

/** Images of a map at all steps, for a convolution. */
const images = ({ steps }: Pick<Shape, "steps">, prompts: number): number => steps * prompts;

function planCurrents({ operation, size, targets }: Node, context: PlanContext): Planned {
  const { inputs, outputs, hasOffset } = operation;
  const { steps, maxPrompts, training, written } = context;
  const [read] = context.reads;
  const rows = steps * maxPrompts * written.rows;
  const needed = [NOISE_SCRATCH, normalisationScratch(outputs)];
  const perCall = read.steps * maxPrompts * written.rows;
  if (read.form === "bits") needed.push(SPIKE_SCRATCH);
  else needed.push(productScratch(perCall, outputs, inputs));
  if (training) {
    if (read.form === "bits") needed.push(spikeGradientScratch(inputs, rows));
    else needed.push(productScratch(inputs, outputs, perCall));
    if (targets[0] !== null && size === null) {
      needed.push(inputGradientScratch(rows, inputs, outputs), productScratch(rows, inputs, outputs));
    }
  }
  const map = size !== null && targets[0] !== null && training ? mapGradientWords(size, steps * maxPrompts) : null;
  return {
    writes: { ...written, steps, form: hasOffset ? "columns" : "numbers" },
    lasting: hasOffset ? { scale: outputs, shift: outputs } : {},
    ...(map && { backwardWork: { work: map.work } }),
    scratch: Math.max(...needed, map?.scratch ?? 0),
    needs: read.form === "bits" ? [] : [0],
    gradients: ["apart"],
  };
}

function currentsForward({ node, ops, parameters, options, draws, noise, scratch }: Context, places: Places): Run {
  const { name, inputs: k, outputs: n, hasOffset } = node.operation;
  const { value } = parameters;
  const [read] = places.reads;
  const { writes, own } = places;
  const out = numbersAt(writes);
  const weight = value[`${name}.weight`];
  const repeats = writes.steps / read.steps;
  return ({ prompts }) => {
    const rows = rowsOf(writes, prompts);
    if (read.form === "bits") ops.spikeProduct({ bits: read.bits, rows, weight, outputs: n, out, scratch });
    else {
      const m = rows / repeats;
      for (let t = 0; t < repeats; t++) {
        ops.product({ m, n, k, a: read.at, b: weight, out: out + 4 * t * m * n, scratch });
      }
    }
    if (noise) addNoise(noise, rows);
    if (hasOffset) {
      ops.fill(own.scale, n, 1);
      ops.copy(value[`${name}.offset`], own.shift, n);
    }
  };

  /** Included in BatchNorm's statistics, as on a chip. */
  function addNoise({ deviations, threshold }: OutputNoise, rows: number) {
    const { outputNoise = 0 } = options;
    const variance = value[`${name}.variance`];
    const factor = outputNoise === "by column" ? 1 : outputNoise;
    if (variance === undefined) ops.fill(deviations, n, factor * threshold);
    else ops.columnSpreads({ variance, columns: n, epsilon: NORM_EPSILON, factor, target: deviations });
    if (outputNoise === "by column") ops.multiply(deviations, value[outputNoiseOf(name)], n);
    ops.addOutputNoise({
      target: out,
      rows,
      columns: n,
      deviations,
      key: draws.noiseKey,
      counter: node.index,
      scratch,
    });
  }
}

function currentsBackward({ node, ops, parameters, scratch }: Context, places: BackwardPlaces): Run {
  const { operation, size } = node;
  const { name, inputs, outputs, hasOffset } = operation;
  const { d, targets, own, writes } = places;
  const [read] = places.reads;
  const [target] = targets;
  const weight = parameters.value[`${name}.weight`];
  const dWeight = parameters.gradient![`${name}.weight`];
  const dOffset = parameters.gradient![`${name}.offset`];
  return ({ prompts }) => {
    const rows = rowsOf(writes, prompts);
    if (hasOffset) ops.sumManyRows({ source: d, rows, columns: outputs, target: dOffset, scratch });
    if (read.form === "bits") ops.spikeWeightGradient({ bits: read.bits, rows, dOut: d, outputs, dWeight, scratch });
    else {
      const k = rowsOf(read, prompts);
      for (let t = 0; t < writes.steps / read.steps; t++) {
        const b = d + 4 * t * k * outputs;
        const of = { m: inputs, n: outputs, k, a: numbersAt(read), transposeA: true, b, out: dWeight };
        ops.product({ ...of, accumulate: true, scratch });
      }
    }
    if (!target) return;
    const dInput = target.at;
    if (size) {
      const { work } = own;
      mapGradient(ops, size, { images: images(writes, prompts), weight, dy: d, dMap: dInput, work, scratch });
    } else if (read.form === "bits") {
      ops.spikeInputGradient({ dOut: d, rows, weight, inputs, outputs, dInput, gate: read.gate, scratch });
    } else ops.product({ m: rows, n: inputs, k: outputs, a: d, b: weight, transposeB: true, out: dInput, scratch });
  };
}

function planDense({ operation, size, targets }: Node, { maxPrompts, training, written, reads }: PlanContext): Planned {
  const { inputs, outputs } = operation;
  const rows = maxPrompts * written.rows;
  const forward = size ? convolutionWords(size, maxPrompts) : null;
  const back = size && training && targets[0] !== null ? mapGradientWords(size, maxPrompts) : null;
  const work = forward && { work: forward.work };
  const products = [
    productScratch(rows, outputs, inputs),
    productScratch(inputs, outputs, rows),
    productScratch(rows, inputs, outputs),
  ];
  return {
    writes: { ...written, steps: 1, form: "numbers" },
    ...(reads.length > 1 && { overwrites: 1 }),
    ...(size && !isPlain(size) && { kept: { gathered: readWords(size, maxPrompts) } }),
    ...(work && { forwardWork: work, backwardWork: { work: Math.max(work.work, back?.work ?? 0) } }),
    scratch: Math.max(...products, forward?.scratch ?? 0, back?.scratch ?? 0),
    needs: size && !isPlain(size) ? [] : [0],
    gradients: ["apart", "same"],
  };
}

/** Where a convolution keeps its input: gathered, or the map itself. */
const gatheredAt = ({ reads, own }: Places): Place => own.gathered ?? numbersAt(reads[0]);

function denseForward({ node, ops, parameters, scratch }: Context, places: Places): Run {
  const { operation, size } = node;
  const { name, inputs: k, outputs: n } = operation;
  const [read, base] = places.reads;
  const { own, writes } = places;
  const target = numbersAt(writes);
  const [weight, row] = [parameters.value[`${name}.weight`], parameters.value[`${name}.offset`]];
  return ({ prompts }) => {
    if (size) {
      const at = { map: numbersAt(read), read: gatheredAt(places), work: own.work, scratch };
      return convolve(ops, size, { images: prompts, weight, offset: row, y: target, ...at });
    }
    const rows = rowsOf(writes, prompts);
    if (base) ops.addRow({ source: numbersAt(base), row, rows, columns: n, target });
    else ops.broadcastRow({ row, rows, columns: n, target });
    ops.product({ m: rows, n, k, a: numbersAt(read), b: weight, out: target, accumulate: true, scratch });
  };
}

function denseBackward({ node, ops, parameters, scratch }: Context, places: BackwardPlaces): Run {
  const { operation, size } = node;
  const { name, inputs, outputs } = operation;
  const { d, targets, own, writes } = places;
  const [read] = places.reads;
  const [target] = targets;
  const weight = parameters.value[`${name}.weight`];
  const [dWeight, dOffset] = [parameters.gradient![`${name}.weight`], parameters.gradient![`${name}.offset`]];
  return ({ prompts }) => {
    const rows = rowsOf(writes, prompts);
    ops.sumRows({ source: d, rows, columns: outputs, target: dOffset });
    if (size) {
      const of = { images: prompts, work: own.work, scratch };
      weightGradient(ops, size, { ...of, read: gatheredAt(places), dy: d, dWeight });
      if (target) mapGradient(ops, size, { ...of, weight, dy: d, dMap: target.at });
      return;
    }
    const a = numbersAt(read);
    const of = { m: inputs, n: outputs, k: rows, a, transposeA: true, b: d, out: dWeight };
    ops.product({ ...of, accumulate: true, scratch });
    if (!target) return;
    ops.product({ m: rows, n: inputs, k: outputs, a: d, b: weight, transposeB: true, out: target.at, scratch });
  };
}
