import { expect, test } from "vitest";
import { packWrong } from "./packed.ts";
import { race } from "./race.ts";
import type { Measures, Row } from "./unit.ts";

const NONE = {
  ...{ errorRate: null, yearLoss: null, blockErrorRate: null, codedEbN0: null },
  ...{ energy: null, latency: null, throughput: null, area: null },
};
const exact = (value: number) => ({ value, low: value, high: value });
const PROMPTS = 1000;

/** A point whose first prompts have this many wrong bits of four, on every chip. */
const rowOf = (
  point: number,
  wrong: readonly number[],
  { chips = 2, ...measures }: Partial<Measures> & { chips?: number } = {},
): Row => ({
  ...{ point, values: {}, hash: `h${point}`, refused: null },
  measures: { ...NONE, errorRate: exact(0.1), chips, prompts: PROMPTS, ...measures },
  samples: {
    trials: 4,
    now: Array.from({ length: chips }, () => packWrong(Array.from({ length: PROMPTS }, (_, k) => wrong[k] ?? 0))),
    later: null,
    losses: Array.from({ length: chips }, (_, chip) => point + chip / 10),
    ...{ operations: [], spikes: [] },
  },
});
const times = (count: number, bits: number) => Array<number>(count).fill(bits);
const outcome = (rows: readonly Row[], objectives = ["errorRate"], constraints = {}) => {
  const { left, open } = race(rows, { objectives, constraints } as Parameters<typeof race>[1]);
  return { left: left.map(({ point }) => point), open };
};

test("a point is beaten by fewer errors only if ten prompts differ on an average chip, or by more than 3 in all", () => {
  const against = (wrong: readonly number[], chips = 2) =>
    outcome([rowOf(0, [], { chips }), rowOf(1, wrong, { chips })]);
  const [beaten, undecided] = [
    { left: [0], open: false },
    { left: [0, 1], open: true },
  ];
  // One bit of each of n prompts: a difference of n/4 prompts, whose half width is below 1/2 + sqrt(n)/2.
  expect(against(times(9, 1))).toEqual(undecided);
  expect(against(times(10, 1))).toEqual(beaten);
  // However many chips show the same prompts.
  expect(against(times(9, 1), 10)).toEqual(undecided);
  expect(against(times(10, 1), 10)).toEqual(beaten);
  // The rule of three allows a difference of 3 prompts, of 1,000: as many as six with two wrong bits, and not eight.
  expect(against(times(6, 2))).toEqual(undecided);
  expect(against(times(8, 2))).toEqual(beaten);
  // The order of the two does not matter.
  expect(outcome([rowOf(0, times(10, 1)), rowOf(1, [])])).toEqual({ left: [1], open: false });
});

test("energies within 1 % are equal unless both compute the same", () => {
  const wrong = times(40, 2);
  const at = (energy: number, point = 1, same = false): Row => {
    const row = rowOf(point, wrong, { energy: exact(energy) });
    return same ? { ...row, samples: { ...row.samples!, losses: rowOf(0, wrong).samples!.losses } } : row;
  };
  const first = at(1, 0);
  // Within the margin neither is better, beyond it the cheaper one is, but equal errors of different points stay open.
  expect(outcome([first, at(1.01)], ["energy"])).toEqual({ left: [0, 1], open: false });
  expect(outcome([first, at(1.02)], ["energy"])).toEqual({ left: [0], open: false });
  expect(outcome([first, at(1.001, 1, true)], ["energy"])).toEqual({ left: [0], open: false });
  expect(outcome([first, at(1.02)], ["energy", "errorRate"])).toEqual({ left: [0, 1], open: true });
  expect(outcome([first, at(1.02, 1, true)], ["energy", "errorRate"])).toEqual({ left: [0], open: false });
});

test("a point is out once its whole interval breaks a limit, and open while a part keeps it", () => {
  const rate = (low: number, high: number) => ({ errorRate: { value: (low + high) / 2, low, high } });
  const with0 = (low: number, high: number, limit: object) =>
    outcome([rowOf(0, [], rate(low, high))], ["errorRate"], { errorRate: limit });
  expect(with0(0.1, 0.2, { most: 0.2 })).toEqual({ left: [0], open: false });
  expect(with0(0.1, 0.2, { most: 0.19 })).toEqual({ left: [0], open: true });
  expect(with0(0.1, 0.2, { most: 0.1 })).toEqual({ left: [0], open: true });
  expect(with0(0.1, 0.2, { most: 0.09 })).toEqual({ left: [], open: false });
  expect(with0(0.1, 0.2, { least: 0.1 })).toEqual({ left: [0], open: false });
  expect(with0(0.1, 0.2, { least: 0.2 })).toEqual({ left: [0], open: true });
  expect(with0(0.1, 0.2, { least: 0.21 })).toEqual({ left: [], open: false });
});
