/** The GPU of this machine, with the optional package `webgpu`: Dawn, Chromium's implementation of WebGPU, as a module of Node. */
import { isXpikeError } from "../errors.ts";
import { type Gpu, openGpu } from "../webgpu/gpu.ts";
import { loadOptional } from "./optional-packages.ts";

/** Not in an `import`, so that types and bundles do without it. */
const PACKAGE: string = "webgpu";

/** Its own prebuilt binary; drivers come with the system. */
const HINT =
  "It brings a binary of 130 MB and uses the system's drivers: Vulkan on Linux, Metal or Direct3D 12 elsewhere.";

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
 * @param requireWork throws XpikeError for a chip that GPUs do not simulate, or a network that they do not train
 * Throws  as `openNodeGpu` and `requireWork`, for `webgpu`
 */
export async function chooseBackend(asked: Backend, requireWork: () => void): Promise<ChosenBackend> {
  if (asked === "wasm") return { gpu: null, choice: null };
  try {
    requireWork();
    const gpu = await openNodeGpu();
    if (asked === "webgpu") return { gpu, choice: null };
    if (!gpu.isSoftware) return { gpu, choice: `webgpu, on ${gpu.name}.` };
    gpu.close();
    return { gpu: null, choice: `wasm, because ${gpu.name} computes on the CPU too.` };
  } catch (error) {
    if (asked === "webgpu" || !isXpikeError(error)) throw error;
    return { gpu: null, choice: `wasm. ${error.message}` };
  }
}

/** Dawn rounds timestamps to 65 microseconds, so that pages cannot watch each other. */
const EXACT_TIMESTAMPS = "disable-dawn-features=timestamp_quantization";

/**
 * @param timed  with timestamps, where the adapter has them
 * Throws  PlatformError without the package, without a driver, and when the driver gives no device
 */
export async function openNodeGpu({ timed = false }: { readonly timed?: boolean } = {}): Promise<Gpu> {
  const load = async () => (await import(/* @vite-ignore */ PACKAGE)) as { create(options: string[]): GPU };
  const { create } = await loadOptional("The backend `webgpu`", [PACKAGE], load, HINT);
  return timed ? openGpu(create([EXACT_TIMESTAMPS]), ["timestamp-query"]) : openGpu(create([]));
}
