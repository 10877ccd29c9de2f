import { expect, test } from "vitest";
import { noiseVarianceAt } from "../channel/grid.ts";
import { transportDecoder } from "../coding/transport.ts";
import { type SlotDetectionSpec, slotDetectionSpec } from "../experiment/slot-detection.ts";
import { stream } from "../numeric/stream.ts";
import { codedLink } from "./coded-slots.ts";
import { modulationOf, nearestSymbol } from "./link.ts";

const specOf = (fields: object = {}): SlotDetectionSpec =>
  slotDetectionSpec.parse({
    kind: "slot-detection",
    channel: { kind: "tdl", subcarriers: 6, symbols: 7, pilots: { symbols: [2] } },
    ...fields,
  });

test.each([
  ["bpsk", 1],
  ["qpsk", 2],
  ["16qam", 2],
  ["64qam", 1],
] as const)(
  "the symbols of a slot are the coded bits of its payload, in order: %s from %d antennas",
  (modulation, nt) => {
    const spec = specOf({ modulation, transmitAntennas: nt });
    const link = codedLink(spec, { rate: 0.6 });
    const { payload, sent, slot } = link.draw(10, stream(1), 3);
    const bits =
      link.grid.data.length === 0
        ? []
        : [...link.grid.data]
            .flatMap((element) =>
              Array.from({ length: nt }, (_, antenna) => {
                const at = 2 * (element * nt + antenna);
                const word = nearestSymbol(slot.sent[at], slot.sent[at + 1], modulationOf(spec));
                return Array.from({ length: link.bitsPerSymbol }, (_, b) => (word >> (link.bitsPerSymbol - 1 - b)) & 1);
              }),
            )
            .flat();
    expect(bits).toEqual([...sent]);
    const decode = transportDecoder(link.block, { rule: "min-sum" });
    expect(decode(Float32Array.from(bits, (bit) => 4 - 8 * bit)).payload).toEqual(payload);
  },
);

test("a block depends on the seed and its index alone, and noise on the Eb/N0 only by its strength", () => {
  const link = codedLink(specOf(), { rate: 0.5 });
  const one = link.draw(10, stream(1), 3);
  expect(link.draw(10, stream(1), 3)).toEqual(one);
  const others = [link.draw(10, stream(1), 4), link.draw(10, stream(2), 3)];
  for (const other of others) expect(other.payload).not.toEqual(one.payload);
  const louder = link.draw(4, stream(1), 3);
  expect([louder.payload, louder.slot.channel]).toEqual([one.payload, one.slot.channel]);
  expect(louder.slot.noiseVariance / one.slot.noiseVariance).toBeCloseTo(10 ** 0.6, 3);
});

test("a slot carries what its rate leaves after the CRC, and Eb is the energy of the slot over the payload", () => {
  // 42 elements less 3 pilots: 39 of QPSK are 78 bits. Rate 1/2 leaves 39, of which 16 are CRC.
  const link = codedLink(specOf(), { rate: 0.5 });
  expect([link.block.codedBits, link.block.payloadBits]).toEqual([78, 23]);
  expect(link.rates.informationBits).toBeCloseTo(23, 12);
  const variance = noiseVarianceAt(7, link.grid, 2, 23 / 78);
  expect(link.snrDecibels(7)).toBeCloseTo(-10 * Math.log10(variance), 10);
});

test("slots that cannot hold a CRC and a payload are refused with the sum", () => {
  const tiny = specOf({ channel: { kind: "iid", subcarriers: 2, symbols: 4, pilots: { symbols: [0], comb: 1 } } });
  expect(() => codedLink(tiny, { rate: 0.5 })).toThrow(
    expect.objectContaining({
      path: "evaluation.coded.rate",
      message: expect.stringMatching(
        /6 data elements x 1 antennas x 2 bits are 12 coded bits. At rate 0.5 these carry 6/,
      ),
    }),
  );
});
