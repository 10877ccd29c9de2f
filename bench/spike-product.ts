/**
 * Packed spikes times weights: row gather, look-up table, and dense product on 0/1 floats, over the density of the spikes.
 * `TABLE_DENSITY` in `src/kernels/wasm/spike-ops.ts` is the crossover of gather and table.
 */
import { standaloneKernels } from "../src/kernels/memory.ts";
import { productScratch } from "../src/kernels/wasm/dense-ops.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Samples, type Section } from "./harness.ts";
import { randomBits } from "./reference-model.ts";
import { ROUNDED, requireSameWork } from "./same-work.ts";

interface Shape {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Layers forward, and a weight gradient: the same product with transposed bits, so few rows and many inputs. */
const SHAPES: readonly Shape[] = [
  { name: "qkv", rows: 1024, inputs: 128, outputs: 384 },
  { name: "down", rows: 1024, inputs: 512, outputs: 128 },
  { name: "dW of qkv", rows: 128, inputs: 1024, outputs: 384 },
];
const DENSITIES = [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];
const QUICK_DENSITIES = [0.05, 0.2, 0.4];
/** Most words of scratch according to both kernels' comments. */
const SCRATCH_WORDS = 16448;

export async function spikeProduct({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const shape of SHAPES) {
    const gather: number[] = [];
    const table: number[] = [];
    const densities = quick ? QUICK_DENSITIES : DENSITIES;
    for (const density of densities) {
      const measured = await measureDensity(shape, density, quick ? 3 : 9);
      gather.push(median(measured.gather.cpu));
      table.push(median(measured.table.cpu));
      rows.push(describe(shape, density, measured));
    }
    notes.push(crossing(shape, densities, gather, table));
  }
  const about = "Y = S W on one thread, and how fast the dense product would have to be to take as long (GFLOP/s).";
  return { name: "spike-product", about, rows, notes };
}

type Ways = Readonly<Record<"gather" | "table" | "dense", Samples>>;

async function measureDensity({ name, rows, inputs, outputs }: Shape, density: number, repeats: number): Promise<Ways> {
  const words = inputs / 32;
  const scratchWords = Math.max(SCRATCH_WORDS, productScratch(rows, outputs, inputs));
  const sizes = [rows * words, inputs * outputs, rows * outputs, rows * inputs, scratchWords];
  const { kernels, arena } = standaloneKernels(4 * sizes.reduce((a, b) => a + b, 0));
  const [bits, weights, y, floats, scratch] = sizes.map((count) => arena.words(count));
  const { run, f32, u32 } = kernels;
  const random = stream(1);
  u32.set(randomBits(rows * words, density, random.word), bits / 4);
  for (let i = 0; i < rows * inputs; i++) f32[floats / 4 + i] = (u32[bits / 4 + (i >> 5)] >>> (i & 31)) & 1;
  for (let i = 0; i < inputs * outputs; i++) f32[weights / 4 + i] = random.uniform() - 0.5;
  const gather = () =>
    run.gatherProduct(bits, words * 4, rows, inputs, weights, outputs, y, outputs, outputs, 0, scratch);
  const table = () =>
    run.tableProduct(bits, words * 4, rows, inputs, weights, outputs, y, outputs, outputs, 0, scratch);
  const dense = () => run.gemm(0, 0, rows, outputs, inputs, floats, inputs, weights, outputs, y, outputs, 0, scratch);
  const [first, ...others] = Object.entries({ gather, table, dense }).map(([way, run]) => {
    f32.fill(0, y / 4, y / 4 + rows * outputs);
    run();
    return { name: `the ${way} product`, work: { answers: f32.slice(y / 4, y / 4 + rows * outputs) } };
  });
  for (const other of others) requireSameWork(name, first, other, { answers: ROUNDED });
  return {
    gather: await measure(gather, { repeats, minimumMilliseconds: 10 }),
    table: await measure(table, { repeats, minimumMilliseconds: 10 }),
    dense: await measure(dense, { repeats, minimumMilliseconds: 10 }),
  };
}

function describe({ name, rows, inputs, outputs }: Shape, density: number, { gather, table, dense }: Ways): Row {
  const speed = (samples: Samples) => (2 * rows * inputs * outputs) / (1e6 * median(samples.cpu));
  return {
    name: `${name} ${rows} x ${inputs} x ${outputs}, density ${density}`,
    samples: median(gather.cpu) < median(table.cpu) ? gather : table,
    figures: { gather: speed(gather), table: speed(table), dense: speed(dense) },
  };
}

/** Density at which the table overtakes the gather, interpolated linearly between measurements. */
function crossing(
  { name }: Shape,
  densities: readonly number[],
  gather: readonly number[],
  table: readonly number[],
): string {
  for (let i = 1; i < densities.length; i++) {
    const [before, after] = [table[i - 1] - gather[i - 1], table[i] - gather[i]];
    if (before <= 0 || after > 0) continue;
    const density = densities[i - 1] + ((densities[i] - densities[i - 1]) * before) / (before - after);
    return `${name}: gather and table cross at density ${density.toFixed(2)}.`;
  }
  return `${name}: gather and table do not cross between ${densities[0]} and ${densities[densities.length - 1]}.`;
}
