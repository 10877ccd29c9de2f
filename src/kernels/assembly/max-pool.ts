/**
 * Max pooling over squares of pixels, channel by channel, and back: the gradient goes to the largest value, the first among
 * equals. Twin: `model/max-pool.ts`. Maps are `[images][height line]` pixels. Of each image, `rows` x `columns` squares of side
 * `window` begin `edge` pixels before the multiples of `pool`, and end at the edges of the map. Channels of floats are a multiple of 4.
 */

// Pixels of a square, from `beginOf` to `endOf` in each direction.
// @ts-ignore: decorator
@inline
function beginOf(square: i32, pool: i32, edge: i32): i32 {
  return max(0, square * pool - edge);
}

// @ts-ignore: decorator
@inline
function endOf(square: i32, pool: i32, edge: i32, window: i32, size: i32): i32 {
  return min(size, square * pool - edge + window);
}

/** pooled = OR of the bits of each square. */
export function poolBits(
  map: usize,
  words: i32,
  images: i32,
  height: i32,
  line: i32,
  rows: i32,
  columns: i32,
  pool: i32,
  window: i32,
  edge: i32,
  pooled: usize,
): void {
  const pixelBytes = (<usize>words) << 2;
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < rows; y++) {
      const top = beginOf(y, pool, edge);
      const bottom = endOf(y, pool, edge, window, height);
      for (let x = 0; x < columns; x++) {
        const left = beginOf(x, pool, edge);
        const right = endOf(x, pool, edge, window, line);
        for (let word: usize = 0; word < pixelBytes; word += 4, pooled += 4) {
          let any: u32 = 0;
          for (let i = top; i < bottom; i++) {
            for (let j = left; j < right; j++) any |= load<u32>(map + <usize>(i * line + j) * pixelBytes + word);
          }
          store<u32>(pooled, any);
        }
      }
    }
    map += <usize>(height * line) * pixelBytes;
  }
}

/** dMap [images, pixels, channels] += dPooled at the first pixel of a square that fired, or at its first pixel if none fired. */
export function poolBitsBackward(
  map: usize,
  words: i32,
  images: i32,
  height: i32,
  line: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  pool: i32,
  window: i32,
  edge: i32,
  dPooled: usize,
  dMap: usize,
): void {
  memory.fill(dMap, 0, (<usize>(images * height * line * channels)) << 2);
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < rows; y++) {
      const top = beginOf(y, pool, edge);
      const bottom = endOf(y, pool, edge, window, height);
      for (let x = 0; x < columns; x++) {
        const left = beginOf(x, pool, edge);
        const right = endOf(x, pool, edge, window, line);
        for (let word = 0; word < words; word++) {
          const first = word << 5;
          const width = min(32, channels - first);
          let open: u32 = width == 32 ? 0xffffffff : (1 << width) - 1;
          for (let i = top; i < bottom; i++) {
            for (let j = left; j < right; j++) {
              const pixel = i * line + j;
              const fired = load<u32>(map + ((<usize>(pixel * words + word)) << 2)) & open;
              addChosen(fired, dPooled, dMap + ((<usize>(pixel * channels + first)) << 2));
              open &= ~fired;
            }
          }
          addChosen(open, dPooled, dMap + ((<usize>((top * line + left) * channels + first)) << 2));
          dPooled += (<usize>width) << 2;
        }
      }
    }
    map += (<usize>(height * line * words)) << 2;
    dMap += (<usize>(height * line * channels)) << 2;
  }
}

// @ts-ignore: decorator
@inline
function addChosen(chosen: u32, from: usize, to: usize): void {
  while (chosen) {
    const at = (<usize>ctz(chosen)) << 2;
    store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
    chosen &= chosen - 1;
  }
}

/** pooled [images, squares, channels] of a map [images, pixels, channels]. */
export function maxPool(
  map: usize,
  images: i32,
  height: i32,
  line: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  pool: i32,
  window: i32,
  edge: i32,
  pooled: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < rows; y++) {
      const top = beginOf(y, pool, edge);
      const bottom = endOf(y, pool, edge, window, height);
      for (let x = 0; x < columns; x++) {
        const left = beginOf(x, pool, edge);
        const right = endOf(x, pool, edge, window, line);
        for (let c: usize = 0; c < pixelBytes; c += 16, pooled += 16) {
          v128.store(pooled, largest(map + c, pixelBytes, line, top, bottom, left, right));
        }
      }
    }
    map += <usize>(height * line) * pixelBytes;
  }
}

/** dMap [images, pixels, channels] += dPooled at the first of the largest values of the square; 0 elsewhere. */
export function maxPoolBackward(
  map: usize,
  images: i32,
  height: i32,
  line: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  pool: i32,
  window: i32,
  edge: i32,
  dPooled: usize,
  dMap: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  memory.fill(dMap, 0, <usize>(images * height * line) * pixelBytes);
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < rows; y++) {
      const top = beginOf(y, pool, edge);
      const bottom = endOf(y, pool, edge, window, height);
      for (let x = 0; x < columns; x++) {
        const left = beginOf(x, pool, edge);
        const right = endOf(x, pool, edge, window, line);
        for (let c: usize = 0; c < pixelBytes; c += 16, dPooled += 16) {
          const most = largest(map + c, pixelBytes, line, top, bottom, left, right);
          const gradient = v128.load(dPooled);
          let open = i32x4.splat(-1);
          for (let i = top; i < bottom; i++) {
            for (let j = left; j < right; j++) {
              const at = <usize>(i * line + j) * pixelBytes + c;
              const chosen = v128.and(open, f32x4.eq(v128.load(map + at), most));
              v128.store(dMap + at, f32x4.add(v128.load(dMap + at), v128.and(gradient, chosen)));
              open = v128.andnot(open, chosen);
            }
          }
        }
      }
    }
    map += <usize>(height * line) * pixelBytes;
    dMap += <usize>(height * line) * pixelBytes;
  }
}

// @ts-ignore: decorator
@inline
function largest(map: usize, pixelBytes: usize, line: i32, top: i32, bottom: i32, left: i32, right: i32): v128 {
  let most = v128.load(map + <usize>(top * line + left) * pixelBytes);
  for (let i = top; i < bottom; i++) {
    for (let j = left; j < right; j++) most = f32x4.max(most, v128.load(map + <usize>(i * line + j) * pixelBytes));
  }
  return most;
}
