// A conventional transformer with few bits, as a digital engine of that width computes it. Both operands of every product have `bits`
// bits.
//
//   weights       symmetric, one step per column (output)
//   activations   symmetric, one step per tensor: layer inputs, q, k and v; unsigned softmax weights use all codes from 0 to 1
//   the rest      sums, softmax, LayerNorm, GELU and the residual stream are exact; engines keep them in 16 to 32 bits
//
// As usual, the first layer and the head keep 8 bits where the others have fewer. Each step is chosen after training from 20 candidates
// between half and all of the range, by the least mean square error: over the column for weights, over calibration prompts for
// activations. Networks that were trained for few bits (`trained.mjs`) round by their own steps; evaluation does that.

const EPSILON = 1e-5;
const TILE = 16;
const CLIPS = Array.from({ length: 20 }, (_, i) => 0.5 + (i + 1) / 40);

/** Rounds to a multiple of the step, half away from zero, within the signed codes of a number of bits. */
function rounded(value, step, bits) {
  if (step === 0) return 0;
  const most = 2 ** (bits - 1) - 1;
  const code = Math.sign(value) * Math.floor(Math.abs(value) / step + 0.5);
  return step * Math.max(-most, Math.min(most, code));
}

/** The step with the least mean square error, among several shares of the range. */
export function stepOf(values, bits) {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const clip of CLIPS) {
    const step = (clip * largest) / (2 ** (bits - 1) - 1);
    let error = 0;
    for (const value of values) error += (rounded(value, step, bits) - value) ** 2;
    if (error < least) [best, least] = [step, error];
  }
  return best;
}

/**
 * Quantizes a network to `bits` bits; exact if `bits` is null.
 *
 * @param calibration `{ prompts, values }` for choosing the steps of activations
 * @returns a function from `{ prompts, values: [prompts][tokens][inputs] }` to logits `[prompts][queries][classes]`
 */
export function quantisedAnn(network, bits, calibration) {
  const outer = bits === null ? null : Math.max(8, bits);
  const { stem, depth } = network.model;
  const convolutions = (stem?.layers ?? []).map((_, i) => `stem.${i}`);
  const parts = ["qkv", "projection", "up", "down"];
  const inBlocks = Array.from({ length: depth }, (_, i) => parts.map((part) => `blocks.${i}.${part}`)).flat();
  const layers = [...convolutions, "embed", ...inBlocks, "head"];
  const outers = new Set([layers[0], "head"]);
  const bitsOf = (name) => (outers.has(name) ? outer : bits);
  const weights = new Map();
  for (const layer of layers) {
    const { data, shape } = network.parameters[`${layer}.weight`];
    weights.set(layer, inColumns(data, shape, bitsOf(layer)));
  }
  const steps = new Map();
  if (bits !== null) {
    const record = (name, values) => {
      steps.set(name, stepOf(values, bitsOf(name)));
    };
    run(network, weights, calibration, { keep: record, probabilities: (p) => p });
  }
  const keep = (name, values) => {
    if (bits === null) return;
    const [step, width] = [steps.get(name), bitsOf(name)];
    for (let i = 0; i < values.length; i++) values[i] = rounded(values[i], step, width);
  };
  const codes = 2 ** (bits ?? 0) - 1;
  const probabilities = bits === null ? (p) => p : (p) => Math.round(p * codes) / codes;
  return (input) => run(network, weights, input, { keep, probabilities });
}

/** The rounded columns of a matrix `[inputs, outputs]`, stored one after another. */
function inColumns(data, [inputs, outputs], bits) {
  const columns = new Float64Array(inputs * outputs);
  for (let n = 0; n < outputs; n++) {
    const column = columns.subarray(n * inputs, (n + 1) * inputs);
    for (let k = 0; k < inputs; k++) column[k] = data[k * outputs + n];
    if (bits === null) continue;
    const step = stepOf(column, bits);
    for (let k = 0; k < inputs; k++) column[k] = rounded(column[k], step, bits);
  }
  return columns;
}

