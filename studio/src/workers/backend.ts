/**
 * Where a worker computes: on the browser's GPU, or on threads in WebAssembly. A GPU that is not there, refuses the work or goes away
 * leaves it to the threads.
 */
import { type Executor, type Gpu, jobs, type Keeper, openGpu, withGpu } from "xpikeformer";
import { type Backend, chooseBackend } from "xpikeformer/internal";
import { failureOf } from "./calls.ts";

/** Where something is computed, for the page. */
export interface ComputedOn {
  /** Name of the GPU; null: in WebAssembly. */
  readonly gpu: string | null;
  /** Of WebAssembly. */
  readonly threads: number;
  /** Why not on a GPU; null where nobody wonders. */
  readonly reason: string | null;
}

export interface FoundGpu {
  readonly gpu: Gpu | null;
  readonly reason: string | null;
}

/** A GPU to close when done. */
export async function findGpu(asked: Backend): Promise<FoundGpu> {
  try {
    const { gpu, choice } = await chooseBackend(asked, () => openGpu(navigator.gpu));
    return { gpu, reason: gpu ? null : choice };
  } catch (error) {
    return { gpu: null, reason: failureOf(error).message };
  }
}

/** Why a GPU did not do its work, for the page. */
export const gpuFailure = (gpu: Gpu, error: unknown): string => {
  const lost = gpu.lost();
  return lost === null ? failureOf(error).message : `The GPU (${gpu.name}) was lost: ${lost}.`;
};

/** Opened once for all evaluations; a GPU that was lost stays away. */
const found = new Map<Backend, Promise<FoundGpu>>();

/**
 * Has chips simulated on the GPU that is asked for, and otherwise on the threads, with the same results.
 *
 * @param work  may be called twice, first with a GPU; both calls then get a keeper, and the second goes on where the first ended
 * @param tell  where it is done, each time
 */
export async function onGpuOrThreads(
  { asked, threads, signal }: { readonly asked: Backend; readonly threads: Executor; readonly signal: AbortSignal },
  work: (executor: Executor, keeper?: Keeper) => Promise<unknown>,
  tell: (on: ComputedOn) => void,
): Promise<void> {
  found.set(asked, found.get(asked) ?? findGpu(asked));
  const { gpu, reason } = await found.get(asked)!;
  let why = reason;
  const keeper = gpu ? answersInMemory() : undefined;
  if (gpu) {
    tell({ gpu: gpu.name, threads: threads.threads, reason: null });
    try {
      await work(withGpu(threads, jobs, gpu), keeper);
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      why = gpuFailure(gpu, error);
      if (gpu.lost() !== null) found.set(asked, Promise.resolve({ gpu: null, reason: why }));
    }
  }
  tell({ gpu: null, threads: threads.threads, reason: why });
  await work(threads, keeper);
}

/** Keeps answers for a second attempt. */
function answersInMemory(): Keeper {
  const answers = new Map<string, unknown[]>();
  return {
    kept: (name) => answers.get(name) ?? [],
    keep: (name, value) => {
      answers.set(name, [...(answers.get(name) ?? []), value]);
    },
  };
}
