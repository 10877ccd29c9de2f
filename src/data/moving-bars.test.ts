// @module-tag slow
import { expect, test } from "vitest";
import { type EventSet, recordingBytes } from "./events.ts";
import { movingBars } from "./moving-bars.ts";

const bars = movingBars({ frames: 8, frameMicroseconds: 10_000 });

/**
 * Mean position of the events of a polarity, relative to the centre of the sensor, over the recordings of a class: `[right,
 * down]` of a frame.
 */
function meanPlace(set: EventSet, label: number, frame: number, polarity: 0 | 1): [number, number] {
  let [right, down, count] = [0, 0, 0];
  for (let k = 0; k < set.count; k++) {
    if (set.labels[k] !== label) continue;
    for (let pixel = 0; pixel < 256; pixel++) {
      const bit = (frame * 256 + pixel) * 2 + polarity;
      if (((set.bits[k * recordingBytes(set) + (bit >> 3)] >> (bit & 7)) & 1) === 0) continue;
      right += (pixel % 16) - 7.5;
      down += Math.floor(pixel / 16) - 7.5;
      count++;
    }
  }
  return [right / count, down / count];
}

test("bars move in the direction of their class, with the bright edge in front", () => {
  const directions = [
    [1, 0],
    [1, 1],
    [0, 1],
    [-1, 1],
    [-1, 0],
    [-1, -1],
    [0, -1],
    [1, -1],
  ];
  for (const [label, [right, down]] of directions.entries()) {
    const along = (frame: number, polarity: 0 | 1) => {
      const [x, y] = meanPlace(bars.test, label, frame, polarity);
      return (x * right + y * down) / Math.hypot(right, down);
    };
    // Half of the events in the middle of a recording are the bar's, which moves by more than a pixel per frame.
    expect(along(5, 1) - along(2, 1), bars.test.classes[label]).toBeGreaterThan(1);
    expect(along(4, 1) - along(4, 0), bars.test.classes[label]).toBeGreaterThan(0.3);
  }
});

test("recordings do not depend on binning, and all classes are equally frequent", () => {
  const whole = movingBars({ frames: 1, frameMicroseconds: 80_000 });
  for (const part of ["train", "validation", "test"] as const) {
    const [fine, coarse] = [bars[part], whole[part]];
    const counts = new Uint32Array(8);
    for (const label of fine.labels) counts[label]++;
    expect(new Set(counts)).toEqual(new Set([fine.count / 8]));
    // One long frame holds what any of the short ones hold.
    const united = new Uint8Array(fine.count * 64).map((_, i) => {
      const [k, byte] = [Math.floor(i / 64), i % 64];
      let bits = 0;
      for (let frame = 0; frame < 8; frame++) bits |= fine.bits[(k * 8 + frame) * 64 + byte];
      return bits;
    });
    expect(coarse.bits).toEqual(united);
  }
});
