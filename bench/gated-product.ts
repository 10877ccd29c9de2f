/**
 * The input gradient dY W^T when only some inputs need it, compared with the dense product, over the share of inputs that do.
 * `GATED_DENSITY` in `src/kernels/wasm/spike-ops.ts` is their crossover.
 */
import { standaloneKernels } from "../src/kernels/memory.ts";
import { productScratch } from "../src/kernels/wasm/dense-ops.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Section } from "./harness.ts";
import { randomBits } from "./reference-model.ts";
import { ROUNDED, requireSameWork } from "./same-work.ts";

const SHAPES = [
  { name: "qkv", rows: 1024, inputs: 128, outputs: 384 },
  { name: "up", rows: 1024, inputs: 128, outputs: 512 },
  { name: "down", rows: 1024, inputs: 512, outputs: 128 },
] as const;
const DENSITIES = [0.1, 0.25, 0.5, 0.6, 0.75];
const QUICK_DENSITIES = [0.25, 0.5];

export async function gatedProduct({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const shape of SHAPES) {
    for (const density of quick ? QUICK_DENSITIES : DENSITIES)
      rows.push(await measureDensity(shape, density, quick ? 3 : 9));
  }
  const about =
    "dX = dY W^T at the set bits of a gate, on one thread, and how many times as long the dense product takes.";
  return { name: "gated-product", about, rows, notes: [] };
}

async function measureDensity(
  { name, rows, inputs, outputs }: (typeof SHAPES)[number],
  density: number,
  repeats: number,
): Promise<Row> {
  const words = inputs / 32;
  const scratchWords = productScratch(rows, inputs, outputs);
  const sizes = [rows * outputs, inputs * outputs, rows * words, rows * inputs, scratchWords];
  const { kernels, arena } = standaloneKernels(4 * sizes.reduce((a, b) => a + b, 0));
  const [dY, weights, gate, dX, scratch] = sizes.map((count) => arena.words(count));
  const { run, f32, u32 } = kernels;
  const random = stream(1);
  for (let i = 0; i < rows * outputs; i++) f32[dY / 4 + i] = random.uniform() - 0.5;
  for (let i = 0; i < inputs * outputs; i++) f32[weights / 4 + i] = random.uniform() - 0.5;
  u32.set(randomBits(rows * words, density, random.word), gate / 4);
  const gated = () => run.gatedProduct(dY, rows, outputs, weights, inputs, gate, words, dX, scratch);
  const all = () => run.gemm(0, 1, rows, inputs, outputs, dY, outputs, weights, outputs, dX, inputs, 0, scratch);
  const isOpen = (i: number) => (u32[gate / 4 + (i >> 5)] >>> (i & 31)) & 1;
  const [one, other] = [gated, all].map((product) => {
    product();
    return { answers: f32.slice(dX / 4, dX / 4 + rows * inputs).filter((_, i) => isOpen(i)) };
  });
  const sides = [
    { name: "the gated product", work: one },
    { name: "the dense product", work: other },
  ] as const;
  requireSameWork(name, ...sides, { answers: ROUNDED });
  const samples = await measure(gated, { repeats });
  const dense = await measure(all, { repeats });
  const figures = { "dense / gated": median(dense.cpu) / median(samples.cpu) };
  return { name: `${name} ${rows} x ${outputs} into ${inputs}, density ${density}`, samples, figures };
}
