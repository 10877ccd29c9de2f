/** What a GPU binds as one array: commonly 128 MiB to 4 GiB. */
import { PlatformError } from "../../errors.ts";
import type { Gpu } from "../../webgpu/gpu.ts";

/**
 * Throws  PlatformError when an array is larger
 *
 * @param what  needs the array
 */
export function requireBinding(
  { name, largestArray }: Pick<Gpu, "name" | "largestArray">,
  bytes: number,
  what = "The plan",
): void {
  if (bytes <= largestArray) return;
  const mebibytes = (size: number) => `${(size / 2 ** 20).toFixed(1)} MiB`;
  throw new PlatformError(
    "backend",
    `${what} needs ${mebibytes(bytes)} in one array, ${(bytes / largestArray).toFixed(1)} times the ${mebibytes(largestArray)} that ` +
      `${name} binds at a time (maxStorageBufferBindingSize). Use a smaller batch or more shards, or the backend \`wasm\`.`,
  );
}
