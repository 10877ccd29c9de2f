/**
 * Operations on a GPU against those in WebAssembly: both begin with the same contents, run the same calls, and all of their memory is
 * compared afterwards. The GPU runs them twice, which gives the same bits.
 */
import { afterEach, expect } from "vitest";
import { arena, type Place } from "../../src/kernels/arena.ts";
import { type Kernels, standaloneKernels } from "../../src/kernels/memory.ts";
import { type GpuKernels, gpuKernels } from "../../src/kernels/webgpu/ops.ts";
import { stream } from "../../src/numeric/stream.ts";
import type { Backend } from "./backends.ts";
import { gpu } from "./gpu.ts";

/** For suites that run passes. Reading unwritten memory gives NaN. */
export const GPU_BACKEND: Backend<GpuKernels> = {
  name: "a GPU",
  create: (bytes) => {
    const ops = gpuKernels(gpu, bytes);
    opened.push(ops);
    ops.fill(0, bytes / 4, Number.NaN);
    return { ops, arena: arena(0, bytes) };
  },
};
const opened: GpuKernels[] = [];
afterEach(() => {
  for (const { close } of opened.splice(0)) close();
});

/** What an array holds at the beginning; of `unset` numbers, an operation must not read any. */
export type Contents = Float32Array | Uint32Array | Int32Array | Uint8Array;

/** Standard normals times `spread`; the same for the same numbers. */
export function normals(count: number, seed: number, spread = 1): Float32Array {
  const random = stream(seed);
  return Float32Array.from({ length: count }, () => spread * random.normal());
}

/** NaN. */
export const unset = (count: number): Float32Array => new Float32Array(count).fill(Number.NaN);

/** Bits that no operation may change: a NaN with a mark. */
const UNTOUCHED = 0x7fc0beef;

interface Results<A extends string> {
  /** Numbers of all arrays afterwards. */
  readonly numbers: Readonly<Record<A, Float32Array>>;
  readonly words: Readonly<Record<A, Uint32Array>>;
}

export interface Both<A extends string> {
  readonly wasm: Results<A>;
  readonly gpu: Results<A>;
}

/**
 * Runs `work` on both.
 *
 * @param arrays   by name, with their contents
 * @param changed  what the work may change; the other arrays and the gaps between them must keep their bits on the GPU
 * @param scratch  words of scratch memory, the last argument of `work`
 */
export async function onBoth<A extends string>(
  arrays: Readonly<Record<A, Contents>>,
  changed: readonly NoInfer<A>[],
  work: (ops: GpuKernels | Kernels, at: Readonly<Record<A, Place>>, scratch: Place) => void,
  scratch = 1,
): Promise<Both<A>> {
  const names = Object.keys(arrays) as A[];
  const wordsOf = (name: A) => Math.ceil(arrays[name].byteLength / 4);
  const total = names.reduce((sum, name) => sum + 4 * wordsOf(name) + 128, 4 * scratch + 128);
  const place = (from: { words(count: number): Place }) => {
    const at = Object.fromEntries(names.map((name) => [name, from.words(wordsOf(name) + 3)])) as Record<A, Place>;
    return { at, scratchAt: from.words(scratch) };
  };
  const read = (all: Uint32Array, at: Readonly<Record<A, Place>>, base: Place): Results<A> => {
    const words = Object.fromEntries(
      names.map((name) => {
        const first = (at[name] - base) / 4;
        return [name, all.slice(first, first + wordsOf(name))];
      }),
    ) as Record<A, Uint32Array>;
    const numbers = Object.fromEntries(names.map((name) => [name, new Float32Array(words[name].buffer)]));
    return { words, numbers: numbers as Record<A, Float32Array> };
  };

  const { kernels, arena: places } = standaloneKernels(total);
  const onWasm = place(places);
  for (const name of names) kernels.write(onWasm.at[name], arrays[name]);
  work(kernels, onWasm.at, onWasm.scratchAt);
  const wasm = read(kernels.u32, onWasm.at, 0);

  const onGpu = async () => {
    const ops = gpuKernels(gpu, total);
    const { at, scratchAt } = place(arena(0, total));
    ops.write(0, new Uint32Array(total / 4).fill(UNTOUCHED));
    for (const name of names) ops.write(at[name], arrays[name]);
    const before = await ops.words(0, total / 4);
    work(ops, at, scratchAt);
    const after = await ops.words(0, total / 4);
    ops.close();
    return { at, scratchAt, before, after };
  };
  const [first, second] = [await onGpu(), await onGpu()];
  expect(firstDifference(second.after, first.after), "word that the GPU does not repeat").toBe(-1);
  const { at, scratchAt, before, after } = first;
  // What may change is blanked in both.
  const kept = after.slice();
  for (const all of [before, kept]) {
    for (const name of changed) all.fill(0, at[name] / 4, at[name] / 4 + wordsOf(name));
    all.fill(0, scratchAt / 4, scratchAt / 4 + scratch);
  }
  expect(firstDifference(kept, before), "word written outside of what changes").toBe(-1);
  return { wasm, gpu: read(after, at, 0) };
}

/** Index of the first word that differs, or -1. Vitest's own comparison takes seconds for a million words. */
const firstDifference = (a: Uint32Array, b: Uint32Array): number => a.findIndex((word, i) => word !== b[i]);

/** All arrays have the same bits on both. */
export function expectSameBits<A extends string>({ wasm, gpu }: Both<A>): void {
  for (const name of Object.keys(wasm.words) as A[]) {
    expect(firstDifference(gpu.words[name], wasm.words[name]), `word of ${name} that differs`).toBe(-1);
  }
}

/** A tally on both: a double in WebAssembly, and two floats on a GPU. */
export function talliesOf<A extends string>({ wasm, gpu }: Both<A>, name: NoInfer<A>): { wasm: number; gpu: number } {
  const [sum, rest] = gpu.numbers[name];
  return { wasm: new Float64Array(wasm.words[name].slice().buffer)[0], gpu: sum + rest };
}

/** Every number within `bound` of the other; says where the worst is. */
export function expectWithin(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number, name = ""): void {
  expect(actual.length).toBe(expected.length);
  let [worst, where] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= worst)) [worst, where] = [error, i];
  }
  expect(worst, `${name}[${where}]: ${actual[where]} for ${expected[where]}`).toBeLessThanOrEqual(bound);
}

/** The largest absolute value. */
export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
