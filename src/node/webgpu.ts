/** The GPU of this machine, with the optional package `webgpu`: Dawn, Chromium's implementation of WebGPU, as a module of Node. */
import { type Gpu, openGpu } from "../webgpu/gpu.ts";
import { loadOptional } from "./optional-packages.ts";

/** Not in an `import`, so that types and bundles do without it. */
const PACKAGE: string = "webgpu";

/** Its own prebuilt binary; drivers come with the system. */
const HINT =
  "It brings a binary of 130 MB and uses the system's drivers: Vulkan on Linux, Metal or Direct3D 12 elsewhere.";

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
