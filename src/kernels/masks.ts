/** Attention masks in the two forms that attention reads: bits for packed spikes, bytes for the dense matrix. */
import type { Geometry } from "../model/geometry.ts";

type Mask = Pick<Geometry, "tokens" | "mask">;

/** 32-bit words of a row of bits over tokens: whole 64-bit words. */
export const maskWords = (tokens: number): number => 2 * Math.ceil(tokens / 64);

/** `[tokens][maskWords]`, bit j of row i set if token i may attend to token j. */
export function bitMask({ tokens, mask }: Mask): Uint32Array {
  const words = maskWords(tokens);
  const bits = new Uint32Array(tokens * words);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) if (mask[i * tokens + j]) bits[i * words + (j >> 5)] |= 1 << (j & 31);
  }
  return bits;
}

/** Bytes of a row of the dense mask. */
export const maskStride = (tokens: number): number => 4 * Math.ceil(tokens / 4);

/** `[tokens, maskStride]`, 0 beyond the last token. */
export function byteMask({ tokens, mask }: Mask): Uint8Array {
  const stride = maskStride(tokens);
  const bytes = new Uint8Array(tokens * stride);
  for (let i = 0; i < tokens; i++) bytes.set(mask.subarray(i * tokens, (i + 1) * tokens), i * stride);
  return bytes;
}
