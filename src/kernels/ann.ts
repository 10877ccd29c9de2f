/**
 * Fast version of the conventional transformer, the twin of `model/forward.ts`. Pre-LayerNorm blocks as in GPT-2:
 *
 *   x = values W + offset (+ position), or see `ann-stem.ts`
 *   x += projection(softmax attention(LN1 x)),  x += down(GELU(up(LN2 x)))     in each block
 *   logits = head(LN x)                           at the query tokens only, or head(mean over tokens of LN x)
 *
 * A linear layer is one packed product added to its offset, so that the sum is stored once; a residual branch accumulates
 * straight into the stream. `ann-plan.ts` sets the memory layout.
 *
 * A network with few bits gets its parameters from `passParameters`. Rounded inputs are computed again in the backward pass.
 */
import { invariant } from "../errors.ts";
import type { BitWidth } from "../experiment/model.ts";
import { activationOf } from "../model/activation.ts";
import { codesOf, SHARE_CODES, widthsByLayer } from "../model/bit-widths.ts";
import { tokensPerAnswer, tokensRead } from "../model/geometry.ts";
import { NORM_EPSILON } from "../model/operation.ts";
import { logitsOf } from "../model/read-out.ts";
import type { AnnBlockLayout, AnnLayout } from "./ann-plan.ts";
import { bindAnnStem } from "./ann-stem.ts";
import type { Place } from "./arena.ts";
import { byteMask } from "./masks.ts";
import { lossOf, type Ops, type RoundedBlock } from "./ops.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { passLoss } from "./pass-loss.ts";
import { tokenMean, tokenMeanBackward } from "./token-mean.ts";

