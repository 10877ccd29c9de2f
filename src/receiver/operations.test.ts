/** Operations of the receivers of slots, held against receivers written out in counted arithmetic whose ratios are those of this folder. */
import { describe, expect, test } from "vitest";
import { gridOf } from "../channel/grid.ts";
import { channelModel } from "../channel/model.ts";
import { drawSlot, type Slot } from "../channel/slot.ts";
import { channelSpec, type DrawnChannelSpec } from "../experiment/channel.ts";
import { operations } from "../numeric/operations.ts";
import { stream } from "../numeric/stream.ts";
import { antennaSymbols, modulationOf } from "../task/link.ts";
import { detectSlot, jointDetector, type LlrForm, mmseDetector } from "./detect.ts";
import { type ChannelEstimate, leastSquares } from "./estimate.ts";
import { AGREED, kBestDetector } from "./k-best.ts";
import { lmmseEstimator } from "./lmmse.ts";
import {
  type DetectionSizes,
  jointOperations,
  kBestOperations,
  leastSquaresOperations,
  lmmseOperations,
  mmseOperations,
} from "./operations.ts";

/** An arithmetic that counts. */
function arithmetic() {
  const count = { ...operations({}) };
  const tally = (name: keyof typeof count, value: number) => {
    count[name]++;
    return value;
  };
  const add = (a: number, b: number) => tally("additions", a + b);
  const sub = (a: number, b: number) => tally("additions", a - b);
  const mul = (a: number, b: number) => tally("multiplications", a * b);
  return {
    count,
    add,
    sub,
    mul,
    div: (a: number, b: number) => tally("divisions", a / b),
    root: (a: number) => tally("divisions", Math.sqrt(a)),
    less: (a: number, b: number) => tally("comparisons", Number(a < b)) === 1,
    read: (value: number) => tally("reads", value),
    write: (value: number) => tally("writes", value),
    /** -ln(e^-a + e^-b). The function itself stands for its table: two neighbours, their difference times a fraction. */
    soften: (a: number, b: number) => {
      const apart = Math.abs(sub(a, b));
      tally("lookups", 0);
      add(0, mul(0, sub(0, 0)));
      return sub(Math.min(a, b), Math.log1p(Math.exp(-apart)));
    },
  };
}

type Arithmetic = ReturnType<typeof arithmetic>;
type Complex = readonly [number, number];
type Matrix = Complex[][];

const conjugate = ([re, im]: Complex): Complex => [re, -im];
const pairsIn = (values: ArrayLike<number>, i: number): Complex => [values[2 * i], values[2 * i + 1]];

/** Complex numbers in counted arithmetic. */
function complexOf({ add, sub, mul }: Arithmetic) {
  const plus = (a: Complex, b: Complex): Complex => [add(a[0], b[0]), add(a[1], b[1])];
  const minus = (a: Complex, b: Complex): Complex => [sub(a[0], b[0]), sub(a[1], b[1])];
  const product = (a: Complex, b: Complex): Complex => [
    sub(mul(a[0], b[0]), mul(a[1], b[1])),
    add(mul(a[0], b[1]), mul(a[1], b[0])),
  ];
  const scaled = (a: Complex, by: number): Complex => [mul(a[0], by), mul(a[1], by)];
  const inner = (a: readonly Complex[], b: readonly Complex[]): Complex =>
    a.map((value, i) => product(conjugate(value), b[i])).reduce(plus);
  const squares = (a: readonly Complex[]): number =>
    a
      .flat()
      .map((value) => mul(value, value))
      .reduce(add);
  return { plus, minus, product, scaled, inner, squares };
}

interface Case {
  readonly link: DetectionSizes & { readonly unit: number };
  readonly grid: ReturnType<typeof gridOf>;
  readonly slot: Slot;
  readonly noise: number;
  readonly model: ReturnType<typeof channelModel>;
  readonly points: Float64Array;
}

