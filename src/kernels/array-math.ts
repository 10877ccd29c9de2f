/**
 * Random numbers and elementary functions of whole arrays, fast. Twin: `scalarMath` in `numeric/array-math.ts`, bit for bit.
 *
 * Arrays pass through a memory of the kernels' own, in pieces that stay in the first-level cache; the copies there and back take less
 * than a tenth of the time.
 */
import { type ArrayMath, scalarMath } from "../numeric/array-math.ts";
import type { Stream } from "../numeric/stream.ts";
import type { KernelExports } from "./binary.generated.ts";
import { standaloneKernels } from "./memory.ts";

/** Doubles in a piece, a multiple of 8. */
const PIECE = 1024;

export const kernelMath: ArrayMath = {
  normals: (random, count) => {
    if (!isCounted(random, count)) return scalarMath.normals(random, count);
    const { run, values, scratch, doubles } = workspace();
    return draw(random, count, (piece, key0, key1, pair, high, skip) => {
      run.drawNormals(key0, key1, pair, high, skip, piece.length, values, scratch);
      piece.set(doubles.subarray(0, piece.length));
    });
  },
  uniforms: (random, count) => {
    if (!isCounted(random, count)) return scalarMath.uniforms(random, count);
    const { run, scratch, words } = workspace();
    return draw(random, count, (piece, key0, key1, pair, high, skip) => {
      run.drawWords(key0, key1, pair, high, piece.length + skip, scratch);
      for (let i = 0; i < piece.length; i++) piece[i] = words[skip + i] / 4294967296;
    });
  },
  exponentials: (array) => replace(array, workspace().run.exponentials),
  naturalLogs: (array) => replace(array, workspace().run.naturalLogs),
};

/** Pairs of words whose counters have the same upper half. */
const PAIRS = 4294967296;

/** Whether the next `count` words are those of the key, under counters whose upper half stays as it is. */
const isCounted = ({ counterBased, position }: Stream, count: number): boolean =>
  counterBased === true && Math.floor(position / 2 / PAIRS) === Math.floor((position + count) / 2 / PAIRS);

/** `draws` writes a piece, from the words after the first `skip` of a pair on. */
function draw(
  random: Stream,
  count: number,
  draws: (piece: Float64Array, key0: number, key1: number, pair: number, high: number, skip: number) => void,
): Float64Array {
  const drawn = new Float64Array(count);
  for (let from = 0; from < count; from += PIECE) {
    const piece = drawn.subarray(from, from + PIECE);
    const pair = Math.floor(random.position / 2);
    draws(piece, random.key[0], random.key[1], pair % PAIRS, Math.floor(pair / PAIRS), random.position % 2);
    random.position += piece.length;
  }
  return drawn;
}

function replace(array: Float64Array, kernel: (offset: number, count: number) => void): void {
  const { values, doubles } = workspace();
  for (let from = 0; from < array.length; from += PIECE) {
    const piece = array.subarray(from, from + PIECE);
    doubles.set(piece);
    kernel(values, piece.length);
    piece.set(doubles.subarray(0, piece.length));
  }
}

interface Workspace {
  readonly run: KernelExports;
  /** Byte offsets of a piece and of what the kernels need beside it, and views of both. */
  readonly values: number;
  readonly scratch: number;
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
}

/** One per thread, made when it is first asked for. */
function workspace(): Workspace {
  made ??= createWorkspace();
  return made;
}

let made: Workspace | undefined;

function createWorkspace(): Workspace {
  const scratchWords = 4 * PIECE + 64;
  const { kernels, arena } = standaloneKernels(8 * PIECE + 4 * scratchWords);
  const values = arena.words(2 * PIECE);
  const scratch = arena.words(scratchWords);
  const buffer = kernels.memory.buffer;
  return {
    run: kernels.run,
    values,
    scratch,
    doubles: new Float64Array(buffer, values, PIECE),
    words: new Uint32Array(buffer, scratch, PIECE + 1),
  };
}
