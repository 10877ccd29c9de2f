/**
 * Convolutions of 3 x 3 pixels with Winograd tiles, compared with windows and one product, after 64, 128 and 256 channels on CIFAR-10.
 */

import type { Place } from "../src/kernels/arena.ts";
import {
  convolutionWords,
  convolve,
  mapGradient,
  mapGradientWords,
  readWords,
  weightGradient,
} from "../src/kernels/convolution.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import { productScratch } from "../src/kernels/wasm/dense-ops.ts";
import { pixels, type StemLayer } from "../src/model/stem.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Samples, type Section } from "./harness.ts";
import { ROUNDED, requireSameWork } from "./same-work.ts";

/** The input of one of four shards of a batch of 64. */
const IMAGES = 16;
const LAYERS = [
  { side: 16, channels: 64, outputs: 128 },
  { side: 8, channels: 128, outputs: 256 },
  { side: 8, channels: 256, outputs: 128 },
] as const;

export async function convolution({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const layer of quick ? LAYERS.slice(1, 2) : LAYERS) rows.push(...(await measureLayer(layer, quick ? 3 : 9)));
  const about = `3 x 3 pixels, ${IMAGES} images, one thread, and how many times as long windows and one product take. GFLOP/s as of the product.`;
  return { name: "convolution", about, rows, notes: [] };
}

/** Where a way leaves its answers, and how many. */
type Answers = readonly [at: Place, count: number];

async function measureLayer({ side, channels, outputs }: (typeof LAYERS)[number], repeats: number): Promise<Row[]> {
  const grid = { rows: side, columns: side };
  const inputs = 9 * channels;
  const size: StemLayer = {
    name: "",
    grid,
    channels,
    kernel: 3,
    stride: 1,
    windows: grid,
    inputs,
    outputs,
    pool: 1,
    pooled: grid,
  };
  const rows = IMAGES * pixels(grid);
  const [there, back] = [convolutionWords(size, IMAGES), mapGradientWords(size, IMAGES)];
  const scratchWords = Math.max(there.scratch, back.scratch, productScratch(rows, inputs, inputs));
  const weights = inputs * outputs;
  const sizes = [rows * channels, weights, weights, outputs, rows * outputs, readWords(size, IMAGES), rows * inputs];
  const words = [...sizes, Math.max(there.work, back.work), scratchWords];
  const { kernels, arena } = standaloneKernels(4 * words.reduce((a, b) => a + b, 0));
  const [map, weight, dWeight, offset, y, read, windows, work, scratch] = words.map((count) => arena.words(count));
  const random = stream(1);
  for (const [at, count] of [
    [map, sizes[0]],
    [weight, weights],
    [y, rows * outputs],
  ] as const) {
    for (let i = 0; i < count; i++) kernels.f32[at / 4 + i] = random.uniform() - 0.5;
  }
  const of = { images: IMAGES, read, work, scratch };
  const row = async (name: string, tiles: () => void, product: () => void, [at, count]: Answers): Promise<Row> => {
    const [byTiles, byWindows] = [tiles, product].map((work) => {
      kernels.fill(at, count, 0);
      work();
      return { answers: kernels.floats(at, count) };
    });
    const sides = [
      { name: "tiles", work: byTiles },
      { name: "windows", work: byWindows },
    ] as const;
    requireSameWork(name, ...sides, { answers: ROUNDED });
    const [samples, plain] = [await measure(tiles, { repeats }), await measure(product, { repeats })];
    const gigaflops = (s: Samples) => (2 * rows * inputs * outputs) / median(s.cpu) / 1e6;
    const figures = {
      "GFLOP/s": gigaflops(samples),
      "by windows, GFLOP/s": gigaflops(plain),
      "windows / tiles": median(plain.cpu) / median(samples.cpu),
    };
    return { name: `${name}, ${side} x ${side}, ${channels} to ${outputs} channels`, samples, figures };
  };
  return [
    await row(
      "map",
      () => convolve(kernels, size, { ...of, map, weight, offset, y }),
      () => {
        kernels.gatherWindows({ map, images: IMAGES, size, windows });
        kernels.product({ m: rows, n: outputs, k: inputs, a: windows, b: weight, out: y, scratch });
      },
      [y, rows * outputs],
    ),
    await row(
      "gradient of the weights",
      () => weightGradient(kernels, size, { ...of, dy: y, dWeight }),
      () => {
        const [a, b] = [{ a: windows, transposeA: true }, { b: y }];
        kernels.product({ m: inputs, n: outputs, k: rows, ...a, ...b, out: dWeight, accumulate: true, scratch });
      },
      [dWeight, weights],
    ),
    await row(
      "gradient of the map",
      () => mapGradient(kernels, size, { ...of, weight, dy: y, dMap: map }),
      () => {
        kernels.fill(map, rows * channels, 0);
        kernels.product({ m: rows, n: inputs, k: outputs, a: y, b: weight, transposeB: true, out: windows, scratch });
        kernels.scatterWindows({ dWindows: windows, images: IMAGES, size, dMap: map });
      },
      [map, rows * channels],
    ),
  ];
}