function caseOf(modulation: "bpsk" | "qpsk" | "16qam" | "64qam", nt: number, nr: number, channel: object): Case {
  const fields = { kind: "tdl", speedMetresPerSecond: 10, subcarriers: 6, symbols: 7, ...channel };
  const spec = channelSpec.parse(fields) as DrawnChannelSpec;
  const [grid, model] = [gridOf(spec, nt, nr), channelModel(spec, nt, nr)];
  const points = antennaSymbols({ modulation });
  const noise = 0.3;
  const slot = drawSlot({ model, grid, points, noiseVariance: noise }, stream(8), 3);
  return {
    link: { transmitAntennas: nt, receiveAntennas: nr, ...modulationOf({ modulation }) },
    grid,
    slot,
    noise,
    model,
    points,
  };
}

const CASES = [
  ["bpsk", 1, 1, { pilots: { symbols: [2] } }],
  ["qpsk", 1, 2, { pilots: { symbols: [1, 5], comb: 2 } }],
  ["qpsk", 2, 2, { pilots: { symbols: [1, 2, 6], comb: 3, boostDecibels: 3 } }],
  ["bpsk", 3, 4, { pilots: { symbols: [0, 3], comb: 3 } }],
  ["16qam", 2, 3, { pilots: { symbols: [0, 6], comb: 2 } }],
  ["64qam", 1, 2, { pilots: { symbols: [3], comb: 1 } }],
] as const;

/** y conj(s) of a pilot, over the level of s: two additions, since the parts of s are +-1. */
function derotated(
  { grid, slot }: Case,
  { add, sub, read }: Arithmetic,
  element: number,
  r: number,
  a: number,
): Complex {
  const { transmitAntennas: nt, receiveAntennas: nr } = grid;
  const [p, q] = pairsIn(slot.sent, element * nt + a).map(Math.sign);
  const [re, im] = pairsIn(slot.received, element * nr + r).map(read);
  return [add(p * re, q * im), sub(p * im, q * re)];
}

/** Values at places of 0 .. length - 1 from those at known ones, in counted arithmetic; unknown where there is no gap. */
function interpolated(one: Arithmetic, known: ReadonlyMap<number, Complex>, length: number): Complex[] {
  const { plus, minus, scaled } = complexOf(one);
  const places = [...known.keys()];
  const values = Array.from({ length }, (_, i): Complex => {
    const nearest = i < places[0] ? places[0] : places[places.length - 1];
    return known.get(i) ?? known.get(nearest)!;
  });
  for (let i = 1; i < places.length; i++) {
    const [from, to] = [places[i - 1], places[i]];
    if (to === from + 1) continue;
    const rise = minus(known.get(to)!, known.get(from)!);
    for (let at = from + 1; at < to; at++) values[at] = plus(known.get(from)!, scaled(rise, (at - from) / (to - from)));
  }
  return values;
}

function countedLeastSquares(given: Case): { channel: Float64Array; count: object } {
  const { grid, link } = given;
  const { transmitAntennas: nt, receiveAntennas: nr, symbols, subcarriers, pilotSymbols, pilotPower } = grid;
  const one = arithmetic();
  const channel = new Float64Array(2 * symbols * subcarriers * nr * nt).fill(Number.NaN);
  const stored = (value: Complex): Complex => [one.write(value[0]), one.write(value[1])];
  const loaded = (value: Complex): Complex => [one.read(value[0]), one.read(value[1])];
  // The estimate of d H, so that symbols are odd numbers.
  const scale = (Math.sqrt(pilotPower / 2) / pilotPower) * link.unit;
  for (let a = 0; a < nt; a++) {
    for (let r = 0; r < nr; r++) {
      const rows = pilotSymbols.map((symbol) => {
        const own = [...grid.pilots[a]].filter((element) => Math.floor(element / subcarriers) === symbol);
        const known = own.map((element) => {
          const estimate = complexOf(one).scaled(derotated(given, one, element, r, a), scale);
          return [element % subcarriers, estimate] as const;
        });
        return interpolated(one, new Map(known), subcarriers).map(stored);
      });
      for (let k = 0; k < subcarriers; k++) {
        const known = pilotSymbols.map((symbol, i) => [symbol, loaded(rows[i][k])] as const);
        interpolated(one, new Map(known), symbols).forEach((value, symbol) => {
          const out = pilotSymbols.includes(symbol) ? value : stored(value);
          channel.set(out, 2 * (((symbol * subcarriers + k) * nr + r) * nt + a));
        });
      }
    }
  }
  return { channel, count: one.count };
}

