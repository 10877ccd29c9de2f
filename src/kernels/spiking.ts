/**
 * The spiking transformer on packed spikes, forward and backward through time. Twin: `model/forward.ts`.
 *
 * Rows are time-major `[T][B][N]`. The residual stream R is float32; every matrix product has binary input, unless R is a sum of spikes
 * that layers read itself. `spiking-plan.ts` sets the memory layout. If the network has BatchNorm, the statistics are those of the
 * micro-batch; evaluation runs on the folded network.
 */
import { invariant } from "../errors.ts";
import { answerGeometry, inputRows } from "../model/geometry.ts";
import { RESIDUALS } from "../model/residual.ts";
import { pixels } from "../model/stem.ts";
import { type PackedBits, type Place, tallyAt } from "./arena.ts";
import { type AttentionPass, bindAttention, type DrawSource } from "./attention.ts";
import { bitMask } from "./masks.ts";
import type { ColumnMoments, Ops } from "./ops.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { passLoss } from "./pass-loss.ts";
import { bindLayers, type Layer } from "./spiking-layer.ts";
import { answersOf, type BlockLayout, type SpikingLayout } from "./spiking-plan.ts";
import { bindSpikingReadOut } from "./spiking-read-out.ts";
import { bindSpikingStem, firedGrid } from "./spiking-stem.ts";
import { tokenMean, tokenMeanBackward } from "./token-mean.ts";

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
  /** By the names of `model/transformer.ts`, plus the inputs of a stem's layers, `stem.0.windows`. */
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
  const { network, options, input, lastStream, mean, output, gradients, mask, scratch } = layout;
  const { model, geometry } = network;
  const { width, depth, steps } = model;
  const { recompute = false } = options;
  const { tokens } = geometry;
  const { adds, neurons } = RESIDUALS[model.residual];
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
  const answerSource = neurons === "stream" ? output : lastStream;
  const losses = passLoss(layout);
  const shares = { stepLoss: options.stepLoss ?? 0, scratch };
  const readOut = bindSpikingReadOut(ops, layout.readOut, answersOf(network), parameters, shares);

  function apply(to: Layer, bits: PackedBits, rows: number) {
    multiply(to, bits, rows);
    to.normalised.measure(to.y, rows);
  }

  /** The spikes of the neurons on the stream; none where layers read the stream itself. */
  function read(name: string, stream: Place, perStep: number, bits: PackedBits, gate: PackedBits | null) {
    if (neurons === "stream") fire(name, stream, perStep, null, bits, gate);
  }

  /** A layer on what it reads from the stream. */
  function applyToStream(to: Layer, bits: PackedBits, stream: Place, rows: number) {
    multiplyStream(to, bits, stream, rows);
    to.normalised.measure(to.y, rows);
  }

  function multiplyStream(to: Layer, bits: PackedBits, stream: Place, rows: number) {
    if (neurons === "stream") multiply(to, bits, rows);
    else multiplyNumbers(to, stream, rows);
  }

  /** A layer's raw output for numbers [rows, inputs]. */
  function multiplyNumbers(to: Layer, values: Place, rows: number) {
    ops.product({ m: rows, n: to.outputs, k: to.inputs, a: values, b: to.weight, out: to.y, scratch });
    layers.addNoise(to, rows);
  }

  /** Adds a branch to the stream, its currents or the spikes behind them; or replaces the stream by it. */
  function join(base: Place, { name, norm, y }: Layer, spikes: PackedBits | null, rows: number, target: Place) {
    if (spikes === null) {
      return ops.mapColumns({ base: adds ? base : null, source: y, rows, columns: width, map: norm.map, target });
    }
    fire(name, y, rows / steps, norm.map, spikes);
    ops.copy(base, target, rows * width);
    ops.addBits({ bits: spikes, rows, target });
  }

  function forward(prompts: number) {
    invariant(prompts <= options.maxPrompts, `a pass for ${options.maxPrompts} prompts is not given ${prompts}`);
    ops.write(mask, maskBits);
    stem.forward(prompts, blocks[0]?.stream ?? lastStream);
    for (const [i, block] of blocks.entries()) blockForward(i, block, prompts, blocks[i + 1]?.stream ?? lastStream);
    if (mean) {
      tokenMean(ops, lastStream, tokensOf(prompts), mean.stream);
      fire("output", mean.stream, prompts, null, output);
    } else read("output", lastStream, prompts * tokens, output, null);
    readOut.forward(answerSource, prompts);
  }

  /** Rows whose mean over tokens the last neurons read: those of a prompt at a step. */
  const tokensOf = (prompts: number) => ({ prompts: steps * prompts, perAnswer: Int32Array.of(tokens), width });

  function blockForward(i: number, block: Block, prompts: number, next: Place) {
    const { qkv, attention, projection, up, down } = block;
    const perStep = prompts * tokens;
    const rows = steps * perStep;
    read(`blocks.${i}.input`, block.stream, perStep, block.input, block.inputGate);
    applyToStream(qkv, block.input, block.stream, rows);
    fire(`blocks.${i}.qkv`, qkv.y, perStep, qkv.norm.map, block.qkvBits);
    attention.forward(block.qkvBits, prompts, draws);
    if (projection) {
      project(projection, attention, rows);
      projection.normalised.measure(projection.y, rows);
    }
    joinAttention(block, rows);
    read(`blocks.${i}.middle`, block.middleStream, perStep, block.middle, block.middleGate);
    applyToStream(up, block.middle, block.middleStream, rows);
    fire(`blocks.${i}.hidden`, up.y, perStep, up.norm.map, block.hidden, block.hiddenGate);
    apply(down, block.hidden, rows);
    join(block.middleStream, down, block.ended, rows, next);
  }

  /** W_O, with attention spikes as input, or probabilities if unsampled. */
  function project(to: Layer, { bits, values }: Block["attention"], rows: number) {
    if (bits) multiply(to, bits, rows);
    else multiplyNumbers(to, values as Place, rows);
  }

  /** Without W_O the attention's output itself is added to the stream. */
  function joinAttention(block: Block, rows: number) {
    const { stream: base, middleStream: target, projection } = block;
    const { bits, values } = block.attention;
    if (projection) return join(base, projection, block.projected, rows, target);
    if (adds) ops.copy(base, target, rows * width);
    else ops.fill(target, rows * width, 0);
    if (bits) ops.addBits({ bits, rows, target });
    else ops.add(target, values as Place, rows * width);
  }

  function step(prompts: number, scale: number, tally: Place): void {
    invariant(gradients !== null && gradient !== null, "only a pass planned for training with gradients steps");
    forward(prompts);
    penalty?.start(prompts * geometry.queries.length, scale, tallyAt(tally, losses.tallies - 1));
    const { stream, narrow } = gradients;
    readOut.backward(prompts, scale, neurons === "stream" ? narrow : stream, tally);
    if (mean) {
      fireBackward("output", output, narrow, mean.stream, prompts, null, mean.gradients);
      tokenMeanBackward(ops, mean.gradients, tokensOf(prompts), stream);
    } else if (neurons === "stream") fireBackward("output", output, narrow, lastStream, prompts * tokens, null, stream);
    for (let i = depth - 1; i >= 0; i--) blockBackward(i, blocks[i], prompts);
    stem.backward(prompts, stream, narrow);
  }

  /** The gradient of a branch's normalised result, from that of the stream: at the same place, or at `work` behind its neurons. */
  function endBackward({ name, y, norm }: Layer, spikes: PackedBits | null, perStep: number, work: Place): Place {
    const { stream } = gradients!;
    if (spikes === null) return stream;
    // A copy, because a penalty on rates adds to the gradient of spikes.
    ops.copy(stream, work, steps * perStep * width);
    fireBackward(name, spikes, work, y, perStep, norm.map, work);
    return work;
  }

  /** The gradient of what a layer read from the stream, from that of its result; its weight gradient on the way. */
  function readBackward(
    name: string,
    of: Layer,
    bits: PackedBits,
    gate: PackedBits | null,
    at: Place,
    dy: Place,
    perStep: number,
  ) {
    const { stream, narrow } = gradients!;
    const rows = steps * perStep;
    if (neurons === "stream") {
      layerBackward(of, bits, gate, dy, rows, narrow);
      return fireBackward(name, bits, narrow, at, perStep, null, stream, adds);
    }
    productBackward(of, at, dy, rows, narrow);
    ops.add(stream, narrow, rows * width);
  }

  /** The gradient of the stream passes from the block's output to its input; both branches add to it. */
  function blockBackward(i: number, block: Block, prompts: number) {
    const { qkv, attention, projection, up, down } = block;
    const { stream, wide, narrow } = gradients!;
    const perStep = prompts * tokens;
    const rows = steps * perStep;
    if (recompute) multiply(down, block.hidden, rows);
    down.normalised.backward(endBackward(down, block.ended, perStep, narrow), down.y, rows, narrow);
    layerBackward(down, block.hidden, block.hiddenGate, narrow, rows, wide);
    if (recompute) {
      if (projection) project(projection, attention, rows);
      joinAttention(block, rows);
      multiplyStream(up, block.middle, block.middleStream, rows);
    }
    fireBackward(`blocks.${i}.hidden`, block.hidden, wide, up.y, perStep, up.norm.map, wide);
    up.normalised.backward(wide, up.y, rows, wide);
    readBackward(`blocks.${i}.middle`, up, block.middle, block.middleGate, block.middleStream, wide, perStep);
    if (recompute && projection) project(projection, attention, rows);
    if (projection) {
      const d = endBackward(projection, block.projected, perStep, narrow);
      projection.normalised.backward(d, projection.y, rows, wide);
      projectionBackward(projection, attention, wide, rows, narrow);
    } else ops.copy(stream, narrow, rows * width);
    attention.backward(narrow, block.qkvBits, prompts, wide);
    if (recompute) multiplyStream(qkv, block.input, block.stream, rows);
    fireBackward(`blocks.${i}.qkv`, block.qkvBits, wide, qkv.y, perStep, qkv.norm.map, wide);
    qkv.normalised.backward(wide, qkv.y, rows, wide);
    readBackward(`blocks.${i}.input`, qkv, block.input, block.inputGate, block.stream, wide, perStep);
  }

  function projectionBackward(of: Layer, { bits, values }: Block["attention"], dy: Place, rows: number, dx: Place) {
    if (bits) return layerBackward(of, bits, null, dy, rows, dx);
    productBackward(of, values as Place, dy, rows, dx);
  }

  /** The weight gradient, and dx [rows, inputs], of a layer on values. */
  function productBackward(
    { name, weight, inputs, outputs }: Layer,
    values: Place,
    dy: Place,
    rows: number,
    dx: Place,
  ) {
    const [m, n, k] = [inputs, outputs, rows];
    const out = gradient![`${name}.weight`];
    ops.product({ m, n, k, a: values, transposeA: true, b: dy, out, accumulate: true, scratch });
    ops.product({ m: rows, n: inputs, k: outputs, a: dy, b: weight, transposeB: true, out: dx, scratch });
  }

  return {
    inputs: input.at,
    targets: layout.readOut.targets,
    logits: layout.readOut.ofMean.logits,
    stepLogits: layout.readOut.ofSteps?.logits ?? null,
    draws,
    spikes: spikesOf(layout),
    statistics: statisticsOf(layout),
    ...losses,
    forward,
    readFirst: (of, prompts) => readOut.forwardFirst(of, answerSource, prompts),
    step,
  };
}

