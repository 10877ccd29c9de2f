import { describe, expect, test } from "vitest";
import { tinyEventExperiment, tinyRecordings } from "../../test/support/tiny-events.ts";
import { eventClassificationSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { eventClassification, eventClassificationKit } from "./event-classification.ts";

const { task: spec } = tinyEventExperiment();
const taskOf = (steps: number) => eventClassification(spec, steps, tinyRecordings);

describe("spikes", () => {
  test("are the events of the step's frame, square by square", () => {
    const { spikes, labels } = taskOf(3).draw(1, stream(1), { firstPrompt: 1 });
    expect([...labels]).toEqual([1]);
    const { steps, rows, features } = spikes!;
    expect([steps, rows, features]).toEqual([3, 4, 8]);
    // Recording 1: OFF at (x 1, y 1) in frame 0, ON at the top right, (2, 0), in frame 1. Squares of 2 x 2 pixels, two lines per
    // pixel: (1, 1) is pixel 3 of token 0, so line 6; (2, 0) is pixel 0 of token 1, so line 1. Step 2 shows frame 0 again.
    const on = [...unpackSpikes(spikes!)].flatMap((bit, i) => {
      const line = i % 8;
      return bit ? [`step ${Math.floor(i / 32)} token ${Math.floor(i / 8) % 4} line ${line}`] : [];
    });
    expect(on).toEqual(["step 0 token 0 line 6", "step 1 token 1 line 1", "step 2 token 0 line 6"]);
  });

  test("concatenated, are the values of an ANN", () => {
    const { spikes, values } = taskOf(2).draw(40, stream(1));
    const bits = unpackSpikes(spikes!);
    // Values [prompts tokens][frames][lines], spikes [frames][prompts tokens][lines].
    for (let row = 0; row < 160; row++) {
      for (let frame = 0; frame < 2; frame++) {
        const own = [...values.subarray((row * 2 + frame) * 8, (row * 2 + frame + 1) * 8)];
        expect(own).toEqual([...bits.subarray((frame * 160 + row) * 8, (frame * 160 + row + 1) * 8)]);
      }
    }
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(80);
  });

  test("do not depend on the batch", () => {
    const from = { part: "training", position: 40, order: stream(3) } as const;
    const whole = taskOf(2).draw(20, stream(1), { from });
    const half = taskOf(2).draw(10, stream(1), { from: { ...from, position: 50 }, firstPrompt: 10 });
    expect([...half.labels]).toEqual([...whole.labels.subarray(10)]);
    expect(half.values).toEqual(whole.values.subarray(half.values.length));
  });
});

test("squares cover the sensor, the last ones past its edge", () => {
  const { geometry } = eventClassification(
    eventClassificationSpec.parse({ ...spec, data: "n-mnist", patch: 7 }),
    4,
    null,
  );
  expect(geometry.spiking).toMatchObject({ tokens: 25, inputs: 98, classes: 10, readOut: "mean" });
  expect(geometry.real.inputs).toBe(2 * 98);
});

test("every training recording appears once per epoch", () => {
  const from = { part: "training", position: 0, order: stream(3) } as const;
  const { labels } = taskOf(1).draw(48, stream(1), { from });
  expect([0, 1, 2, 3].map((label) => labels.filter((one) => one === label).length)).toEqual([12, 12, 12, 12]);
  expect([...labels]).not.toEqual([...tinyRecordings.train.labels]);
});

test("wrong decisions are counted by class", () => {
  const { answers, confusion, wrong } = eventClassificationKit.errors([0, 1, 2, 3], [0, 1, 1, 0], spec);
  expect(answers).toMatchObject({ errors: 2, trials: 4, rate: 0.5 });
  expect([...wrong]).toEqual([0, 0, 1, 1]);
  expect(confusion).toEqual([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 1, 0, 0],
    [1, 0, 0, 0],
  ]);
});

test("recordings of another sensor, with other frames, or too many are refused", () => {
  const other = (change: object) => ({ ...tinyRecordings, test: { ...tinyRecordings.test, ...change } });
  for (const [field, given] of Object.entries({ height: 4, width: 2, frames: 3, frameMicroseconds: 7 })) {
    expect(() => eventClassification(spec, 1, other({ [field]: given }))).toThrow(
      `The recordings have ${field} ${given}, but task.data says`,
    );
  }
  expect(() => taskOf(1).draw(41, stream(1))).toThrow("Request at most 40.");
  expect(() => eventClassification(spec, 1, null).draw(1, stream(1))).toThrow("none were given");
});