function countedLmmse(given: Case): { channel: Float64Array; count: object } {
  const { grid, link, slot, noise, model } = given;
  const { transmitAntennas: nt, receiveAntennas: nr, pilotPower } = grid;
  const one = arithmetic();
  const { plus, product } = complexOf(one);
  const channel = new Float64Array(slot.channel.length).fill(Number.NaN);
  const estimator = lmmseEstimator(model, grid, noise);
  grid.pilots.forEach((pilots, a) => {
    // The filter's column of a pilot: what it estimates from a channel of 1 there and 0 at all others.
    const columns = Array.from(pilots, (pilot) => {
      const received = new Float64Array(slot.received.length);
      received.set(pairsIn(slot.sent, pilot * nt + a), 2 * pilot * nr);
      return estimator({ ...slot, received }).channel;
    });
    const estimates = Array.from({ length: nr }, (_, r) =>
      Array.from(pilots, (pilot) => derotated(given, one, pilot, r, a).map(one.write) as unknown as Complex),
    );
    for (const element of grid.data) {
      const scale = (Math.sqrt(pilotPower / 2) / pilotPower) * link.unit;
      const row = columns.map((column) => {
        const [re, im] = pairsIn(column, element * nr * nt + a);
        return [one.read(re * scale), one.read(im * scale)] as const;
      });
      for (let r = 0; r < nr; r++) {
        const terms = estimates[r].map((h, i) => product([one.read(h[0]), one.read(h[1])], row[i]));
        channel.set(terms.reduce(plus).map(one.write), 2 * ((element * nr + r) * nt + a));
      }
    }
  });
  return { channel, count: one.count };
}

test.each(CASES)("%s, %d x %d: operations of both estimates are those of the arithmetic", (...fields) => {
  const given = caseOf(...fields);
  const { grid, slot, link, noise, model } = given;
  const pairs = link.transmitAntennas * link.receiveAntennas;
  const compare = (counted: Float64Array, { channel }: ChannelEstimate) => {
    for (const element of grid.data) {
      for (let i = 2 * element * pairs; i < 2 * (element + 1) * pairs; i++) {
        expect(counted[i]).toBeCloseTo(link.unit * channel[i], 10);
      }
    }
  };
  const plain = countedLeastSquares(given);
  compare(plain.channel, leastSquares(slot, grid));
  expect(plain.count).toEqual(leastSquaresOperations(grid));
  const filtered = countedLmmse(given);
  compare(filtered.channel, lmmseEstimator(model, grid, noise)(slot));
  expect(filtered.count).toEqual(lmmseOperations(grid));
});

/** An element's channel of odd symbols, sample and noise, all read from memory. */
function element(one: Arithmetic, { link, slot }: Case, at: number) {
  const { transmitAntennas: nt, receiveAntennas: nr, unit } = link;
  const load = (value: Complex, by: number): Complex => [one.read(by * value[0]), one.read(by * value[1])];
  const h: Matrix = Array.from({ length: nr }, (_, r) =>
    Array.from({ length: nt }, (_, a) => load(pairsIn(slot.channel, (at * nr + r) * nt + a), unit)),
  );
  const y = Array.from({ length: nr }, (_, r) => load(pairsIn(slot.received, at * nr + r), 1));
  return { h, y };
}

/** Odd numbers of a symbol. */
const symbolOf = ({ points, link }: Case, word: number): Complex => {
  const [re, im] = pairsIn(points, word);
  return [Math.round(re / link.unit), Math.round(im / link.unit)];
};

/** The product with each symbol; a number that is another's negative is not computed again. */
function productsOf(one: Arithmetic, given: Case, [re, im]: Complex): Complex[] {
  const { parts, bits } = given.link;
  const multiples = [re, im].map((value) =>
    Array.from({ length: 2 ** (bits - 1) }, (_, i) => (i === 0 ? value : one.add(2 * i * value, value))),
  );
  const by = (which: number, part: number) => Math.sign(part) * multiples[which][(Math.abs(part) - 1) / 2];
  const sums = new Map<string, number>();
  const combined = (p: number, q: number): number => {
    if (p < 0) return -combined(-p, -q);
    const key = `${p} ${q}`;
    const found = sums.get(key) ?? one.add(by(0, p), by(1, q));
    sums.set(key, found);
    return found;
  };
  return Array.from({ length: 2 ** (parts * bits) }, (_, word): Complex => {
    const [p, q] = symbolOf(given, word);
    return parts === 1 ? [by(0, p), by(1, p)] : [combined(p, -q), combined(q, p)];
  });
}

