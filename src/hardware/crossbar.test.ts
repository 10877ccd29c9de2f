import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyLayer } from "../../test/support/tiny-layer.ts";
import { deviceOfSpec } from "../device/catalogue.ts";
import { crossbarSpec } from "../experiment/hardware.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { programCrossbar, readCrossbar, rowsFor, spikeProduct } from "./crossbar.ts";

const weights = Float32Array.from({ length: 12 }, (_, i) => (i - 6) / 4);

test("spikes times a block equal the dense product, wherever the block starts", () => {
  const sizes = fc.record({
    features: fc.integer({ min: 1, max: 80 }),
    first: fc.nat(70),
    rows: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(1000),
  });
  fc.assert(
    fc.property(sizes, ({ features, first, rows, columns, seed }) => {
      fc.pre(first + rows <= features);
      const random = stream(seed);
      const bits = Array.from({ length: 6 * features }, () => random.integer(2));
      // Multiples of 1/64 add exactly in single precision, so the order of the sum does not matter.
      const matrix = Float32Array.from({ length: rows * columns }, () => (random.integer(129) - 64) / 64);
      const out = new Float32Array(6 * columns).fill(9);
      const driven = spikeProduct(packSpikes(bits, 2, 3, features), first, rows, columns, matrix, out);
      const dense = Array.from(out, (_, i) => {
        const vector = Math.floor(i / columns);
        let sum = 0;
        for (let r = 0; r < rows; r++) {
          sum += bits[vector * features + first + r] * matrix[r * columns + (i % columns)];
        }
        return sum;
      });
      expect([...out]).toEqual(dense);
      expect(driven).toBe(bits.filter((bit, i) => bit && i % features >= first && i % features < first + rows).length);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("the embedding uses the lines it is given, but never more than a crossbar has; other layers use all", () => {
  const spec = crossbarSpec.parse({ rows: 16 });
  const lines = [null, 5, 16, 40].map((embedRows) => rowsFor(tinyLayer("embed"), { ...spec, embedRows }));
  expect(lines).toEqual([16, 5, 16, 16]);
  for (const name of ["stem.0", "blocks.0.qkv", "blocks.0.down", "head"]) {
    expect(rowsFor(tinyLayer(name), { ...spec, embedRows: 5 })).toBe(16);
  }
});

test("an ideal, continuous crossbar holds exactly its weights", () => {
  const spec = crossbarSpec.parse({ device: { kind: "ideal" }, conductanceBits: null });
  const device = deviceOfSpec(spec.device);
  const reading = readCrossbar(programCrossbar(weights, 4, 3, spec, device, stream(1)), device, 1, stream(2));
  expect(reading.weights).toEqual(weights);
});

test("programming is drawn once per chip and read noise once per read", () => {
  const spec = crossbarSpec.parse({});
  const device = deviceOfSpec(spec.device);
  const program = (seed: number) => programCrossbar(weights, 4, 3, spec, device, stream(seed));
  const chip = program(1);
  expect(program(1)).toEqual(chip);
  expect(program(2).plus.conductances).not.toEqual(chip.plus.conductances);
  expect(readCrossbar(chip, device, 1, stream(3))).toEqual(readCrossbar(chip, device, 1, stream(3)));
  expect(readCrossbar(chip, device, 1, stream(3)).plus).not.toEqual(readCrossbar(chip, device, 1, stream(4)).plus);
});
