/**
 * The dense product at the shapes of the reference model's backward pass, at those of width 512 (also forward), and at a square shape.
 */
import { standaloneKernels } from "../src/kernels/memory.ts";
import { productScratch } from "../src/kernels/wasm/dense-ops.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Section } from "./harness.ts";

/** C [m, n] = op(A) op(B) over k. */
interface Shape {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const SHAPES: readonly Shape[] = [
  { name: "256 x 256 x 256", m: 256, n: 256, k: 256 },
  { name: "dX of qkv, 1024 x 384 into 128", m: 1024, n: 128, k: 384, transposeB: true },
  { name: "dX of up, 1024 x 512 into 128", m: 1024, n: 128, k: 512, transposeB: true },
  { name: "dX of down, 1024 x 128 into 512", m: 1024, n: 512, k: 128, transposeB: true },
  { name: "dW, 512 x 128 over 1024", m: 512, n: 128, k: 1024, transposeA: true },
  { name: "up, 1024 x 512 into 2048", m: 1024, n: 2048, k: 512 },
  { name: "down, 1024 x 2048 into 512", m: 1024, n: 512, k: 2048 },
  { name: "dX of up, 1024 x 2048 into 512", m: 1024, n: 512, k: 2048, transposeB: true },
  { name: "dX of down, 1024 x 512 into 2048", m: 1024, n: 2048, k: 512, transposeB: true },
  { name: "dW, 512 x 2048 over 1024", m: 512, n: 2048, k: 1024, transposeA: true },
];

export async function gemm({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const shape of SHAPES) rows.push(await measureShape(shape, quick));
  return { name: "gemm", about: "dense products of float32, one thread.", rows, notes: [] };
}

async function measureShape({ name, m, n, k, transposeA, transposeB }: Shape, quick: boolean): Promise<Row> {
  const words = m * k + k * n + m * n + productScratch(m, n, k);
  const { kernels, arena } = standaloneKernels(4 * words);
  const [a, b, c, scratch] = [m * k, k * n, m * n, productScratch(m, n, k)].map((count) => arena.words(count));
  const random = stream(1);
  for (let i = 0; i < m * k; i++) kernels.f32[a / 4 + i] = random.uniform() - 0.5;
  for (let i = 0; i < k * n; i++) kernels.f32[b / 4 + i] = random.uniform() - 0.5;
  const lda = transposeA ? m : k;
  const ldb = transposeB ? k : n;
  const multiply = () =>
    kernels.run.gemm(
      Number(transposeA ?? false),
      Number(transposeB ?? false),
      m,
      n,
      k,
      a,
      lda,
      b,
      ldb,
      c,
      n,
      0,
      scratch,
    );
  const samples = await measure(multiply, { repeats: quick ? 3 : 9 });
  return { name, samples, figures: { "GFLOP/s": (2 * m * n * k) / (1e6 * median(samples.cpu)) } };
}
