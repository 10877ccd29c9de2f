/**
 * Where a thread computes its shards: in the memory that all threads share, or in one of its own.
 *
 * WebAssembly addresses 4 GiB, which activations of a large network fill several times over. A thread with a memory of its own copies the
 * parameters there before a shard, and afterwards the shard's gradients, statistics and losses back, which takes a few bytes per thousand
 * operations. The same kernels work on the same numbers, so no bit changes.
 */
import type { Place } from "../kernels/arena.ts";
import { allocateMemory, instantiateKernels } from "../kernels/memory.ts";
import { MOST_TALLIES } from "../kernels/pass-loss.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import type { OwnPlaces, TrainingPlan } from "./plan.ts";

/** The memory that threads share, and the kernels that work on it. */
export interface SharedKernels {
  readonly memory: WebAssembly.Memory;
  /** Of the kernels, as hexadecimal digits; undefined for the usual ones. */
  readonly binary: string | undefined;
}

type Offsets = TrainingPlan["value"];

/** Places where one shard leaves its results. */
export interface ShardPlaces {
  /** Which of `gradients` it adds to. */
  readonly set: number;
  readonly gradientStart: Place;
  readonly statistics: Offsets;
  readonly losses: Place;
}

export interface ShardMemory {
  readonly ops: TrainingOps;
  /** For gradients of a shard; parameters are at the places of the plan. */
  readonly gradients: readonly Offsets[];
  placesOf(shard: number, buffer: number): ShardPlaces;
  /** Brings what passes of this kind read. */
  fetch(passes: keyof OwnPlaces["passed"]): void;
  /** Hands on what a shard left behind. */
  deliver(shard: number, buffer: number): void;
  /** Muon's look-ahead momentum of a matrix, and where to orthogonalise it; `deliver` hands the result on. */
  matrix(name: string, count: number): { readonly source: Place; readonly target: Place; readonly deliver: () => void };
}

/** Of a thread. Throws PlatformError where the system has no memory left. */
export const threadMemory = (kernels: SharedKernels, plan: TrainingPlan): ShardMemory =>
  plan.own === null
    ? wholeMemory(instantiateKernels(kernels.memory, kernels.binary), plan)
    : ownMemory(kernels, plan, plan.own);

/** With everything in one memory. */
export const wholeMemory = (ops: TrainingOps, plan: TrainingPlan): ShardMemory => ({
  ops,
  gradients: plan.gradients,
  placesOf: (shard, buffer) => ({
    set: buffer,
    gradientStart: plan.gradientStarts[buffer],
    statistics: plan.statistics[shard],
    losses: plan.losses[shard],
  }),
  fetch: () => {},
  deliver: () => {},
  matrix: (name) => ({ source: plan.second[name], target: plan.gradients[0][name], deliver: () => {} }),
});

function ownMemory({ memory, binary }: SharedKernels, plan: TrainingPlan, own: OwnPlaces): ShardMemory {
  const ops = instantiateKernels(allocateMemory(own.bytes, false), binary);
  const [shared, mine] = [memory, ops.memory].map(({ buffer }) => new Uint8Array(buffer));
  const out = (from: Place, to: Place, bytes: number) => shared.set(mine.subarray(from, from + bytes), to);
  const { gradientStart, statistics, losses } = own;
  const places = { set: 0, gradientStart, statistics, losses };
  return {
    ops,
    gradients: [own.gradient],
    placesOf: () => places,
    fetch: (passes) => {
      const [from, to] = own.passed[passes];
      mine.set(shared.subarray(from, to), from);
    },
    deliver: (shard, buffer) => {
      out(gradientStart, plan.gradientStarts[buffer], 4 * plan.gradientWords);
      out(losses, plan.losses[shard], 8 * MOST_TALLIES);
      for (const { name, shape, learned } of plan.layout) {
        if (!learned) out(statistics[name], plan.statistics[shard][name], 4 * shape[0]);
      }
    },
    matrix: (name, count) => {
      const target = own.gradient[name];
      const source = plan.second[name];
      mine.set(shared.subarray(source, source + 4 * count), target);
      // The look-ahead starts where the result will be.
      return { source: target, target, deliver: () => out(target, plan.gradients[0][name], 4 * count) };
    },
  };
}