/** Ratios of the digits of a table, most significant first: its halves' least values, then the table folded. */
function ratiosOf(one: Arithmetic, table: readonly number[], form: LlrForm, weight: number): number[] {
  const least = (a: number, b: number) => (form === "exact" ? one.soften(a, b) : one.less(a, b) ? a : b);
  const out: number[] = [];
  let left = form === "exact" ? table.map((value) => one.mul(value, weight)) : [...table];
  while (left.length > 1) {
    const half = left.length / 2;
    const [zeros, ones] = [left.slice(0, half), left.slice(half)];
    const ratio = one.sub(ones.reduce(least), zeros.reduce(least));
    out.push(form === "exact" ? ratio : one.mul(ratio, weight));
    left = half > 1 ? zeros.map((value, i) => least(value, ones[i])) : [];
  }
  return out;
}

function countedJoint(given: Case, form: LlrForm, at: number) {
  const { link, noise } = given;
  const { transmitAntennas: nt, parts, bits } = link;
  const one = arithmetic();
  const { minus, squares } = complexOf(one);
  const { h, y } = element(one, given, at);
  const products = h.map((row) => row.map((value) => productsOf(one, given, value)));
  const table: number[] = [];
  const descend = (a: number, left: readonly Complex[]): void => {
    if (a === nt) table.push(squares(left));
    else {
      for (let word = 0; word < 2 ** (parts * bits); word++) {
        descend(
          a + 1,
          left.map((value, r) => minus(value, products[r][a][word])),
        );
      }
    }
  };
  descend(0, y);
  return { out: ratiosOf(one, table, form, one.read(1 / noise)).map(one.write), count: one.count };
}

function countedMmse(given: Case, form: LlrForm, at: number) {
  const { link, noise } = given;
  const { transmitAntennas: nt, parts, bits, unit } = link;
  const one = arithmetic();
  const { minus, plus, product, scaled, inner, squares } = complexOf(one);
  const { h, y } = element(one, given, at);
  // The noise comes in two multiples.
  const added = one.read(unit ** 2 * noise);
  const share = one.read(bits === 1 ? noise / 4 : noise);
  const column = (a: number) => h.map((row) => row[a]);
  const gram = Array.from({ length: nt }, (_, a) =>
    Array.from(
      { length: a + 1 },
      (_, b): Complex => (b < a ? inner(column(a), column(b)) : [one.add(squares(column(a)), added), 0]),
    ),
  );
  const right = Array.from({ length: nt }, (_, a) => inner(column(a), y));

  const [l, u] = [0, 1].map(() => gram.map((row) => row.map((): Complex => [0, 0])));
  const over: number[] = [];
  for (let j = 0; j < nt; j++) {
    let pivot = gram[j][j][0];
    for (let k = 0; k < j; k++) {
      const [p, q] = [u[j][k], l[j][k]];
      pivot = one.sub(pivot, one.add(one.mul(p[0], q[0]), one.mul(p[1], q[1])));
    }
    over[j] = one.div(1, pivot);
    for (let i = j + 1; i < nt; i++) {
      let rest = gram[i][j];
      for (let k = 0; k < j; k++) rest = minus(rest, product(u[i][k], conjugate(l[j][k])));
      u[i][j] = rest;
      l[i][j] = scaled(rest, over[j]);
    }
  }
  const inverse = l.map((row) => [...row]);
  for (let i = 0; i < nt; i++) {
    for (let j = 0; j < i; j++) {
      inverse[i][j] = [-l[i][j][0], -l[i][j][1]];
      for (let k = j + 1; k < i; k++) inverse[i][j] = minus(inverse[i][j], product(l[i][k], inverse[k][j]));
    }
  }
  const diagonal = over.map((first, a) => {
    let sum = first;
    for (let i = a + 1; i < nt; i++) sum = one.add(sum, one.mul(squares([inverse[i][a]]), over[i]));
    return sum;
  });
  const half = right.map((value, i) => {
    let sum = value;
    for (let j = 0; j < i; j++) sum = plus(sum, product(inverse[i][j], right[j]));
    return scaled(sum, over[i]);
  });
  const x = half.map((value, j) => {
    let sum = value;
    for (let i = j + 1; i < nt; i++) sum = plus(sum, product(conjugate(inverse[i][j]), half[i]));
    return sum;
  });

  const out = x.flatMap((value, a) => {
    if (bits === 1) {
      const weight = one.div(1, one.mul(share, diagonal[a]));
      return value.slice(0, parts).map((part) => one.mul(part, weight));
    }
    const gain = one.sub(1, one.mul(added, diagonal[a]));
    const weight = one.div(1, one.mul(gain, one.mul(share, diagonal[a])));
    const multiples = Array.from({ length: 2 ** (bits - 1) }, (_, i) => (i === 0 ? gain : one.add(2 * i * gain, gain)));
    const byPart = value.slice(0, parts).map((part, which) => {
      // Levels by the bits of this part: those of a symbol alternate between its parts.
      const table = Array.from({ length: 2 ** bits }, (_, word) => {
        let own = 0;
        for (let bit = 0; bit < bits; bit++) own |= ((word >>> bit) & 1) << (parts * bit + (parts - 1 - which));
        const level = symbolOf(given, own)[which];
        const apart = one.sub(part, Math.sign(level) * multiples[(Math.abs(level) - 1) / 2]);
        return one.mul(apart, apart);
      });
      return ratiosOf(one, table, form, weight);
    });
    return Array.from({ length: parts * bits }, (_, i) => byPart[i % parts][Math.floor(i / parts)]);
  });
  return { out: out.map(one.write), count: one.count };
}

