import fc from "fast-check";
import { expect, test } from "vitest";
import { symbolDetectionSpec } from "../experiment/task.ts";
import { wilson } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import { bitErrors, detectionErrors, errorsByContext } from "./metrics.ts";

const spec = symbolDetectionSpec.parse({ pilots: 2 });

test("four decisions counted by hand", () => {
  // 0110 for 0110: none; 1001 for 0110: all four; 0111 for 0110: one; 0010 for 0110: one.
  const [labels, decisions] = [
    [6, 6, 6, 6],
    [6, 9, 7, 2],
  ];
  expect([...bitErrors(labels, decisions, spec)]).toEqual([0, 4, 1, 1]);
  const { bits, symbols, prompts, wrong } = detectionErrors(labels, decisions, spec);
  expect(prompts).toBe(4);
  expect([...wrong]).toEqual([0, 4, 1, 1]);
  expect([...detectionErrors(labels, decisions, spec, 2).wrong]).toEqual([4, 2]);
  expect([bits.errors, bits.trials]).toEqual([6, 16]);
  expect([symbols.errors, symbols.trials]).toEqual([3, 4]);
  // Shares 0, 1, 1/4, 1/4 around 3/8: squares (9 + 25 + 1 + 1) / 64, over 4 * 3, are 3/64. Independent bits would have
  // 3/8 * 5/8 / 16 = 15/1024; the ratio is 3.2.
  expect(bits.standardError).toBeCloseTo(Math.sqrt(3 / 64), 14);
  expect(bits.designEffect).toBeCloseTo(3.2, 13);
});

test("one symbol per prompt is one independent trial: its interval is Wilson's", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 40 }), (decisions) => {
      const { symbols } = detectionErrors(new Int32Array(decisions.length), decisions, spec);
      expect(symbols).toMatchObject({ designEffect: 1, ...wilson(symbols.errors, symbols.trials) });
    }),
    { seed: 1, numRuns: 50 },
  );
});

test("bits that always fail together count once", () => {
  const decisions = Array.from({ length: 400 }, (_, k) => (k % 4 === 0 ? 15 : 0));
  const { bits, symbols } = detectionErrors(new Int32Array(400), decisions, spec);
  // Every prompt is all right or all wrong, so 4 bits carry no more information than the symbol.
  expect(bits.designEffect).toBe(4);
  expect(bits.low).toBeCloseTo(symbols.low, 14);
  expect(bits.high).toBeCloseTo(symbols.high, 14);
});

test("without any error the interval is that of as many trials as prompts", () => {
  const { bits } = detectionErrors(new Int32Array(50), new Int32Array(50), spec);
  expect(bits).toMatchObject({ errors: 0, rate: 0, low: 0, designEffect: 4 });
  // Wilson's upper end at 0 of n is z^2 / (n + z^2).
  expect(bits.high).toBeCloseTo(1.96 ** 2 / (50 + 1.96 ** 2), 14);
});

test("the clustered interval covers the true rate in 95 % of cases; the binomial one does not", () => {
  // Each prompt has its own error probability, 0 or 0.4 with even chances (a good or a bad channel), for 3 x 4 bits.
  const [runs, prompts, truth] = [500, 150, 0.2];
  let clustered = 0;
  let binomial = 0;
  for (let run = 0; run < runs; run++) {
    const random = stream(1).fork(run);
    const decisions = new Int32Array(prompts * 3);
    for (let k = 0; k < prompts; k++) {
      const bad = random.uniform() < 0.5;
      for (let i = 0; i < 3; i++) {
        for (let b = 0; b < 4; b++) if (bad && random.uniform() < 0.4) decisions[3 * k + i] |= 1 << b;
      }
    }
    const { bits } = detectionErrors(new Int32Array(prompts * 3), decisions, spec, 3);
    const narrow = wilson(bits.errors, bits.trials);
    if (bits.low <= truth && truth <= bits.high) clustered++;
    if (narrow.low <= truth && truth <= narrow.high) binomial++;
  }
  // 500 intervals of 95 % cover 475 on average, with standard deviation 4.9; three of them each way.
  expect(clustered).toBeGreaterThan(460);
  expect(clustered).toBeLessThan(490);
  // Design effect 1 + 11 * 0.25 = 3.75: the binomial interval spans 1.96 / sqrt(3.75) = 1.01 deviations and covers 69 %.
  expect(binomial).toBeLessThan(400);
});

test("errors by context add up to all errors", () => {
  const random = stream(3);
  const classes = () => Int32Array.from({ length: 60 }, () => random.integer(16));
  const [labels, decisions] = [classes(), classes()];
  const byContext = errorsByContext(labels, decisions, spec);
  const all = detectionErrors(labels, decisions, spec, 3);
  expect(byContext).toHaveLength(3);
  expect(byContext.reduce((sum, { bits }) => sum + bits.errors, 0)).toBe(all.bits.errors);
  expect(byContext.reduce((sum, { symbols }) => sum + symbols.trials, 0)).toBe(all.symbols.trials);
  // Query 1 only, counted by hand.
  const pick = (values: Int32Array) => values.filter((_, i) => i % 3 === 1);
  expect(byContext[1]).toEqual(detectionErrors(pick(labels), pick(decisions), spec));
});

test("different lengths and numbers that are not classes are refused", () => {
  expect(() => bitErrors([1], [1, 2], spec)).toThrow("1 labels were sent, but 2 decisions were made");
  expect(() => bitErrors([1], [16], spec)).toThrow("16 is not a class; this task has classes 0 .. 15");
  expect(() => bitErrors([-1], [1], spec)).toThrow("-1 is not a class");
  expect(() => detectionErrors([1, 2], [1, 2], spec, 3)).toThrow("not a whole number of prompts");
  expect(() => errorsByContext([1, 2, 3, 4], [1, 2, 3, 4], spec)).toThrow("are not [prompts, 3]");
});

test("prompts whose errors are more alike than chance do not narrow the interval", () => {
  // One wrong bit of four in every prompt: no spread at all, although independent bits would have some.
  const { bits } = detectionErrors(new Int32Array(40), new Int32Array(40).fill(1), spec);
  expect(bits).toMatchObject({ rate: 0.25, designEffect: 1, ...wilson(40, 160) });
  expect(bits.standardError).toBeCloseTo(Math.sqrt((0.25 * 0.75) / 160), 14);
});

test("two prompts already tell how bits of a prompt fail together; one does not", () => {
  // Half of the bits of one prompt, none of the other: variance 1/16 of the mean, against 3/16 / 8 of independent bits.
  expect(detectionErrors([0, 0], [0b0011, 0], spec).bits.designEffect).toBeCloseTo(8 / 3, 12);
  expect(detectionErrors([0], [0b0011], spec).bits.designEffect).toBe(4);
});
