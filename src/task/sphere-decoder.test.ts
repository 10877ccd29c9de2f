import fc from "fast-check";
import { expect, test } from "vitest";
import { symbolDetectionSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { constellation, midRiseQuantiser, receivedPoints, squaredDistance } from "./link.ts";
import { sphereDecoder } from "./sphere-decoder.ts";

const anyLink = fc.record({
  spec: fc
    .record({
      transmitAntennas: fc.integer({ min: 1, max: 4 }),
      receiveAntennas: fc.integer({ min: 1, max: 5 }),
      modulation: fc.constantFrom("bpsk", "qpsk", "16qam", "64qam"),
    })
    // Every class is tried, for comparison.
    .filter(({ transmitAntennas, modulation }) => (modulation === "64qam" ? 2 : 3) >= transmitAntennas)
    .map((fields) => symbolDetectionSpec.parse(fields)),
  // Coarse values produce equally near classes, and linearly dependent channel columns.
  channelBits: fc.constantFrom(1, 2, 12),
  // Differences between channel columns.
  spread: fc.constantFrom(1, 1e-4, 1e-8),
  receiverBits: fc.constantFrom(1, 3, 12),
  noise: fc.constantFrom(0, 0.03, 0.5, 4),
  seed: fc.nat(),
});

test("finds the same class as trying all of them, the smallest if several are equally near", () => {
  fc.assert(
    fc.property(anyLink, ({ spec, channelBits, spread, receiverBits, noise, seed }) => {
      const points = constellation(spec);
      const { transmitAntennas: nt, receiveAntennas: nr } = spec;
      const classes = points.length / (2 * nt);
      const all = new Float64Array(classes * 2 * nr);
      const random = stream(seed);
      const [fade, receive] = [midRiseQuantiser(channelBits, 2), midRiseQuantiser(receiverBits, 4)];
      const decode = sphereDecoder(spec);
      for (let i = 0; i < 4; i++) {
        const fades = Float64Array.from({ length: 2 * nr * (nt + 1) }, () => fade.value(fade.code(random.normal())));
        const channel = fades.slice(0, 2 * nr * nt).map((own, k) => {
          const common = fades[2 * nr * nt + 2 * Math.floor(k / (2 * nt)) + (k % 2)];
          return spread * own + (1 - spread) * common;
        });
        receivedPoints(channel, 0, points, spec, all);
        const sent = random.integer(classes) * 2 * nr;
        const y = all.slice(sent, sent + 2 * nr).map((value) => {
          const received = value + noise * random.normal();
          return receive.value(receive.code(received));
        });
        const distances = Array.from({ length: classes }, (_, c) => squaredDistance(y, 0, all, c * 2 * nr, 2 * nr));
        expect(decode(channel, 0, y, 0)).toBe(distances.indexOf(Math.min(...distances)));
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("channels with no path, or with the same path twice, give the smallest of equally near classes", () => {
  const spec = symbolDetectionSpec.parse({ transmitAntennas: 2, receiveAntennas: 2 });
  const decode = sphereDecoder(spec);
  const y = Float64Array.of(1, -1, 1, -1);
  expect(decode(new Float64Array(8), 0, y, 0)).toBe(0);
  // Both antennas reach both receivers equally, so only x_0 + x_1 matters: it is sqrt 2 if both real bits are 0 and the imaginary
  // bits differ, for 0b0001 and 0b0100.
  const same = Float64Array.of(1, 0, 1, 0, 1, 0, 1, 0);
  expect(decode(same, 0, Float64Array.of(Math.SQRT2, 0, Math.SQRT2, 0), 0)).toBe(0b0001);
  // Read from the middle of longer arrays.
  const [long, ys] = [new Float64Array(11).fill(9), new Float64Array(9).fill(9)];
  long.set(same, 2);
  ys.set([Math.SQRT2, 0, Math.SQRT2, 0], 3);
  expect(decode(long, 2, ys, 3)).toBe(0b0001);
});