function countedKBest(given: Case, survivors: number, at: number) {
  const { link, noise } = given;
  const { transmitAntennas: nt, parts, bits } = link;
  const one = arithmetic();
  const { minus, product, scaled, inner, squares } = complexOf(one);
  const { h, y } = element(one, given, at);
  const weight = one.read(1 / noise);
  const q: Complex[][] = [];
  const diagonal: number[] = [];
  const above: Complex[][][] = [];
  for (let a = 0; a < nt; a++) {
    let column = h.map((row) => row[a]);
    above[a] = [];
    for (let b = 0; b < a; b++) {
      const r = inner(q[b], column);
      column = column.map((value, i) => minus(value, product(q[b][i], r)));
      above[a][b] = productsOf(one, given, r);
    }
    diagonal[a] = one.root(squares(column));
    const over = one.div(1, diagonal[a]);
    q[a] = column.map((value) => scaled(value, over));
  }
  const z = q.map((column) => inner(column, y));
  const multiples = diagonal.map((value) =>
    Array.from({ length: 2 ** (bits - 1) }, (_, i) => (i === 0 ? value : one.add(2 * i * value, value))),
  );
  let kept: { distance: number; words: number[] }[] = [{ distance: 0, words: [] }];
  for (let a = nt - 1; a >= 0; a--) {
    const candidates = kept.flatMap((survivor) => {
      let rest = z[a];
      survivor.words.forEach((word, i) => {
        rest = minus(rest, above[nt - 1 - i][a][word]);
      });
      const levels = Array.from({ length: 2 ** bits }, (_, i) => 2 * i + 1 - 2 ** bits);
      const squared = rest.slice(0, parts).map(
        (part) =>
          new Map(
            levels.map((level) => {
              const apart = one.sub(part, Math.sign(level) * multiples[a][(Math.abs(level) - 1) / 2]);
              return [level, one.mul(apart, apart)] as const;
            }),
          ),
      );
      const base = parts === 1 ? one.add(survivor.distance, one.mul(rest[1], rest[1])) : survivor.distance;
      const firsts = new Map([...squared[0]].map(([level, value]) => [level, one.add(base, value)]));
      return Array.from({ length: 2 ** (parts * bits) }, (_, word) => {
        const [p, s] = symbolOf(given, word);
        const distance = parts === 1 ? firsts.get(p)! : one.add(firsts.get(p)!, squared[1].get(s)!);
        return { distance, words: [...survivor.words, word] };
      });
    });
    kept = candidates.length > survivors || a === 0 ? sorted(one, candidates, survivors) : candidates;
  }
  const length = parts * bits;
  const out = Array.from({ length: nt * length }, (_, digit) => {
    // The last antenna was decided first.
    const bitIn = ({ words }: { words: number[] }) =>
      (words[nt - 1 - Math.floor(digit / length)] >>> (length - 1 - (digit % length))) & 1;
    const [zero, single] = [0, 1].map((value) => kept.find((survivor) => bitIn(survivor) === value));
    const ratio = one.mul(one.sub(single?.distance ?? 0, zero?.distance ?? 0), weight);
    return one.write(zero && single ? ratio : zero ? AGREED : -AGREED);
  });
  return { out, count: one.count };
}

