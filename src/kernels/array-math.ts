/**
 * Fast random numbers and elementary functions for whole arrays. Twin: `scalarMath` in `numeric/array-math.ts`, bit for bit.
 *
 * Arrays pass through a memory of the kernels, piece by piece; copying there and back takes less than a tenth of the time.
 */
import { type ArrayMath, type InversePower, inPieces, PIECE, scalarMath } from "../numeric/array-math.ts";
import { power } from "../numeric/power.ts";
import type { Stream } from "../numeric/stream.ts";
import type { KernelExports } from "./binary.generated.ts";
import { standaloneKernels } from "./memory.ts";

export const kernelMath: ArrayMath = {
  normals: (random, out) => {
    if (!isCounted(random, out.length)) return scalarMath.normals(random, out);
    const { run, values, scratch, doubles } = workspace();
    draw(random, out, (piece, key0, key1, pair, high, skip) => {
      run.drawNormals(key0, key1, pair, high, skip, piece.length, values, scratch);
      piece.set(doubles.subarray(0, piece.length));
    });
  },
  uniforms: (random, out) => {
    if (!isCounted(random, out.length)) return scalarMath.uniforms(random, out);
    const { run, scratch, words } = workspace();
    draw(random, out, (piece, key0, key1, pair, high, skip) => {
      run.drawWords(key0, key1, pair, high, piece.length + skip, scratch);
      for (let i = 0; i < piece.length; i++) piece[i] = words[skip + i] / 4294967296;
    });
  },
  exponentials: (array, factor) => replace(array, (run, values, count) => run.exponentials(values, count, factor)),
  naturalLogs: (array) => replace(array, (run, values, count) => run.naturalLogs(values, count)),
  clamp: (array, low, high) => replace(array, (run, values, count) => run.clamp(values, count, low, high)),
  noisyDecays: (random, decay, out) => {
    if (!isCounted(random, out.length)) return scalarMath.noisyDecays(random, decay, out);
    const { values, exponents, rate, deviations: given, factors } = decay;
    const { run, values: at, scratch, doubles, beside } = workspace();
    const [decays, deviations] = beside;
    let from = 0;
    draw(random, out, (piece, key0, key1, pair, high, skip) => {
      const count = piece.length;
      const of = (array: Float64Array) => array.subarray(from, from + count);
      doubles.set(of(values));
      if (exponents !== null) decays.doubles.set(of(exponents));
      if (given instanceof Float64Array) deviations.doubles.set(of(given));
      else {
        const { unit, power, factor, most } = given;
        run.inversePowers(at, count, unit, power, factor, most, surelyMost(given), deviations.at, scratch);
      }
      // biome-ignore format: one line for each group of arguments
      run.noisyDecays(
        at, count, exponents === null ? 0 : decays.at, rate, deviations.at, ...factors,
        key0, key1, pair, high, skip, scratch,
      );
      piece.set(doubles.subarray(0, count));
      from += count;
    });
  },
};

/** A value up to which a law gives `most`: well below the point where its power falls to `most`, so that rounding does not matter. */
const surelyMost = ({ unit, power: exponent, factor, most }: InversePower): number =>
  0.95 * unit * power(factor / most, 1 / exponent);

/** This many pairs of words have counters with the same upper half. */
const PAIRS = 4294967296;

/** Whether the next `count` words are those of the key, under counters with a constant upper half. */
const isCounted = ({ counterBased, position }: Stream, count: number): boolean =>
  counterBased === true && Math.floor(position / 2 / PAIRS) === Math.floor((position + count) / 2 / PAIRS);

/** `draws` writes a piece, starting after the first `skip` words of a pair. */
function draw(
  random: Stream,
  out: Float64Array,
  draws: (piece: Float64Array, key0: number, key1: number, pair: number, high: number, skip: number) => void,
): void {
  const { key } = random;
  inPieces(out.length, (from, to) => {
    const pair = Math.floor(random.position / 2);
    draws(out.subarray(from, to), key[0], key[1], pair % PAIRS, Math.floor(pair / PAIRS), random.position % 2);
    random.position += to - from;
  });
}

function replace(array: Float64Array, work: (run: KernelExports, values: number, count: number) => void): void {
  const { run, values, doubles } = workspace();
  inPieces(array.length, (from, to) => {
    const piece = array.subarray(from, to);
    doubles.set(piece);
    work(run, values, piece.length);
    piece.set(doubles.subarray(0, piece.length));
  });
}

interface Workspace {
  readonly run: KernelExports;
  /** Byte offsets of a piece and of the kernels' work areas, and views of both. */
  readonly values: number;
  readonly scratch: number;
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
  /** Two more pieces, for the inputs of the computation. */
  readonly beside: readonly { readonly at: number; readonly doubles: Float64Array }[];
}

/** One per thread, created on first use. */
function workspace(): Workspace {
  made ??= createWorkspace();
  return made;
}

let made: Workspace | undefined;

function createWorkspace(): Workspace {
  const scratchWords = 6 * PIECE + 96;
  const { kernels, arena } = standaloneKernels(3 * 8 * PIECE + 4 * scratchWords);
  const [values, ...others] = [0, 1, 2].map(() => arena.words(2 * PIECE));
  const scratch = arena.words(scratchWords);
  const buffer = kernels.memory.buffer;
  const doublesAt = (at: number) => new Float64Array(buffer, at, PIECE);
  return {
    run: kernels.run,
    values,
    scratch,
    doubles: doublesAt(values),
    words: new Uint32Array(buffer, scratch, PIECE + 1),
    beside: others.map((at) => ({ at, doubles: doublesAt(at) })),
  };
}
