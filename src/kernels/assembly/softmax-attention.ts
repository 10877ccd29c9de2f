/**
 * Scaled dot-product attention under a mask (Vaswani et al., NeurIPS 2017, equation 1), per prompt and head:
 *   P = softmax over allowed keys of Q K^T / sqrt(d),  O = P V.
 * A token that may attend to no key gets a row of zeros.
 *
 * `qkv` is [prompts, tokens, 3 width]: queries, keys, values, each split into heads of d = width / heads columns. The
 * probabilities [prompts, heads, tokens, stride] and the mask (bytes, [tokens, stride]) have rows of `stride` = tokens
 * rounded up to a multiple of 4; the mask is 0 beyond `tokens`.
 */
import { gemm } from "./gemm";
import { exp4, matters4, sum4 } from "./math";

/**
 * Writes `probabilities` and `target` [prompts, tokens, width]; probabilities are rounded to multiples of 1 / codes unless codes is 0. `scratch` has the size for gemm at [tokens, max(tokens, d),
 * max(tokens, d)].
 */
export function softmaxAttentionForward(
  qkv: usize,
  prompts: i32,
  tokens: i32,
  heads: i32,
  width: i32,
  mask: usize,
  probabilities: usize,
  codes: i32,
  target: usize,
  scratch: usize,
): void {
  const d = width / heads;
  const stride = (tokens + 3) & ~3;
  const factor = <f32>1 / sqrt<f32>(<f32>d);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      const q = qkv + <usize>(b * tokens * 3 * width + h * d) * 4;
      const k = q + <usize>width * 4;
      const v = k + <usize>width * 4;
      gemm(0, 1, tokens, tokens, d, q, 3 * width, k, 3 * width, probabilities, stride, 0, scratch);
      for (let i = 0; i < tokens; i++)
        softmaxRow(probabilities + <usize>(i * stride) * 4, mask + <usize>(i * stride), stride, factor);
      if (codes > 0) roundShares(probabilities, tokens * stride, <f32>codes);
      const o = target + <usize>(b * tokens * width + h * d) * 4;
      gemm(0, 0, tokens, d, tokens, probabilities, stride, v, 3 * width, o, width, 0, scratch);
      probabilities += <usize>(tokens * stride) * 4;
    }
  }
}

/**
 * With dP = dO V^T: dS = P (dP - sum_j P dP) / sqrt(d), dQ = dS K, dK = dS^T Q, dV = P^T dO. Writes dQkv. `scratch` holds
 * [tokens, stride] words, then the forward pass's scratch.
 */
export function softmaxAttentionBackward(
  qkv: usize,
  prompts: i32,
  tokens: i32,
  heads: i32,
  width: i32,
  probabilities: usize,
  dTarget: usize,
  dQkv: usize,
  scratch: usize,
): void {
  const d = width / heads;
  const stride = (tokens + 3) & ~3;
  const factor = <f32>1 / sqrt<f32>(<f32>d);
  const ds = scratch;
  scratch += <usize>(tokens * stride) * 4;
  // The products below do not write the columns beyond the last token, and 0 times their contents need not be 0.
  memory.fill(ds, 0, <usize>(tokens * stride) * 4);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      const at = <usize>(b * tokens * 3 * width + h * d) * 4;
      const part = <usize>width * 4;
      const dO = dTarget + <usize>(b * tokens * width + h * d) * 4;
      gemm(1, 0, tokens, d, tokens, probabilities, stride, dO, width, dQkv + at + 2 * part, 3 * width, 0, scratch);
      gemm(0, 1, tokens, tokens, d, dO, width, qkv + at + 2 * part, 3 * width, ds, stride, 0, scratch);
      for (let i = 0; i < tokens; i++)
        slopeRow(probabilities + <usize>(i * stride) * 4, ds + <usize>(i * stride) * 4, stride, factor);
      gemm(0, 0, tokens, d, tokens, ds, stride, qkv + at + part, 3 * width, dQkv + at, 3 * width, 0, scratch);
      gemm(1, 0, tokens, d, tokens, ds, stride, qkv + at, 3 * width, dQkv + at + part, 3 * width, 0, scratch);
      probabilities += <usize>(tokens * stride) * 4;
    }
  }
}

/** Scores to probabilities in place: e^(factor (s - max)) over their sum where allowed and no less than e^-60, 0 elsewhere. */
function softmaxRow(row: usize, mask: usize, stride: i32, factor: f32): void {
  const lowest = f32x4.splat(-3.4e38);
  let most = lowest;
  for (let j = 0; j < stride; j += 4) {
    most = f32x4.pmax(most, v128.bitselect(v128.load(row + <usize>j * 4), lowest, allowed(mask + j)));
  }
  most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2));
  const four = f32x4.splat(factor);
  let total = f32x4.splat(0);
  for (let j = 0; j < stride; j += 4) {
    const at = row + <usize>j * 4;
    const x = f32x4.mul(four, f32x4.sub(v128.load(at), most));
    const e = v128.and(exp4(x), v128.and(matters4(x), allowed(mask + j)));
    total = f32x4.add(total, e);
    v128.store(at, e);
  }
  const sum = sum4(total);
  const inverse = f32x4.splat(sum > 0 ? <f32>1 / sum : 0);
  for (let j = 0; j < stride; j += 4) {
    const at = row + <usize>j * 4;
    v128.store(at, f32x4.mul(inverse, v128.load(at)));
  }
}

/** Rounds to multiples of 1 / codes; the count is a multiple of 4. */
function roundShares(at: usize, count: i32, codes: f32): void {
  const codes4 = f32x4.splat(codes);
  const end = at + <usize>count * 4;
  for (; at < end; at += 16) {
    v128.store(at, f32x4.div(f32x4.nearest(f32x4.mul(v128.load(at), codes4)), codes4));
  }
}

/** Replaces the gradient of the probabilities by that of the scores; P is 0 at masked keys and beyond the last token. */
function slopeRow(p: usize, dp: usize, stride: i32, factor: f32): void {
  const bytes = <usize>stride * 4;
  let total = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    total = f32x4.add(total, f32x4.mul(v128.load(p + at), v128.load(dp + at)));
  }
  const mean = f32x4.splat(sum4(total));
  const four = f32x4.splat(factor);
  for (let at: usize = 0; at < bytes; at += 16) {
    const slope = f32x4.mul(v128.load(p + at), f32x4.sub(v128.load(dp + at), mean));
    v128.store(dp + at, f32x4.mul(four, slope));
  }
}

/** All ones in the lanes of four mask bytes that are not 0. */
// @ts-ignore: decorator
@inline
function allowed(mask: usize): v128 {
  const bytes = i16x8.extend_low_i8x16_u(v128.load32_zero(mask));
  return i32x4.ne(i32x4.extend_low_i16x8_u(bytes), i32x4.splat(0));
}