/** A row of cells that compares each newcomer with all it holds, at most K. */
function sorted<T extends { readonly distance: number }>(one: Arithmetic, candidates: readonly T[], most: number): T[] {
  const held: T[] = [];
  for (const candidate of candidates) {
    const isNearer = held.map(({ distance }) => one.less(candidate.distance, distance));
    held.splice(isNearer.includes(true) ? isNearer.indexOf(true) : held.length, 0, candidate);
    held.length = Math.min(held.length, most);
  }
  return held;
}

describe.each(CASES)("%s, %d x %d", (...fields) => {
  const given = caseOf(...fields);
  const { grid, slot, link, noise, points } = given;
  const { transmitAntennas, receiveAntennas } = link;
  const sizes = { transmitAntennas, receiveAntennas, points };
  const known = { channel: slot.channel, noise: new Float64Array(grid.symbols * grid.subcarriers).fill(noise) };
  const length = link.parts * link.bits * transmitAntennas;

  const FORMS: LlrForm[] = ["max-log", "exact"];
  test.each(FORMS)("operations of joint and MMSE detection, %s, are those of the arithmetic", (form) => {
    const [joint, mmse] = [jointDetector(sizes, form), mmseDetector(sizes, form)].map((detector) =>
      detectSlot(known, slot.received, grid, detector, link.parts * link.bits),
    );
    grid.data.slice(0, 3).forEach((at, i) => {
      const [together, linear] = [countedJoint(given, form, at), countedMmse(given, form, at)];
      together.out.forEach((ratio, bit) => void expect(ratio).toBeCloseTo(joint[i * length + bit], 8));
      linear.out.forEach((ratio, bit) => void expect(ratio).toBeCloseTo(mmse[i * length + bit], 8));
      expect(together.count).toEqual(jointOperations(link, form));
      expect(linear.count).toEqual(mmseOperations(link, form));
    });
  });

  test.each([1, 3, 16])("operations of %d-best detection are those of the arithmetic", (survivors) => {
    const expected = detectSlot(known, slot.received, grid, kBestDetector(sizes, survivors), link.parts * link.bits);
    grid.data.slice(0, 3).forEach((at, i) => {
      const { out, count } = countedKBest(given, survivors, at);
      out.forEach((ratio, bit) => void expect(ratio).toBeCloseTo(expected[i * length + bit], 8));
      expect(count).toEqual(kBestOperations(link, survivors));
    });
  });
});

test("one antenna on either side, QPSK, by hand", () => {
  const sizes = { transmitAntennas: 1, receiveAntennas: 1, parts: 2, bits: 1 } as const;
  // h* y and |h|^2 + v: 4 + 2 products, 2 + 2 additions. Over it: 1 division, x in 2 products; its noise: 1 product, 1 division, then one
  // product for each bit. It reads h, y and two multiples of v, and writes two ratios.
  expect(mmseOperations(sizes, "max-log")).toEqual(
    operations({ multiplications: 6 + 2 + 3, additions: 4, divisions: 2, reads: 6, writes: 2 }),
  );
  // Two products with symbols up to sign; for 4 symbols 2 differences, 2 squares, a sum; 4 comparisons; 2 differences over v.
  expect(jointOperations(sizes, "max-log")).toEqual(
    operations({ multiplications: 8 + 2, additions: 2 + 8 + 4 + 2, comparisons: 4, reads: 5, writes: 2 }),
  );
});
