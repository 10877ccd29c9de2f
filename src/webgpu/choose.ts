/** Which backend does some work, where a caller leaves it open. */
import { isXpikeError } from "../errors.ts";
import type { Gpu } from "./gpu.ts";

/** What answers the prompts of chips, or trains: the kernels in WebAssembly, a GPU, or one of them. */
export type Backend = "auto" | "wasm" | "webgpu";

export interface ChosenBackend {
  /** Null for the kernels in WebAssembly. */
  readonly gpu: Gpu | null;
  /** What `auto` chose, and why; null where nothing was chosen. */
  readonly choice: string | null;
}

/**
 * `auto` takes a GPU, unless there is none, or only a driver that computes on the CPU, or it does not do the work.
 *
 * @param open         the platform's GPU
 * @param requireWork  throws XpikeError for a chip that GPUs do not simulate, or a network that they do not train
 * Throws  as `open` and `requireWork`, for `webgpu`
 */
export async function chooseBackend(
  asked: Backend,
  open: () => Promise<Gpu>,
  requireWork: () => void = () => {},
): Promise<ChosenBackend> {
  if (asked === "wasm") return { gpu: null, choice: null };
  try {
    requireWork();
    const gpu = await open();
    if (asked === "webgpu") return { gpu, choice: null };
    if (!gpu.isSoftware) return { gpu, choice: `webgpu, on ${gpu.name}.` };
    gpu.close();
    return { gpu: null, choice: `wasm, because ${gpu.name} computes on the CPU too.` };
  } catch (error) {
    if (asked === "webgpu" || !isXpikeError(error)) throw error;
    return { gpu: null, choice: `wasm. ${error.message}` };
  }
}
