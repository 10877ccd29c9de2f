/**
 * Labelled event-camera recordings, binned into frames of bits. An event says that at one pixel and one time, the brightness
 * rose (ON) or fell (OFF). A bit of a frame is 1 if its pixel had an event of its polarity within the frame's time; the
 * number of events is not kept.
 *
 * Files are in the N-MNIST format, 5 bytes per event, big-endian: x (8 bits), y (8), polarity (1; 1 is ON), time in microseconds
 * (23). A record with y = 240 is not an event: from it on, 2^13 is added to all times, including its own.
 * Source  Orchard, Jayawant, Cohen, Thakor, "Converting static image datasets to spiking neuromorphic datasets using saccades", Frontiers
 *         in Neuroscience 9:437, 2015; the overflow record as in the authors' reader, github.com/gorchard/event-Python
 */
import { FileError } from "../errors.ts";
import type { LabelledData, LabelledSet } from "./labelled.ts";

/** How recordings are binned. */
export interface EventShape {
  /** Pixels of the sensor. */
  readonly height: number;
  readonly width: number;
  readonly frames: number;
  /** Length of a frame. Frame f holds the events that start at f times this; events after the last frame are dropped. */
  readonly frameMicroseconds: number;
}

export interface EventSet extends EventShape, LabelledSet {
  /**
   * `[count][frames * height * width * 2]` bits; each recording starts at a whole byte; bit i is bit (i mod 8) of byte floor(i / 8).
   */
  readonly bits: Uint8Array;
}

export type EventData = LabelledData<EventSet>;

export interface CameraEvent {
  readonly x: number;
  readonly y: number;
  /** 1 if it grew brighter, 0 if it grew darker. */
  readonly polarity: 0 | 1;
  /** From the start of the recording. */
  readonly microseconds: number;
}

/** Bits of one frame: the two bits of a pixel are adjacent, OFF then ON; pixels row by row. */
export const frameBits = ({ height, width }: Pick<EventShape, "height" | "width">): number => 2 * height * width;

/** Bytes of a recording. */
export const recordingBytes = (shape: EventShape): number => Math.ceil((shape.frames * frameBits(shape)) / 8);

/** Recordings with the given labels, still without events. */
export function emptyEventSet(shape: EventShape, classes: readonly string[], labels: Uint16Array): EventSet {
  const { height, width, frames, frameMicroseconds } = shape;
  const bits = new Uint8Array(labels.length * recordingBytes(shape));
  return { height, width, frames, frameMicroseconds, classes, count: labels.length, labels, bits };
}

/** State  `set.bits`: sets the bit of the event's frame, if there is a frame at its time. */
export function addEvent(set: EventSet, recording: number, { x, y, polarity, microseconds }: CameraEvent): void {
  const frame = Math.floor(microseconds / set.frameMicroseconds);
  if (frame < 0 || frame >= set.frames) return;
  const bit = frame * frameBits(set) + 2 * (y * set.width + x) + polarity;
  set.bits[recording * recordingBytes(set) + (bit >>> 3)] |= 1 << (bit & 7);
}

/** The recordings at `indices`, in that order, copied. */
export function pickRecordings(source: EventSet, indices: readonly number[]): EventSet {
  const size = recordingBytes(source);
  const bits = new Uint8Array(indices.length * size);
  for (const [i, index] of indices.entries())
    bits.set(source.bits.subarray(index * size, (index + 1) * size), i * size);
  const labels = Uint16Array.from(indices, (index) => source.labels[index]);
  return { ...source, count: indices.length, labels, bits };
}

const EVENT_BYTES = 5;
/** y of a record that marks an overflow of the clock. */
const OVERFLOW = 240;
const OVERFLOW_MICROSECONDS = 2 ** 13;

/**
 * The events in the bytes of a file.
 * Throws  FileError at `path` when there are no events, the last is cut off, or one is outside the sensor
 */
export function* readEventFile(
  bytes: Uint8Array,
  path: string,
  { height, width }: Pick<EventShape, "height" | "width">,
): Generator<CameraEvent> {
  if (bytes.length === 0 || bytes.length % EVENT_BYTES !== 0) {
    throw new FileError(
      path,
      `The file has ${bytes.length} bytes, which is not one or more whole events of ${EVENT_BYTES} bytes. Copy it again.`,
    );
  }
  let passed = 0;
  for (let at = 0; at < bytes.length; at += EVENT_BYTES) {
    const [x, y, high, middle, low] = bytes.subarray(at, at + EVENT_BYTES);
    if (y === OVERFLOW) {
      passed += OVERFLOW_MICROSECONDS;
      continue;
    }
    if (x >= width || y >= height) {
      throw new FileError(
        path,
        `Event ${at / EVENT_BYTES} is at column ${x}, row ${y}, but the sensor has ${width} x ${height} pixels. Set width and height ` +
          "of task.data to the sensor's size, or use another file.",
      );
    }
    const microseconds = ((high & 127) << 16) + (middle << 8) + low + passed;
    yield { x, y, polarity: high >= 128 ? 1 : 0, microseconds };
  }
}