/** The forward pass of `networkForward`, with a hook for every operand: `keep(name, values)` may change the values in place. */
function run({ model, geometry, parameters }, weights, { prompts, values }, { keep, probabilities }) {
  const { tokens, queries, mask, readOut } = geometry;
  const { width, depth, heads } = model;
  const rows = prompts * tokens;
  const parameter = (name) => parameters[name].data;

  function dense(name, input, features) {
    keep(name, input);
    const [columns, offset] = [weights.get(name), parameter(`${name}.offset`)];
    const outputs = offset.length;
    const output = new Float64Array((input.length / features) * outputs);
    // Some rows at a time share a column while it is in the cache.
    const all = input.length / features;
    for (let first = 0; first < all; first += TILE) {
      const end = Math.min(all, first + TILE);
      for (let n = 0; n < outputs; n++) {
        for (let r = first; r < end; r++) {
          output[r * outputs + n] = offset[n] + dot(input, r * features, columns, n * features, features);
        }
      }
    }
    return output;
  }

  function norm(name, input) {
    const [gain, offset] = [parameter(`${name}.gain`), parameter(`${name}.offset`)];
    const [output, features] = [new Float64Array(input.length), gain.length];
    for (let r = 0; r < input.length; r += features) {
      const row = input.subarray(r, r + features);
      const mean = row.reduce((sum, x) => sum + x, 0) / features;
      const deviation = Math.sqrt(row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / features + EPSILON);
      for (let f = 0; f < features; f++) output[r + f] = (gain[f] * (row[f] - mean)) / deviation + offset[f];
    }
    return output;
  }

  /** Convolutions, each followed by LayerNorm, GELU and max pooling over squares, then the embedding. */
  function embed(input) {
    const { layers = [], embedding } = model.stem ?? {};
    let map = { ...(geometry.grid ?? { rows: 1, columns: tokens }), channels: geometry.inputs, values: input };
    for (const [i, { kernel, stride, pool }] of layers.entries()) {
      const read = windowsOf(map, prompts, { kernel, stride });
      const normalised = norm(`stem.${i}.norm`, dense(`stem.${i}`, read.values, read.features));
      const channels = normalised.length / (prompts * read.rows * read.columns);
      map = pooled({ ...read, channels, values: normalised.map(gelu) }, prompts, pool);
    }
    const read = windowsOf(map, prompts, embedding ?? { kernel: 1, stride: 1 });
    return dense("embed", read.values, read.features);
  }

  function attention(name, qkv) {
    const parts = [0, 1, 2].map((part) => partOf(qkv, rows, width, part));
    parts.forEach((part, i) => {
      keep(`${name}.${"qkv"[i]}`, part);
    });
    const [query, key, value] = parts;
    const [dimension, output] = [width / heads, new Float64Array(rows * width)];
    for (let b = 0; b < prompts; b++) {
      for (let h = 0; h < heads; h++) {
        const at = (token) => (b * tokens + token) * width + h * dimension;
        for (let i = 0; i < tokens; i++) {
          const allowed = Array.from({ length: tokens }, (_, j) => j).filter((j) => mask[i * tokens + j]);
          const scores = allowed.map((j) => dot(query, at(i), key, at(j), dimension) / Math.sqrt(dimension));
          const largest = Math.max(...scores);
          const shares = scores.map((score) => Math.exp(score - largest));
          const sum = shares.reduce((total, share) => total + share, 0);
          allowed.forEach((j, a) => {
            const share = probabilities(shares[a] / sum);
            for (let d = 0; d < dimension; d++) output[at(i) + d] += share * value[at(j) + d];
          });
        }
      }
    }
    return output;
  }

  let stream = embed(Float64Array.from(values));
  const position = model.position === "none" ? [0] : parameter("position");
  stream = stream.map((x, i) => x + position[i % position.length]);
  for (let i = 0; i < depth; i++) {
    const block = `blocks.${i}`;
    const attended = attention(block, dense(`${block}.qkv`, norm(`${block}.norm1`, stream), width));
    stream = added(stream, dense(`${block}.projection`, attended, width));
    const hidden = dense(`${block}.up`, norm(`${block}.norm2`, stream), width).map(gelu);
    stream = added(stream, dense(`${block}.down`, hidden, hidden.length / rows));
  }
  const logits = dense("head", norm("norm", stream), width);
  const classes = logits.length / rows;
  const read = new Float64Array(prompts * queries.length * classes);
  const isMean = readOut === "mean";
  for (let b = 0, to = 0; b < prompts; b++) {
    for (const query of queries) {
      const first = isMean ? 0 : query;
      const count = isMean ? tokens : 1;
      for (let c = 0; c < classes; c++, to++) {
        for (let token = first; token < first + count; token++) {
          read[to] += logits[(b * tokens + token) * classes + c] / count;
        }
      }
    }
  }
  return read;
}

/** For each output pixel of a convolution, its input patch, row by row, zero-padded: `[prompts, rows, columns, features]`. */
function windowsOf({ rows, columns, channels, values }, prompts, { kernel, stride }) {
  const [edge, features] = [(kernel - 1) / 2, kernel ** 2 * channels];
  const [down, across] = [Math.ceil(rows / stride), Math.ceil(columns / stride)];
  const windows = new Float64Array(prompts * down * across * features);
  const isInside = (row, column) => row >= 0 && row < rows && column >= 0 && column < columns;
  for (let b = 0, to = 0; b < prompts; b++) {
    for (let at = 0; at < down * across; at++) {
      const [top, left] = [stride * Math.floor(at / across) - edge, stride * (at % across) - edge];
      for (let k = 0; k < kernel ** 2; k++, to += channels) {
        const [row, column] = [top + Math.floor(k / kernel), left + (k % kernel)];
        if (!isInside(row, column)) continue;
        const from = ((b * rows + row) * columns + column) * channels;
        windows.set(values.subarray(from, from + channels), to);
      }
    }
  }
  return { rows: down, columns: across, features, values: windows };
}

/** Max pooling over squares of pixels. */
function pooled({ rows, columns, channels, values }, prompts, side) {
  const [down, across] = [rows / side, columns / side];
  const largest = new Float64Array(prompts * down * across * channels).fill(Number.NEGATIVE_INFINITY);
  for (let b = 0, from = 0; b < prompts; b++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const to = ((b * down + Math.floor(row / side)) * across + Math.floor(column / side)) * channels;
        for (let c = 0; c < channels; c++, from++) largest[to + c] = Math.max(largest[to + c], values[from]);
      }
    }
  }
  return { rows: down, columns: across, channels, values: largest };
}

function partOf(qkv, rows, width, part) {
  const values = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    values.set(qkv.subarray((3 * r + part) * width, (3 * r + part + 1) * width), r * width);
  }
  return values;
}

/** A dot product in four independent sums, which can run in parallel. */
function dot(a, i, b, j, length) {
  let [s, t, u, v] = [0, 0, 0, 0];
  let d = 0;
  for (; d + 3 < length; d += 4) {
    s += a[i + d] * b[j + d];
    t += a[i + d + 1] * b[j + d + 1];
    u += a[i + d + 2] * b[j + d + 2];
    v += a[i + d + 3] * b[j + d + 3];
  }
  for (; d < length; d++) s += a[i + d] * b[j + d];
  return s + t + (u + v);
}

const added = (a, b) => a.map((x, i) => x + b[i]);

/** The tanh approximation, with which the networks were trained. */
const gelu = (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
