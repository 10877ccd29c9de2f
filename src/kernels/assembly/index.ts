/** Entry of the WebAssembly module: one file per kind of kernel. No static data, no allocation: callers pass offsets. */

/** First byte after the module's own data. */
export function heapBase(): usize {
  return __heap_base;
}

export * from "./gemm";
