/**
 * The backend in plain TypeScript: every operation of `src/kernels/ops.ts`, simply and slowly. It computes in double precision on
 * arrays stored in single precision, uses `src/model` where it can, and needs no scratch.
 *
 * Passes are tested on it as on WebAssembly, so a fault can be attributed to the pass or to the kernels; and authors of other
 * backends can compare with it. Attention: `reference-attention.ts`; tiles: `reference-winograd.ts`.
 */
import { valuesByLine } from "../../src/hardware/line-order.ts";
import type { PackedBits, Place } from "../../src/kernels/arena.ts";
import type {
  MapOps,
  MemoryOps,
  NeuronOps,
  Neurons,
  ReadOps,
  RoundedBlock,
  RowOps,
  SpikeOps,
  Squares,
  Windows,
} from "../../src/kernels/ops.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { ACTIVATIONS } from "../../src/model/activation.ts";
import { bitCrossEntropyForward } from "../../src/model/bit-cross-entropy.ts";
import { gatherWindows, scatterWindows } from "../../src/model/convolution.ts";
import { crossEntropyForward } from "../../src/model/cross-entropy.ts";
import { maxPoolBackward, maxPoolForward } from "../../src/model/max-pool.ts";
import { neuronAt, neuronModel } from "../../src/model/neuron/catalogue.ts";
import { roundingBackward, roundingForward } from "../../src/model/rounding.ts";
import { spikeRatePenalty } from "../../src/model/spike-rate.ts";
import { pixels } from "../../src/model/stem.ts";
import { threefry2x32 } from "../../src/numeric/stream.ts";
import { referenceAttention } from "./reference-attention.ts";
import { type ReferenceMemory, referenceMemory } from "./reference-memory.ts";
import { referenceTraining } from "./reference-training.ts";
import { referenceWinograd } from "./reference-winograd.ts";

/** A backend on a memory of `bytes` bytes. Reading unwritten memory gives NaN. */
export function referenceOps(bytes: number): TrainingOps & ReadOps {
  const memory = referenceMemory(bytes);
  return {
    ...memoryOps(memory),
    ...rowOps(memory),
    ...denseOps(memory),
    ...spikeOps(memory),
    ...mapOps(memory),
    ...referenceWinograd(memory),
    ...neuronOps(memory),
    ...referenceAttention(memory),
    ...referenceTraining(memory),
  };
}

function memoryOps({ bytes, f32, u32 }: ReferenceMemory): MemoryOps & ReadOps {
  return {
    write: (at, values) => bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at),
    floats: (at, count) => f32.slice(at / 4, at / 4 + count),
    words: (at, count) => u32.slice(at / 4, at / 4 + count),
    copy: (from, to, count) => void bytes.copyWithin(to, from, from + 4 * count),
    fill: (target, count, value) => void f32.fill(value, target / 4, target / 4 + count),
  };
}

