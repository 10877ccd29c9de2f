// @module-tag page
/** The way from the rows of `npm run bench -- --record` to the measured tables of docs/performance.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Samples, Section } from "../bench/harness.ts";
import { createRecord, fillPerformance, type Performance, RECORDED, requireQuiet } from "../bench/record.ts";

const peer = { torch: "2.6.0", vectorCode: "avx512", residentMegabytes: 300, matrixProductGflops: 80 };
const machine = {
  cpu: "a CPU",
  cores: 2,
  memoryGigabytes: 24,
  system: "linux",
  node: "v20.19.0",
  v8: "11",
  commit: "1",
};
const samples = (...cpu: number[]): Samples => ({ cpu, wall: cpu });

/** Benchmarks by their rows: milliseconds of CPU time of each repeat, and figures. */
const MEASURED: Readonly<
  Record<string, Readonly<Record<string, readonly [Samples, Section["rows"][number]["figures"]]>>>
> = {
  "training-step": Object.fromEntries(
    ["2 x 128, sigmoid", "2 x 128, triangular", "4 x 256, sigmoid", "6 x 512, sigmoid", "6 x 512, triangular"].flatMap(
      (of) => [
        [`xpikeformer, ${of}, 1 thread`, [samples(1200, 1239.4, 1300), { "peak MB": 233 }]],
        [`PyTorch, ${of}, 1 thread`, [samples(980, 620, 619.6), { "peak MB": 915 }]],
      ],
    ),
  ),
  inference: {
    "xpikeformer, 2 x 128, sigmoid, 1 thread": [samples(28), { "peak MB": 118 }],
    "PyTorch, 2 x 128, sigmoid, 1 thread": [samples(42), { "peak MB": 460 }],
  },
  simulation: {
    "xpikeformer, 2x2 link, noise of devices": [samples(460), { "peak MB": 150 }],
    "xpikeformer, 2x2 link, in whole numbers": [samples(280), { "peak MB": 140 }],
    "PyTorch, 2x2 link, noise of devices": [samples(760), { "peak MB": 500 }],
    "xpikeformer, 2x2 link, and of converters": [samples(900), { "peak MB": 150 }],
    "xpikeformer, 2x2 link, and of converters, in whole numbers": [samples(750), { "peak MB": 140 }],
    "PyTorch, 2x2 link, and of converters": [samples(1350), { "peak MB": 500 }],
    "xpikeformer, one image, 6 blocks of width 512": [samples(400), { "peak MB": 950 }],
    "PyTorch, one image, 6 blocks of width 512": [samples(600), { "peak MB": 1800 }],
  },
  chips: {
    "paper-2x2-large, program": [samples(3100), {}],
    "paper-2x2-large, calibrate": [samples(4000), {}],
    "paper-2x2-large, read": [samples(1210), {}],
    "paper-2x2-large, run": [samples(900), { "peak MB": 700 }],
    "paper-2x2-large, 64 prompts on a chip, 1 thread": [samples(10_000), {}],
    "paper-2x2-large, 64 prompts on a chip, 2 threads": [samples(5700), {}],
  },
  gemm: {
    "xpikeformer, 256 x 256 x 256": [samples(1), { "GFLOP/s": 44.2 }],
    "PyTorch, 256 x 256 x 256": [samples(1), { "GFLOP/s": 120 }],
    "xpikeformer, up": [samples(1), { "GFLOP/s": 36.4 }],
    "PyTorch, up": [samples(1), { "GFLOP/s": 115 }],
    "xpikeformer, down": [samples(1), { "GFLOP/s": 43.1 }],
    "PyTorch, down": [samples(1), { "GFLOP/s": 160 }],
  },
  convolution: {
    map: [samples(1), { "GFLOP/s": 92, "by windows, GFLOP/s": 50 }],
    "gradient of the map": [samples(1), { "GFLOP/s": 107, "by windows, GFLOP/s": 55 }],
  },
};

const sections = RECORDED.map((name): Section => {
  const rows = Object.entries(MEASURED[name]!).map(([name, [samples, figures]]) => ({ name, samples, figures }));
  return { name, about: "", rows, notes: [] };
});
const record = createRecord({ machine, peer, busy: 0.05 }, "0123456789abcdef", sections);

const blockOf = (name: string) => `<!-- measured: ${name} -->\nold\n<!-- end of ${name} -->\n`;
const page = ["speed", "life", "products"].map(blockOf).join("prose\n");
const filled = fillPerformance(page, record);

test("a speed-up is PyTorch's median over ours, beside both with their least", () => {
  expect(filled).toContain("| training step, 4 x 256, sigmoid | 1,239 (1,200) | 620 (620) | 0.50 | 233 / 915 |");
  expect(filled).toContain("| inference, 2 x 128 | 28.0 (28.0) | 42.0 (42.0) | 1.5 | 118 / 460 |");
});

test("a chip in whole numbers stands beside PyTorch's in floating point", () => {
  expect(filled).toContain("| the same in whole numbers ‡ | 280 (280) | 760 (760) | 2.7 | 140 / 500 |");
  expect(filled).toContain("| the same in whole numbers ‡ | 750 (750) | 1,350 (1,350) | 1.8 | 140 / 500 |");
});

test("the parts of a chip's life are seconds, and products have ranges", () => {
  expect(filled).toContain("| `paper-2x2-large` | 3.10 | 4.00 | 1.21 | 0.900 |");
  expect(filled).toContain("in 0.57 times the time.");
  expect(filled).toContain("| product, 256 x 256 x 256 (`gemm`) | 44 | 120 |");
  expect(filled).toContain("forward and gradients | 36 to 43 | 115 to 160 |");
  expect(filled).toContain("| the same by windows | 50 to 55 | |");
});

test("the page names machine, PyTorch, commit and others' work, and keeps its prose", () => {
  expect(filled).toContain("one thread of a CPU (2 cores), Node 20.19.0, beside PyTorch 2.6.0 compiled for avx512");
  expect(filled).toContain("at commit 01234567, while others kept 0.05 cores busy");
  expect(filled).not.toContain("old");
  expect(filled.match(/^prose$/gm)).toHaveLength(2);
  expect(fillPerformance(filled, record)).toBe(filled);
});

test("docs/performance.md holds the record of bench/performance.json", () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");
  const written = read("docs/performance.md");
  expect(fillPerformance(written, JSON.parse(read("bench/performance.json")) as Performance)).toBe(written);
  expect(fillPerformance(written, record)).toContain("| inference, 2 x 128 | 28.0 (28.0) |");
});

test("a busy machine is refused, unless its times are wanted", () => {
  expect(requireQuiet(0.1, false)).toBe(0.1);
  expect(() => requireQuiet(1.9, false)).toThrow(
    "Other programs keep 1.9 cores busy, but a record needs a quiet machine",
  );
  expect(requireQuiet(1.9, true)).toBe(1.9);
});

test("a missing row, block or benchmark is named", () => {
  const rows = { ...record.rows, inference: {} };
  expect(() => fillPerformance(page, { ...record, rows })).toThrow('no row "xpikeformer, 2 x 128, sigmoid, 1 thread"');
  expect(() => fillPerformance(page.replace("end of products", ""), record)).toThrow('no block "products"');
  const without = sections.filter(({ name }) => name !== "gemm");
  expect(() => createRecord(record, record.commit, without)).toThrow("gemm has no times");
});
