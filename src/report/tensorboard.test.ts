import { expect, test } from "vitest";
import { readEvents } from "../../test/support/event-file.ts";
import { firstRecord, metricRecord } from "./tensorboard.ts";

const joined = (...records: Uint8Array[]) => new Uint8Array(records.flatMap((record) => [...record]));

test("another reader finds every scalar, step and time", () => {
  const metric = { step: 300, stage: "first", loss: 1.5, learningRate: 0.1, gradientNorm: 2, seconds: 3 };
  const validation = { loss: 1.25, bitErrorRate: 0.5, best: true };
  const bytes = joined(
    firstRecord(1.7e9),
    metricRecord({ ...metric, validation: undefined }, 1.7e9 + 0.5),
    metricRecord({ ...metric, step: 2 ** 40, validation }, 1.7e9 + 1),
  );
  const scalars = { loss: 1.5, learningRate: Math.fround(0.1), gradientNorm: 2 };
  expect(readEvents(bytes)).toEqual([
    { wallTime: 1.7e9, step: 0, version: "brain.Event:2", scalars: {} },
    { wallTime: 1.7e9 + 0.5, step: 300, version: null, scalars },
    {
      ...{ wallTime: 1.7e9 + 1, step: 2 ** 40, version: null },
      scalars: { ...scalars, "validation/loss": 1.25, "validation/bitErrorRate": 0.5 },
    },
  ]);
});

test("the framing is that of the published example of TFRecord", () => {
  // The first record of every file that TensorFlow writes, with the time 0: its length, 24, and the masked checksum of that.
  const bytes = firstRecord(0);
  expect([...bytes.subarray(0, 12)]).toEqual([24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
});
