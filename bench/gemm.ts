/**
 * The dense product at the shapes of the reference model's backward pass, at those of width 512 (also forward), and at a square shape; compared
 * with PyTorch's.
 */
import { standaloneKernels } from "../src/kernels/memory.ts";
import { productScratch } from "../src/kernels/wasm/dense-ops.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Samples, type Section } from "./harness.ts";
import { createCaseWriter, hasPeer, MISSING_PEER, type PeerProcess, peerNotes, runPeer } from "./peer-files.ts";
import { ROUNDED, requireSameWork, type Tolerances, type Work } from "./same-work.ts";

/** C [m, n] = op(A) op(B) over k. */
export interface Shape {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const SHAPES: readonly Shape[] = [
  { name: "256 x 256 x 256", m: 256, n: 256, k: 256 },
  { name: "4096 x 512 into 128", m: 4096, n: 128, k: 512 },
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

export const TOLERANCES: Tolerances = { squares: ROUNDED, "first row": ROUNDED };

/** The report of the peer. */
interface PeerRun extends PeerProcess {
  /** In the order of the shapes. */
  readonly products: readonly { readonly samples: Samples; readonly work: Work }[];
}

export async function gemm({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  const repeats = quick ? 3 : 9;
  const peer = !quick && hasPeer() ? runProductPeer(repeats) : null;
  for (const [i, shape] of SHAPES.entries()) {
    const { samples, work } = await measureShape(shape, repeats);
    const other = peer?.products[i];
    if (other) {
      const sides = [
        { name: "xpikeformer", work },
        { name: "PyTorch", work: other.work },
      ] as const;
      requireSameWork(shape.name, ...sides, TOLERANCES);
      rows.push(describe(`PyTorch, ${shape.name}`, shape, other.samples));
    }
    rows.push(describe(`xpikeformer, ${shape.name}`, shape, samples));
  }
  const notes = peer ? peerNotes(peer) : quick ? [] : [MISSING_PEER];
  return { name: "gemm", about: "dense products of float32, one thread.", rows, notes };
}

const describe = (name: string, { m, n, k }: Shape, samples: Samples): Row => ({
  name,
  samples,
  figures: { "GFLOP/s": (2 * m * n * k) / (1e6 * median(samples.cpu)) },
});

/** The factors as they are kept: transposed where the product transposes them. */
function factorsOf({ m, n, k }: Shape, seed = 1): readonly Float32Array[] {
  const random = stream(seed);
  return [m * k, k * n].map((length) => Float32Array.from({ length }, () => random.uniform() - 0.5));
}

export async function measureShape(shape: Shape, repeats: number) {
  const { m, n, k, transposeA = false, transposeB = false } = shape;
  const words = [m * k, k * n, m * n, productScratch(m, n, k)];
  const { kernels, arena } = standaloneKernels(4 * words.reduce((sum, count) => sum + count, 0));
  const [a, b, out, scratch] = words.map((count) => arena.words(count));
  factorsOf(shape).forEach((factor, i) => {
    kernels.write([a, b][i], factor);
  });
  const samples = await measure(() => kernels.product({ m, n, k, a, transposeA, b, transposeB, out, scratch }), {
    repeats,
  });
  const product = kernels.floats(out, m * n);
  const squares = product.reduce((sum, x) => sum + x * x, 0);
  return { samples, work: { m, n, k, squares, "first row": product.subarray(0, n) } };
}

const runProductPeer = (repeats: number): PeerRun =>
  runPeer<PeerRun>("dense_product.py", ["--repeats", `${repeats}`], 1, (folder) => exportProducts(SHAPES, folder));

/** Writes the factors for the peer. */
export function exportProducts(shapes: readonly Shape[], folder: string, seed = 1): void {
  const writer = createCaseWriter();
  const products = shapes.map((shape) => {
    const { m, n, k, transposeA = false, transposeB = false } = shape;
    const [a, b] = factorsOf(shape, seed);
    return {
      a: transposeA ? writer.place(a, k, m) : writer.place(a, m, k),
      b: transposeB ? writer.place(b, n, k) : writer.place(b, k, n),
      ...{ transposeA, transposeB },
    };
  });
  writer.write(folder, { products });
}
