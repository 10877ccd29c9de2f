/** How much scratch the packed matrix product needs. The block sizes are those of `assembly/gemm.ts`. */

const DEPTH = 256;
const ROWS = 64;
const COLUMNS = 256;

/** 32-bit words of scratch for `gemm` with these sizes: packed panels of B and A, and one 2 x 16 edge tile. */
export function gemmScratchWords(m: number, n: number, k: number): number {
  const depth = Math.min(k, DEPTH);
  const columns = Math.ceil(Math.min(n, COLUMNS) / 16) * 16;
  const rows = Math.ceil(Math.min(m, ROWS) / 2) * 2;
  return depth * (columns + rows) + 32;
}
