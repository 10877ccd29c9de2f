/**
 * Windows of maps (im2col), as rows that a linear layer reads, and back. Twin: `model/convolution.ts`.
 *
 * A map is `[images][rows columns]` pixels; a window holds kernel x kernel of them, row by row, with zeros past the edge. Floats
 * of neighbouring pixels are adjacent in both, so whole runs are copied.
 */
import { add } from "./elementwise";

/** Packed windows of packed maps: the bits of a pixel's channels follow those of the pixel before, without a gap. */
export function gatherBitWindows(
  map: usize,
  channels: i32,
  images: i32,
  rows: i32,
  columns: i32,
  kernel: i32,
  stride: i32,
  windowRows: i32,
  windowColumns: i32,
  windows: usize,
): void {
  const words = (channels + 31) >> 5;
  const lastBits = channels - ((words - 1) << 5);
  const edge = (kernel - 1) >> 1;
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < windowRows; y++) {
      for (let x = 0; x < windowColumns; x++) {
        // Bits that do not yet fill a word, and their number.
        let open: u64 = 0;
        let filled: i32 = 0;
        for (let i = 0; i < kernel; i++) {
          const row = stride * y + i - edge;
          const isRow = row >= 0 && row < rows;
          for (let j = 0; j < kernel; j++) {
            const column = stride * x + j - edge;
            const isPixel = isRow && column >= 0 && column < columns;
            const from = map + ((<usize>(((image * rows + row) * columns + column) * words)) << 2);
            for (let word = 0; word < words; word++) {
              if (isPixel) open |= (<u64>load<u32>(from + ((<usize>word) << 2))) << filled;
              filled += word == words - 1 ? lastBits : 32;
              if (filled < 32) continue;
              store<u32>(windows, <u32>open);
              windows += 4;
              open >>= 32;
              filled -= 32;
            }
          }
        }
        if (filled == 0) continue;
        store<u32>(windows, <u32>open);
        windows += 4;
      }
    }
  }
}

/**
 * windows [images, windows, kernel kernel channels] of a map [images, rows, columns, channels]; or, going `back`, map += every value
 * of the windows, at the pixel that it was copied from.
 */
export function moveWindows(
  map: usize,
  channels: i32,
  images: i32,
  rows: i32,
  columns: i32,
  kernel: i32,
  stride: i32,
  windowRows: i32,
  windowColumns: i32,
  windows: usize,
  back: i32,
): void {
  if (back) move(map, channels, images, rows, columns, kernel, stride, windowRows, windowColumns, windows, true);
  else move(map, channels, images, rows, columns, kernel, stride, windowRows, windowColumns, windows, false);
}

// @ts-ignore: decorator
@inline
function move(
  map: usize,
  channels: i32,
  images: i32,
  rows: i32,
  columns: i32,
  kernel: i32,
  stride: i32,
  windowRows: i32,
  windowColumns: i32,
  windows: usize,
  back: bool,
): void {
  const edge = (kernel - 1) >> 1;
  const runBytes = (<usize>(kernel * channels)) << 2;
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < windowRows; y++) {
      for (let x = 0; x < windowColumns; x++) {
        const left = stride * x - edge;
        const first = max(0, -left);
        const last = min(kernel, columns - left);
        for (let i = 0; i < kernel; i++, windows += runBytes) {
          const row = stride * y + i - edge;
          const isRow = row >= 0 && row < rows;
          if (!back && !(isRow && first == 0 && last == kernel)) memory.fill(windows, 0, runBytes);
          if (!isRow) continue;
          const inMap = map + ((<usize>(((image * rows + row) * columns + left + first) * channels)) << 2);
          const inWindow = windows + ((<usize>(first * channels)) << 2);
          const count = (last - first) * channels;
          if (back) add(inMap, inWindow, count);
          else memory.copy(inWindow, inMap, (<usize>count) << 2);
        }
      }
    }
  }
}
