/**
 * What a recorder does, for measurements: its calls by kernel with their time on the GPU, transfers, and memory. A recorder without a
 * profile gives the GPU the same work.
 *
 * Timestamps are those of passes, so with them every call has a pass of its own. The adapter must have `timestamp-query`, and the device
 * must be opened with it; otherwise calls are counted without their time.
 */
import { USAGE } from "../../webgpu/buffers.ts";
import type { Gpu } from "../../webgpu/gpu.ts";

/** Calls that a recorder hands over together. A query set holds at most 4,096 timestamps: two for each. */
export const CALLS = 2048;

/** `GPUMapMode.READ`. */
const MAP_READ = 1;

/** Bytes of a timestamp, in nanoseconds. */
const STAMP = 8;

export interface KernelWork {
  readonly calls: number;
  /** On the GPU; null without timestamps. */
  readonly milliseconds: number | null;
}

export interface Work {
  /** By the names of kernels. */
  readonly kernels: Readonly<Record<string, KernelWork>>;
  readonly dispatches: number;
  /** Times that the host waits for numbers, and their bytes. */
  readonly reads: number;
  readonly readBytes: number;
  readonly writes: number;
  readonly writtenBytes: number;
}

/** The recorder calls all but the first three. */
export interface Profile {
  readonly isTimed: boolean;
  /** Bytes that the recorder holds on the device. */
  readonly bytes: number;
  /** What was done since the last time. Calls are timed once a `read` of the recorder has waited for them. */
  take(): Promise<Work>;
  holds(bytes: number): void;
  /** The pass that a call needs; null if any does. */
  called(kernel: string): GPUComputePassDescriptor | null;
  /** Before commands are handed over, and after. */
  finish(encoder: GPUCommandEncoder): void;
  submitted(): void;
  read(bytes: number): void;
  wrote(bytes: number): void;
}

const nothing = () => ({ dispatches: 0, reads: 0, readBytes: 0, writes: 0, writtenBytes: 0 });

export function openProfile({ device }: Pick<Gpu, "device">): Profile {
  const isTimed = device.features.has("timestamp-query");
  const queries = isTimed ? device.createQuerySet({ type: "timestamp", count: 2 * CALLS }) : null;
  const usage = USAGE.queryResolve | USAGE.copySource;
  const resolved = isTimed ? device.createBuffer({ size: 2 * STAMP * CALLS, usage }) : null;
  const calls = new Map<string, number>();
  let sums = nothing();
  let held = 0;
  /** Kernels of the calls that are not handed over yet, in order. */
  let names: string[] = [];
  let aside: GPUBuffer | null = null;
  let stamped: Promise<readonly (readonly [string, number])[]>[] = [];

  /** The kernels of a submission with their nanoseconds. */
  async function durations(buffer: GPUBuffer, kernels: readonly string[]) {
    await buffer.mapAsync(MAP_READ);
    const stamps = new BigUint64Array(buffer.getMappedRange());
    const spent = kernels.map((kernel, i) => [kernel, Number(stamps[2 * i + 1] - stamps[2 * i])] as const);
    buffer.destroy();
    return spent;
  }

  return {
    isTimed,
    get bytes() {
      return held;
    },
    take: async () => {
      const spent = new Map<string, number>();
      for (const submission of await Promise.all(stamped)) {
        for (const [kernel, time] of submission) spent.set(kernel, (spent.get(kernel) ?? 0) + time);
      }
      const milliseconds = (kernel: string) => (isTimed ? (spent.get(kernel) ?? 0) / 1e6 : null);
      const kernels = [...calls].map(([kernel, count]) => [
        kernel,
        { calls: count, milliseconds: milliseconds(kernel) },
      ]);
      const work: Work = { kernels: Object.fromEntries(kernels), ...sums };
      stamped = [];
      calls.clear();
      sums = nothing();
      return work;
    },
    holds: (bytes) => {
      held = bytes;
    },
    called: (kernel) => {
      calls.set(kernel, (calls.get(kernel) ?? 0) + 1);
      sums.dispatches++;
      if (queries === null) return null;
      const first = 2 * names.length;
      names.push(kernel);
      return {
        timestampWrites: { querySet: queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
      };
    },
    finish: (encoder) => {
      if (queries === null || resolved === null || names.length === 0) return;
      const size = 2 * STAMP * names.length;
      aside = device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
      encoder.resolveQuerySet(queries, 0, 2 * names.length, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, aside, 0, size);
    },
    submitted: () => {
      if (aside !== null) stamped.push(durations(aside, names));
      aside = null;
      names = [];
    },
    read: (bytes) => {
      sums.reads++;
      sums.readBytes += bytes;
    },
    wrote: (bytes) => {
      sums.writes++;
      sums.writtenBytes += bytes;
    },
  };
}
