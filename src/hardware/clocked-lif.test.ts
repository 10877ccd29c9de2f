import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { emptyTally } from "./actions.ts";
import { carrySave, createClockedLif, IDLE, LIF_LATENCY, lifPins, signed } from "./clocked-lif.ts";
import { runIntegerLif } from "./integer-lif.ts";
import { runLifUnits } from "./lif.ts";
import { type LifRequest, type LifSettings, lifParameters, signedRange } from "./lif-parameters.ts";

const requests: LifRequest[] = [
  { codeBits: 6, rowBlocks: 1, columns: 8, leakShift: 1, fractionBits: 0, offsetBits: 5, steps: 10 },
  { codeBits: 6, rowBlocks: 4, columns: 8, leakShift: 1, fractionBits: 2, offsetBits: 6, steps: 10 },
  { codeBits: 5, rowBlocks: 3, columns: 1, leakShift: 2, fractionBits: 0, offsetBits: 2, steps: 6 },
  { codeBits: 2, rowBlocks: 2, columns: 3, leakShift: 0, fractionBits: 1, offsetBits: 3, steps: 5 },
];

const TOKENS = 6;

function randomCase(request: LifRequest, seed: number) {
  const parameters = lifParameters(request);
  const { columns, rowBlocks, codeBits, offsetBits, membraneRange, steps } = parameters;
  const random = stream(seed);
  const within = ({ low, high }: { low: number; high: number }) => low + random.integer(high - low + 1);
  // Thresholds in the lower part of the range, where random currents reach them.
  const settings: LifSettings[] = Array.from({ length: columns }, () => ({
    offset: within(signedRange(offsetBits)),
    threshold: 1 + random.integer(Math.ceil(membraneRange.high / 4)),
  }));
  const codes = Int32Array.from({ length: TOKENS * steps * columns * rowBlocks }, () => within(signedRange(codeBits)));
  return { parameters, settings, codes, steps, random };
}

/** The single-precision unit on the same whole currents, `[tokens][T][columns]`. */
function singlePrecision({ parameters, settings, codes, steps }: ReturnType<typeof randomCase>): number[] {
  const { columns, rowBlocks, fractionBits, leakShift } = parameters;
  const spikes = new Array<number>(codes.length / rowBlocks);
  for (let n = 0; n < columns; n++) {
    const currents = new Float32Array(steps * TOKENS);
    for (let token = 0; token < TOKENS; token++) {
      for (let t = 0; t < steps; t++) {
        const from = ((token * steps + t) * columns + n) * rowBlocks;
        const sum = codes.subarray(from, from + rowBlocks).reduce((total, code) => total + code, 0);
        currents[t * TOKENS + token] = settings[n].offset + sum * 2 ** fractionBits;
      }
    }
    const neuron = { beta: 2 ** -leakShift, threshold: settings[n].threshold, reset: "hard" } as const;
    const fired = unpackSpikes(runLifUnits(currents, { steps, rows: TOKENS, features: 1 }, neuron, emptyTally()));
    for (let token = 0; token < TOKENS; token++) {
      for (let t = 0; t < steps; t++) spikes[(token * steps + t) * columns + n] = fired[t * TOKENS + token];
    }
  }
  return spikes;
}

function clocked({ parameters, settings, codes, steps }: ReturnType<typeof randomCase>, waits?: () => boolean) {
  const unit = createClockedLif(parameters);
  return lifPins(parameters, settings, codes, steps, waits).map((pins) => ({ pins, ...unit.clock(pins) }));
}

// A leak by 2 bits over 6 steps on currents of 9 bits, or by 1 bit over 10 steps on 11, leaves at most 21 bits: exact in 24.
test.each(requests)(
  "whole numbers give the spikes of the single-precision unit, leak rounded or not: %o",
  (request) => {
    let [ones, updates] = [0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const window = randomCase(request, seed);
      const spikes = [...runIntegerLif(window.parameters, window.settings, window.codes, window.steps)];
      expect(spikes).toEqual(singlePrecision(window));
      ones += spikes.filter(Boolean).length;
      updates += spikes.length;
    }
    expect(ones).toBeGreaterThan(updates / 100);
    expect(ones).toBeLessThan(updates / 2);
  },
);

test.each(requests)("the registers give these spikes in this order: %o", (request) => {
  const window = randomCase(request, 1);
  const expected = [...runIntegerLif(window.parameters, window.settings, window.codes, window.steps)];
  const emitted = (rows: ReturnType<typeof clocked>) =>
    rows.filter(({ valid }) => valid).map(({ spike }) => Number(spike));
  expect(emitted(clocked(window))).toEqual(expected);
  expect(emitted(clocked(window, () => window.random.integer(3) === 0))).toEqual(expected);
});

