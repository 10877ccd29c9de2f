/**
 * Metrics of a training as a TensorBoard event file: TFRecords, each an `Event` of Protocol Buffers.
 *
 *   record   length (8 bytes, least significant first), masked CRC-32C of those 8, the event, masked CRC-32C of the event
 *   masked   ((crc >>> 15 | crc << 17) + 0xa282ead8) mod 2^32
 *   Event    1: wall_time (double), 2: step (varint), 3: file_version (the first event's only field besides the time), 5: Summary
 *   Summary  1: Value { 1: tag, 2: simple_value (float) }, repeated
 *
 * Source: TensorFlow's `tensorflow/core/lib/io/record_writer.cc`, `core/util/event.proto` and TensorBoard's `compat/proto/summary.proto`.
 */
import { crc32c } from "../numeric/checksum.ts";
import type { TrainingMetric } from "./training.ts";

const VERSION = "brain.Event:2";

/** The record with which a file begins; `wallTime` in seconds since 1970. */
export const firstRecord = (wallTime: number): Uint8Array =>
  record([...double(1, wallTime), ...bytesField(3, utf8(VERSION))]);

/** The record of one line of the metrics. */
export function metricRecord(
  { step, loss, learningRate, gradientNorm, validation }: TrainingMetric,
  wallTime: number,
): Uint8Array {
  const { best: _, ...validated } = validation ?? { best: false };
  const scalars = Object.entries({
    loss,
    learningRate,
    gradientNorm,
    ...Object.fromEntries(Object.entries(validated).map(([name, value]) => [`validation/${name}`, value])),
  }).filter((scalar): scalar is [string, number] => typeof scalar[1] === "number");
  const values = scalars.flatMap(([tag, value]) => bytesField(1, [...bytesField(1, utf8(tag)), ...single(2, value)]));
  return record([...double(1, wallTime), ...varint((2 << 3) | 0), ...varint(step), ...bytesField(5, values)]);
}

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

function record(event: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16 + event.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, event.length, true); // an event is far shorter than 4 GiB, so the upper half stays 0
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(event, 12);
  view.setUint32(12 + event.length, masked(bytes.subarray(12, 12 + event.length)), true);
  return bytes;
}

function masked(bytes: Uint8Array): number {
  const sum = crc32c(bytes);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}

/** A field of the wire type 2. */
const bytesField = (field: number, content: readonly number[]): number[] => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
];

function double(field: number, value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...varint((field << 3) | 1), ...bytes];
}

function single(field: number, value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...varint((field << 3) | 5), ...bytes];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
