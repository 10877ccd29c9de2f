import { expect, test } from "vitest";
import { allowRelaxedSimd } from "../node/fast-math.ts";
import { loadFastBinary } from "./fast-math.ts";
import { allocateMemory, instantiateKernels } from "./memory.ts";

test("fast kernels multiply matrices within rounding, on shared memories too, and the rest is the same", async () => {
  allowRelaxedSimd();
  const fast = await loadFastBinary();
  const [m, n, k] = [5, 19, 300];
  const results = [undefined, fast].map((binary) => {
    const memory = allocateMemory(1 << 20, true);
    const kernels = instantiateKernels(memory, binary);
    const [a, b, out, scratch] = [0, 1, 2, 3].map((i) => kernels.base + i * 65_536);
    const values = (count: number, step: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(step * i));
    kernels.write(a, values(m * k, 0.37));
    kernels.write(b, values(k * n, 0.91));
    kernels.product({ m, n, k, a, b, out, scratch });
    const product = kernels.floats(out, m * n);
    kernels.activate({ activation: "gelu", source: a, count: 64, target: out });
    return { product, rest: kernels.floats(out, 64) };
  });
  const [exact, relaxed] = results;
  // A sum of 300 products of at most 1 in single precision: 300 roundings of up to 2^-24 of at most 300.
  for (const [i, value] of exact.product.entries()) expect(Math.abs(relaxed.product[i] - value)).toBeLessThan(0.006);
  expect(relaxed.rest).toEqual(exact.rest);
});