test.each(requests)("a bit appears three clocks after the last code of its column: %o", (request) => {
  const window = randomCase(request, 2);
  const rows = clocked(window, () => window.random.integer(4) === 0);
  let codes = 0;
  const due = rows.map(({ pins }) => pins.valid && ++codes % request.rowBlocks === 0);
  expect(rows.map(({ valid }) => valid)).toEqual(rows.map((_, clock) => due[clock - LIF_LATENCY] ?? false));
  const running = clocked({ ...window, codes: window.codes.slice(0, window.codes.length / TOKENS) }).slice(
    request.columns,
  );
  // A code enters at every clock, from the first one to the last bit at the pins.
  expect(running).toHaveLength(window.steps * request.columns * request.rowBlocks + LIF_LATENCY);
});

test("a carry-save adder keeps the sum of three vectors, for all of them of 4 bits", () => {
  for (let i = 0; i < 2 ** 12; i++) {
    const [a, b, c] = [i & 15, (i >> 4) & 15, i >> 8];
    const { sum, carry } = carrySave(a, b, c, 4);
    expect((sum + carry) & 15).toBe((a + b + c) & 15);
    expect(carry & 1).toBe(0);
  }
});

test("a unit of two-bit codes is right for every offset, threshold and sequence of four steps", () => {
  const request = { codeBits: 2, rowBlocks: 1, columns: 1, leakShift: 1, fractionBits: 0, offsetBits: 2, steps: 4 };
  const parameters = lifParameters(request);
  const sequences = Int32Array.from({ length: 4 ** 5 }, (_, i) => signed((i >> 2) >> (2 * (i & 3)), 2));
  for (let offset = -2; offset <= 1; offset++) {
    for (let threshold = 1; threshold <= parameters.membraneRange.high; threshold++) {
      // The law by itself: whole steps of eighths, so that nothing is rounded.
      const expected = Array.from({ length: sequences.length / 4 }, (_, s) => {
        let v = 0;
        return [0, 1, 2, 3].map((t) => {
          v = v / 2 + sequences[4 * s + t] + offset;
          const fires = v >= threshold;
          if (fires) v = 0;
          return fires;
        });
      }).flat();
      const unit = createClockedLif(parameters);
      const pins = lifPins(parameters, [{ offset, threshold }], sequences, 4);
      const spikes = pins.map((at) => unit.clock(at)).filter(({ valid }) => valid);
      expect(spikes.map(({ spike }) => spike)).toEqual(expected);
    }
  }
});

test.each(requests)("membranes reach both ends of their range and no further: %o", (request) => {
  const parameters = lifParameters({ ...request, columns: 1 });
  const { membraneRange, rowBlocks, codeBits, offsetBits, leakShift } = parameters;
  const steps = leakShift === 0 ? request.steps : 60;
  const [code, offset] = [signedRange(codeBits), signedRange(offsetBits)];
  // Bottom: reached by the smallest current. Top: a threshold there fires. `runIntegerLif` refuses what lies outside.
  let v = 0;
  for (let t = 0; t < steps; t++) v = Math.floor(v / 2 ** leakShift) + parameters.currentRange.low;
  expect(v).toBe(membraneRange.low);
  for (const [atCode, atOffset, threshold] of [
    [code.high, offset.high, membraneRange.high],
    [code.low, offset.low, 1],
  ]) {
    const codes = new Int32Array(steps * rowBlocks).fill(atCode);
    const spikes = runIntegerLif(parameters, [{ offset: atOffset, threshold }], codes, steps);
    expect(spikes.some(Boolean)).toBe(atCode > 0);
  }
});

test("a membrane survives from step to step, and a reset between tokens clears it", () => {
  const parameters = lifParameters({ ...requests[0], columns: 2, steps: 2 });
  const settings = [
    { offset: 0, threshold: 6 },
    { offset: 1, threshold: 100 },
  ];
  // Column 0: 5, then 2 + 4 = 6 fires; column 1 never. The second token starts from rest: 4 does not fire.
  const codes = [5, 9, 4, 9, 4, 9, 0, 9];
  expect([...runIntegerLif(parameters, settings, codes, 2)]).toEqual([0, 0, 1, 0, 0, 0, 0, 0]);
});

test("codes for part of a token are refused", () => {
  const parameters = lifParameters(requests[0]);
  const settings = Array.from({ length: 8 }, () => ({ offset: 0, threshold: 1 }));
  expect(() => lifPins(parameters, settings, [1, 2, 3], 10)).toThrow(/takes 10 steps x 8 columns x 1 row blocks = 80/);
  expect(() => runIntegerLif(parameters, settings.slice(1), new Int32Array(80), 10)).toThrow(/7 settings/);
  expect(createClockedLif(parameters).clock(IDLE)).toEqual({ valid: false, spike: false });
});
