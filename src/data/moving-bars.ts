/**
 * Synthetic event-camera recordings: a bright bar crosses a sensor of 16 x 16 pixels in one of eight directions. They are for tests and
 * first steps and need no download. They are not a benchmark: the class is evident from which edge of the bar is ON and where it moves.
 *
 * With c the pixel's position along the direction of motion, from the centre of the sensor, s + v t the centre of the bar, and h
 * half its thickness, the pixel has an ON event at t = (c - h - s) / v and an OFF event at t = (c + h - s) / v, if it is within
 * the bar's length. Three events in ten are missing, all are late by up to 1 ms, and there are 80 noise events.
 */
import { type Stream, stream } from "../numeric/stream.ts";
import { addEvent, type EventData, type EventSet, type EventShape, emptyEventSet } from "./events.ts";

export const MOVING_BARS = { height: 16, width: 16, classes: 8 } as const;

/** Direction of motion, `[right, down]`. */
const DIRECTIONS: readonly (readonly [string, number, number])[] = [
  ["right", 1, 0],
  ["right and down", Math.SQRT1_2, Math.SQRT1_2],
  ["down", 0, 1],
  ["left and down", -Math.SQRT1_2, Math.SQRT1_2],
  ["left", -1, 0],
  ["left and up", -Math.SQRT1_2, -Math.SQRT1_2],
  ["up", 0, -1],
  ["right and up", Math.SQRT1_2, -Math.SQRT1_2],
];
const CLASSES = DIRECTIONS.map(([name]) => name);

const COUNTS = { train: 1600, validation: 200, test: 800 } as const;

/** Duration in which bars move and noise occurs. */
const MICROSECONDS = 80_000;
const MISSED = 0.3;
const LATE = 1000;
const NOISE = 80;

/** Recordings are the same in every experiment, so that all results are comparable. */
const SEED = 1;

/** Random  recording k of a part, from a fixed seed: `fork(part, k)` */
export function movingBars({ frames, frameMicroseconds }: Pick<EventShape, "frames" | "frameMicroseconds">): EventData {
  const { height, width } = MOVING_BARS;
  const random = stream(SEED).fork("moving bars");
  const partOf = (part: keyof typeof COUNTS): EventSet => {
    const labels = Uint16Array.from({ length: COUNTS[part] }, (_, k) => k % CLASSES.length);
    const set = emptyEventSet({ height, width, frames, frameMicroseconds }, CLASSES, labels);
    for (let k = 0; k < set.count; k++) drawRecording(set, k, random.fork(part, k));
    return set;
  };
  return { name: "moving-bars", train: partOf("train"), validation: partOf("validation"), test: partOf("test") };
}

function drawRecording(set: EventSet, k: number, random: Stream): void {
  const [, right, down] = DIRECTIONS[set.labels[k]];
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const half = between(0.5, 2);
  // Pixels from the centre of the sensor, and pixels per microsecond.
  const start = between(-9, -5);
  const speed = between(14, 22) / MICROSECONDS;
  const [aside, length] = [between(-5, 5), between(3, 9)];
  for (let y = 0; y < set.height; y++) {
    for (let x = 0; x < set.width; x++) {
      const [column, row] = [x - (set.width - 1) / 2, y - (set.height - 1) / 2];
      const along = column * right + row * down;
      const across = row * right - column * down;
      if (Math.abs(across - aside) > length / 2) continue;
      for (const polarity of [1, 0] as const) {
        const edge = polarity === 1 ? along - half : along + half;
        const microseconds = (edge - start) / speed + LATE * random.uniform();
        const missed = random.uniform() < MISSED;
        if (!missed && microseconds < MICROSECONDS) addEvent(set, k, { x, y, polarity, microseconds });
      }
    }
  }
  for (let i = 0; i < NOISE; i++) {
    const [x, y, polarity] = [random.integer(set.width), random.integer(set.height), random.integer(2) as 0 | 1];
    addEvent(set, k, { x, y, polarity, microseconds: MICROSECONDS * random.uniform() });
  }
}
