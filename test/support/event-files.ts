/** Event-camera files made in tests, in the N-MNIST format. */
import type { CameraEvent } from "../../src/data/events.ts";

/** 5 bytes per event; times below 2^23. */
export const eventFile = (events: readonly CameraEvent[]): Uint8Array =>
  Uint8Array.from(
    events.flatMap(({ x, y, polarity, microseconds }) => [
      ...[x, y, (polarity << 7) | (microseconds >> 16)],
      ...[(microseconds >> 8) & 255, microseconds & 255],
    ]),
  );
