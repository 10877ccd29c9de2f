/** What a GPU finds wrong with commands: errors between `openScopes` and `requireAccepted`, which may nest. */
import { invariant } from "../errors.ts";
import { type Gpu, lostGpu, refusedByGpu } from "./gpu.ts";

export function openScopes({ device }: Pick<Gpu, "device">): void {
  for (const filter of ["out-of-memory", "validation"] as const) device.pushErrorScope(filter);
}

/**
 * Closes the last scopes.
 *
 * @param what  what was asked for, in an error message
 * Throws  PlatformError when the GPU is lost or out of memory
 */
export async function requireAccepted(gpu: Gpu, what: string): Promise<void> {
  // A GPU that is gone has no scopes.
  const pop = () => gpu.device.popErrorScope().catch(() => null);
  const [validation, memory] = await Promise.all([pop(), pop()]);
  const reason = gpu.lost();
  if (reason !== null) throw lostGpu(gpu, reason);
  if (memory) throw refusedByGpu(gpu, what, memory.message || "out of memory");
  invariant(validation === null, `the GPU accepts its commands (${validation?.message})`);
}
