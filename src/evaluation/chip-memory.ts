/** Divides the memory that threads share among a chip, slices of prompts, and each thread's scratch memory. */
import { LARGEST_MEMORY } from "../kernels/arena.ts";
import { KERNEL_BYTES } from "../kernels/memory.ts";
import type { MappedNetwork } from "../simulation/chip.ts";
import { type SimulatorSizes, simulatorSizes } from "../simulation/fast/plan.ts";
import { CALIBRATION_PROMPTS } from "./calibration-prompts.ts";

export interface MemorySizes {
  readonly bytes: number;
  readonly threads: number;
  /** Most prompts of a slice. */
  readonly slicePrompts: number;
  /** Slices in progress at a time: at least one per thread, and enough for the calibration prompts. */
  readonly slices: number;
}

/** Limit of a thread's scratch memory, bytes. More prompts at a time fit the cache less well; with fewer, tables pay off less. */
const SCRATCH_BYTES = 64 * 2 ** 20;

/** The largest slices of up to `most` prompts that fit; fewer threads if not even single prompts fit for all of them. */
export function memorySizes(machines: readonly MappedNetwork[], threads: number, most: number): MemorySizes {
  const sizesOf = (slicePrompts: number, threads: number): MemorySizes => {
    const slices = threads * Math.ceil(CALIBRATION_PROMPTS / slicePrompts / threads);
    const bytesOf = ({ crossbars, slice, scratch }: SimulatorSizes) => crossbars + slices * slice + threads * scratch;
    const bytes = Math.max(...ofPrompts(slicePrompts).map(bytesOf)) + KERNEL_BYTES;
    return { bytes, threads, slicePrompts, slices };
  };
  const counted = new Map<number, SimulatorSizes[]>();
  function ofPrompts(maxPrompts: number): SimulatorSizes[] {
    const sizes = counted.get(maxPrompts) ?? machines.map((machine) => simulatorSizes(machine, { maxPrompts }));
    counted.set(maxPrompts, sizes);
    return sizes;
  }
  const isSmall = (slicePrompts: number) => ofPrompts(slicePrompts).every(({ scratch }) => scratch <= SCRATCH_BYTES);
  let slicePrompts = most;
  while (slicePrompts > 1 && !isSmall(slicePrompts)) slicePrompts = halved(slicePrompts);
  let sizes = sizesOf(slicePrompts, threads);
  while (sizes.bytes > LARGEST_MEMORY && sizes.slicePrompts > 1) sizes = sizesOf(halved(sizes.slicePrompts), threads);
  while (sizes.bytes > LARGEST_MEMORY && sizes.threads > 1) sizes = sizesOf(sizes.slicePrompts, sizes.threads - 1);
  return sizes;
}

const halved = (count: number): number => Math.ceil(count / 2);
