/**
 * A GPU, opened with WebGPU: in browsers that of `navigator.gpu`, in Node that of the package `webgpu`. Who needs one opens it, hands it
 * on, and closes it.
 *
 * A GPU can go away: a driver restarts, a laptop changes its graphics card, memory runs out. What then fails says so (`lostGpu`), and
 * finished work stays with its keeper.
 */
import { isXpikeError, PlatformError } from "../errors.ts";

export interface Gpu {
  readonly device: GPUDevice;
  /** Who gave the device. In Node it ends with the last reference to this, and its devices with it. */
  readonly platform: GPU;
  /** Vendor and description of the adapter, as it names itself. */
  readonly name: string;
  /** Whether it is a driver that computes on the CPU. */
  readonly isSoftware: boolean;
  /** Bytes of the largest array that a kernel can read or write. */
  readonly largestArray: number;
  /** Arrays that a kernel can read or write. */
  readonly mostArrays: number;
  /** Why it is gone; null while it is there. */
  readonly lost: () => string | null;
  close(): void;
}

/** Drivers in software, of which not all say so. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

/** What to do without a GPU. */
const WAY = "Without the backend `webgpu`, the kernels in WebAssembly do the same work.";

/**
 * Opens the first adapter that is offered, with its own limits instead of the smallest that all have.
 *
 * @param gpu       the platform's; undefined where it has none
 * @param features  that the device gets if the adapter has them
 * Throws  PlatformError when there is no adapter, or it gives no device
 */
export async function openGpu(gpu: GPU | undefined, features: readonly GPUFeatureName[] = []): Promise<Gpu> {
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!gpu || !adapter) {
    const reason =
      gpu === undefined
        ? "This platform has no WebGPU"
        : "WebGPU found no driver of a GPU (on Linux, one for Vulkan: `apt-get install mesa-vulkan-drivers` also brings one in software)";
    throw new PlatformError("backend", `${reason}. ${WAY}`);
  }
  const { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage } = adapter.limits;
  const requiredLimits = { maxStorageBufferBindingSize, maxBufferSize, maxStorageBuffersPerShaderStage };
  const requiredFeatures = features.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures }).catch((cause: unknown) => {
    throw new PlatformError("backend", `${nameOf(adapter)} gave no device: ${messageOf(cause)}. ${WAY}`, { cause });
  });
  let lost: string | null = null;
  let closed = false;
  void device.lost.then(({ message, reason }) => {
    if (!closed) lost = message || reason;
  });
  return {
    device,
    platform: gpu,
    name: nameOf(adapter),
    isSoftware: adapter.info.isFallbackAdapter || SOFTWARE.test(nameOf(adapter)),
    largestArray: Math.min(maxStorageBufferBindingSize, maxBufferSize),
    mostArrays: maxStorageBuffersPerShaderStage,
    lost: () => lost,
    close: () => {
      closed = true;
      device.destroy();
    },
  };
}

/** What answers the prompts of chips, or trains: the kernels in WebAssembly, a GPU, or one of them. */
export type Backend = "auto" | "wasm" | "webgpu";

export interface ChosenBackend {
  /** Null for the kernels in WebAssembly. */
  readonly gpu: Gpu | null;
  /** What `auto` chose, and why, or that the GPU is a driver in software; null where nothing is to be said. */
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
    if (asked === "webgpu") return { gpu, choice: gpu.isSoftware ? softwareNote(gpu) : null };
    if (!gpu.isSoftware) return { gpu, choice: `webgpu, on ${gpu.name}.` };
    gpu.close();
    return { gpu: null, choice: `wasm, because ${gpu.name} computes on the CPU too.` };
  } catch (error) {
    if (asked === "webgpu" || !isXpikeError(error)) throw error;
    return { gpu: null, choice: `wasm. ${error.message}` };
  }
}

const softwareNote = ({ name }: Gpu): string =>
  `webgpu, on ${name}, which is no GPU but a driver in software: it computes on the CPU, mostly slower than --backend wasm, and times ` +
  "measured with it say nothing about GPUs.";

/** The error of a GPU that went away. */
export const lostGpu = ({ name }: Pick<Gpu, "name">, reason: string): PlatformError =>
  new PlatformError(
    "backend",
    `The GPU (${name}) was lost: ${reason}. What was finished is kept: repeat the command with --resume, here or with the backend ` +
      "`wasm`.",
  );

/** The error of a GPU that refused memory or work. */
export const refusedByGpu = ({ name }: Pick<Gpu, "name">, what: string, reason: string): PlatformError =>
  new PlatformError(
    "backend",
    `The GPU (${name}) refused ${what}: ${reason}. Close other programs that use its memory, or use the backend \`wasm\`. What was ` +
      "finished is kept: continue with --resume.",
  );

export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** "mesa software, llvmpipe: Mesa 25.0.7 (LLVM 19.1.7)". */
function nameOf({ info: { vendor, architecture, device, description } }: GPUAdapter): string {
  const maker = [vendor, architecture].filter((word) => word !== "").join(" ");
  return [maker, description || device].filter((part) => part !== "").join(", ") || "a GPU without a name";
}
