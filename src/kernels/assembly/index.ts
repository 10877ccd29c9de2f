/** Entry of the WebAssembly module: one file per kind of kernel. No allocation: callers pass offsets. */

/** First byte after the module's own data. */
export function heapBase(): usize {
  return __heap_base;
}

export * from "./gemm";
export * from "./adamw";
export { applyConverterErrors, convertLines, passCurrents } from "./adc";
export * from "./charge-neurons";
export * from "./cross-entropy";
export * from "./decay";
export { clamp, exponentials, naturalLogs } from "./elementary";
export * from "./elementwise";
export * from "./gated-product";
export * from "./gelu";
export * from "./integer-digital";
export * from "./integer-strip";
export * from "./largest";
export * from "./layer-norm";
export * from "./max-pool";
export * from "./softmax-attention";
export * from "./batch-norm";
export * from "./bits";
export { byteProduct, gatherBytes, placeStrip, tabulateBytes } from "./byte-product";
export { lifBackward, lifForward } from "./lif";
export { plifBackward } from "./plif";
export { alifBackward, alifForward } from "./alif";
export * from "./gate-attention";
export * from "./pair-attention";
export * from "./lfsr-attention";
export * from "./spike-product";
export * from "./stochastic-attention";
export * from "./stochastic-attention-backward";
export { drawWords } from "./threefry";
export * from "./noise";
export * from "./normal";
export * from "./read-out";
export * from "./rounding";
export * from "./whole-lines";
export * from "./windows";
export * from "./winograd";
