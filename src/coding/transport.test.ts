import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { encodeTransport, transportBlock, transportDecoder } from "./transport.ts";

const random = stream(58).fork("transport");
const randomBits = (length: number) => Uint8Array.from({ length }, () => random.word() >>> 31);
const ratios = (bits: Uint8Array) => Float32Array.from(bits, (bit) => 5 * (1 - 2 * bit));

test("a payload of 9,000 bits is cut as the standard says, by hand", () => {
  // 9,000 + 24 bits of CRC need two blocks of at most 8,448 - 24: 4,512 each, with 24 more. 9,001 symbols are 4,500 and 4,501.
  const { crc, codes } = transportBlock({ payloadBits: 9000, codedBits: 18_002, bitsPerSymbol: 2 });
  expect(crc).toBe("24A");
  expect(codes.map(({ informationBits, codedBits }) => [informationBits, codedBits])).toEqual([
    [4536, 9000],
    [4536, 9002],
  ]);
});

test("a short payload is one block with a CRC of 16 bits, and the nominal rate chooses the base graph", () => {
  const sizes = { payloadBits: 1000, codedBits: 2000 };
  expect(transportBlock(sizes).codes.map(({ graph, informationBits }) => [graph.number, informationBits])).toEqual([
    [2, 1016],
  ]);
  expect(transportBlock({ ...sizes, rate: 0.7 }).codes[0].graph.number).toBe(1);
});

test.each([
  [1, 40, 2],
  [24, 60, 4],
  [1000, 2000, 2],
  [3824, 7000, 4],
  [9000, 12_000, 6],
  [12_000, 60_000, 8],
])(
  "%d bits survive %d coded bits at %d bits per symbol, and a destroyed block fails its CRC",
  (payloadBits, codedBits, bitsPerSymbol) => {
    const block = transportBlock({ payloadBits, codedBits, bitsPerSymbol });
    const decode = transportDecoder(block, { rule: "min-sum", iterations: 30 });
    const payload = randomBits(payloadBits);
    const sent = encodeTransport(block, payload);
    expect(sent.length).toBe(codedBits);
    const decoded = decode(ratios(sent));
    expect(decoded.payload).toEqual(payload);
    expect(decoded.passes).toBe(true);
    expect(decoded.work.length).toBe(block.codes.length);
    expect(decode(ratios(randomBits(codedBits))).passes).toBe(false);
  },
);

test.each([100, 9000])("%d right bits whose parity is wrong do not pass, though every CRC is right", (payloadBits) => {
  const block = transportBlock({ payloadBits, codedBits: 3 * payloadBits });
  const payload = randomBits(payloadBits);
  const heard = ratios(encodeTransport(block, payload));
  // The last parity bit of a block is in one check only, and no iteration can overrule what is heard of it.
  heard[heard.length - 1] *= -1000;
  const decoded = transportDecoder(block, { rule: "min-sum" })(heard);
  expect(decoded.payload).toEqual(payload);
  expect(decoded.passes).toBe(false);
});

test("a code word with another payload's CRC does not pass, though all checks are satisfied", () => {
  const block = transportBlock({ payloadBits: 100, codedBits: 300 });
  const decode = transportDecoder({ ...block, crc: "24B", payloadBits: 92 }, { rule: "min-sum" });
  expect(decode(ratios(encodeTransport(block, randomBits(100)))).passes).toBe(false);
});

test.each([
  [{ payloadBits: 0, codedBits: 100 }, "payloadBits", /1 to 2097152, not 0/],
  [{ payloadBits: 1e12, codedBits: 100 }, "payloadBits", /not 1000000000000/],
  [{ payloadBits: 9001, codedBits: 18_000 }, "payloadBits", /9025, which 2 .* 1 are left. Give 9000 or 9002/],
  [{ payloadBits: 9000, codedBits: 9100 }, "codedBits", /above 0.95/],
  [{ payloadBits: 9000, codedBits: 18_001, bitsPerSymbol: 2 }, "codedBits", /Give one of these numbers/],
])("sizes that do not fit are refused by name: %o", (sizes, path, message) => {
  expect(() => transportBlock(sizes)).toThrow(
    expect.objectContaining({ path, message: expect.stringMatching(message) }),
  );
});

test("llrs of another length are refused", () => {
  const decode = transportDecoder(transportBlock({ payloadBits: 100, codedBits: 300 }), { rule: "min-sum" });
  expect(() => decode(new Float32Array(299))).toThrow(/300 coded bits, but 299/);
});