function rowOps({ get, put, f32, bytes, u32 }: ReferenceMemory): RowOps {
  /** target [i] += sum of the source entries that belong there. */
  const addTo = (target: number, count: number, source: Float64Array, place: (i: number) => number) => {
    const sums = get(target, count);
    source.forEach((x, i) => {
      sums[place(i)] += x;
    });
    put(target, sums);
  };
  const mapTo = (target: number, source: Float64Array, value: (x: number, i: number) => number) =>
    put(target, source.map(value));
  const chosenOf = ({ at, count }: { at: number; count: number }) => u32.slice(at / 4, at / 4 + count);
  const sumRows: RowOps["sumRows"] = ({ source, rows, columns, target }) =>
    addTo(target, columns, get(source, rows * columns), (i) => i % columns);
  return {
    add: (target, source, count) => addTo(target, count, get(source, count), (i) => i),
    addScaled: (target, source, count, factor) =>
      addTo(
        target,
        count,
        get(source, count).map((x) => factor * x),
        (i) => i,
      ),
    multiply: (target, source, count) => {
      const factors = get(source, count);
      mapTo(target, get(target, count), (x, i) => x * factors[i]);
    },
    scale: (target, count, factor) => mapTo(target, get(target, count), (x) => factor * x),
    sumRows,
    sumManyRows: sumRows,
    broadcastRow: ({ row, rows, columns, target }) => {
      const values = get(row, columns);
      mapTo(target, new Float64Array(rows * columns), (_, i) => values[i % columns]);
    },
    addRow: ({ source, row, rows, columns, target }) => {
      const values = get(row, columns);
      mapTo(target, get(source, rows * columns), (x, i) => x + values[i % columns]);
    },
    addPeriodic: ({ table, period, rows, columns, target }) => {
      const values = get(table, period * columns);
      mapTo(target, get(target, rows * columns), (x, i) => x + values[i % (period * columns)]);
    },
    sumPeriodic: ({ source, rows, columns, table, period }) =>
      addTo(table, period * columns, get(source, rows * columns), (i) => i % (period * columns)),
    gatherTokens: ({ source, prompts, tokens, width, chosen, target }) => {
      for (let prompt = 0; prompt < prompts; prompt++) {
        chosenOf(chosen).forEach((token, q) => {
          const from = source + 4 * (prompt * tokens + token) * width;
          bytes.copyWithin(target + 4 * (prompt * chosen.count + q) * width, from, from + 4 * width);
        });
      }
    },
    scatterTokens: ({ source, prompts, tokens, width, chosen, target }) => {
      f32.fill(0, target / 4, target / 4 + prompts * tokens * width);
      for (let prompt = 0; prompt < prompts; prompt++) {
        chosenOf(chosen).forEach((token, q) => {
          const from = source + 4 * (prompt * chosen.count + q) * width;
          bytes.copyWithin(target + 4 * (prompt * tokens + token) * width, from, from + 4 * width);
        });
      }
    },
  };
}

type DenseOps = Pick<
  TrainingOps,
  | ("product" | "layerNorm" | "layerNormBackward" | "activate" | "activateBackward")
  | ("roundToCodes" | "roundToCodesBackward" | "crossEntropy" | "bitCrossEntropy" | "sumOfSquares")
>;

function denseOps({ get, put, add, tally: addTo }: ReferenceMemory): DenseOps {
  const answered =
    (loss: typeof crossEntropyForward): DenseOps["crossEntropy"] =>
    ({ logits, targets, rows, outputs, dLogits, scale, tally }) => {
      const wanted = get(targets, rows * outputs);
      const { loss: mean, cache } = loss(get(logits, rows * outputs), wanted, outputs);
      put(
        dLogits,
        cache.answers.map((p, i) => scale * (p - wanted[i])),
      );
      addTo(tally, mean * rows);
    };
  /** A block of columns, which the functions of the model see as a matrix of its own. */
  const blockOf = ({ rows, columns, stride, step, shift, low, high }: RoundedBlock) => ({
    rounding: { low, high, columns, steps: get(step, 1), shifts: get(shift, 1) },
    read: (at: number) =>
      Float64Array.from(Array.from({ length: rows }, (_, row) => [...get(at + 4 * row * stride, columns)]).flat()),
    write: (at: number, values: Float64Array) => {
      for (let row = 0; row < rows; row++) {
        put(at + 4 * row * stride, values.subarray(row * columns, (row + 1) * columns));
      }
    },
  });
  return {
    product: ({ m, n, k, a, transposeA, b, transposeB, out, accumulate }) => {
      const left = get(a, m * k);
      const right = get(b, k * n);
      const result = accumulate ? get(out, m * n) : new Float64Array(m * n);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          for (let l = 0; l < k; l++) {
            result[i * n + j] += left[transposeA ? l * m + i : i * k + l] * right[transposeB ? j * k + l : l * n + j];
          }
        }
      }
      put(out, result);
    },
    layerNorm: ({ source, rows, width, gain, offset, epsilon, target, statistics }) => {
      const [gains, offsets] = [get(gain, width), get(offset, width)];
      for (let row = 0; row < rows; row++) {
        const x = get(source + 4 * row * width, width);
        const mean = x.reduce((sum, value) => sum + value, 0) / width;
        const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
        const inverse = 1 / Math.sqrt(variance + epsilon);
        put(
          target + 4 * row * width,
          x.map((value, i) => gains[i] * (value - mean) * inverse + offsets[i]),
        );
        put(statistics + 8 * row, Float64Array.of(mean, inverse));
      }
    },
    layerNormBackward: ({ source, rows, width, gain, statistics, dTarget, dSource, dGain, dOffset }) => {
      const gains = get(gain, width);
      for (let row = 0; row < rows; row++) {
        const [mean, inverse] = get(statistics + 8 * row, 2);
        const z = get(source + 4 * row * width, width).map((x) => (x - mean) * inverse);
        const dy = get(dTarget + 4 * row * width, width);
        const g = dy.map((d, i) => d * gains[i]);
        const gMean = g.reduce((sum, x) => sum + x, 0) / width;
        const along = g.reduce((sum, x, i) => sum + x * z[i], 0) / width;
        add(
          dSource + 4 * row * width,
          g.map((x, i) => inverse * (x - gMean - z[i] * along)),
        );
        add(
          dGain,
          dy.map((d, i) => d * z[i]),
        );
        add(dOffset, dy);
      }
    },
    activate: ({ activation, source, count, target }) =>
      put(target, ACTIVATIONS[activation].forward(get(source, count))),
    activateBackward: ({ activation, source, count, dTarget, dSource }) =>
      put(dSource, ACTIVATIONS[activation].backward(get(dTarget, count), get(source, count))),
    roundToCodes: (of) => {
      const { read, write, rounding } = blockOf(of);
      write(of.target, roundingForward(read(of.source), rounding));
    },
    roundToCodesBackward: (of) => {
      const { read, write, rounding } = blockOf(of);
      const { input, steps, shifts } = roundingBackward(read(of.d), read(of.source), rounding);
      write(of.d, input);
      add(of.dStep, steps);
      add(of.dShift, shifts);
    },
    crossEntropy: answered(crossEntropyForward),
    bitCrossEntropy: answered(bitCrossEntropyForward),
    sumOfSquares: (source, count, to) =>
      addTo(
        to,
        get(source, count).reduce((sum, x) => sum + x * x, 0),
      ),
  };
}

