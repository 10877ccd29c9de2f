/**
 * Token forms of the symbol-detection task: which token holds which y and x, who may attend to whom, where the answer is read,
 * and how a token becomes real values, binary lines or firing probabilities. `docs/task.md` shows the three forms.
 */
import { SpecError } from "../errors.ts";
import { bitsPerClass } from "../experiment/modulation.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { type Geometry, MOST_TOKENS } from "../model/geometry.ts";
import { type Rates, repeatBits } from "../spike/encode.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { linesPerValue, midRiseQuantiser, modulationOf, setLines } from "./link.ts";
import type { TaskGeometry } from "./task.ts";

/** For each token, the index of the pair whose y, and whose x, it holds; -1 if that part is absent. */
export interface TokenLayout {
  readonly received: Int32Array;
  readonly sent: Int32Array;
}

/** Tokens with one copy of each query. */
export function tokenLayout(spec: SymbolDetectionSpec): TokenLayout {
  const tokens = spec.tokens === "shifted" ? spec.pilots + 1 : 2 * spec.pilots + 1;
  const received = new Int32Array(tokens);
  const sent = new Int32Array(tokens);
  for (let i = 0; i < tokens; i++) {
    const pair = i >> 1;
    const second = i % 2 === 1;
    if (spec.tokens === "shifted") [received[i], sent[i]] = [i, i - 1];
    else if (spec.tokens === "query-context") [received[i], sent[i]] = [pair, second ? pair : -1];
    else [received[i], sent[i]] = second ? [-1, pair] : [pair, -1];
  }
  return { received, sent };
}

/**
 * Sizes, mask and queries for networks with real-valued inputs and for spiking networks. Throws SpecError when a query cannot
 * have copies.
 */
export function tokenGeometry(spec: SymbolDetectionSpec): TaskGeometry {
  const { received, sent } = tokenLayout(spec);
  const tokens = received.length;
  const mask = new Uint8Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j <= i; j++) {
      const visible = spec.tokens === "query-context" ? sent[j] >= 0 && j < i : true;
      mask[i * tokens + j] = visible ? 1 : 0;
    }
  }
  // x_i is predicted at the first token that holds y_i.
  const queries = Int32Array.from({ length: spec.pilots + 1 }, (_, pair) => received.indexOf(pair));
  const real: Geometry = { inputs: realInputs(spec), tokens, classes: 2 ** bitsPerClass(spec), mask, queries };
  return { real, spiking: withCopies({ ...real, inputs: spikingInputs(spec) }, spec) };
}

/** Number of copies of each pair's query. */
function copiesOf({ queryCopies = 1, pilots }: SymbolDetectionSpec): Int32Array {
  const every = typeof queryCopies === "number" ? 1 : queryCopies.every;
  const copies = new Int32Array(pilots + 1).fill(every);
  if (typeof queryCopies === "number") copies[pilots] = queryCopies;
  return copies;
}

/** For each token of a spiking network, the index of the token in the prompt without copies. */
function originals(spec: SymbolDetectionSpec): Int32Array {
  // The first token that holds a pair's y is its query.
  const left = new Map(copiesOf(spec).entries());
  return Int32Array.from(
    [...tokenLayout(spec).received].flatMap((pair, token) => {
      const count = left.get(pair) ?? 1;
      left.delete(pair);
      return Array<number>(count).fill(token);
    }),
  );
}

/** A copy sees what its query sees, and sees itself if its query does; no other token sees it. */
function withCopies(single: Geometry, spec: SymbolDetectionSpec): Geometry {
  const copies = copiesOf(spec);
  const extra = copies.reduce((sum, count) => sum + count - 1, 0);
  if (extra === 0) return single;
  if (spec.coding === "repeat") {
    throw new SpecError(
      "task.queryCopies",
      "Copies of a query need binary lines, but coding `repeat` feeds real values. Choose another task.coding, or leave " +
        "task.queryCopies out.",
    );
  }
  const tokens = single.tokens + extra;
  if (tokens > MOST_TOKENS) {
    throw new SpecError(
      "task.queryCopies",
      `With these copies a prompt has ${single.tokens} + ${extra} = ${tokens} tokens, but networks have at most ${MOST_TOKENS}. ` +
        "Use fewer copies or fewer task.pilots.",
    );
  }
  const of = originals(spec);
  const mask = new Uint8Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j <= i; j++) {
      const sees = single.mask[of[i] * single.tokens + of[j]] === 1;
      const isFirst = j === 0 || of[j - 1] !== of[j];
      if (sees && (of[i] === of[j] ? i === j : isFirst)) mask[i * tokens + j] = 1;
    }
  }
  return { ...single, tokens, mask, queries: single.queries.map((query) => of.indexOf(query)), copies };
}

/** The tokens of a spiking network, including copies. */
function spikingLayout(spec: SymbolDetectionSpec): TokenLayout {
  const { received, sent } = tokenLayout(spec);
  const of = originals(spec);
  return { received: of.map((token) => received[token]), sent: of.map((token) => sent[token]) };
}

const realInputs = (spec: SymbolDetectionSpec): number => 2 * (spec.receiveAntennas + spec.transmitAntennas);

function spikingInputs(spec: SymbolDetectionSpec): number {
  if (spec.coding === "repeat") return realInputs(spec);
  const sent = spec.coding === "bernoulli" ? spec.transmitAntennas * modulationOf(spec).parts : bitsPerClass(spec);
  return 2 * spec.receiveAntennas * linesPerPart(spec) + 2 * sent;
}

