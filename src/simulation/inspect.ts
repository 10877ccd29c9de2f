/**
 * One prompt on a chip, with the signals of all its crossbars and tiles for inspection part by part: by a page that explains
 * how an answer is computed, or by hand. The numbers are those of `simulate`; only what it does not keep is computed again.
 */
import { ValueError } from "../errors.ts";
import { type CrossbarReading, spikeProduct } from "../hardware/crossbar.ts";
import type { TileDraws } from "../hardware/draws.ts";
import { spikesByLine } from "../hardware/line-order.ts";
import { type NeuronRecord, neuronRecord } from "../hardware/neuron-probe.ts";
import { encoderFires } from "../hardware/ssa-tile.ts";
import type { CrossbarBlock, LayerMapping } from "../mapping/mapping.ts";
import { answerGeometry, tokensRead } from "../model/geometry.ts";
import type { Stream } from "../numeric/stream.ts";
import { emptySpikeTrain, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { type Chip, readChip } from "./chip.ts";
import { tileDraws } from "./reference/attention.ts";
import type { CodeRecord } from "./reference/linear.ts";
import { simulate } from "./reference/simulate.ts";
import { servedByTiles } from "./served.ts";
import type { Trace } from "./trace.ts";

/** A run of one prompt. */
export interface Inspection {
  readonly chip: Chip;
  /** With the spike trains of the prompt. */
  readonly trace: Trace;
  /** The column signals of each crossbar, by crossbar. */
  readonly readings: readonly CrossbarReading[];
  /** Codes of each crossbar, by crossbar; empty where converters pass the exact current. */
  readonly codes: readonly CodeRecord[];
  /** Updates of each layer of neurons, by the name of its spike train. */
  readonly neurons: Readonly<Record<string, NeuronRecord>>;
  /** Random numbers of a head's tile. */
  readonly draws: (block: number, head: number) => TileDraws;
}

/** One crossbar at one time step and token. */
export interface CrossbarView {
  readonly layer: string;
  readonly block: CrossbarBlock;
  /** `[rows]`, 1 for a driven line. */
  readonly lines: Uint8Array;
  /** Conductances of the devices, `[rows, columns]`, microsiemens. */
  readonly plus: Float32Array;
  readonly minus: Float32Array;
  /** Sums over the driven lines, `[columns]`, microsiemens: line current per volt of read voltage. */
  readonly plusCurrents: Float32Array;
  readonly minusCurrents: Float32Array;
  /** The converters' codes, `[columns]`; null for exact currents. */
  readonly codes: Float32Array | null;
}

/** One head's tile at one time step. `N` tokens, `d` features. */
export interface TileView {
  readonly tokens: number;
  readonly dimension: number;
  /** `[N, N]`, 1 where a query may attend to a key. */
  readonly mask: Uint8Array;
  /** Spikes of the head, `[N, d]`. */
  readonly query: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly scores: EncoderView;
  readonly outputs: EncoderView;
}

/** Encoders in cells, `[N, N]`, or at the feet of columns, `[N, d]`: each fires when `draw x normaliser < gain x count x 2^bits`. */
export interface EncoderView {
  readonly counts: Uint16Array;
  readonly draws: Float64Array;
  /** 1 where it fires. */
  readonly fires: Uint8Array;
  readonly gain: number;
  readonly normaliser: number;
  readonly bits: number;
}

/**
 * Runs one prompt.
 *
 * Shapes   input: of one prompt, as `simulate`
 * Random   as `simulate` with `firstPrompt`
 * Throws   as `simulate`
 */
export function inspectPrompt(chip: Chip, input: SpikeTrain, random: Stream, firstPrompt = 0): Inspection {
  const codes: CodeRecord[] = [];
  const neurons: Record<string, NeuronRecord> = {};
  const trace = simulate(chip, input, random, {
    firstPrompt,
    rasters: 1,
    onCodes: (record) => {
      codes[record.block.crossbar] = record;
    },
    probeOf: (train, shape) => {
      const { record, probe } = neuronRecord(shape);
      neurons[train] = record;
      return probe;
    },
  });
  // Only SSA tiles draw numbers; a look into one asks for them.
  const draws = (block: number, head: number) => tileDraws(chip, trace.steps, random)(block, firstPrompt, head);
  return { chip, trace, readings: readChip(chip, random), codes, neurons, draws };
}

/**
 * A crossbar at a time step and a row of its layer's input: a token, or a window of a stem's map. The head reads only some
 * tokens. Throws ValueError for a crossbar, step or row that does not exist
 */
export function inspectCrossbar(
  { chip, trace, readings, codes }: Inspection,
  crossbar: number,
  step: number,
  row: number,
): CrossbarView {
  const { layer, block } = findBlock(chip.mapping.layers, crossbar);
  const train = trace.rasters[layer.trainIn];
  requireIndex("step", step, train.steps);
  requireIndex("row", row, train.rows);
  const { rows, columns, rowStart } = block;
  const vector = spikesByLine(oneRow(train, step, row), layer);
  const lines = unpackSpikes(vector).slice(rowStart, rowStart + rows);
  const { plus, minus } = readings[crossbar];
  const sums = (conductances: Float32Array) => {
    const out = new Float32Array(columns);
    spikeProduct(vector, rowStart, rows, columns, conductances, out);
    return out;
  };
  const read = layer.answers ? tokensRead(answerGeometry(chip.network.geometry)) : null;
  const position = read ? read.indexOf(row) : row;
  const start = (step * (read?.length ?? train.rows) + position) * columns;
  const isConverted = codes[crossbar] !== undefined && position >= 0;
  return {
    layer: layer.name,
    block,
    lines,
    plus,
    minus,
    plusCurrents: sums(plus),
    minusCurrents: sums(minus),
    codes: isConverted ? codes[crossbar].codes.slice(start, start + columns) : null,
  };
}

/**
 * A head's SSA tile at a time step. Throws ValueError for a block, head or step that does not exist, and MappingError for other than
 * stochastic attention
 */
export function inspectTile({ chip, trace, draws }: Inspection, block: number, head: number, step: number): TileView {
  const served = servedByTiles(chip);
  requireIndex("block", block, served.length);
  const { operation, unit: settings } = served[block];
  const { heads, tokens, dimension } = operation;
  requireIndex("head", head, heads);
  requireIndex("step", step, trace.steps);
  const qkv = trace.rasters[operation.reads[0]];
  const part = (index: number) => {
    const spikes = new Uint8Array(tokens * dimension);
    for (let n = 0; n < tokens; n++) {
      const first = (index * heads + head) * dimension;
      spikes.set(rowOf(qkv, step, n).subarray(first, first + dimension), n * dimension);
    }
    return spikes;
  };
  const [query, key, value] = [part(0), part(1), part(2)];
  const { mask, scoreGain, valueGain, scoreNormaliser = dimension, valueNormaliser = tokens } = settings;
  const { largestCount = dimension } = settings;
  const numbers = draws(block, head);
  const scores = encoders(tokens * tokens, scoreGain, scoreNormaliser, numbers.bits, (at) => {
    const [i, j] = [Math.floor(at / tokens), at % tokens];
    if (!mask[at]) return { count: 0, draw: 0 };
    let count = 0;
    for (let f = 0; f < dimension; f++) count += query[i * dimension + f] & key[j * dimension + f];
    return { count: Math.min(count, largestCount), draw: numbers.score(step, i, j) };
  });
  const outputs = encoders(tokens * dimension, valueGain, valueNormaliser, numbers.bits, (at) => {
    const [i, f] = [Math.floor(at / dimension), at % dimension];
    let count = 0;
    for (let j = 0; j < tokens; j++) count += scores.fires[i * tokens + j] & value[j * dimension + f];
    return { count, draw: numbers.output(step, i, f) };
  });
  return { tokens, dimension, mask, query, key, value, scores, outputs };
}

function encoders(
  size: number,
  gain: number,
  normaliser: number,
  bits: number,
  at: (index: number) => { count: number; draw: number },
): EncoderView {
  const view = { counts: new Uint16Array(size), draws: new Float64Array(size), fires: new Uint8Array(size) };
  for (let i = 0; i < size; i++) {
    const { count, draw } = at(i);
    view.counts[i] = count;
    view.draws[i] = draw;
    view.fires[i] = encoderFires(draw, bits, gain * count, normaliser) ? 1 : 0;
  }
  return { ...view, gain, normaliser, bits };
}

function findBlock(layers: readonly LayerMapping[], crossbar: number): { layer: LayerMapping; block: CrossbarBlock } {
  for (const layer of layers) {
    for (const block of layer.blocks) if (block.crossbar === crossbar) return { layer, block };
  }
  throw new ValueError(
    "crossbar",
    `There is no crossbar ${crossbar}. Crossbars are counted from 0, as in the mapping.`,
  );
}

export function requireIndex(name: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new ValueError(name, `There is no ${name} ${index}: there are ${count}, counted from 0.`);
}

const rowOf = (train: SpikeTrain, step: number, row: number): Uint8Array => unpackSpikes(oneRow(train, step, row));

/** One row of a train at one step, as a separate train. */
function oneRow({ words, rows, features }: SpikeTrain, step: number, row: number): SpikeTrain {
  const one = emptySpikeTrain(1, 1, features);
  const stride = one.words.length;
  one.words.set(words.subarray((step * rows + row) * stride, (step * rows + row + 1) * stride));
  return one;
}
