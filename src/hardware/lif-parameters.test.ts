import { expect, test } from "vitest";
import { isXpikeError } from "../errors.ts";
import {
  codeBitsOf,
  type LifRequest,
  leakShiftOf,
  lifParameters,
  lifSettings,
  offsetBitsFor,
} from "./lif-parameters.ts";

const base: LifRequest = {
  codeBits: 6,
  rowBlocks: 4,
  columns: 8,
  leakShift: 1,
  fractionBits: 0,
  offsetBits: 5,
  steps: 10,
};

function messageOf(run: () => unknown): { path: string; message: string } {
  try {
    run();
  } catch (error) {
    if (isXpikeError(error)) return { path: error.path, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

test("widths follow from codes, row blocks and offset", () => {
  // 4 x -32 - 16 = -144 .. 4 x 31 + 15 = 139: nine bits. Twice that: -288 .. 277: ten bits.
  const { currentRange, currentBits, membraneRange, membraneBits } = lifParameters(base);
  expect({ currentRange, currentBits, membraneBits }).toEqual({
    currentRange: { low: -144, high: 139 },
    currentBits: 9,
    membraneBits: 10,
  });
  // Reached from -144 by -144 + floor(V / 2) on and on, and likewise above.
  expect(membraneRange).toEqual({ low: -288, high: 277 });
});

test.each([1, 2, 3, 5])(
  "with leak 2^-%i membranes stay within |I|max / (1 - beta), and reach it to within one",
  (leakShift) => {
    for (const rowBlocks of [1, 2, 3, 7]) {
      for (const fractionBits of [0, 3]) {
        const { currentRange, membraneRange } = lifParameters({ ...base, leakShift, rowBlocks, fractionBits });
        const factor = 1 / (1 - 2 ** -leakShift);
        expect(-membraneRange.low).toBeLessThanOrEqual(Math.ceil(-currentRange.low * factor));
        expect(-membraneRange.low).toBeGreaterThan(-currentRange.low * factor - 1);
        expect(membraneRange.high).toBeLessThanOrEqual(currentRange.high * factor);
        expect(membraneRange.high).toBeGreaterThan(currentRange.high * factor - factor);
      }
    }
  },
);

test("without leak the number of steps bounds the membrane", () => {
  expect(lifParameters({ ...base, leakShift: 0, steps: 10 }).membraneRange).toEqual({ low: -1440, high: 1390 });
  expect(lifParameters({ ...base, leakShift: 1, steps: 4096 })).toEqual({ ...lifParameters(base), steps: 4096 });
});

test("a pair's code has a bit more than its converters, a differential one as many", () => {
  expect([codeBitsOf(5, "pair"), codeBitsOf(5, "differential")]).toEqual([6, 5]);
});

test("beta is a shift", () => {
  const neuron = { kind: "lif", threshold: 1, reset: "hard" } as const;
  expect([1, 0.5, 0.25].map((beta) => leakShiftOf({ ...neuron, beta }))).toEqual([0, 1, 2]);
  expect(messageOf(() => leakShiftOf({ ...neuron, beta: 0.9 }))).toMatchObject({ path: "model.neuron.beta" });
});

test("a learned beta becomes the nearest shift, the larger beta where two are equally near", () => {
  const neuron = { kind: "plif", threshold: 1, reset: "hard" } as const;
  const shifts = [0.9, 0.76, 0.75, 0.5, 0.4, 0.37, 0.2, 1e-9].map((beta) => leakShiftOf({ ...neuron, beta }));
  expect(shifts).toEqual([0, 0, 0, 1, 1, 2, 2, 16]);
});

test("offset and threshold become steps of their column", () => {
  const parameters = lifParameters({ ...base, fractionBits: 2 });
  // A step of 1/16 in quarters: the unit is 1/64.
  const column = { factor: 1 / 16, offset: 3.5 / 64, threshold: 1 };
  expect(lifSettings(parameters, column)).toEqual({ offset: 4, threshold: 64 });
  expect(lifSettings(parameters, { ...column, offset: -3.5 / 64, threshold: 64.25 / 64 })).toEqual({
    offset: -3,
    threshold: 65,
  });
});

test("an offset register is as wide as the widest offset", () => {
  const offsets = (...values: number[]) => values.map((offset) => ({ factor: 1, offset }));
  expect([offsets(0), offsets(-2, 1), offsets(2), offsets(-8), offsets(-9)].map((of) => offsetBitsFor(of, 0))).toEqual([
    2, 2, 3, 4, 5,
  ]);
  expect(offsetBitsFor(offsets(-2), 3)).toBe(5);
});

test.each(["codeBits", "rowBlocks", "columns", "steps", "offsetBits"] as const)("zero %s are refused", (key) => {
  const { path, message } = messageOf(() => lifParameters({ ...base, [key]: 0 }));
  expect(path).toBe(`lif.${key}`);
  expect(message).toContain(`${key} is 0, but a LIF unit needs a whole number from`);
});

test.each([{ leakShift: -1 }, { leakShift: 0.5 }, { fractionBits: 17 }, { steps: Number.NaN }])(
  "%o is refused",
  (wrong) => {
    expect(messageOf(() => lifParameters({ ...base, ...wrong })).path).toBe(`lif.${Object.keys(wrong)[0]}`);
  },
);

test("a membrane wider than the model counts is refused with the arithmetic", () => {
  const { path, message } = messageOf(() => lifParameters({ ...base, codeBits: 17, fractionBits: 16 }));
  expect(path).toBe("lif.fractionBits");
  expect(message).toMatch(/reaches -34359738400 and needs 37 bits, but units are built up to 31/);
});

test("a threshold that no membrane reaches, and one below 1, are refused", () => {
  const parameters = lifParameters(base);
  const column = { factor: 1, offset: 0, threshold: 277 };
  expect(lifSettings(parameters, column).threshold).toBe(277);
  for (const threshold of [278, 0, -1, Number.NaN]) {
    expect(messageOf(() => lifSettings(parameters, { ...column, threshold })).path).toBe("model.neuron.threshold");
  }
});

test("an offset wider than its register is refused", () => {
  const parameters = lifParameters(base);
  const column = { factor: 1, offset: 15, threshold: 1 };
  expect(lifSettings(parameters, column).offset).toBe(15);
  expect(messageOf(() => lifSettings(parameters, { ...column, offset: 16 })).path).toBe("lif.offsetBits");
});
