/**
 * The spiking transformer on packed spikes, forward and backward through time: fast twin of `model/spiking.ts`.
 *
 * Rows are time-major `[T][B][N]`. The residual stream R is float32; every matrix product has binary input. Arrays lie where
 * `spiking-plan.ts` puts them. While the network carries BatchNorm, its statistics are those of the micro-batch; evaluation runs on
 * the folded network.
 */
import { invariant } from "../errors.ts";
import { NORM_EPSILON } from "../model/network.ts";
import type { PackedBits, Place } from "./arena.ts";
import { type AttentionPass, bindAttention, type DrawSource } from "./attention.ts";
import { bitMask } from "./masks.ts";
import { bindNormalised, type Normalised } from "./normalised.ts";
import type { ColumnMap, ColumnMoments, Ops } from "./ops.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { bindSpikeRatePenalty } from "./spike-rate.ts";
import type { BlockLayout, LayerLayout, SpikingLayout } from "./spiking-plan.ts";
import { bindSpikingReadOut } from "./spiking-read-out.ts";

export interface PassDraws extends DrawSource {
  /** Of the noise on pre-activations; layer i draws from the counters whose upper half is i. */
  noiseKey: readonly [number, number];
}

export interface SpikingPass extends Pass {
  readonly draws: PassDraws;
  /** Packed spikes of each layer `[T][B N][words]`, by the names of `model/spiking.ts`. */
  readonly spikes: Readonly<Record<string, PackedBits>>;
  /** BatchNorm statistics of the last micro-batch, by layer name. */
  readonly statistics: Readonly<Record<string, ColumnMoments>>;
  /** Logits of each step, `[T, prompts, queries, classes]`; null where the loss asks for none. */
  readonly stepLogits: Place | null;
  /** Writes the logits of the first `of` time steps of the last `forward`: those of a network with so few steps. */
  readFirst(of: number, prompts: number): void;
}

/** A linear layer with what follows it, bound to its parameters. */
interface Layer extends LayerLayout {
  readonly weight: Place;
  readonly normalised: Normalised;
}

interface Block extends Omit<BlockLayout, "attention"> {
  readonly qkv: Layer;
  readonly attention: BlockLayout["attention"] & AttentionPass;
  readonly projection: Layer | null;
  readonly up: Layer;
  readonly down: Layer;
}

