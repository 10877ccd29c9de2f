/**
 * The memory of the backend in the buffers that a GPU binds: one, where it binds so many bytes at a time, otherwise several, of which all
 * but the last are as large as it binds. A place is an offset in all of them, one after another, and an array may lie in two.
 */
import type { Gpu } from "../../webgpu/gpu.ts";

/** Bytes of all buffers but the last: a multiple of a word, so that none lies in two. */
export const bufferBytes = ({ largestArray }: Pick<Gpu, "largestArray">): number => 4 * Math.floor(largestArray / 4);

export interface Buffers {
  readonly list: readonly GPUBuffer[];
  /** Bytes of all. */
  readonly size: number;
  write(queue: GPUQueue, byte: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Copies bytes to the start of another buffer. */
  copy(encoder: GPUCommandEncoder, byte: number, bytes: number, target: GPUBuffer): void;
  destroy(): void;
}

/** @param create  makes a buffer of so many bytes */
export function openBuffers(
  gpu: Pick<Gpu, "largestArray">,
  bytes: number,
  create: (bytes: number) => GPUBuffer,
): Buffers {
  const each = bufferBytes(gpu);
  const list: GPUBuffer[] = [];
  for (let from = 0; from < bytes; from += each) list.push(create(Math.min(each, bytes - from)));

  /** Calls `part` for each buffer that holds some of the bytes: its bytes from `at` on, which are those from `from` on of all. */
  function inParts(
    byte: number,
    bytes: number,
    part: (buffer: GPUBuffer, at: number, from: number, size: number) => void,
  ) {
    for (let from = 0; from < bytes; ) {
      const at = (byte + from) % each;
      const size = Math.min(each - at, bytes - from);
      part(list[Math.floor((byte + from) / each)], at, from, size);
      from += size;
    }
  }

  return {
    list,
    size: list.reduce((sum, { size }) => sum + size, 0),
    write: (queue, byte, bytes) =>
      inParts(byte, bytes.byteLength, (buffer, at, from, size) => queue.writeBuffer(buffer, at, bytes, from, size)),
    copy: (encoder, byte, bytes, target) =>
      inParts(byte, bytes, (buffer, at, from, size) => encoder.copyBufferToBuffer(buffer, at, target, from, size)),
    destroy: () => {
      for (const buffer of list) buffer.destroy();
    },
  };
}
