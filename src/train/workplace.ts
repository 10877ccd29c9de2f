/**
 * Where a training takes place: in a WebAssembly memory on the executor's threads, or in the memory of another backend, which gets all
 * shards from this thread, one after another.
 */
import type { Experiment } from "../experiment/experiment.ts";
import { allocateMemory, instantiateKernels } from "../kernels/memory.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import { type Executor, inlineExecutor, type Session } from "../threads/executor.ts";
import { wholeMemory } from "./own-memory.ts";
import { type MemoryLimits, oneMemory } from "./plan.ts";
import { openShard, type PieceResult, type ShardPiece, type ShardSetup } from "./shard.ts";

/** Another backend than WebAssembly. */
export interface TrainingBackend {
  /** As commands call it. */
  readonly name: string;
  /** Vendor and description of the device. */
  readonly device: string;
  /** First byte of its memory that a plan may use. */
  readonly base: number;
  /** Bytes of the largest memory. */
  readonly largestMemory: number;
  /** Throws SpecError at a field that asks for what the backend does not train. */
  requireTrainable(experiment: Experiment): void;
  /** Operations on a memory of their own. Throws PlatformError when there is none. */
  create(bytes: number): TrainingOps & { close(): void };
}

export interface Workplace {
  /** First byte that a plan may use, and the bytes that it may use at most. */
  readonly base: number;
  readonly limits: MemoryLimits;
  /** The limit of a memory as notes name it. */
  readonly limitName: string;
  readonly threads: number;
  open(bytes: number): OpenWorkplace;
}

export interface OpenWorkplace {
  readonly ops: TrainingOps;
  /** Works on shards, on up to this many threads. */
  shards(setup: ShardSetup, threads: number): Session<ShardPiece, PieceResult>;
  close(): void;
}

const JOB = "train-shard";

/** The threads of an executor, on a memory that they share, and on their own where the plan says so. `binary`: as `SharedKernels`. */
export const onThreads = (executor: Executor, limits: MemoryLimits, binary: string | undefined): Workplace => ({
  base: instantiateKernels(allocateMemory(0, false), binary).base,
  limits,
  limitName: "memories of 4 GiB, the most of WebAssembly",
  threads: executor.threads,
  open: (bytes) => {
    const memory = allocateMemory(bytes, executor.isApart);
    return {
      ops: instantiateKernels(memory, binary),
      shards: (setup, threads) => executor.open(JOB, { ...setup, memory, binary }, { threads, repeatable: true }),
      close: () => {},
    };
  },
});

/** Another backend. */
export const onBackend = (backend: TrainingBackend, { total, each }: MemoryLimits): Workplace => ({
  base: backend.base,
  limits: oneMemory(Math.min(total, each, backend.largestMemory)),
  limitName: `the memory that ${backend.device} binds at a time`,
  threads: 1,
  open: (bytes) => {
    const ops = backend.create(bytes);
    const executor = inlineExecutor({
      [JOB]: (setup) => openShard((plan) => wholeMemory(ops, plan), setup as ShardSetup, 0) as never,
    });
    return { ops, shards: (setup) => executor.open(JOB, setup), close: ops.close };
  },
});