/** State: the pass writes the network's mask each time, a few kilobytes, so that passes may share a region. */
export function bindSpiking(ops: Ops, layout: SpikingLayout, parameters: ParameterOffsets): SpikingPass {
  const { network, options, input, lastStream, output, gradients, noiseDeviations, mask, scratch } = layout;
  const { model, geometry } = network;
  const { width, depth, steps, neuron, surrogate } = model;
  const { outputNoise = 0, realInputs, spikeRate, recompute = false } = options;
  const { tokens } = geometry;
  const membrane = model.residual === "membrane";
  const { value, gradient } = parameters;
  const draws: PassDraws = { key: [0, 0], firstPrompt: 0, noiseKey: [0, 0] };
  const maskBits = bitMask(geometry);

  const bindLayer = (of: LayerLayout): Layer => ({
    ...of,
    weight: value[`${of.name}.weight`],
    normalised: bindNormalised(ops, of.norm, parameters, scratch),
  });
  const embed = bindLayer(layout.embed);
  const blocks = layout.blocks.map((of, block): Block => {
    const attention = bindAttention(ops, of.attention, network, { block, mask, scratch });
    return {
      ...of,
      qkv: bindLayer(of.qkv),
      attention: { ...of.attention, ...attention },
      projection: of.projection && bindLayer(of.projection),
      up: bindLayer(of.up),
      down: bindLayer(of.down),
    };
  });
  const losses = { stepLoss: options.stepLoss ?? 0, scratch };
  const readOut = bindSpikingReadOut(ops, layout.readOut, network, parameters, losses);
  const { penaltyRow } = layout;
  const penalty = spikeRate && penaltyRow !== null ? bindSpikeRatePenalty(ops, spikeRate, penaltyRow) : null;

  function fire(
    currents: Place,
    rows: number,
    map: ColumnMap | null,
    spikes: PackedBits,
    gate: PackedBits | null = null,
  ) {
    const near = gate && surrogate.kind !== "sigmoid" ? { bits: gate, reach: surrogate.width } : null;
    ops.fire({ currents, steps, rows, map, neuron, spikes, near });
  }

  /** A layer's raw output, and the noise on it, which is a part of its statistics as it is on a chip. */
  function multiply(to: Layer, bits: PackedBits, rows: number) {
    ops.spikeProduct({ bits, rows, weight: to.weight, outputs: to.outputs, out: to.y, scratch });
    if (noiseDeviations !== null) addNoise(to, rows, noiseDeviations);
  }

  function apply(to: Layer, bits: PackedBits, rows: number) {
    multiply(to, bits, rows);
    to.normalised.measure(to.y, rows);
  }

  function addNoise({ name, index, outputs: columns, y }: Layer, rows: number, deviations: Place) {
    const variance = value[`${name}.variance`];
    if (variance === undefined) ops.fill(deviations, columns, outputNoise * neuron.threshold);
    else ops.columnSpreads({ variance, columns, epsilon: NORM_EPSILON, factor: outputNoise, target: deviations });
    ops.addOutputNoise({ target: y, rows, columns, deviations, key: draws.noiseKey, counter: index, scratch });
  }

  /** Adds a branch to the stream (membrane shortcut), or puts it in the stream's place. */
  function join(base: Place, { norm, y }: Layer, rows: number, target: Place) {
    ops.mapColumns({ base: membrane ? base : null, source: y, rows, columns: width, map: norm.map, target });
  }

  function multiplyInputs(prompts: number, rows: number) {
    if (!realInputs) return multiply(embed, input, rows);
    const [m, n, k] = [prompts * tokens, width, embed.inputs];
    for (let t = 0; t < steps; t++) {
      ops.product({ m, n, k, a: input.at, b: embed.weight, out: embed.y + 4 * t * m * n, scratch });
    }
    if (noiseDeviations !== null) addNoise(embed, rows, noiseDeviations);
  }

  function embedInputs(prompts: number, rows: number, target: Place) {
    multiplyInputs(prompts, rows);
    embed.normalised.measure(embed.y, rows);
    ops.mapColumns({ base: null, source: embed.y, rows, columns: width, map: embed.norm.map, target });
    if (model.position !== "learned") return;
    ops.addPeriodic({ table: value.position, period: tokens, rows, columns: width, target });
  }

  function forward(prompts: number) {
    invariant(prompts <= options.maxPrompts, `a pass for ${options.maxPrompts} prompts is not given ${prompts}`);
    ops.write(mask, maskBits);
    embedInputs(prompts, steps * prompts * tokens, blocks[0]?.stream ?? lastStream);
    for (const [i, block] of blocks.entries()) blockForward(block, prompts, blocks[i + 1]?.stream ?? lastStream);
    fire(lastStream, prompts * tokens, null, output);
    readOut.forward(output, prompts);
  }

  function blockForward(block: Block, prompts: number, next: Place) {
    const { qkv, attention, projection, up, down } = block;
    const perStep = prompts * tokens;
    const rows = steps * perStep;
    fire(block.stream, perStep, null, block.input, block.inputGate);
    apply(qkv, block.input, rows);
    fire(qkv.y, perStep, qkv.norm.map, block.qkvBits);
    attention.forward(block.qkvBits, prompts, draws);
    if (projection) {
      project(projection, attention, rows);
      projection.normalised.measure(projection.y, rows);
    }
    joinAttention(block, rows);
    fire(block.middleStream, perStep, null, block.middle, block.middleGate);
    apply(up, block.middle, rows);
    fire(up.y, perStep, up.norm.map, block.hidden, block.hiddenGate);
    apply(down, block.hidden, rows);
    join(block.middleStream, down, rows, next);
  }

  /** W_O, whose input is attention spikes, or probabilities when unsampled. */
  function project(to: Layer, { bits, values }: Block["attention"], rows: number) {
    if (bits) return multiply(to, bits, rows);
    ops.product({ m: rows, n: width, k: width, a: values as Place, b: to.weight, out: to.y, scratch });
    if (noiseDeviations !== null) addNoise(to, rows, noiseDeviations);
  }

  /** Without W_O the attention's output itself joins the stream. */
  function joinAttention(block: Block, rows: number) {
    const { stream: base, middleStream: target, projection } = block;
    const { bits, values } = block.attention;
    if (projection) return join(base, projection, rows, target);
    if (membrane) ops.copy(base, target, rows * width);
    else ops.fill(target, rows * width, 0);
    if (bits) ops.addBits({ bits, rows, target });
    else ops.add(target, values as Place, rows * width);
  }

  function step(prompts: number, scale: number): number {
    invariant(gradients !== null && gradient !== null, "only a pass planned for training with gradients steps");
    forward(prompts);
    penalty?.start(prompts * geometry.queries.length, scale);
    const { stream, narrow } = gradients;
    const loss = readOut.backward(prompts, scale, narrow);
    fireBackward(output, narrow, lastStream, prompts * tokens, null, stream);
    for (let i = depth - 1; i >= 0; i--) blockBackward(blocks[i], prompts);
    embedBackward(prompts);
    return penalty ? loss + penalty.sum() : loss;
  }

  /** The gradient of the stream passes from the block's output to its input; both branches add to it. */
  function blockBackward(block: Block, prompts: number) {
    const { qkv, attention, projection, up, down } = block;
    const { stream, wide, narrow } = gradients!;
    const perStep = prompts * tokens;
    const rows = steps * perStep;
    if (recompute) multiply(down, block.hidden, rows);
    down.normalised.backward(stream, down.y, rows, narrow);
    layerBackward(down, block.hidden, block.hiddenGate, narrow, rows, wide);
    if (recompute) multiply(up, block.middle, rows);
    fireBackward(block.hidden, wide, up.y, perStep, up.norm.map, wide);
    up.normalised.backward(wide, up.y, rows, wide);
    layerBackward(up, block.middle, block.middleGate, wide, rows, narrow);
    if (recompute) {
      if (projection) project(projection, attention, rows);
      joinAttention(block, rows);
    }
    fireBackward(block.middle, narrow, block.middleStream, perStep, null, stream, membrane);
    if (projection) {
      projection.normalised.backward(stream, projection.y, rows, wide);
      projectionBackward(projection, attention, wide, rows, narrow);
    } else ops.copy(stream, narrow, rows * width);
    attention.backward(narrow, block.qkvBits, prompts, wide);
    if (recompute) multiply(qkv, block.input, rows);
    fireBackward(block.qkvBits, wide, qkv.y, perStep, qkv.norm.map, wide);
    qkv.normalised.backward(wide, qkv.y, rows, wide);
    layerBackward(qkv, block.input, block.inputGate, wide, rows, narrow);
    fireBackward(block.input, narrow, block.stream, perStep, null, stream, membrane);
  }

  /** From the gradient of a layer's spikes, to which the penalty adds its own, to that of the currents. */
  function fireBackward(
    spikes: PackedBits,
    dSpikes: Place,
    currents: Place,
    rows: number,
    map: ColumnMap | null,
    target: Place,
    accumulate = false,
  ) {
    penalty?.add(spikes, steps * rows, dSpikes);
    const { features } = spikes;
    const neurons = { currents, steps, rows, map, neuron, surrogate, features };
    ops.fireBackward({ ...neurons, dSpikes, target, accumulate, scratch });
  }

  /** From dy of a layer: its weight gradient, and dx [rows, inputs] where the gate of the neurons before it is open. */
  function layerBackward(of: Layer, bits: PackedBits, gate: PackedBits | null, dy: Place, rows: number, dx: Place) {
    const { weight, inputs, outputs } = of;
    const dWeight = gradient![`${of.name}.weight`];
    ops.spikeWeightGradient({ bits, rows, dOut: dy, outputs, dWeight, scratch });
    ops.spikeInputGradient({ dOut: dy, rows, weight, inputs, outputs, dInput: dx, gate, scratch });
  }

  function projectionBackward(of: Layer, { bits, values }: Block["attention"], dy: Place, rows: number, dx: Place) {
    if (bits) return layerBackward(of, bits, null, dy, rows, dx);
    const [m, n, k] = [width, width, rows];
    const out = gradient![`${of.name}.weight`];
    ops.product({ m, n, k, a: values as Place, transposeA: true, b: dy, out, accumulate: true, scratch });
    ops.product({ m: rows, n: width, k: width, a: dy, b: of.weight, transposeB: true, out: dx, scratch });
  }

  function embedBackward(prompts: number) {
    const { stream, narrow } = gradients!;
    const rows = steps * prompts * tokens;
    const dWeight = gradient!["embed.weight"];
    if (model.position === "learned") {
      ops.sumPeriodic({ source: stream, rows, columns: width, table: gradient!.position, period: tokens });
    }
    if (recompute) multiplyInputs(prompts, rows);
    embed.normalised.backward(stream, embed.y, rows, narrow);
    if (!realInputs) {
      ops.spikeWeightGradient({ bits: input, rows, dOut: narrow, outputs: width, dWeight, scratch });
      return;
    }
    const [m, n, k] = [embed.inputs, width, prompts * tokens];
    for (let t = 0; t < steps; t++) {
      const b = narrow + 4 * t * k * n;
      ops.product({ m, n, k, a: input.at, transposeA: true, b, out: dWeight, accumulate: true, scratch });
    }
  }

  return {
    inputs: input.at,
    targets: layout.readOut.targets,
    logits: layout.readOut.ofMean.logits,
    stepLogits: layout.readOut.ofSteps?.logits ?? null,
    draws,
    spikes: spikesOf(layout),
    statistics: statisticsOf(layout),
    forward,
    readFirst: (of, prompts) => readOut.forwardFirst(of, output, prompts),
    step,
  };
}

function spikesOf({ options, input, blocks, output }: SpikingLayout): Record<string, PackedBits> {
  const spikes: Record<string, PackedBits> = options.realInputs ? {} : { input };
  for (const [i, block] of blocks.entries()) {
    const { qkvBits: qkv, attention, middle, hidden } = block;
    const named = { input: block.input, qkv, ...(attention.bits && { attention: attention.bits }), middle, hidden };
    for (const [name, bits] of Object.entries(named)) spikes[`blocks.${i}.${name}`] = bits;
  }
  return { ...spikes, output };
}

function statisticsOf({ embed, blocks }: SpikingLayout): Record<string, ColumnMoments> {
  const layers = [embed, ...blocks.flatMap(({ qkv, projection, up, down }) => [qkv, projection, up, down])];
  return Object.fromEntries(layers.flatMap((layer) => (layer?.norm.moments ? [[layer.name, layer.norm.moments]] : [])));
}
