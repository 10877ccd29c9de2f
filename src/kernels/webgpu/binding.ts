/** What a GPU binds: arrays of commonly 128 MiB to 4 GiB, and commonly 8 to 16 of them at a time. */
import { PlatformError } from "../../errors.ts";
import type { Gpu } from "../../webgpu/gpu.ts";
import { bufferBytes } from "./buffers.ts";

type Limits = Pick<Gpu, "name" | "largestArray" | "mostArrays">;

/** Words are numbered in 32 bits. */
const ADDRESSED = 2 ** 34;

/** Bytes of the largest memory: all arrays but one, which is the scratch memory. */
export const largestMemory = (gpu: Omit<Limits, "name">): number =>
  Math.min(ADDRESSED, (gpu.mostArrays - 1) * bufferBytes(gpu));

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const WAY = "Use a smaller batch or more shards, or the backend `wasm`.";

/** Throws PlatformError when a memory is larger. */
export function requireMemory(gpu: Limits, bytes: number): void {
  const largest = largestMemory(gpu);
  if (bytes <= largest) return;
  const { name, largestArray, mostArrays } = gpu;
  throw new PlatformError(
    "backend",
    `The plan needs ${mebibytes(bytes)}, ${(bytes / largest).toFixed(1)} times the ${mebibytes(largest)} that ${name} binds at a time: ` +
      `${mostArrays - 1} arrays of ${mebibytes(largestArray)}, beside one of scratch memory (maxStorageBuffersPerShaderStage, ` +
      `maxStorageBufferBindingSize). ${WAY}`,
  );
}

/** Throws PlatformError when the scratch memory of an operation, which is one array, is larger. */
export function requireScratch({ name, largestArray }: Limits, bytes: number): void {
  if (bytes <= largestArray) return;
  throw new PlatformError(
    "backend",
    `The scratch memory of an operation needs ${mebibytes(bytes)} in one array, ${(bytes / largestArray).toFixed(1)} times the ` +
      `${mebibytes(largestArray)} that ${name} binds at a time (maxStorageBufferBindingSize). ${WAY}`,
  );
}
