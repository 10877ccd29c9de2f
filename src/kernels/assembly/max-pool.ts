/**
 * Max pooling over squares of pixels, channel by channel, and back: the gradient goes to the largest value, the first among
 * equals. Twin: `model/max-pool.ts`. Maps are `[images][rows columns]` pixels, filled by squares of `pool` x `pool`; `rows` and
 * `columns` count the squares, with all images stacked vertically. Channels of floats are a multiple of 4.
 */

/** pooled = OR of the bits of each square. */
export function poolBits(map: usize, words: i32, rows: i32, columns: i32, pool: i32, pooled: usize): void {
  const lineBytes = (<usize>(columns * pool * words)) << 2;
  const pixelBytes = (<usize>words) << 2;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const corner = map + <usize>(y * pool) * lineBytes + <usize>(x * pool) * pixelBytes;
      for (let word: usize = 0; word < pixelBytes; word += 4, pooled += 4) {
        let any: u32 = 0;
        for (let i = 0; i < pool; i++) {
          for (let j = 0; j < pool; j++) any |= load<u32>(corner + <usize>i * lineBytes + <usize>j * pixelBytes + word);
        }
        store<u32>(pooled, any);
      }
    }
  }
}

/**
 * dMap [images, pixels, channels] = dPooled at the first pixel of the square that fired, or at its first pixel if none fired; 0
 * elsewhere.
 */
export function poolBitsBackward(
  map: usize,
  words: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  pool: i32,
  dPooled: usize,
  dMap: usize,
): void {
  const line = columns * pool;
  memory.fill(dMap, 0, (<usize>(rows * pool * line * channels)) << 2);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const corner = y * pool * line + x * pool;
      for (let word = 0; word < words; word++) {
        const first = word << 5;
        const width = min(32, channels - first);
        let open: u32 = width == 32 ? 0xffffffff : (1 << width) - 1;
        for (let i = 0; i < pool; i++) {
          for (let j = 0; j < pool; j++) {
            const pixel = corner + i * line + j;
            const fired = load<u32>(map + ((<usize>(pixel * words + word)) << 2)) & open;
            moveChosen(fired, dPooled, dMap + ((<usize>(pixel * channels + first)) << 2));
            open &= ~fired;
          }
        }
        moveChosen(open, dPooled, dMap + ((<usize>(corner * channels + first)) << 2));
        dPooled += (<usize>width) << 2;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function moveChosen(chosen: u32, from: usize, to: usize): void {
  while (chosen) {
    const at = (<usize>ctz(chosen)) << 2;
    store<f32>(to + at, load<f32>(from + at));
    chosen &= chosen - 1;
  }
}

/** pooled [images, squares, channels] of a map [images, pixels, channels]. */
export function maxPool(map: usize, rows: i32, columns: i32, channels: i32, pool: i32, pooled: usize): void {
  const pixelBytes = (<usize>channels) << 2;
  const lineBytes = <usize>(columns * pool) * pixelBytes;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const corner = map + <usize>(y * pool) * lineBytes + <usize>(x * pool) * pixelBytes;
      for (let c: usize = 0; c < pixelBytes; c += 16, pooled += 16) {
        v128.store(pooled, largest(corner + c, lineBytes, pixelBytes, pool));
      }
    }
  }
}

/** dMap [images, pixels, channels] = dPooled at the first of the largest values of the square; 0 elsewhere. */
export function maxPoolBackward(
  map: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  pool: i32,
  dPooled: usize,
  dMap: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const lineBytes = <usize>(columns * pool) * pixelBytes;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const corner = <usize>(y * pool) * lineBytes + <usize>(x * pool) * pixelBytes;
      for (let c: usize = 0; c < pixelBytes; c += 16, dPooled += 16) {
        const most = largest(map + corner + c, lineBytes, pixelBytes, pool);
        const gradient = v128.load(dPooled);
        let open = i32x4.splat(-1);
        for (let i = 0; i < pool; i++) {
          for (let j = 0; j < pool; j++) {
            const at = corner + <usize>i * lineBytes + <usize>j * pixelBytes + c;
            const chosen = v128.and(open, f32x4.eq(v128.load(map + at), most));
            v128.store(dMap + at, v128.and(gradient, chosen));
            open = v128.andnot(open, chosen);
          }
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function largest(corner: usize, lineBytes: usize, pixelBytes: usize, pool: i32): v128 {
  let most = v128.load(corner);
  for (let i = 0; i < pool; i++) {
    for (let j = 0; j < pool; j++) {
      most = f32x4.max(most, v128.load(corner + <usize>i * lineBytes + <usize>j * pixelBytes));
    }
  }
  return most;
}
