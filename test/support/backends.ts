/** All backends, for suites that run passes on each of them. */
import { type Arena, arena, type Place } from "../../src/kernels/arena.ts";
import { standaloneKernels } from "../../src/kernels/memory.ts";
import type { ReadOps } from "../../src/kernels/ops.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { referenceOps } from "./reference-ops.ts";

export interface Backend<O = TrainingOps & ReadOps> {
  readonly name: string;
  /** Operations on a separate memory, and an arena over it. Reading unwritten memory gives NaN. */
  create(bytes: number): { readonly ops: O; readonly arena: Arena };
}

/** Vitest's `test`, or one that is skipped where a backend has no device. */
export type BackendTest = (name: string, body: () => Promise<void>) => void;

/** Words of the memory, such as packed spikes. */
export const wordsAt = async ({ read }: TrainingOps, at: Place, count: number): Promise<Uint32Array> =>
  new Uint32Array((await read(at, count)).slice().buffer);

export const BACKENDS: readonly Backend[] = [
  {
    name: "WebAssembly",
    create: (bytes) => {
      const { kernels, arena } = standaloneKernels(bytes);
      kernels.f32.fill(Number.NaN, arena.mark() / 4);
      return { ops: kernels, arena };
    },
  },
  { name: "the reference", create: (bytes) => ({ ops: referenceOps(bytes), arena: arena(0, bytes) }) },
];
