import { expect, test } from "vitest";
import { golden } from "../../test/support/golden-devices.ts";
import { deviceSpec } from "../experiment/device.ts";
import { stream } from "../numeric/stream.ts";
import { deviceOfSpec } from "./catalogue.ts";
import { relaxation } from "./wan-nature-2022.ts";

const DAY = 86_400;
const memory = deviceOfSpec(deviceSpec.parse({ kind: "reram" }));

test("the spread follows the published fits, and is half way between them half way in log time", () => {
  for (const { time, sigma } of golden.reram.fits) {
    golden.reram.x.forEach((x, i) => {
      expect(relaxation(time, 40)(x)).toBeCloseTo(sigma[i], 8);
      expect(relaxation(time, 20)(x)).toBeCloseTo(sigma[i] / 2, 8);
    });
  }
  expect(relaxation(0, 40)(0.3)).toBe(relaxation(1, 40)(0.3));
});

test("the spread never falls below that at programming, so a device kept at zero stays there", () => {
  for (const time of [10, 3600, DAY, 1.5 * DAY, 2 * DAY]) {
    for (let x = 0; x <= 1; x += 0.01) expect(relaxation(time, 40)(x)).toBeGreaterThanOrEqual(relaxation(0, 40)(x));
  }
});

test.each([0, DAY, 2 * DAY])("devices read %d s after programming have the published spread", (time) => {
  const n = 200_000;
  const read = memory.read(memory.program(new Float64Array(n).fill(20), stream(3)), time, stream(4));
  const mean = read.reduce((a, b) => a + b, 0) / n;
  const deviation = Math.sqrt(read.reduce((sum, g) => sum + (g - mean) ** 2, 0) / n);
  const sigma = relaxation(time, 40)(0.5);
  // 20 uS is more than five sigma from zero, so the clamp does not act; four standard errors.
  expect(Math.abs(mean - 20)).toBeLessThan((4 * sigma) / Math.sqrt(n));
  expect(Math.abs(deviation - sigma)).toBeLessThan((4 * sigma) / Math.sqrt(2 * n));
});

test("a device keeps its position while the distribution widens, whatever the stream of the read", () => {
  const targets = Float64Array.from({ length: 50 }, (_, i) => (i * 40) / 49);
  const chip = memory.program(targets, stream(1));
  const [early, late] = [memory.read(chip, 1, stream(2)), memory.read(chip, DAY, stream(3))];
  expect(early).toEqual(chip.conductances);
  expect(memory.read(chip, DAY, stream(4))).toEqual(late);
  targets.forEach((target, i) => {
    if (early[i] === 0 || late[i] === 0) return;
    const [before, after] = [early[i] - target, late[i] - target];
    const x = target / 40;
    expect(after / before).toBeCloseTo(relaxation(DAY, 40)(x) / relaxation(1, 40)(x), 9);
  });
});

test("there are no data after two days, and the message says so", () => {
  const chip = memory.program(Float64Array.of(1), stream(1));
  expect(() => memory.read(chip, 3 * DAY, stream(2))).toThrow(/measured up to 2 days \(172800 s\).*259200 s is later/);
});
