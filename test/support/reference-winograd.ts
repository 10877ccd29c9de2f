/** The Winograd transforms of `src/kernels/ops.ts`, as matrix products with the matrices of Lavin and Gray, one number at a time. */
import type { MapOps, Tiles } from "../../src/kernels/ops.ts";
import type { ReferenceMemory } from "./reference-memory.ts";

const B = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
const G = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];
const A = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
];

type Winograd = Pick<MapOps, Extract<keyof MapOps, `winograd${string}`>>;

export function referenceWinograd({ get, put, add }: ReferenceMemory): Winograd {
  return {
    winogradData: ({ map, images, grid, channels, target }) => {
      const values = get(map, images * grid.rows * grid.columns * channels);
      const matrices = new Float64Array(16 * countTiles({ images, grid, channels }) * channels);
      forEachTile({ images, grid, channels }, (tile, channel, place) => {
        const around = square(4, (i, j) => values[place(i - 1, j - 1)] ?? 0);
        put16(matrices, tile * channels + channel, sandwich(B, around));
      });
      put(target, matrices);
    },
    winogradKernel: ({ weight, count, turned, target }) => {
      const values = get(weight, 9 * count);
      const matrices = new Float64Array(16 * count);
      for (let c = 0; c < count; c++) {
        const kernel = square(3, (i, j) => values[(turned ? 8 - 3 * i - j : 3 * i + j) * count + c]);
        put16(matrices, c, sandwich(G, kernel));
      }
      put(target, matrices);
    },
    winogradKernelBackward: ({ source, count, dWeight }) => {
      const matrices = get(source, 16 * count);
      const gradient = new Float64Array(9 * count);
      for (let c = 0; c < count; c++) {
        const own = square(4, (i, j) => matrices[(4 * i + j) * count + c]);
        sandwich(transposed(G), own).forEach((row, i) => {
          row.forEach((value, j) => {
            gradient[(3 * i + j) * count + c] = value;
          });
        });
      }
      add(dWeight, gradient);
    },
    winogradMapBackward: ({ map, images, grid, channels, target }) => {
      const values = get(map, images * grid.rows * grid.columns * channels);
      const matrices = new Float64Array(16 * countTiles({ images, grid, channels }) * channels);
      forEachTile({ images, grid, channels }, (tile, channel, place) => {
        const own = square(2, (i, j) => values[place(i, j)] ?? 0);
        put16(matrices, tile * channels + channel, sandwich(transposed(A), own));
      });
      put(target, matrices);
    },
    winogradMap: ({ source, images, grid, channels, map }) => {
      const matrices = get(source, 16 * countTiles({ images, grid, channels }) * channels);
      const pixels = new Float64Array(images * grid.rows * grid.columns * channels);
      forEachTile({ images, grid, channels }, (tile, channel, place) => {
        const at = tile * channels + channel;
        const own = square(4, (i, j) => matrices[((4 * i + j) * matrices.length) / 16 + at]);
        sandwich(A, own).forEach((row, i) => {
          row.forEach((value, j) => {
            if (place(i, j) >= 0) pixels[place(i, j)] = value;
          });
        });
      });
      put(map, pixels);
    },
  };
}

const countTiles = ({ images, grid }: Tiles) => images * Math.ceil(grid.rows / 2) * Math.ceil(grid.columns / 2);

/** `place` of a pixel relative to the tile's first, -1 past the edge of the map. */
function forEachTile(
  { images, grid: { rows, columns }, channels }: Tiles,
  visit: (tile: number, channel: number, place: (i: number, j: number) => number) => void,
): void {
  let tile = 0;
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < rows; y += 2) {
      for (let x = 0; x < columns; x += 2, tile++) {
        for (let channel = 0; channel < channels; channel++) {
          visit(tile, channel, (i, j) => {
            const [row, column] = [y + i, x + j];
            if (row < 0 || row >= rows || column < 0 || column >= columns) return -1;
            return ((image * rows + row) * columns + column) * channels + channel;
          });
        }
      }
    }
  }
}

const square = (side: number, value: (i: number, j: number) => number): number[][] =>
  Array.from({ length: side }, (_, i) => Array.from({ length: side }, (_, j) => value(i, j)));

const transposed = (matrix: readonly (readonly number[])[]): number[][] =>
  matrix[0].map((_, j) => matrix.map((row) => row[j]));

/** M x M^T */
function sandwich(matrix: readonly (readonly number[])[], x: readonly (readonly number[])[]): number[][] {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const right = x.map((row) => matrix.map((of) => dot(of, row)));
  return matrix.map((of) =>
    matrix.map((_, j) =>
      dot(
        of,
        right.map((row) => row[j]),
      ),
    ),
  );
}

/** Element (i, j) of a 4 x 4 matrix becomes one of the matrix 4 i + j. */
function put16(matrices: Float64Array, at: number, values: readonly (readonly number[])[]): void {
  values.flat().forEach((value, m) => {
    matrices[(m * matrices.length) / 16 + at] = value;
  });
}
