/** The bytes that the benchmark of kernels counts are those that kernels move. */
import { describe, expect } from "vitest";
import { bytesOf, kernelCases, placeCase } from "../bench/webgpu-cases.ts";
import { arena, countingArena } from "../src/kernels/arena.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import { gpuKernels } from "../src/kernels/webgpu/ops.ts";
import { gpu, testOnGpu } from "./support/gpu.ts";
import { expectWithin, largest } from "./support/gpu-ops.ts";

const SIZES = { steps: 3, prompts: 2, tokens: 9, width: 64, heads: 2, classes: 5 };
/** A NaN with a mark. */
const UNTOUCHED = 0x7fc0beef;

/** Of the cases' arrays. */
const holdsBits = (name: string) => ["spikes", "scores", "attended"].includes(name);

/** Words of an array that a case leaves as they were. */
const left = (after: Uint32Array, before: (i: number) => number) =>
  after.filter((word, i) => word === before(i)).length;

describe.each(kernelCases(SIZES))("$name", (of) => {
  testOnGpu("reads what it reads, writes all of what it writes, and computes what WebAssembly does", async () => {
    const counting = countingArena();
    placeCase(of, counting);
    const ops = gpuKernels(gpu, counting.used);
    const onGpu = placeCase(of, arena(0, counting.used));
    const { kernels, arena: memory } = standaloneKernels(counting.used);
    const onCpu = placeCase(of, memory);
    const arrays = Object.entries(of.arrays).map(([name, array]) => ({
      ...{ name, ...array, words: array.contents.byteLength / 4, at: onGpu.at[name], cpu: onCpu.at[name] },
    }));
    for (const { contents, use, words, at, cpu } of arrays) {
      ops.write(at, use === "write" ? new Uint32Array(words).fill(UNTOUCHED) : contents);
      kernels.write(cpu, contents);
    }
    of.run(ops, onGpu.at, onGpu.scratch);
    of.run(kernels, onCpu.at, onCpu.scratch);
    let bytes = 0;
    for (const { name, contents, use, words, at, cpu } of arrays) {
      const after = await ops.words(at, words);
      const before = new Uint32Array(contents.buffer, contents.byteOffset, words);
      bytes += after.byteLength * (use === "change" ? 2 : 1);
      if (use === "read")
        expect(
          left(after, (i) => before[i]),
          name,
        ).toBe(words);
      else if (use === "write")
        expect(
          left(after, () => UNTOUCHED),
          name,
        ).toBe(0);
      // A sum may be 0 here and there; a tally's second word is a rest.
      else expect(left(after, (i) => before[i]) / words, name).toBeLessThan(0.51);
      // Tallies have a form of the backend's own.
      if (use === "read" || name === "tally") continue;
      const expected = kernels.words(cpu, words);
      if (holdsBits(name)) expect(after, name).toEqual(expected);
      else {
        const numbers = new Float32Array(expected.buffer);
        expectWithin(new Float32Array(after.buffer), numbers, 1e-4 * largest(numbers), name);
      }
    }
    expect(bytes).toBe(bytesOf(of));
    ops.close();
  });
});
