/**
 * A backend that computes nothing and counts what its operations would: so the work of a step is that of the passes and the optimiser
 * that train, for networks of any size.
 *
 *   dense      products and sums of dense matrices, 2 m n k each
 *   spikes     sums of weights, or of gradients, at spikes: as many as if every bit were set
 *   attention  pairs of a query's and a key's bit, forward, and the sums of gradients at them: as many as if every bit were set
 *   bytes      of the arrays that an operation reads and writes, once each
 */
import type { PackedBits } from "../src/kernels/arena.ts";
import { maskWords } from "../src/kernels/masks.ts";
import type { TrainingOps } from "../src/kernels/training-ops.ts";

export interface StepWork {
  dense: number;
  spikes: number;
  attention: number;
  bytes: number;
}

type Name = keyof TrainingOps;
/** What a call adds; words instead of bytes. */
type Counted = Partial<Omit<StepWork, "bytes">> & { readonly words: number };
type Counter<N extends Name> = (...of: Parameters<TrainingOps[N]>) => Counted;

const moved = (words: number): Counted => ({ words });
const bitsOf = (rows: number, { words }: PackedBits): number => rows * words;

/** Of the operations that training a spiking network with BatchNorm and stochastic attention takes. */
const COUNTERS: { readonly [N in Name]?: Counter<N> } = {
  write: (_, values) => moved(values.byteLength / 4),
  copy: (_from, _to, count) => moved(2 * count),
  fill: (_, count) => moved(count),
  add: (_target, _source, count) => moved(3 * count),
  sumRows: ({ rows, columns }) => moved((rows + 2) * columns),
  broadcastRow: ({ rows, columns }) => moved((rows + 1) * columns),
  addPeriodic: ({ period, rows, columns }) => moved((2 * rows + period) * columns),
  sumPeriodic: ({ period, rows, columns }) => moved((rows + 2 * period) * columns),
  product: ({ m, n, k, accumulate }) => ({
    dense: 2 * m * n * k,
    words: m * k + k * n + m * n * (accumulate ? 2 : 1),
  }),
  crossEntropy: ({ rows, outputs }) => moved(3 * rows * outputs),
  bitCrossEntropy: ({ rows, outputs }) => moved(3 * rows * outputs),
  spikeProduct: ({ bits, rows, outputs }) => ({
    spikes: rows * bits.features * outputs,
    words: bitsOf(rows, bits) + (bits.features + rows) * outputs,
  }),
  spikeWeightGradient: ({ bits, rows, outputs }) => ({
    spikes: rows * bits.features * outputs,
    words: bitsOf(rows, bits) + (2 * bits.features + rows) * outputs,
  }),
  spikeInputGradient: ({ rows, inputs, outputs }) => ({
    dense: 2 * rows * inputs * outputs,
    words: rows * outputs + inputs * outputs + rows * inputs,
  }),
  spikeRates: ({ bits, steps, prompts, chosen }) =>
    moved(steps * prompts * chosen.count * bits.words + prompts * chosen.count * bits.features),
  spikeRatesBackward: ({ steps, prompts, tokens, chosen, features }) =>
    moved((chosen.count + steps * tokens) * prompts * features),
  mapColumns: ({ base, rows, columns }) => moved(rows * columns * (base === null ? 2 : 3) + 2 * columns),
  normaliseColumns: ({ rows, columns }) => moved((rows + 6) * columns),
  normaliseColumnsBackward: ({ rows, columns }) => moved((3 * rows + 8) * columns),
  fire: ({ steps, rows, spikes, near }) =>
    moved(steps * rows * (spikes.features + spikes.words + (near ? near.bits.words : 0))),
  fireBackward: ({ steps, rows, features, accumulate }) => moved(steps * rows * features * (accumulate ? 4 : 3)),
  sampledAttention: ({ steps, prompts, tokens, width, heads, qkv, out }) => {
    const rows = steps * prompts * tokens;
    // Scores, and their product with the values.
    return {
      attention: 2 * rows * tokens * width,
      words: bitsOf(rows, qkv) + bitsOf(rows, out) + rows * heads * maskWords(tokens),
    };
  },
  stochasticAttentionBackward: ({ steps, prompts, tokens, width, heads, qkv }) => {
    const rows = steps * prompts * tokens;
    // Of the scores, values, queries and keys.
    return {
      attention: 4 * rows * tokens * width,
      words: bitsOf(rows, qkv) + rows * heads * maskWords(tokens) + 4 * rows * width,
    };
  },
  clearTallies: () => moved(0),
  sumOfSquares: (_source, count) => moved(count),
  clipNorm: ({ count }) => moved(2 * count),
  adamw: ({ count }) => moved(7 * count),
  moveMeans: ({ sources, columns }) => moved((sources.length + 2) * columns),
};

/** Operations that add to `work`. Throws  Error for one that is not counted. */
export function countingOps(work: StepWork): TrainingOps {
  const of = (name: Name) => {
    const count = COUNTERS[name] as ((...of: unknown[]) => Counted) | undefined;
    if (!count) throw new Error(`The operation ${name} is not counted: add it to bench/counting-ops.ts`);
    return (...args: unknown[]) => {
      const { words, dense = 0, spikes = 0, attention = 0 } = count(...args);
      work.dense += dense;
      work.spikes += spikes;
      work.attention += attention;
      work.bytes += 4 * words;
    };
  };
  return new Proxy({} as TrainingOps, { get: (_, name) => of(name as Name) });
}