function spikesOf({ network, input, stem, blocks, output }: SpikingLayout): Record<string, SpikesOf> {
  const { model, geometry } = network;
  const onStream = RESIDUALS[model.residual].neurons === "stream";
  const spikes: Record<string, SpikesOf> = {};
  const keep = (name: string, bits: PackedBits, perPrompt = geometry.tokens) => {
    // Real values have no words.
    if (bits.words > 0) spikes[name] = { ...bits, perPrompt };
  };
  keep("input", input, inputRows(geometry));
  for (const layer of stem.layers) {
    keep(`${layer.name}.windows`, layer.windows, pixels(layer.size.windows));
    keep(`${layer.name}.map`, layer.map, pixels(firedGrid(layer)));
  }
  if (geometry.grid) keep("embed.windows", stem.embed.windows);
  if (stem.embedded) keep("embed", stem.embedded.spikes);
  for (const [i, block] of blocks.entries()) {
    const { qkvBits: qkv, attention, projected, hidden, ended } = block;
    const { input: read, middle } = block;
    const named = {
      ...(onStream && { input: read }),
      qkv,
      ...(attention.bits && { attention: attention.bits }),
      ...(projected && block.projection && { projection: projected }),
      ...(onStream && { middle }),
      hidden,
      ...(ended && { down: ended }),
    };
    for (const [name, bits] of Object.entries(named)) keep(`blocks.${i}.${name}`, bits);
  }
  if (onStream) keep("output", output, answerGeometry(geometry).tokens);
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
