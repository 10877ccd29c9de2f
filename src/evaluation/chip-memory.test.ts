import { expect, test } from "vitest";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { transformerSpec } from "../experiment/model.ts";
import { LARGEST_MEMORY } from "../kernels/arena.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { memorySizes } from "./chip-memory.ts";

const hardware = hardwareSpec.parse({});

function machine(width: number, steps: number, tokens: number) {
  const model = transformerSpec.parse({ kind: "spiking", normalisation: "none", width, heads: 2, depth: 1, steps });
  const network = tinyNetwork(model, 1);
  const mask = new Uint8Array(tokens * tokens).fill(1);
  const larger = { ...network, geometry: { ...network.geometry, tokens, mask } };
  return { network: larger, mapping: mapNetwork(larger, hardware), hardware };
}

test("threads of a small network take as many prompts at a time as requested", () => {
  expect(memorySizes([machine(16, 3, 5)], 1, 32)).toMatchObject({ threads: 1, slicePrompts: 32, slices: 1 });
  expect(memorySizes([machine(16, 3, 5)], 3, 32)).toMatchObject({ threads: 3, slicePrompts: 32, slices: 3 });
  // 32 prompts in slices of up to 7 make 5 slices, and every thread takes the same number.
  expect(memorySizes([machine(16, 3, 5)], 2, 7)).toMatchObject({ threads: 2, slicePrompts: 7, slices: 6 });
});

test("a large network has smaller slices and, if memory runs out, fewer threads", () => {
  const large = machine(128, 4, 1000);
  const few = memorySizes([large], 1, 32);
  expect(few.slicePrompts).toBeLessThan(32);
  expect(few.slices).toBe(Math.ceil(32 / few.slicePrompts));
  expect(memorySizes([machine(16, 3, 5), large], 1, 32)).toEqual(few);
  for (const threads of [2, 20, 60, 500]) {
    const sizes = memorySizes([large], threads, 32);
    expect(sizes.bytes).toBeLessThanOrEqual(LARGEST_MEMORY);
    expect(sizes.slicePrompts).toBeLessThanOrEqual(few.slicePrompts);
  }
  const most = memorySizes([large], 1000, 32);
  expect(most).toMatchObject({ slicePrompts: 1 });
  expect(most.threads).toBeGreaterThan(100);
  expect(most.threads).toBeLessThan(1000);
});