/** Binary lines for one real part of y. */
const linesPerPart = ({ coding, receiverBits }: SymbolDetectionSpec): number => linesPerValue(coding, receiverBits);

/** The quantised y `[prompts, pairs, 2 Nr]` and the transmitted classes `[prompts, pairs]`, to be written as tokens. */
export interface Pairs {
  readonly prompts: number;
  readonly quantised: Float64Array;
  readonly labels: Int32Array;
}

/** Real token values `[prompts, tokens, 2 Nr + 2 Nt]`: quantised y, then x; absent parts are 0. */
export function realTokens(spec: SymbolDetectionSpec, pairs: Pairs, points: Float64Array): Float32Array {
  const parts = 2 * spec.receiveAntennas;
  const symbols = 2 * spec.transmitAntennas;
  const inputs = parts + symbols;
  const layout = tokenLayout(spec);
  const values = new Float32Array(pairs.prompts * layout.received.length * inputs);
  forEachToken(spec, pairs, layout, (row, received, sent) => {
    if (received >= 0) {
      for (let i = 0; i < parts; i++) values[row * inputs + i] = pairs.quantised[received * parts + i];
    }
    if (sent >= 0) {
      const x = pairs.labels[sent] * symbols;
      for (let i = 0; i < symbols; i++) values[row * inputs + parts + i] = points[x + i];
    }
  });
  return values;
}

/**
 * Codings `bits` and `thermometer`: each quantised part of y as the binary code of its cell, most significant bit first, or as
 * one line per quantiser threshold that it exceeds, lowest first; then, for each transmitted bit, the pair (bit, not bit). Absent
 * parts are all 0, so a network sees whether x is present. The same at every time step.
 */
export function lineTokens(spec: SymbolDetectionSpec, pairs: Pairs, steps: number): SpikeTrain {
  const { receiverBits, receiverRange } = spec;
  const parts = 2 * spec.receiveAntennas;
  const sentBits = bitsPerClass(spec);
  const features = spikingInputs(spec);
  const lines = linesPerPart(spec);
  const quantiser = midRiseQuantiser(receiverBits, receiverRange);
  const layout = spikingLayout(spec);
  const train = emptySpikeTrain(1, pairs.prompts * layout.received.length, features);
  const stride = wordsPerRow(features);
  const set = (row: number, line: number) => {
    train.words[row * stride + (line >>> 5)] |= 1 << (line & 31);
  };
  forEachToken(spec, pairs, layout, (row, received, sent) => {
    if (received >= 0) {
      for (let i = 0; i < parts; i++) {
        const code = quantiser.code(pairs.quantised[received * parts + i]);
        setLines(spec.coding, code, lines, (line) => set(row, i * lines + line));
      }
    }
    if (sent >= 0) {
      for (let b = 0; b < sentBits; b++) {
        const bit = (pairs.labels[sent] >>> (sentBits - 1 - b)) & 1;
        set(row, parts * lines + 2 * b + (1 - bit));
      }
    }
  });
  return repeatBits(train, steps);
}

/**
 * Coding `bernoulli`, firing probabilities of one prompt: one line per part of y, mapped from [-range, range] to [0, 1];
 * for each modulated part of x, the pair (p, 1 - p), mapped from [-1, 1], or from the outermost levels if they are further
 * out. Absent parts never fire.
 */
export function promptProbabilities(
  spec: SymbolDetectionSpec,
  pairs: Pairs,
  prompt: number,
  points: Float64Array,
): Rates {
  const parts = 2 * spec.receiveAntennas;
  const features = spikingInputs(spec);
  const layout = spikingLayout(spec);
  const { parts: sentParts, bits, unit } = modulationOf(spec);
  const symbols = 2 * spec.transmitAntennas;
  const largest = Math.max(1, unit * (2 ** bits - 1));
  const rows = layout.received.length;
  const values = new Float64Array(rows * features);
  const first = prompt * (spec.pilots + 1);
  for (let row = 0; row < rows; row++) {
    const [received, sent] = [layout.received[row], layout.sent[row]];
    for (let i = 0; received >= 0 && i < parts; i++) {
      values[row * features + i] = 0.5 + pairs.quantised[(first + received) * parts + i] / (2 * spec.receiverRange);
    }
    // Without imaginary parts, every other value is modulated.
    for (let i = 0; sent >= 0 && i < spec.transmitAntennas * sentParts; i++) {
      const value = points[pairs.labels[first + sent] * symbols + (2 / sentParts) * i];
      const probability = 0.5 + value / (2 * largest);
      values[row * features + parts + 2 * i] = probability;
      values[row * features + parts + 2 * i + 1] = 1 - probability;
    }
  }
  return { rows, features, values };
}

/** Visits every token with its row and the indices, in `labels`, of the pairs whose y and x it holds; -1 if absent. */
function forEachToken(
  spec: SymbolDetectionSpec,
  pairs: Pairs,
  layout: TokenLayout,
  visit: (row: number, received: number, sent: number) => void,
): void {
  const tokens = layout.received.length;
  for (let prompt = 0, row = 0; prompt < pairs.prompts; prompt++) {
    const first = prompt * (spec.pilots + 1);
    for (let i = 0; i < tokens; i++, row++) {
      const [received, sent] = [layout.received[i], layout.sent[i]];
      visit(row, received < 0 ? -1 : first + received, sent < 0 ? -1 : first + sent);
    }
  }
}
