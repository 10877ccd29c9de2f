// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { slotDetectionSpec } from "../experiment/slot-detection.ts";
import { stream } from "../numeric/stream.ts";
import { detectSlot, jointDetector } from "../receiver/detect.ts";
import { knownChannel } from "../receiver/estimate.ts";
import { unpackSpikes } from "../spike/train.ts";
import { antennaSymbols } from "./link.ts";
import { type SlotBatch, slotDetection } from "./slot-detection.ts";

const taskOf = (fields: object = {}, steps = 1) =>
  slotDetection(slotDetectionSpec.parse({ kind: "slot-detection", ...fields }), steps);
const TWO = { transmitAntennas: 2 };

test("pilots come first, and every token attends to all pilots and nothing else", () => {
  const { geometry, grid } = taskOf(TWO);
  const { tokens, mask, queries } = geometry.spiking;
  // 2 of 14 symbols of 12 subcarriers.
  expect([tokens, queries.length]).toEqual([168, 144]);
  expect([...queries]).toEqual(Array.from({ length: 144 }, (_, i) => 24 + i));
  expect(mask).toEqual(Uint8Array.from({ length: 168 * 168 }, (_, i) => (i % 168 < 24 ? 1 : 0)));
  expect(grid.pilots.flatMap((elements) => [...elements])).toHaveLength(24);
});

test("a prompt is the same whether drawn alone or with others, and labels are what was sent", () => {
  const task = taskOf(TWO, 2);
  const random = stream(1);
  const whole = task.draw(4, random, { firstPrompt: 3, targets: "posterior" });
  const one = task.draw(1, random, { firstPrompt: 5, targets: "posterior" });
  expect(one.slots[0]).toEqual(whole.slots[2]);
  expect(one.snrDecibels[0]).toBe(whole.snrDecibels[2]);
  for (const part of ["labels", "values", "targets"] as const) {
    const length = one[part]!.length;
    expect(one[part]).toEqual(whole[part]!.subarray(2 * length, 3 * length));
  }
  expect(unpackSpikes(one.spikes!).subarray(0, one.spikes!.features)).toEqual(
    unpackSpikes(whole.spikes!)
      .subarray(2 * 168 * one.spikes!.features)
      .subarray(0, one.spikes!.features),
  );
  const { words } = one.slots[0];
  expect([...one.labels]).toEqual(Array.from({ length: 144 }, (_, i) => 4 * words[2 * i] + words[2 * i + 1]));
  expect(random.position).toBe(0);
});

/** Lines of a prompt's token, cut into y, x and place. */
function linesOf(batch: SlotBatch, token: number, y: number, x: number) {
  const { features, words } = batch.spikes!;
  const all = unpackSpikes({
    steps: 1,
    rows: batch.spikes!.rows,
    features,
    words: words.slice(0, batch.spikes!.rows * Math.ceil(features / 32)),
  });
  const row = all.subarray(token * features, (token + 1) * features);
  return { y: [...row.subarray(0, y)], x: [...row.subarray(y, y + x)], place: [...row.subarray(y + x)] };
}