function spikeOps({ get, put, add, bitsOf, u32, tally: addTo }: ReferenceMemory): SpikeOps {
  return {
    spikeProduct: ({ bits, rows, weight, outputs, out }) => {
      const [spikes, weights] = [bitsOf(bits, rows), get(weight, bits.features * outputs)];
      const y = new Float64Array(rows * outputs);
      forEachSpike(spikes, bits.features, (row, feature) => {
        for (let n = 0; n < outputs; n++) y[row * outputs + n] += weights[feature * outputs + n];
      });
      put(out, y);
    },
    spikeWeightGradient: ({ bits, rows, dOut, outputs, dWeight }) => {
      const [spikes, dy] = [bitsOf(bits, rows), get(dOut, rows * outputs)];
      const gradient = new Float64Array(bits.features * outputs);
      forEachSpike(spikes, bits.features, (row, feature) => {
        for (let n = 0; n < outputs; n++) gradient[feature * outputs + n] += dy[row * outputs + n];
      });
      add(dWeight, gradient);
    },
    spikeInputGradient: ({ dOut, rows, weight, inputs, outputs, dInput }) => {
      const [dy, weights] = [get(dOut, rows * outputs), get(weight, inputs * outputs)];
      const dx = new Float64Array(rows * inputs).map((_, i) => {
        const [row, input] = [Math.floor(i / inputs), i % inputs];
        let sum = 0;
        for (let n = 0; n < outputs; n++) sum += dy[row * outputs + n] * weights[input * outputs + n];
        return sum;
      });
      put(dInput, dx);
    },
    addBits: ({ bits, rows, target }) => add(target, Float64Array.from(bitsOf(bits, rows))),
    penaliseRate: ({ bits, rows, rate: target, weight, scale, dSpikes, tally }) => {
      const spikes = bitsOf(bits, rows);
      const rate = spikes.reduce((sum, bit) => sum + bit, 0) / spikes.length;
      const { penalty, slopes } = spikeRatePenalty({ layer: rate }, { weight, target });
      addTo(tally, penalty);
      add(dSpikes, new Float64Array(spikes.length).fill((scale * slopes.layer) / spikes.length));
    },
    spikeRates: ({ bits, steps, prompts, tokens, chosen, rates }) => {
      const spikes = bitsOf(bits, steps * prompts * tokens);
      const sums = new Float64Array(prompts * chosen.count * bits.features);
      forEachChosen(u32, { steps, prompts, tokens, chosen, features: bits.features }, (spike, rate) => {
        sums[rate] += spikes[spike] / steps;
      });
      put(rates, sums);
    },
    spikeRatesBackward: ({ dRates, steps, prompts, tokens, chosen, features, dSpikes }) => {
      const upstream = get(dRates, prompts * chosen.count * features);
      const gradient = new Float64Array(steps * prompts * tokens * features);
      forEachChosen(u32, { steps, prompts, tokens, chosen, features }, (spike, rate) => {
        gradient[spike] = upstream[rate] / steps;
      });
      put(dSpikes, gradient);
    },
  };
}

