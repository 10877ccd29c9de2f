/**
 * A linear layer on packed spikes, forward and backward: chooses between row gather and look-up table by density.
 *
 * In wasm the gather wins while few inputs fire; the table costs the same at any density. They cross near 33 %, measured
 * with `bench/spike-product.ts`, if there are enough rows to repay the tables. The gradient of the inputs is a dense product,
 * unless the neurons before let few gradients through. Choices depend only on spikes and membranes, so results repeat exactly.
 */
import type { Arena, Kernels } from "./memory.ts";

const TABLE_DENSITY = 0.33;
/** Fewest rows for which a table is built. */
const TABLE_ROWS = 256;
/** Below this share of inputs with a gradient, single scalar products beat the dense product (`bench/gated-product.ts`). */
const GATED_DENSITY = 0.55;
/** Words that `gatherProduct` (the largest of them) needs. */
export const PRODUCT_SCRATCH = 22656;

export interface PackedBits {
  /** Byte offset of `[rows][words]`. */
  readonly at: number;
  readonly words: number;
  readonly features: number;
}

/** Reserves packed bits for `rows` rows. */
export function reserveBits(arena: Arena, rows: number, features: number): PackedBits {
  const words = Math.ceil(features / 32);
  // One spare word pair: `extract` reads up to 12 bytes past the last row.
  return { at: arena.words(rows * words + 4), words, features };
}

export interface SpikeLinear {
  /** y [rows, outputs] = bits W. */
  forward(bits: PackedBits, rows: number, weight: number, outputs: number, y: number): void;
  /** dW [features, outputs] += bits^T dy. */
  weightGradient(bits: PackedBits, rows: number, dy: number, outputs: number, dWeight: number): void;
  /** dx [rows, inputs] = dy W^T; with a gate only where its bits are set, and 0 elsewhere. */
  inputGradient(
    dy: number,
    rows: number,
    weight: number,
    inputs: number,
    outputs: number,
    dx: number,
    gate: PackedBits | null,
  ): void;
}

/** Plans the scratch for layers of at most `maxFeatures` inputs, `maxOutputs` outputs and `maxRows` rows. */
export function createSpikeLinear(
  kernels: Kernels | null,
  arena: Arena,
  sizes: { maxRows: number; maxFeatures: number; gemmScratch: number; training: boolean },
): SpikeLinear {
  const scratch = arena.words(PRODUCT_SCRATCH);
  const rowWords = Math.ceil(sizes.maxRows / 32);
  const transposed = sizes.training ? arena.words(sizes.maxFeatures * rowWords) : 0;
  const blockScratch = arena.words(32);
  const gemmScratch = sizes.training ? arena.words(sizes.gemmScratch) : 0;

  function product(at: number, words: number, rows: number, k: number, w: number, y: number, n: number, add: number) {
    const { run } = kernels!;
    const set = run.countBits(at, rows * words);
    const dense = set > TABLE_DENSITY * rows * k && rows >= TABLE_ROWS;
    const multiply = dense ? run.tableProduct : run.gatherProduct;
    multiply(at, words * 4, rows, k, w, n, y, n, n, add, scratch);
  }

  return {
    forward: (bits, rows, weight, outputs, y) =>
      product(bits.at, bits.words, rows, bits.features, weight, y, outputs, 0),
    weightGradient: (bits, rows, dy, outputs, dWeight) => {
      const words = Math.ceil(rows / 32);
      kernels!.run.transposeBits(bits.at, bits.words * 4, rows, bits.features, transposed, words * 4, blockScratch);
      product(transposed, words, bits.features, rows, dy, dWeight, outputs, 1);
    },
    inputGradient: (dy, rows, weight, inputs, outputs, dx, gate) => {
      const { run } = kernels!;
      if (gate && run.countBits(gate.at, rows * gate.words) < GATED_DENSITY * rows * inputs) {
        run.gatedProduct(dy, rows, outputs, weight, inputs, gate.at, gate.words, dx, scratch);
      } else run.gemm(0, 1, rows, inputs, outputs, dy, outputs, weight, outputs, dx, inputs, 0, gemmScratch);
    },
  };
}