test("a token's lines are the quantiser's bits, the pilot's bits with opposites, and its place", () => {
  const batch = taskOf(
    { ...TWO, channel: { kind: "tdl", symbols: 4, subcarriers: 4, pilots: { symbols: [1] } } },
    3,
  ).draw(1, stream(2));
  const { slots, grid, spec } = batch;
  const [{ received, sent }] = slots;
  // Token 2 is the pilot of antenna 0 at symbol 1, subcarrier 2; token 4 is the first data element.
  const pilot = linesOf(batch, 2, 16, 8);
  const element = grid.pilots[0][1];
  expect(element).toBe(6);
  const code = (value: number) => Math.round(value / 0.5 + 7.5);
  const bits = (value: number) => [3, 2, 1, 0].map((bit) => (code(value) >> bit) & 1);
  expect(spec.receiverRange).toBe(4);
  expect(pilot.y).toEqual([...received.subarray(4 * element, 4 * element + 4)].flatMap(bits));
  const isPositive = [sent[4 * element] > 0, sent[4 * element + 1] > 0];
  expect(pilot.x).toEqual([...isPositive.flatMap((plus) => (plus ? [0, 1] : [1, 0])), 0, 0, 0, 0]);
  expect(pilot.place).toEqual([1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1]);
  const data = linesOf(batch, 4, 16, 8);
  expect(data.x).toEqual(Array(8).fill(0));
  expect(data.place).toEqual(Array(6).fill([0, 1]).flat());
  expect(batch.spikes!.steps).toBe(3);
  // As numbers: the same y and place, and the pilot's signs.
  const values = batch.values.subarray(2 * 20, 3 * 20);
  expect([...values.subarray(0, 4)]).toEqual([...received.subarray(4 * element, 4 * element + 4)]);
  expect([...values.subarray(4, 8)]).toEqual([...isPositive.map((plus) => (plus ? 1 : -1)), 0, 0]);
  expect([...values.subarray(8)]).toEqual(pilot.place);
});

test("as thermometers, near places share more lines: one less for each step", () => {
  const batch = taskOf({
    channel: { kind: "iid", symbols: 5, subcarriers: 6, pilots: { symbols: [0], comb: 1 } },
  }).draw(1, stream(3));
  const pairs = fc.tuple(fc.integer({ min: 0, max: 29 }), fc.integer({ min: 0, max: 29 }));
  fc.assert(
    fc.property(pairs, ([p, q]) => {
      // Elements are in the order of tokens, because symbol 0 has the pilots.
      const [one, other] = [p, q].map((token) => linesOf(batch, token, 16, 4).place);
      const shared = one.reduce((sum, line, i) => sum + (line & other[i]), 0);
      expect(shared).toBe(9 - Math.abs((p % 6) - (q % 6)) - Math.abs(Math.floor(p / 6) - Math.floor(q / 6)));
    }),
  );
  const binary = taskOf({ positions: "binary" }).geometry.spiking.inputs;
  expect([binary, taskOf().geometry.spiking.inputs]).toEqual([16 + 4 + 16, 16 + 4 + 48]);
});

test("posteriors are those of a joint detector that knows the channel and an unquantised y", () => {
  // A quantiser of fine cells stands for none.
  const { spec, grid, slots, targets } = taskOf({ ...TWO, receiverBits: 8, receiverRange: 8 }).draw(1, stream(4), {
    snrDecibels: 4,
    targets: "posterior",
  });
  const sizes = { transmitAntennas: 2, receiveAntennas: 2, points: antennaSymbols(spec) };
  const detector = jointDetector(sizes, "exact");
  const ratios = detectSlot(knownChannel(slots[0], grid), slots[0].received, grid, detector, 2);
  for (let query = 0; query < 144; query++) {
    const own = targets!.subarray(16 * query, 16 * query + 16);
    expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    for (let bit = 0; bit < 4; bit++) {
      const one = own.reduce((sum, p, c) => sum + ((c >> (3 - bit)) & 1 ? p : 0), 0);
      // Cells of 1/16 move a probability by less than 0.1.
      expect(Math.abs(one - 1 / (1 + Math.exp(ratios[4 * query + bit])))).toBeLessThan(0.1);
    }
  }
});

test("slots that make too many tokens, and signal-to-noise ratios out of range, are refused by name", () => {
  expect(() => taskOf({ channel: { kind: "tdl", subcarriers: 147 } })).toThrow("makes 2058 tokens");
  expect(() => taskOf({ transmitAntennas: 3 })).toThrow("there are 3 transmit antennas");
  expect(() => taskOf().draw(1, stream(1), { snrDecibels: 101 })).toThrow("101 dB is outside");
  expect(() => taskOf().draw(0, stream(1))).toThrow("0 prompts cannot be drawn");
  const many = slotDetectionSpec.safeParse({ kind: "slot-detection", transmitAntennas: 9, modulation: "16qam" });
  expect(many.error?.issues.map(({ path }) => path.join("."))).toEqual(["transmitAntennas"]);
});