function mapOps({
  get,
  put,
  add,
  bitsOf,
  putBits,
}: ReferenceMemory): Omit<MapOps, keyof ReturnType<typeof referenceWinograd>> {
  const mapSize = ({ grid, channels }: Windows["size"], images: number) => images * pixels(grid) * channels;
  const squares = (map: Float64Array, { images, size }: Squares) => maxPoolForward(map, size, images);
  const bits = (map: PackedBits, { images, size }: Squares) =>
    Float64Array.from(bitsOf(map, images * pixels(size.windows)));
  const floats = (map: Place, { images, size }: Squares) => get(map, images * pixels(size.windows) * size.outputs);
  const backward = (map: Float64Array, dPooled: Place, dMap: Place, { images, size }: Squares) => {
    const { chosen } = squares(map, { images, size });
    put(dMap, maxPoolBackward(get(dPooled, chosen.length), chosen, size, images));
  };
  return {
    gatherBitWindows: ({ map, images, size, windows }) => {
      const source = Float64Array.from(bitsOf(map, images * pixels(size.grid)));
      putBits(windows, gatherWindows(source, size, images));
    },
    wireBits: ({ source, rows, stride: inputStride, repeats: linesPerInput, target }) => {
      const values = Float64Array.from(bitsOf(source, rows));
      putBits(target, valuesByLine(values, source.features, { inputStride, linesPerInput }));
    },
    gatherWindows: ({ map, images, size, windows }) =>
      put(windows, gatherWindows(get(map, mapSize(size, images)), size, images)),
    scatterWindows: ({ dWindows, images, size, dMap }) => {
      const values = images * pixels(size.windows) * size.kernel ** 2 * size.channels;
      add(dMap, scatterWindows(get(dWindows, values), size, images));
    },
    poolBits: ({ map, pooled, ...of }) => putBits(pooled, squares(bits(map, of), of).output),
    poolBitsBackward: ({ map, dPooled, dMap, ...of }) => backward(bits(map, of), dPooled, dMap, of),
    maxPool: ({ map, pooled, ...of }) => put(pooled, squares(floats(map, of), of).output),
    maxPoolBackward: ({ map, dPooled, dMap, ...of }) => backward(floats(map, of), dPooled, dMap, of),
  };
}

function forEachSpike(spikes: Uint8Array, features: number, visit: (row: number, feature: number) => void): void {
  spikes.forEach((spike, i) => {
    if (spike) visit(Math.floor(i / features), i % features);
  });
}

/** Offsets of spikes at the chosen tokens, and of the rates that they count towards. */
function forEachChosen(
  u32: Uint32Array,
  of: { steps: number; prompts: number; tokens: number; chosen: { at: number; count: number }; features: number },
  visit: (spike: number, rate: number) => void,
): void {
  const { steps, prompts, tokens, chosen, features } = of;
  for (let t = 0; t < steps; t++) {
    for (let rate = 0; rate < prompts * chosen.count * features; rate++) {
      const row = Math.floor(rate / features);
      const token = u32[chosen.at / 4 + (row % chosen.count)];
      const prompt = Math.floor(row / chosen.count);
      visit(((t * prompts + prompt) * tokens + token) * features + (rate % features), rate);
    }
  }
}

