import { expect, test } from "vitest";
import { slotDetectionSpec } from "../experiment/slot-detection.ts";
import type { Geometry } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { slotDetection } from "./slot-detection.ts";
import { feedbackNetwork, requireFeedback, slotFeedback } from "./slot-feedback.ts";

const CHANNEL = { kind: "tdl", subcarriers: 6, symbols: 5, pilots: { symbols: [2], comb: 3 } };
const taskOf = (fields: object = {}) =>
  slotDetection(slotDetectionSpec.parse({ kind: "slot-detection", channel: CHANNEL, ...fields }), 1);

test.each([1, 2])(
  "tokens of the second pass are those of the first in another order; decided ones also carry their bits, %i antennas",
  (transmitAntennas) => {
    const task = taskOf({ transmitAntennas });
    const batch = task.draw(3, stream(1), { snrDecibels: 5 });
    const elements = task.grid.data.length;
    const bits = 2 * transmitAntennas;
    const count = 5;
    // Any answers, right and wrong; reliabilities are distinct.
    const random = stream(2);
    const ratios = Float64Array.from({ length: 3 * elements * bits }, () => random.normal());
    const { batch: fed, merge } = slotFeedback(task, batch, ratios, count);
    const { tokens, inputs } = task.geometry.real;
    const pilots = tokens - elements;
    const row = (values: Float32Array, k: number, token: number) => [
      ...values.subarray((k * tokens + token) * inputs, (k * tokens + token + 1) * inputs),
    ];
    const reliability = (k: number, i: number) =>
      Math.min(...Array.from({ length: bits }, (_, bit) => Math.abs(ratios[(k * elements + i) * bits + bit])));
    const answers = new Float64Array(3 * elements * bits);
    for (let k = 0; k < 3; k++) {
      for (let token = 0; token < pilots; token++)
        expect(row(fed.values, k, token)).toEqual(row(batch.values, k, token));
      // Every token of the second pass is found among those of the first by its y and place.
      const found = Array.from({ length: elements }, (_, place) => {
        const own = row(fed.values, k, pilots + place).map((value, i) => (i >= 4 && i < 4 + bits ? 0 : value));
        const all = Array.from({ length: elements }, (_, i) => String(row(batch.values, k, pilots + i)));
        return all.indexOf(String(own));
      });
      expect([...found].sort((a, b) => a - b)).toEqual(Array.from({ length: elements }, (_, i) => i));
      const chosen = found.slice(0, count);
      const least = Math.min(...chosen.map((i) => reliability(k, i)));
      expect(Math.max(...found.slice(count).map((i) => reliability(k, i)))).toBeLessThan(least);
      found.forEach((i, place) => {
        const x = row(fed.values, k, pilots + place).slice(4, 4 + bits);
        const own = [...ratios.subarray((k * elements + i) * bits, (k * elements + i + 1) * bits)];
        expect(x).toEqual(own.map((ratio) => (place >= count ? 0 : ratio < 0 ? -1 : 1)));
        for (let bit = 0; bit < bits; bit++) answers[(k * elements + place) * bits + bit] = 1000 * i + bit;
      });
      // Lines say the same: a bit, and its opposite.
      const { features } = fed.spikes!;
      const line = unpackSpikes(fed.spikes!).subarray(
        (k * tokens + pilots) * features,
        (k * tokens + pilots + 1) * features,
      );
      const y = 4 * task.spec.receiverBits;
      const [first] = found;
      const decided = [
        ...ratios.subarray(first * bits + k * elements * bits, (first + 1) * bits + k * elements * bits),
      ];
      expect([...line.subarray(y, y + 2 * bits)]).toEqual(decided.flatMap((ratio) => (ratio < 0 ? [1, 0] : [0, 1])));
    }
    const merged = merge(answers);
    let kept = 0;
    merged.forEach((value, at) => {
      if (value === ratios[at]) kept++;
      else expect(value).toBe(1000 * (Math.floor(at / bits) % elements) + (at % bits));
    });
    expect(kept).toBe(3 * count * bits);
  },
);

test("the second pass attends to pilots and decided elements, with a gain that falls as their number grows", () => {
  const { geometry } = taskOf();
  const network = {
    model: { kind: "spiking", attention: { kind: "stochastic", scoreGain: 8, valueGain: 128 } },
    geometry: geometry.spiking as Geometry,
    parameters: {},
  } as unknown as Network;
  const gains = [0, 1, 2, 6, 14, 26].map((count) => {
    const { model, geometry: own } = feedbackNetwork(network, count);
    expect(own.mask.reduce((sum, cell) => sum + cell, 0)).toBe(30 * (2 + count));
    expect([...own.mask.subarray(0, 30)]).toEqual(Array.from({ length: 30 }, (_, j) => (j < 2 + count ? 1 : 0)));
    return (model as unknown as { attention: { valueGain: number } }).attention.valueGain;
  });
  // Of 2 pilots: times 1, 2/3, 1/2, 1/4, 1/8, 1/14.
  expect(gains).toEqual([128, 64, 64, 32, 16, 8]);
});

test("each attention of a list has its own gain", () => {
  const { geometry } = taskOf();
  const stochastic = { kind: "stochastic", scoreGain: 8 };
  const mix = (name: string, valueGain: number) => ({
    ...{ kind: "attention", name, heads: 1 },
    attention: { ...stochastic, valueGain },
  });
  const operations = [
    { kind: "linear", name: "a", features: 24 },
    { kind: "neurons", name: "b" },
    mix("one", 16),
    mix("two", 2),
  ];
  const attention = { ...stochastic, valueGain: 64 };
  const network = { model: { kind: "graph", attention, operations }, geometry: geometry.spiking, parameters: {} };
  const { model } = feedbackNetwork(network as unknown as Network, 6);
  expect(model).toMatchObject({
    attention: { valueGain: 16 },
    operations: [{ name: "a" }, { name: "b" }, { attention: { valueGain: 4 } }, { attention: { valueGain: 1 } }],
  });
});

test("symbols that no pilot can have, and more of them than data, are refused", () => {
  const grid = taskOf().grid;
  const spec = (modulation: string) =>
    slotDetectionSpec.parse({ kind: "slot-detection", channel: CHANNEL, modulation });
  expect(() => requireFeedback(spec("16qam"), grid, 1)).toThrow("pilots, which are QPSK, but the data are 16qam");
  expect(() => requireFeedback(spec("16qam"), grid, 0)).not.toThrow();
  expect(() => requireFeedback(spec("qpsk"), grid, 28)).toThrow("Use at most 27");
});