/** A linear layer: the names of its parameters, and its numbers of inputs and outputs. */
interface Linear {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** State: the pass writes the network's mask each time, a few kilobytes, so that passes may share a region. */
export function bindAnn(ops: Ops, layout: AnnLayout, parameters: ParameterOffsets): Pass {
  const { network, options, mask, chosen, blocks, last, rounded, queried, headInput, scratch } = layout;
  const { model, geometry } = network;
  const { width, heads } = model;
  const { tokens } = geometry;
  const outputs = logitsOf(network);
  const queries = geometry.queries.length;
  const inner = model.expansion * width;
  const activation = activationOf(model);
  const perAnswer = tokensPerAnswer(geometry);
  const [maskBytes, tokenNumbers] = [byteMask(geometry), tokensRead(geometry)];

  const codes = model.quantization ? SHARE_CODES : 0;
  const widthsOf = widthsByLayer(model);
  const head: Linear = { name: "head", inputs: width, outputs };
  const linears = (block: number) => ({
    qkv: { name: `blocks.${block}.qkv`, inputs: width, outputs: 3 * width },
    projection: { name: `blocks.${block}.projection`, inputs: width, outputs: width },
    up: { name: `blocks.${block}.up`, inputs: width, outputs: inner },
    down: { name: `blocks.${block}.down`, inputs: inner, outputs: width },
  });
  const value = (name: string): Place => parameters.value[name];
  const gradient = (name: string): Place => parameters.gradient![name];

  /** Calls `visit` for the columns with a step of their own, part after part; `at` is the first byte of a part. */
  function forEachRounding(
    of: { name: string; end: "input" | "output"; width: BitWidth; rows: number; columns: number; parts: number },
    visit: (block: Omit<RoundedBlock, "source">, at: number, gradients: () => { dStep: Place; dShift: Place }) => void,
  ): void {
    const { name, end, width, rows, columns, parts } = of;
    const [step, shift] = [`${name}.${end}LogStep`, `${name}.${end}Shift`];
    for (let part = 0; part < parts; part++) {
      const at = 4 * part;
      const block = { rows, columns: columns / parts, stride: columns, ...codesOf(width) };
      visit({ ...block, step: value(step) + at, shift: value(shift) + at }, at * (columns / parts), () => {
        return { dStep: gradient(step) + at, dShift: gradient(shift) + at };
      });
    }
  }

  /** Where the rounded input of a layer is: `target`, or the source itself in floating point. */
  function roundInput(name: string, source: Place, count: number, target: Place): Place {
    const widths = widthsOf?.get(name);
    if (!widths) return source;
    const of = { name, end: "input", width: widths.activations, rows: 1, columns: count, parts: 1 } as const;
    forEachRounding(of, (block) => ops.roundToCodes({ ...block, source, target }));
    return target;
  }

  /** From the gradient of a layer's rounded input to that of the input, in place. */
  function roundInputBackward(name: string, source: Place, count: number, d: Place): void {
    const widths = widthsOf?.get(name);
    if (!widths) return;
    const of = { name, end: "input", width: widths.activations, rows: 1, columns: count, parts: 1 } as const;
    forEachRounding(of, (block, _, gradients) => ops.roundToCodesBackward({ ...block, source, d, ...gradients() }));
  }

  /** The same for q, k and v of a block. */
  const vectorsOf = (name: string, width: BitWidth, rows: number) =>
    ({ name, end: "output", width, rows, columns: 3 * model.width, parts: 3 }) as const;

  function roundVectors(name: string, source: Place, rows: number): Place {
    const attention = widthsOf?.get(name)?.attention ?? null;
    if (attention === null) return source;
    forEachRounding(vectorsOf(name, attention, rows), (block, at) =>
      ops.roundToCodes({ ...block, source: source + at, target: rounded! + at }),
    );
    return rounded!;
  }

  function roundVectorsBackward(name: string, source: Place, rows: number, d: Place): void {
    const attention = widthsOf?.get(name)?.attention ?? null;
    if (attention === null) return;
    forEachRounding(vectorsOf(name, attention, rows), (block, at, gradients) =>
      ops.roundToCodesBackward({ ...block, source: source + at, d: d + at, ...gradients() }),
    );
  }

  /** target = source W + offset, or target = base + source W + offset when a base is given (it may be target). */
  function linear({ name, inputs, outputs }: Linear, rows: number, source: Place, target: Place, base?: Place): void {
    const row = value(`${name}.offset`);
    if (base === undefined) ops.broadcastRow({ row, rows, columns: outputs, target });
    else ops.addRow({ source: base, row, rows, columns: outputs, target });
    const [m, n, k] = [rows, outputs, inputs];
    const a = roundInput(name, source, rows * inputs, rounded!);
    ops.product({ m, n, k, a, b: value(`${name}.weight`), out: target, accumulate: true, scratch });
  }

  /** Adds dW and d offset; writes dSource. */
  function linearBackward(of: Linear, rows: number, source: Place, dTarget: Place, dSource: Place): void {
    const { name, inputs, outputs } = of;
    const [weight, dWeight] = [value(`${name}.weight`), gradient(`${name}.weight`)];
    ops.sumRows({ source: dTarget, rows, columns: outputs, target: gradient(`${name}.offset`) });
    const sizes = { m: inputs, n: outputs, k: rows };
    const a = roundInput(name, source, rows * inputs, rounded!);
    ops.product({ ...sizes, a, transposeA: true, b: dTarget, out: dWeight, accumulate: true, scratch });
    const back = { m: rows, n: inputs, k: outputs };
    ops.product({ ...back, a: dTarget, b: weight, transposeB: true, out: dSource, scratch });
    roundInputBackward(name, source, rows * inputs, dSource);
  }

  function norm(name: string, rows: number, source: Place, target: Place, statistics: Place, features = width): void {
    const [gain, offset] = [value(`${name}.gain`), value(`${name}.offset`)];
    ops.layerNorm({ source, rows, width: features, gain, offset, epsilon: NORM_EPSILON, target, statistics });
  }

  /** Adds to dSource, d gain and d offset. */
  function normBackward(
    name: string,
    rows: number,
    source: Place,
    statistics: Place,
    dTarget: Place,
    dSource: Place,
    features = width,
  ): void {
    const [dGain, dOffset] = [gradient(`${name}.gain`), gradient(`${name}.offset`)];
    const gain = value(`${name}.gain`);
    ops.layerNormBackward({ source, rows, width: features, gain, statistics, dTarget, dSource, dGain, dOffset });
  }

  const stem = bindAnnStem(ops, layout, {
    value,
    gradient,
    activation,
    norm,
    normBackward,
    roundInput,
    roundInputBackward,
  });

  const attentionOf = ({ probabilities }: AnnBlockLayout, qkv: Place, prompts: number) => {
    return { qkv, prompts, tokens, heads, width, probabilities, scratch };
  };

  function forward(prompts: number): void {
    invariant(prompts <= options.maxPrompts, `a pass for ${options.maxPrompts} prompts is not given ${prompts}`);
    const rows = prompts * tokens;
    ops.write(mask, maskBytes);
    ops.write(chosen.at, tokenNumbers);
    const first = blocks[0].x1;
    stem.forward(prompts, first);
    if (model.position === "learned") {
      ops.addPeriodic({ table: value("position"), period: tokens, rows, columns: width, target: first });
    }
    for (const [i, block] of blocks.entries()) blockForward(i, block, prompts, blocks[i + 1]?.x1 ?? last);
    ops.gatherTokens({ source: last, prompts, tokens, width, chosen, target: queried });
    norm("norm", prompts * chosen.count, queried, layout.queriedNorm, layout.queriedStatistics);
    if (perAnswer) tokenMean(ops, layout.queriedNorm, { prompts, perAnswer, width }, headInput);
    linear(head, prompts * queries, headInput, layout.logits);
  }

  function blockForward(i: number, block: AnnBlockLayout, prompts: number, next: Place): void {
    const { qkv, projection, up, down } = linears(i);
    const rows = prompts * tokens;
    const { x1, y1, x2, y2, attended, hidden, activated } = block;
    norm(`blocks.${i}.norm1`, rows, x1, y1, block.statistics1);
    linear(qkv, rows, y1, block.qkv);
    const vectors = roundVectors(qkv.name, block.qkv, rows);
    ops.softmaxAttention({ ...attentionOf(block, vectors, prompts), mask, codes, target: attended });
    linear(projection, rows, attended, x2, x1);
    norm(`blocks.${i}.norm2`, rows, x2, y2, block.statistics2);
    linear(up, rows, y2, hidden);
    ops.activate({ activation, source: hidden, count: rows * inner, target: activated });
    linear(down, rows, activated, next, x2);
  }

  function step(prompts: number, scale: number, tally: Place): void {
    const d = layout.gradients;
    invariant(d !== null && parameters.gradient !== null, "only a pass planned for training with gradients steps");
    forward(prompts);
    const rows = prompts * tokens;
    const answers = prompts * queries;
    const read = prompts * chosen.count;
    const { logits, targets } = layout;
    lossOf(ops, model.readOut)({ logits, targets, rows: answers, outputs, dLogits: d.logits, scale, tally });
    // The gradients at the tokens read, after and before the last norm, reuse `narrow` and `wide`.
    linearBackward(head, answers, headInput, d.logits, d.headInput);
    if (perAnswer) tokenMeanBackward(ops, d.headInput, { prompts, perAnswer, width }, d.narrow);
    ops.fill(d.wide, read * width, 0);
    normBackward("norm", read, queried, layout.queriedStatistics, d.narrow, d.wide);
    ops.scatterTokens({ source: d.wide, prompts, tokens, width, chosen, target: d.stream });
    for (let i = blocks.length - 1; i >= 0; i--) blockBackward(i, blocks[i], prompts);
    if (model.position === "learned") {
      ops.sumPeriodic({ source: d.stream, rows, columns: width, table: gradient("position"), period: tokens });
    }
    stem.backward(prompts, d.stream);
  }

  /** The gradient of the stream passes from the block's output to its input; both branches add to it. */
  function blockBackward(i: number, block: AnnBlockLayout, prompts: number): void {
    const { qkv, projection, up, down } = linears(i);
    const { stream, narrow, wide } = layout.gradients!;
    const rows = prompts * tokens;
    linearBackward(down, rows, block.activated, stream, wide);
    ops.activateBackward({ activation, source: block.hidden, count: rows * inner, dTarget: wide, dSource: wide });
    linearBackward(up, rows, block.y2, wide, narrow);
    normBackward(`blocks.${i}.norm2`, rows, block.x2, block.statistics2, narrow, stream);
    linearBackward(projection, rows, block.attended, stream, narrow);
    const vectors = roundVectors(qkv.name, block.qkv, rows);
    ops.softmaxAttentionBackward({ ...attentionOf(block, vectors, prompts), dTarget: narrow, dQkv: wide });
    roundVectorsBackward(qkv.name, block.qkv, rows, wide);
    linearBackward(qkv, rows, block.y1, wide, narrow);
    normBackward(`blocks.${i}.norm1`, rows, block.x1, block.statistics1, narrow, stream);
  }

  const { inputs, targets, logits } = layout;
  return { inputs, targets, logits, ...passLoss(layout), forward, step };
}
