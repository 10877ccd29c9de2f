/** Usages of buffers, as the standard numbers them: in Node there is no global `GPUBufferUsage`. */
export const USAGE = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const;
const MAP_READ = 1;

/** Bytes between the numbers of two calls: the largest alignment that a GPU may ask for. */
export const NUMBERS_STRIDE = 256;

/** The contents of buffers that can be mapped, which it frees. */
export async function contentsOf(buffers: readonly GPUBuffer[]): Promise<Uint32Array[]> {
  await Promise.all(buffers.map((buffer) => buffer.mapAsync(MAP_READ)));
  return buffers.map((buffer) => {
    const words = new Uint32Array(buffer.getMappedRange().slice(0));
    buffer.destroy();
    return words;
  });
}
