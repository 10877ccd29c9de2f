/** How the memory that threads share is divided: a chip, slices of prompts, and what each thread computes in. */
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
  /** Slices that are under way at a time: at least one for each thread, and enough for the calibration's prompts. */
  readonly slices: number;
}

/** What a thread may compute in, bytes: with more prompts at a time less of it stays in the cache, and with fewer tables repay less. */
const SCRATCH_BYTES = 64 * 2 ** 20;

/** The largest slices of up to `most` prompts that fit, and fewer threads where even single prompts of all of them do not. */
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
