import { describe, expect } from "vitest";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { expectSameBits, expectWithin, normals, onBoth, unset } from "../../../test/support/gpu-ops.ts";
import { normalisationScratch } from "../wasm/neuron-ops.ts";

/** Numbers of elements: less than a group, a whole one, and more than one. */
const COUNTS = [1, 7, 256, 1000, 4097];

describe("vectors", () => {
  for (const count of COUNTS) {
    testOnGpu(`of ${count} numbers add, scale, fill and copy with the bits of WebAssembly`, async () => {
      const arrays = {
        target: normals(count, 1),
        source: normals(count, 2),
        filled: unset(count),
        copied: unset(count),
      };
      const both = await onBoth(arrays, ["target", "filled", "copied"], (ops, at) => {
        ops.add(at.target, at.source, count);
        ops.scale(at.target, count, 0.3);
        ops.fill(at.filled, count, -0.7);
        ops.copy(at.target, at.copied, count);
      });
      expectSameBits(both);
    });
  }

  testOnGpu("are added in proportion, within a rounding", async () => {
    const arrays = { target: normals(999, 1), source: normals(999, 2) };
    const { wasm, gpu } = await onBoth(arrays, ["target"], (ops, at) => ops.addScaled(at.target, at.source, 999, 0.3));
    // A GPU may fuse the product with the sum, which leaves out one of two roundings of numbers up to 4.
    expectWithin(gpu.numbers.target, wasm.numbers.target, 4 * 2 ** -24);
  });

  testOnGpu("move over themselves", async () => {
    const arrays = { all: normals(700, 1) };
    const both = await onBoth(arrays, ["all"], (ops, at) => {
      ops.copy(at.all + 40, at.all, 500);
      ops.copy(at.all + 400, at.all + 480, 500);
    });
    expectSameBits(both);
  });

  testOnGpu("keep bits that look like subnormal numbers and NaN", async () => {
    const source = Uint32Array.of(1, 0x7f800001, 0xffffffff, 0x80000001, 0x007fffff);
    const { gpu } = await onBoth({ source, target: unset(5) }, ["target"], (ops, at) =>
      ops.copy(at.source, at.target, 5),
    );
    expect(gpu.words.target).toEqual(source);
  });
});

describe.each([
  { rows: 1, columns: 4 },
  { rows: 5, columns: 68 },
  { rows: 129, columns: 64 },
  { rows: 1000, columns: 12 },
])("rows", ({ rows, columns }) => {
  const count = rows * columns;
  const period = Math.ceil(rows / 3);
  testOnGpu(`${rows} x ${columns} repeat, add and are copied with the bits of WebAssembly`, async () => {
    const arrays = {
      row: normals(columns, 1),
      source: normals(count, 2),
      table: normals(period * columns, 3),
      repeated: unset(count),
      added: unset(count),
      periodic: normals(count, 4),
    };
    const both = await onBoth(arrays, ["repeated", "added", "periodic"], (ops, at) => {
      ops.broadcastRow({ row: at.row, rows, columns, target: at.repeated });
      ops.addRow({ source: at.source, row: at.row, rows, columns, target: at.added });
      ops.addPeriodic({ table: at.table, period, rows, columns, target: at.periodic });
    });
    expectSameBits(both);
  });

  testOnGpu(`${rows} x ${columns} are summed within rounding`, async () => {
    const scratch = normalisationScratch(columns);
    const arrays = {
      source: normals(count, 2),
      few: normals(columns, 3),
      many: normals(columns, 3),
      table: normals(period * columns, 4),
    };
    const { wasm, gpu } = await onBoth(
      arrays,
      ["few", "many", "table"],
      (ops, at, scratchAt) => {
        const { source } = at;
        ops.sumRows({ source, rows, columns, target: at.few });
        ops.sumManyRows({ source, rows, columns, target: at.many, scratch: scratchAt });
        ops.sumPeriodic({ source, rows, columns, table: at.table, period });
      },
      scratch,
    );
    // Sums of n normals reach 5 sqrt(n); each of n additions of WebAssembly rounds by half of 2^-23 of that, independently.
    expectWithin(gpu.numbers.few, wasm.numbers.few, 5 * rows * 2 ** -23);
    // Both add at most 128 rows in single precision; 30 is more than the sum of any 128 normals here.
    expectWithin(gpu.numbers.many, wasm.numbers.many, 30 * 2 ** -23 * Math.ceil(Math.sqrt(rows)));
    expectWithin(gpu.numbers.table, wasm.numbers.table, 0, "table");
  });
});

testOnGpu("tokens are gathered and scattered with their bits", async () => {
  const [prompts, tokens, width] = [3, 7, 12];
  const arrays = {
    chosen: Int32Array.of(0, 3, 6),
    source: normals(prompts * tokens * width, 1),
    gathered: unset(prompts * 3 * width),
    scattered: unset(prompts * tokens * width),
  };
  const both = await onBoth(arrays, ["gathered", "scattered"], (ops, at) => {
    const of = { prompts, tokens, width, chosen: { at: at.chosen, count: 3 } };
    ops.gatherTokens({ ...of, source: at.source, target: at.gathered });
    ops.scatterTokens({ ...of, source: at.gathered, target: at.scattered });
  });
  expectSameBits(both);
});
