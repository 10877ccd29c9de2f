/**
 * Fast version of the conventional transformer, the twin of `model/ann.ts`. Pre-LayerNorm blocks as in GPT-2:
 *
 *   x = values W + offset (+ position), or see `ann-stem.ts`
 *   x += projection(softmax attention(LN1 x)),  x += down(GELU(up(LN2 x)))     in each block
 *   logits = head(LN x)                           at the query tokens only, or head(mean over tokens of LN x)
 *
 * A linear layer is one packed product added to its offset, so that the sum is stored once; a residual branch accumulates
 * straight into the stream. `ann-plan.ts` sets the memory layout.
 */
import { invariant } from "../errors.ts";
import { tokensPerAnswer, tokensRead } from "../model/geometry.ts";
import { logitsOf, NORM_EPSILON } from "../model/network.ts";
import type { AnnBlockLayout, AnnLayout } from "./ann-plan.ts";
import { bindAnnStem } from "./ann-stem.ts";
import type { Place } from "./arena.ts";
import { byteMask } from "./masks.ts";
import { lossOf, type Ops } from "./ops.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { tokenMean, tokenMeanBackward } from "./token-mean.ts";

/** A linear layer: the names of its parameters, and its numbers of inputs and outputs. */
interface Linear {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** State: the pass writes the network's mask each time, a few kilobytes, so that passes may share a region. */
export function bindAnn(ops: Ops, layout: AnnLayout, parameters: ParameterOffsets): Pass {
  const { network, options, mask, chosen, blocks, last, queried, headInput, scratch } = layout;
  const { model, geometry } = network;
  const { width, heads } = model;
  const { tokens } = geometry;
  const outputs = logitsOf(network);
  const queries = geometry.queries.length;
  const inner = model.expansion * width;
  const perAnswer = tokensPerAnswer(geometry);
  const [maskBytes, tokenNumbers] = [byteMask(geometry), tokensRead(geometry)];

  const head: Linear = { name: "head", inputs: width, outputs };
  const linears = (block: number) => ({
    qkv: { name: `blocks.${block}.qkv`, inputs: width, outputs: 3 * width },
    projection: { name: `blocks.${block}.projection`, inputs: width, outputs: width },
    up: { name: `blocks.${block}.up`, inputs: width, outputs: inner },
    down: { name: `blocks.${block}.down`, inputs: inner, outputs: width },
  });
  const value = (name: string): Place => parameters.value[name];
  const gradient = (name: string): Place => parameters.gradient![name];

  /** target = source W + offset, or target = base + source W + offset when a base is given (it may be target). */
  function linear({ name, inputs, outputs }: Linear, rows: number, source: Place, target: Place, base?: Place): void {
    const row = value(`${name}.offset`);
    if (base === undefined) ops.broadcastRow({ row, rows, columns: outputs, target });
    else ops.addRow({ source: base, row, rows, columns: outputs, target });
    const [m, n, k] = [rows, outputs, inputs];
    ops.product({ m, n, k, a: source, b: value(`${name}.weight`), out: target, accumulate: true, scratch });
  }

  /** Adds dW and d offset; writes dSource. */
  function linearBackward(of: Linear, rows: number, source: Place, dTarget: Place, dSource: Place): void {
    const { name, inputs, outputs } = of;
    const [weight, dWeight] = [value(`${name}.weight`), gradient(`${name}.weight`)];
    ops.sumRows({ source: dTarget, rows, columns: outputs, target: gradient(`${name}.offset`) });
    const sizes = { m: inputs, n: outputs, k: rows };
    ops.product({ ...sizes, a: source, transposeA: true, b: dTarget, out: dWeight, accumulate: true, scratch });
    const back = { m: rows, n: inputs, k: outputs };
    ops.product({ ...back, a: dTarget, b: weight, transposeB: true, out: dSource, scratch });
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
    norm,
    normBackward,
  });

  const attentionOf = ({ qkv, probabilities }: AnnBlockLayout, prompts: number) => {
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
    ops.softmaxAttention({ ...attentionOf(block, prompts), mask, target: attended });
    linear(projection, rows, attended, x2, x1);
    norm(`blocks.${i}.norm2`, rows, x2, y2, block.statistics2);
    linear(up, rows, y2, hidden);
    ops.gelu({ source: hidden, count: rows * inner, target: activated });
    linear(down, rows, activated, next, x2);
  }

  function step(prompts: number, scale: number): number {
    const d = layout.gradients;
    invariant(d !== null && parameters.gradient !== null, "only a pass planned for training with gradients steps");
    forward(prompts);
    const rows = prompts * tokens;
    const answers = prompts * queries;
    const read = prompts * chosen.count;
    const { logits, targets } = layout;
    const loss = lossOf(ops, model.readOut)({ logits, targets, rows: answers, outputs, dLogits: d.logits, scale });
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
    return loss;
  }

  /** The gradient of the stream passes from the block's output to its input; both branches add to it. */
  function blockBackward(i: number, block: AnnBlockLayout, prompts: number): void {
    const { qkv, projection, up, down } = linears(i);
    const { stream, narrow, wide } = layout.gradients!;
    const rows = prompts * tokens;
    linearBackward(down, rows, block.activated, stream, wide);
    ops.geluBackward({ source: block.hidden, count: rows * inner, dTarget: wide, dSource: wide });
    linearBackward(up, rows, block.y2, wide, narrow);
    normBackward(`blocks.${i}.norm2`, rows, block.x2, block.statistics2, narrow, stream);
    linearBackward(projection, rows, block.attended, stream, narrow);
    ops.softmaxAttentionBackward({ ...attentionOf(block, prompts), dTarget: narrow, dQkv: wide });
    linearBackward(qkv, rows, block.y1, wide, narrow);
    normBackward(`blocks.${i}.norm1`, rows, block.x1, block.statistics1, narrow, stream);
  }

  const { inputs, targets, logits } = layout;
  return { inputs, targets, logits, forward, step };
}