function neuronOps({ get, put, add, putBits }: ReferenceMemory): NeuronOps {
  const mapped = (source: number, rows: number, columns: number, map: { scale: number; shift: number } | null) => {
    const x = get(source, rows * columns);
    if (!map) return x;
    const [scale, shift] = [get(map.scale, columns), get(map.shift, columns)];
    return x.map((value, i) => value * scale[i % columns] + shift[i % columns]);
  };
  const learning = ({ neuron, learned }: Neurons) =>
    neuronModel(learned ? neuronAt(neuron, (name, count) => get(learned[name], count)) : neuron);
  return {
    mapColumns: ({ base, source, rows, columns, map, target }) => {
      const stream = base === null ? null : get(base, rows * columns);
      put(
        target,
        mapped(source, rows, columns, map).map((x, i) => x + (stream?.[i] ?? 0)),
      );
    },
    normaliseColumns: ({ source, rows, columns, gain, offset, epsilon, moments, map }) => {
      const x = get(source, rows * columns);
      const mean = new Float64Array(columns);
      const variance = new Float64Array(columns);
      x.forEach((value, i) => {
        mean[i % columns] += value / rows;
      });
      x.forEach((value, i) => {
        variance[i % columns] += (value - mean[i % columns]) ** 2 / rows;
      });
      const scale = get(gain, columns).map((g, n) => g / Math.sqrt(variance[n] + epsilon));
      put(moments.mean, mean);
      put(moments.variance, variance);
      put(map.scale, scale);
      put(
        map.shift,
        get(offset, columns).map((value, n) => value - scale[n] * mean[n]),
      );
    },
    normaliseColumnsBackward: (of) => {
      const { d, source, rows, columns, epsilon, moments, map, dGain, dOffset, dSource } = of;
      const upstream = get(d, rows * columns);
      const [mean, variance, scale] = [moments.mean, moments.variance, map.scale].map((at) => get(at, columns));
      const normalised = get(source, rows * columns).map(
        (x, i) => (x - mean[i % columns]) / Math.sqrt(variance[i % columns] + epsilon),
      );
      const [total, weighted] = [new Float64Array(columns), new Float64Array(columns)];
      upstream.forEach((dy, i) => {
        total[i % columns] += dy;
        weighted[i % columns] += dy * normalised[i];
      });
      add(dOffset, total);
      add(dGain, weighted);
      put(
        dSource,
        upstream.map((dy, i) => {
          const n = i % columns;
          return scale[n] * (dy - (total[n] + normalised[i] * weighted[n]) / rows);
        }),
      );
    },
    columnSpreads: ({ variance, columns, epsilon, factor, target }) =>
      put(
        target,
        get(variance, columns).map((value) => factor * Math.sqrt(value + epsilon)),
      ),
    addOutputNoise: ({ target, rows, columns, deviations, key, counter }) => {
      const spread = get(deviations, columns);
      const pair = new Int32Array(2);
      add(
        target,
        new Float64Array(rows * columns).map((_, i) => {
          threefry2x32(key[0], key[1], i >>> 1, counter, pair);
          const word = pair[i & 1] >>> 0;
          // Two integers uniform on 0 .. 65535, centred; the variance of their sum is 2 (2^32 - 1) / 12.
          const sum = (word & 0xffff) + (word >>> 16) - 65535;
          return (spread[i % columns] * sum) / Math.sqrt((2 * (2 ** 32 - 1)) / 12);
        }),
      );
    },
    fire: ({ spikes, near, ...of }) => {
      const { currents, steps, rows, map } = of;
      const { distance, fired } = learning(of).forward(mapped(currents, steps * rows, spikes.features, map), steps);
      putBits(spikes, fired);
      if (near)
        putBits(
          near.bits,
          distance.map((x) => (Math.abs(x) < near.reach ? 1 : 0)),
        );
    },
    fireBackward: (of) => {
      const { currents, steps, rows, map, surrogate, features, dSpikes, target, accumulate, dLearned } = of;
      const model = learning(of);
      const cache = model.forward(mapped(currents, steps * rows, features, map), steps);
      const upstream = get(dSpikes, steps * rows * features);
      const { current, learned } = model.backward(upstream, cache, steps, surrogate);
      if (accumulate) add(target, current);
      else put(target, current);
      for (const [name, slope] of Object.entries(learned)) add(dLearned[name], slope);
    },
  };
}
