import { expect } from "vitest";
import { gpu, testOnGpu } from "../../../test/support/gpu.ts";
import { gpuKernels } from "./ops.ts";

/** Buffers of 64 words. */
const small = { ...gpu, largestArray: 256 };

testOnGpu("arrays that lie in several buffers are written, filled, copied and read as in one", async () => {
  const words = 200;
  const given = Uint32Array.from({ length: words }, (_, i) => 3 * i + 1);
  const results = [small, gpu].map(async (where) => {
    const ops = gpuKernels(where, 4 * 2 * words);
    ops.write(0, given);
    ops.fill(4 * words, words, 0.5);
    // Both begin and end within a buffer, and so do arrays that overlap.
    ops.copy(4 * 10, 4 * (words + 7), 150);
    ops.copy(4 * 20, 4 * 25, 60);
    const read = [await ops.words(0, 2 * words), await ops.words(4 * 60, 9)];
    ops.close();
    return read;
  });
  const [several, one] = await Promise.all(results);
  expect(several).toEqual(one);
  expect([one[0][24], one[0][25], one[0][84], one[0][85]]).toEqual([73, 61, 238, 256]);
  expect([...one[1].subarray(0, 2)]).toEqual([one[0][60], one[0][61]]);
});

testOnGpu("a memory of more buffers than a GPU binds is refused", async () => {
  expect(() => gpuKernels(small, 256 * gpu.mostArrays)).toThrow("arrays of 0.0 MiB");
});
