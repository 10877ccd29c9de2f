/**
 * The conventional transformer, fast: the twin of `model/ann.ts`. Pre-LayerNorm blocks as in GPT-2:
 *
 *   x = values W + offset (+ position)
 *   x += projection(softmax attention(LN1 x)),  x += down(GELU(up(LN2 x)))     in each block
 *   logits = head(LN x)                           at the query tokens only, or head(mean over tokens of LN x)
 *
 * A linear layer is one packed product on top of its offset, so that the sum is stored once; a residual branch multiplies
 * straight into the stream. Training keeps every activation of every block (16 D + H N words a token and block at
 * expansion 4); inference reuses one block's buffers.
 */
import { invariant } from "../errors.ts";
import { NORM_EPSILON } from "../model/network.ts";
import type { AnnSpec } from "../spec/model.ts";
import { type Geometry, tokensRead } from "../task/task.ts";
import type { KernelExports } from "./binary.generated.ts";
import { gemmScratchWords } from "./gemm.ts";
import type { Arena, Kernels } from "./memory.ts";
import type { ParameterOffsets, Pass, PassOptions } from "./pass.ts";
import { tokenMean, tokenMeanBackward } from "./token-mean.ts";

/** A linear layer of M rows: names its parameters, and how many inputs and outputs they join. */
interface Linear {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Offsets of one block's activations: stream, normalised, attention and feed-forward, in the order of the forward pass. */
interface BlockBuffers {
  readonly x1: number;
  readonly statistics1: number;
  readonly y1: number;
  readonly qkv: number;
  readonly probabilities: number;
  readonly attended: number;
  readonly x2: number;
  readonly statistics2: number;
  readonly y2: number;
  readonly hidden: number;
  readonly activated: number;
}

/**
 * Plans a pass on `arena`. With `kernels` null it only plans (on a counting arena, to learn the size); otherwise memory is
 * first touched by `forward` or `step`.
 */
export function createAnnPass(
  kernels: Kernels | null,
  arena: Arena,
  { model, geometry }: { readonly model: AnnSpec; readonly geometry: Geometry },
  parameters: ParameterOffsets,
  { maxPrompts, training }: PassOptions,
): Pass {
  const { width, depth, heads } = model;
  const { inputs: features, tokens, classes, queries } = geometry;
  const inner = model.expansion * width;
  const dimension = width / heads;
  const stride = Math.ceil(tokens / 4) * 4;
  const maxRows = maxPrompts * tokens;
  const maxQueries = maxPrompts * queries.length;
  const read = tokensRead(geometry);
  const maxRead = maxPrompts * read.length;
  const pooled = geometry.readOut === "mean";

  const embed: Linear = { name: "embed", inputs: features, outputs: width };
  const head: Linear = { name: "head", inputs: width, outputs: classes };
  const linears = (block: number) => ({
    qkv: { name: `blocks.${block}.qkv`, inputs: width, outputs: 3 * width },
    projection: { name: `blocks.${block}.projection`, inputs: width, outputs: width },
    up: { name: `blocks.${block}.up`, inputs: width, outputs: inner },
    down: { name: `blocks.${block}.down`, inputs: inner, outputs: width },
  });

  const inputs = arena.words(maxRows * features);
  const targets = arena.words(maxQueries * classes);
  const logits = arena.words(maxQueries * classes);
  const mask = arena.words((tokens * stride) / 4);
  const indices = arena.words(read.length);
  const planBlock = (): BlockBuffers => {
    const x1 = arena.words(maxRows * width);
    const y1 = arena.words(maxRows * width);
    return {
      x1,
      statistics1: arena.words(maxRows * 2),
      y1,
      qkv: arena.words(maxRows * 3 * width),
      probabilities: arena.words(maxPrompts * heads * tokens * stride),
      attended: arena.words(maxRows * width),
      x2: training ? arena.words(maxRows * width) : x1,
      statistics2: arena.words(maxRows * 2),
      y2: training ? arena.words(maxRows * width) : y1,
      hidden: arena.words(maxRows * inner),
      activated: arena.words(maxRows * inner),
    };
  };
  const shared = training ? null : planBlock();
  const blocks = Array.from({ length: depth }, () => shared ?? planBlock());
  const last = shared ? shared.x1 : arena.words(maxRows * width);
  const queried = arena.words(maxRead * width);
  const queriedStatistics = arena.words(maxRead * 2);
  const queriedNorm = arena.words(maxRead * width);
  const headInput = pooled ? arena.words(maxQueries * width) : queriedNorm;
  // Gradients: of the logits, of the stream, and of what a block computes from it.
  const dLogits = training ? arena.words(maxQueries * classes) : 0;
  const dx = training ? arena.words(maxRows * width) : 0;
  const dNarrow = training ? arena.words(maxRows * width) : 0;
  const dWide = training ? arena.words(maxRows * Math.max(inner, 3 * width)) : 0;
  const dHeadInput = training && pooled ? arena.words(maxQueries * width) : dNarrow;
  const scratch = arena.words(scratchWords());

  /** Enough for every product of forward and backward: the largest panels of any of them, and an attention matrix. */
  function scratchWords(): number {
    const widest = Math.max(features, classes, inner, 3 * width, maxRows, stride, dimension);
    return tokens * stride + gemmScratchWords(widest, widest, widest);
  }

  const value = (name: string) => parameters.value[name];
  const gradient = (name: string) => parameters.gradient![name];

  /** target = source W + offset, or target = base + source W + offset when a base is given (it may be target). */
  function linearForward(
    run: KernelExports,
    { name, inputs, outputs }: Linear,
    rows: number,
    source: number,
    target: number,
    base?: number,
  ): void {
    const [weight, offset] = [value(`${name}.weight`), value(`${name}.offset`)];
    if (base === undefined) run.broadcastRow(offset, rows, outputs, target);
    else run.addRow(base, offset, rows, outputs, target);
    run.gemm(0, 0, rows, outputs, inputs, source, inputs, weight, outputs, target, outputs, 1, scratch);
  }

  /** Adds dW and d offset; writes dSource unless it is null. */
  function linearBackward(
    run: KernelExports,
    { name, inputs, outputs }: Linear,
    rows: number,
    source: number,
    dTarget: number,
    dSource: number | null,
  ): void {
    const [weight, dWeight] = [value(`${name}.weight`), gradient(`${name}.weight`)];
    run.sumRows(dTarget, rows, outputs, gradient(`${name}.offset`));
    run.gemm(1, 0, inputs, outputs, rows, source, inputs, dTarget, outputs, dWeight, outputs, 1, scratch);
    if (dSource === null) return;
    run.gemm(0, 1, rows, inputs, outputs, dTarget, outputs, weight, outputs, dSource, inputs, 0, scratch);
  }

  function normForward(
    run: KernelExports,
    name: string,
    rows: number,
    source: number,
    target: number,
    statistics: number,
  ): void {
    const [gain, offset] = [value(`${name}.gain`), value(`${name}.offset`)];
    run.layerNormForward(source, rows, width, gain, offset, NORM_EPSILON, target, statistics);
  }

  /** Adds to dSource, d gain and d offset. */
  function normBackward(
    run: KernelExports,
    name: string,
    rows: number,
    source: number,
    statistics: number,
    dTarget: number,
    dSource: number,
  ): void {
    const [dGain, dOffset] = [gradient(`${name}.gain`), gradient(`${name}.offset`)];
    run.layerNormBackward(source, rows, width, value(`${name}.gain`), statistics, dTarget, dSource, dGain, dOffset);
  }

  function attentionForward(run: KernelExports, { qkv, probabilities, attended }: BlockBuffers, prompts: number): void {
    run.softmaxAttentionForward(qkv, prompts, tokens, heads, width, mask, probabilities, attended, scratch);
  }

  /** From the gradient of the attended values in dNarrow to that of q, k, v in dWide. */
  function attentionBackward(run: KernelExports, { qkv, probabilities }: BlockBuffers, prompts: number): void {
    run.softmaxAttentionBackward(qkv, prompts, tokens, heads, width, probabilities, dNarrow, dWide, scratch);
  }

  function forward(prompts: number): void {
    invariant(prompts <= maxPrompts, `a pass for ${maxPrompts} prompts is not given ${prompts}`);
    invariant(kernels !== null, "a pass that only plans does not run");
    const { run } = kernels;
    const rows = prompts * tokens;
    writeGeometry(kernels);
    const first = blocks[0].x1;
    linearForward(run, embed, rows, inputs, first);
    if (model.position === "learned") {
      for (let b = 0; b < prompts; b++) run.add(first + b * tokens * width * 4, value("position"), tokens * width);
    }
    blocks.forEach((buffers, i) => {
      blockForward(run, i, buffers, prompts, blocks[i + 1]?.x1 ?? last);
    });
    run.gatherTokens(last, prompts, tokens, width, indices, read.length, queried);
    normForward(run, "norm", prompts * read.length, queried, queriedNorm, queriedStatistics);
    if (pooled) tokenMean(run, queriedNorm, prompts, tokens, width, headInput);
    linearForward(run, head, prompts * queries.length, headInput, logits);
  }

  function blockForward(run: KernelExports, i: number, buffers: BlockBuffers, prompts: number, next: number): void {
    const { qkv, projection, up, down } = linears(i);
    const rows = prompts * tokens;
    const { x1, y1, x2, y2, attended, hidden, activated } = buffers;
    normForward(run, `blocks.${i}.norm1`, rows, x1, y1, buffers.statistics1);
    linearForward(run, qkv, rows, y1, buffers.qkv);
    attentionForward(run, buffers, prompts);
    linearForward(run, projection, rows, attended, x2, x1);
    normForward(run, `blocks.${i}.norm2`, rows, x2, y2, buffers.statistics2);
    linearForward(run, up, rows, y2, hidden);
    run.geluForward(hidden, rows * inner, activated);
    linearForward(run, down, rows, activated, next, x2);
  }

  function step(prompts: number, scale: number): number {
    invariant(training && parameters.gradient !== null, "only a pass planned for training with gradients steps");
    invariant(kernels !== null, "a pass that only plans does not run");
    forward(prompts);
    const { run } = kernels;
    const rows = prompts * tokens;
    const count = prompts * queries.length;
    const loss = run.crossEntropy(logits, targets, count, classes, dLogits, scale);
    // The gradients at the tokens read, after and before the last norm, borrow dNarrow and dWide.
    linearBackward(run, head, count, headInput, dLogits, dHeadInput);
    if (pooled) tokenMeanBackward(run, dHeadInput, prompts, tokens, width, dNarrow);
    run.fill(dWide, prompts * read.length * width, 0);
    normBackward(run, "norm", prompts * read.length, queried, queriedStatistics, dNarrow, dWide);
    run.scatterTokens(dWide, prompts, tokens, width, indices, read.length, dx);
    for (let i = depth - 1; i >= 0; i--) blockBackward(run, i, blocks[i], prompts);
    if (model.position === "learned") {
      for (let b = 0; b < prompts; b++) run.add(gradient("position"), dx + b * tokens * width * 4, tokens * width);
    }
    linearBackward(run, embed, rows, inputs, dx, null);
    return loss;
  }

  /** The gradient of the stream, dx, passes from the block's output to its input; both branches add to it. */
  function blockBackward(run: KernelExports, i: number, buffers: BlockBuffers, prompts: number): void {
    const { qkv, projection, up, down } = linears(i);
    const rows = prompts * tokens;
    linearBackward(run, down, rows, buffers.activated, dx, dWide);
    run.geluBackward(buffers.hidden, rows * inner, dWide, dWide);
    linearBackward(run, up, rows, buffers.y2, dWide, dNarrow);
    normBackward(run, `blocks.${i}.norm2`, rows, buffers.x2, buffers.statistics2, dNarrow, dx);
    linearBackward(run, projection, rows, buffers.attended, dx, dNarrow);
    attentionBackward(run, buffers, prompts);
    linearBackward(run, qkv, rows, buffers.y1, dWide, dNarrow);
    normBackward(run, `blocks.${i}.norm1`, rows, buffers.x1, buffers.statistics1, dNarrow, dx);
  }

  /** Mask rows padded to the kernels' stride, and the query tokens. A few kilobytes, so they are simply written each time. */
  function writeGeometry({ u8, i32 }: Kernels): void {
    u8.fill(0, mask, mask + tokens * stride);
    for (let i = 0; i < tokens; i++) u8.set(geometry.mask.subarray(i * tokens, (i + 1) * tokens), mask + i * stride);
    i32.set(read, indices / 4);
  }

  return { inputs, targets, logits, forward, step };
}
