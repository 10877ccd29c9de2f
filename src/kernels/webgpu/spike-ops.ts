/** Packed spikes and linear layers on them, on a GPU: twin of `../wasm/spike-ops.ts`. */
import { gridOf } from "../../webgpu/kernel.ts";
import type { DenseOps, MemoryOps, SpikeOps, SpikeRates } from "../ops.ts";
import type { Recorder } from "./recorder.ts";
import { ADD_BITS, ADD_PART, COUNT_BITS, RATE_PENALTY, SPIKE_RATES, SPIKE_RATES_BACKWARD } from "./spike-bits.ts";
import { SPIKE_PRODUCT, SPIKE_WEIGHT_GRADIENT, SUM_OF_PARTS, TILE } from "./spike-product.ts";
import { partsOf } from "./tally.ts";

/** Groups of a weight gradient below which its rows are split into more parts, and the fewest rows of a part. */
const ENOUGH_GROUPS = 512;
const FEWEST_ROWS = 256;

const tiles = (count: number): number => Math.ceil(count / TILE);

/** Parts of a weight gradient, of a multiple of 32 rows each. */
function partsOfRows(rows: number, groups: number): { readonly parts: number; readonly partRows: number } {
  const wanted = Math.max(1, Math.min(Math.ceil(ENOUGH_GROUPS / groups), Math.ceil(rows / FEWEST_ROWS)));
  const partRows = 32 * Math.ceil(rows / (32 * wanted));
  return { parts: Math.ceil(rows / partRows), partRows };
}

const ratesOf = ({ steps, prompts, tokens, chosen }: SpikeRates) => ({
  steps,
  prompts,
  tokens,
  chosen: chosen.at,
  chosenTokens: chosen.count,
});

/** @param others  of the same memory, which some operations are made of */
export function spikeOps(recorder: Recorder, others: Pick<DenseOps & MemoryOps, "product" | "fill">): SpikeOps {
  const { call, each } = recorder;
  return {
    spikeProduct: ({ bits, rows, weight, outputs, out }) => {
      if (rows === 0) return;
      const { at, words: bitWords, features } = bits;
      const numbers = { bits: at, weight, out, rows, bitWords, features, outputs };
      call(SPIKE_PRODUCT, numbers, gridOf(tiles(outputs), tiles(rows)));
    },
    spikeWeightGradient: ({ bits, rows, dOut, outputs, dWeight }) => {
      if (rows === 0) return;
      const { at, words: bitWords, features } = bits;
      const { parts, partRows } = partsOfRows(rows, tiles(features) * tiles(outputs));
      recorder.reserve(parts * features * outputs);
      const numbers = { bits: at, dOut, rows, bitWords, features, outputs, parts, partRows };
      call(SPIKE_WEIGHT_GRADIENT, numbers, gridOf(tiles(outputs), tiles(features) * parts));
      each(SUM_OF_PARTS, features * outputs, { result: dWeight, parts });
    },
    // Dense: where a gate is closed, its lane would only wait for the others of its group.
    spikeInputGradient: ({ dOut, rows, weight, inputs, outputs, dInput, scratch }) =>
      others.product({ m: rows, n: inputs, k: outputs, a: dOut, b: weight, transposeB: true, out: dInput, scratch }),
    addBits: ({ bits: { at: bits, words: bitWords, features }, rows, target }) =>
      each(ADD_BITS, rows * features, { bits, bitWords, features, result: target }),
    penaliseRate: ({ bits: { at: bits, words: bitWords, features }, rows, rate, weight, scale, dSpikes, tally }) => {
      const count = rows * bitWords;
      const groups = partsOf(count);
      const neurons = rows * features;
      recorder.reserve(groups);
      call(COUNT_BITS, { bits, count, groups }, [1, groups, 1]);
      call(RATE_PENALTY, { count: groups, neurons, rate, weight, scale, tally }, [1, 1, 1]);
      each(ADD_PART, neurons, { result: dSpikes });
    },
    spikeRates: ({ bits: { at: bits, words: bitWords, features }, rates, ...of }) =>
      each(SPIKE_RATES, of.prompts * of.chosen.count * features, { ...ratesOf(of), features, bits, bitWords, rates }),
    spikeRatesBackward: ({ dRates, features, dSpikes, ...of }) => {
      others.fill(dSpikes, of.steps * of.prompts * of.tokens * features, 0);
      each(SPIKE_RATES_BACKWARD, of.prompts * of.chosen.count * features, {
        ...ratesOf(of),
        features,
        dRates,
        dSpikes,
      });
    },
  };
}
