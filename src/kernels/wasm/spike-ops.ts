/**
 * Packed spikes and linear layers on them, with the WebAssembly kernels; chooses between row gather and look-up table by density.
 *
 * The gather is faster while few inputs fire; the table costs the same at any density. They cross near 33 %, measured with
 * `bench/spike-product.ts`, if there are enough rows to amortise the tables. The gradient of the inputs is a dense product,
 * unless the preceding neurons pass few gradients. Choices depend only on spikes and membranes, so results repeat exactly.
 */
import type { KernelExports } from "../binary.generated.ts";
import type { SpikeOps } from "../ops.ts";
import type { SimulationOps } from "../simulation-ops.ts";
import { productScratch } from "./dense-ops.ts";
import { talliesIn } from "./tallies.ts";

const TABLE_DENSITY = 0.33;
/** Fewest rows for which a table is built. */
const TABLE_ROWS = 256;
/** Below this share of inputs with a gradient, single scalar products beat the dense product (`bench/gated-product.ts`). */
const GATED_DENSITY = 0.55;

/** Words of scratch for a product of spikes: those of `gatherProduct`, which needs the most. */
export const SPIKE_SCRATCH = 22656;

/** Words of scratch for a weight gradient: the transposed bits, and the product with them. */
export const spikeGradientScratch = (features: number, rows: number): number =>
  transposedWords(features, rows) + SPIKE_SCRATCH;

/** Words of scratch for a gradient of inputs, with either method. */
export const inputGradientScratch = (rows: number, inputs: number, outputs: number): number =>
  Math.max(SPIKE_SCRATCH, productScratch(rows, inputs, outputs));

/** Rounds up to a multiple of 16 bytes, where the next array begins. */
const transposedWords = (features: number, rows: number): number =>
  Math.ceil((features * Math.ceil(rows / 32)) / 4) * 4;

export function spikeOps(run: KernelExports, buffer: ArrayBufferLike): SpikeOps & Pick<SimulationOps, "countBits"> {
  const tallies = talliesIn(buffer);
  function product(
    bits: number,
    words: number,
    rows: number,
    k: number,
    w: number,
    n: number,
    y: number,
    add: boolean,
    scratch: number,
  ) {
    const isDense = run.countBits(bits, rows * words) > TABLE_DENSITY * rows * k && rows >= TABLE_ROWS;
    const multiply = isDense ? run.tableProduct : run.gatherProduct;
    multiply(bits, words * 4, rows, k, w, n, y, n, n, add ? 1 : 0, scratch);
  }

  return {
    spikeProduct: ({ bits, rows, weight, outputs, out, scratch }) =>
      product(bits.at, bits.words, rows, bits.features, weight, outputs, out, false, scratch),
    spikeWeightGradient: ({ bits, rows, dOut, outputs, dWeight, scratch }) => {
      const words = Math.ceil(rows / 32);
      const rest = scratch + 4 * transposedWords(bits.features, rows);
      run.transposeBits(bits.at, bits.words * 4, rows, bits.features, scratch, words * 4, rest);
      product(scratch, words, bits.features, rows, dOut, outputs, dWeight, true, rest);
    },
    spikeInputGradient: ({ dOut, rows, weight, inputs, outputs, dInput, gate, scratch }) => {
      if (gate && run.countBits(gate.at, rows * gate.words) < GATED_DENSITY * rows * inputs) {
        run.gatedProduct(dOut, rows, outputs, weight, inputs, gate.at, gate.words, dInput, scratch);
      } else run.gemm(0, 1, rows, inputs, outputs, dOut, outputs, weight, outputs, dInput, inputs, 0, scratch);
    },
    addBits: ({ bits, rows, target }) => run.addBits(target, rows, bits.features, bits.at, bits.words),
    countBits: (bits, rows) => run.countBits(bits.at, rows * bits.words),
    penaliseRate: ({ bits, rows, rate, weight, scale, dSpikes, tally, scratch }) => {
      const { features } = bits;
      const count = rows * features;
      const excess = run.countBits(bits.at, rows * bits.words) / count - rate;
      if (excess <= 0) return;
      tallies.add(tally, weight * excess ** 2);
      run.fill(scratch, features, (scale * 2 * weight * excess) / count);
      run.addRow(dSpikes, scratch, rows, features, dSpikes);
    },
    spikeRates: ({ bits, steps, prompts, tokens, chosen, rates }) =>
      run.spikeRates(bits.at, bits.words, steps, prompts, tokens, chosen.at, chosen.count, bits.features, rates),
    spikeRatesBackward: ({ dRates, steps, prompts, tokens, chosen, features, dSpikes }) =>
      run.spikeRatesBackward(dRates, steps, prompts, tokens, chosen.at, chosen.count, features, dSpikes),
  };
}
