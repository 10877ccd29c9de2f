/**
 * The spiking transformer on packed spikes, forward and backward through time. Twin: `model/spiking.ts`.
 *
 * Rows are time-major `[T][B][N]`. The residual stream R is float32; every matrix product has binary input. `spiking-plan.ts` sets the
 * memory layout. If the network has BatchNorm, the statistics are those of the micro-batch; evaluation runs on the folded network.
 */
import { invariant } from "../errors.ts";
import { inputRows } from "../model/geometry.ts";
import { pixels } from "../model/stem.ts";
import type { PackedBits, Place } from "./arena.ts";
import { type AttentionPass, bindAttention, type DrawSource } from "./attention.ts";
import { bitMask } from "./masks.ts";
import type { ColumnMoments, Ops } from "./ops.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { bindLayers, type Layer } from "./spiking-layer.ts";
import type { BlockLayout, SpikingLayout } from "./spiking-plan.ts";
import { bindSpikingReadOut } from "./spiking-read-out.ts";
import { bindSpikingStem } from "./spiking-stem.ts";

export interface PassDraws extends DrawSource {
  /** Key of the noise on pre-activations; layer i draws from the counters with upper half i. */
  noiseKey: readonly [number, number];
}

/** Packed spikes of a layer, `[T][B perPrompt][words]`. */
export interface SpikesOf extends PackedBits {
  /** Rows per prompt and step: tokens, or pixels of a map. */
  readonly perPrompt: number;
}

export interface SpikingPass extends Pass {
  readonly draws: PassDraws;
  /** By the names of `model/spiking.ts`, plus the inputs of a stem's layers, `stem.0.windows`. */
  readonly spikes: Readonly<Record<string, SpikesOf>>;
  /** BatchNorm statistics of the last micro-batch, by layer name. */
  readonly statistics: Readonly<Record<string, ColumnMoments>>;
  /** Logits of each step, `[T, prompts, queries, C]`; null if the loss does not need them. */
  readonly stepLogits: Place | null;
  /** Writes the logits of the first `of` time steps of the last `forward`: those of a network with that many steps. */
  readFirst(of: number, prompts: number): void;
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
  const { network, options, input, lastStream, output, gradients, mask, scratch } = layout;
  const { model, geometry } = network;
  const { width, depth, steps } = model;
  const { recompute = false } = options;
  const { tokens } = geometry;
  const membrane = model.residual === "membrane";
  const { gradient } = parameters;
  const draws: PassDraws = { key: [0, 0], firstPrompt: 0, noiseKey: [0, 0] };
  const maskBits = bitMask(geometry);

  const layers = bindLayers(ops, layout, parameters, draws);
  const { multiply, fire, fireBackward, backward: layerBackward, penalty } = layers;
  const stem = bindSpikingStem(ops, layout, parameters, layers);
  const blocks = layout.blocks.map((of, block): Block => {
    const attention = bindAttention(ops, of.attention, network, { block, mask, scratch });
    return {
      ...of,
      qkv: layers.bind(of.qkv),
      attention: { ...of.attention, ...attention },
      projection: of.projection && layers.bind(of.projection),
      up: layers.bind(of.up),
      down: layers.bind(of.down),
    };
  });
  const losses = { stepLoss: options.stepLoss ?? 0, scratch };
  const readOut = bindSpikingReadOut(ops, layout.readOut, network, parameters, losses);

  function apply(to: Layer, bits: PackedBits, rows: number) {
    multiply(to, bits, rows);
    to.normalised.measure(to.y, rows);
  }

  /** Adds a branch to the stream (membrane shortcut), or replaces the stream by it. */
  function join(base: Place, { norm, y }: Layer, rows: number, target: Place) {
    ops.mapColumns({ base: membrane ? base : null, source: y, rows, columns: width, map: norm.map, target });
  }

  function forward(prompts: number) {
    invariant(prompts <= options.maxPrompts, `a pass for ${options.maxPrompts} prompts is not given ${prompts}`);
    ops.write(mask, maskBits);
    stem.forward(prompts, blocks[0]?.stream ?? lastStream);
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

  /** W_O, with attention spikes as input, or probabilities if unsampled. */
  function project(to: Layer, { bits, values }: Block["attention"], rows: number) {
    if (bits) return multiply(to, bits, rows);
    ops.product({ m: rows, n: width, k: width, a: values as Place, b: to.weight, out: to.y, scratch });
    layers.addNoise(to, rows);
  }

  /** Without W_O the attention's output itself is added to the stream. */
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
    stem.backward(prompts, stream, narrow);
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

  function projectionBackward(of: Layer, { bits, values }: Block["attention"], dy: Place, rows: number, dx: Place) {
    if (bits) return layerBackward(of, bits, null, dy, rows, dx);
    const [m, n, k] = [width, width, rows];
    const out = gradient![`${of.name}.weight`];
    ops.product({ m, n, k, a: values as Place, transposeA: true, b: dy, out, accumulate: true, scratch });
    ops.product({ m: rows, n: width, k: width, a: dy, b: of.weight, transposeB: true, out: dx, scratch });
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

function spikesOf({ network, input, stem, blocks, output }: SpikingLayout): Record<string, SpikesOf> {
  const { geometry } = network;
  const spikes: Record<string, SpikesOf> = {};
  const keep = (name: string, bits: PackedBits, perPrompt = geometry.tokens) => {
    // Real values have no words.
    if (bits.words > 0) spikes[name] = { ...bits, perPrompt };
  };
  keep("input", input, inputRows(geometry));
  for (const { name, size, windows, map } of stem.layers) {
    keep(`${name}.windows`, windows, pixels(size.windows));
    keep(`${name}.map`, map, pixels(size.windows));
  }
  if (geometry.grid) keep("embed.windows", stem.embed.windows);
  for (const [i, block] of blocks.entries()) {
    const { qkvBits: qkv, attention, middle, hidden } = block;
    const named = { input: block.input, qkv, ...(attention.bits && { attention: attention.bits }), middle, hidden };
    for (const [name, bits] of Object.entries(named)) keep(`blocks.${i}.${name}`, bits);
  }
  keep("output", output);
  return spikes;
}

function statisticsOf({ stem, blocks }: SpikingLayout): Record<string, ColumnMoments> {
  const layers = [
    ...stem.layers,
    stem.embed,
    ...blocks.flatMap(({ qkv, projection, up, down }) => [qkv, projection, up, down]),
  ];
  return Object.fromEntries(layers.flatMap((layer) => (layer?.norm.moments ? [[layer.name, layer.norm.moments]] : [])));
}
