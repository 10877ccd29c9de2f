/**
 * Operations of classical receivers, held against receivers written out in counted arithmetic, whose decisions are those of `detect`.
 */
import { describe, expect, test } from "vitest";
import { parseExperiment } from "../../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../../experiment/task.ts";
import { stream } from "../../numeric/stream.ts";
import { antennaSymbols, modulationOf } from "../../task/link.ts";
import { detect, type Receiver } from "../../task/receivers.ts";
import { type PromptBatch, symbolDetection } from "../../task/symbol-detection.ts";
import { findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { totalOf } from "../unit-energies.ts";
import { receiverEnergy, receiverOperations } from "./receiver.ts";

/** An arithmetic that counts. */
function arithmetic() {
  const count = { multiplications: 0, additions: 0, comparisons: 0, divisions: 0 };
  const tally =
    (name: keyof typeof count, compute: (a: number, b: number) => number) =>
    (a: number, b: number): number => {
      count[name]++;
      return compute(a, b);
    };
  return {
    count,
    add: tally("additions", (a, b) => a + b),
    sub: tally("additions", (a, b) => a - b),
    mul: tally("multiplications", (a, b) => a * b),
    div: tally("divisions", (a, b) => a / b),
    less: (a: number, b: number): boolean => tally("comparisons", (p, q) => Number(p < q))(a, b) === 1,
  };
}

type Arithmetic = ReturnType<typeof arithmetic>;
type Complex = readonly [number, number];
type Matrix = Complex[][];

const conjugate = ([re, im]: Complex): Complex => [re, -im];
const matrix = (rows: number, columns: number, at: (i: number, j: number) => Complex): Matrix =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => at(i, j)));

/** Complex numbers in counted arithmetic. */
function complexOf(one: Arithmetic) {
  const { add, sub, mul } = one;
  const plus = (a: Complex, b: Complex): Complex => [add(a[0], b[0]), add(a[1], b[1])];
  const minus = (a: Complex, b: Complex): Complex => [sub(a[0], b[0]), sub(a[1], b[1])];
  const realOf = (a: Complex, b: Complex) => sub(mul(a[0], b[0]), mul(a[1], b[1]));
  const product = (a: Complex, b: Complex): Complex => [realOf(a, b), add(mul(a[0], b[1]), mul(a[1], b[0]))];
  const scaled = (a: Complex, by: number): Complex => [mul(a[0], by), mul(a[1], by)];
  /** Row times column. */
  const inner = (row: readonly Complex[], column: readonly Complex[]): Complex =>
    row.map((a, i) => product(a, column[i])).reduce(plus);
  const innerReal = (row: readonly Complex[], column: readonly Complex[]): number =>
    row.map((a, i) => realOf(a, column[i])).reduce(add);
  return { plus, minus, product, scaled, inner, innerReal };
}

/** A X = B for a Hermitian A, of which only the lower half is read, by A = L D L^H; U = L D. */
function solve(one: Arithmetic, a: Matrix, b: Matrix): Matrix {
  const { minus, product, scaled } = complexOf(one);
  const n = a.length;
  const [l, u] = [matrix(n, n, () => [0, 0]), matrix(n, n, () => [0, 0])];
  const inverse: number[] = [];
  for (let j = 0; j < n; j++) {
    let pivot = a[j][j][0];
    for (let k = 0; k < j; k++) {
      const [p, q] = [u[j][k], l[j][k]];
      pivot = one.sub(pivot, one.add(one.mul(p[0], q[0]), one.mul(p[1], q[1])));
    }
    inverse[j] = one.div(1, pivot);
    for (let i = j + 1; i < n; i++) {
      let rest = a[i][j];
      for (let k = 0; k < j; k++) rest = minus(rest, product(u[i][k], conjugate(l[j][k])));
      u[i][j] = rest;
      l[i][j] = scaled(rest, inverse[j]);
    }
  }
  const x = b.map((row) => [...row]);
  for (let c = 0; c < x[0].length; c++) {
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) x[i][c] = minus(x[i][c], product(l[i][j], x[j][c]));
    for (let i = 0; i < n; i++) x[i][c] = scaled(x[i][c], inverse[i]);
    for (let i = n - 1; i >= 0; i--) {
      for (let j = i + 1; j < n; j++) x[i][c] = minus(x[i][c], product(conjugate(l[j][i]), x[j][c]));
    }
  }
  return x;
}

/** One prompt through a receiver; counts of its channel, then of its vector. */
function receive(batch: PromptBatch, prompt: number, { kind, channel }: Receiver) {
  const { spec, labels, quantised, channels, noiseVariances } = batch;
  const { transmitAntennas: nt, receiveAntennas: nr, pilots } = spec;
  const { parts, bits, unit } = modulationOf(spec);
  const v = noiseVariances[prompt];
  const words = 2 ** (parts * bits);
  const points = antennaSymbols(spec);
  /** Odd numbers; a table of the symbols. */
  const symbol = (word: number): Complex => [
    Math.round(points[2 * word] / unit),
    Math.round(points[2 * word + 1] / unit),
  ];
  const sent = (pair: number, a: number) => symbol(Math.floor(labels[pair] / words ** (nt - 1 - a)) % words);
  const at = (values: Float64Array, i: number): Complex => [values[2 * i], values[2 * i + 1]];
  const first = prompt * (pilots + 1);
  const y = (pair: number, r: number) => at(quantised, pair * nr + r);

  const once = arithmetic();
  /** A shift and an addition for any odd number but +-1, if there are others. */
  const timesPart = (part: number, value: number) => (bits === 1 ? part * value : once.add((part - 1) * value, value));
  const { plus, inner, innerReal } = complexOf(once);
  /** conj(s) b; BPSK symbols are real. */
  const withSymbol = (s: Complex, b: Complex): Complex =>
    parts === 1
      ? [timesPart(s[0], b[0]), timesPart(s[0], b[1])]
      : [
          once.add(timesPart(s[0], b[0]), timesPart(s[1], b[1])),
          once.sub(timesPart(s[0], b[1]), timesPart(s[1], b[0])),
        ];

  function fromPilots(): Matrix {
    const gram = matrix(nt, nt, () => [0, 0]);
    const right = matrix(nt, nr, () => [0, 0]);
    for (let pair = first; pair < first + pilots; pair++) {
      for (let a = 0; a < nt; a++) {
        const s = sent(pair, a);
        for (let r = 0; r < nr; r++) right[a][r] = plus(right[a][r], withSymbol(s, y(pair, r)));
        for (let b = 0; b < a; b++) {
          const other = sent(pair, b);
          const re = gram[a][b][0];
          if (parts === 1) gram[a][b] = [once.add(re, timesPart(s[0], other[0])), 0];
          else gram[a][b] = plus(gram[a][b], withSymbol(s, other));
        }
        // With two levels, known without arithmetic.
        if (bits === 1) gram[a][a] = [gram[a][a][0] + parts, 0];
        else {
          const square = once.add(timesPart(s[0], s[0]), timesPart(s[1], s[1]));
          gram[a][a] = [once.add(gram[a][a][0], square), 0];
        }
      }
    }
    for (let a = 0; a < nt; a++) gram[a][a] = [once.add(gram[a][a][0], v / unit ** 2), 0];
    // conj(s_a) s_b and conj(s_a) y_r give the conjugate of the system for G^H, whose solution is G transposed.
    const transposed = solve(once, gram, right);
    return matrix(nr, nt, (r, a) => transposed[a][r]);
  }

  const known = matrix(nr, nt, (r, a) => {
    const [re, im] = at(channels, (prompt * nr + r) * nt + a);
    return [unit * re, unit * im];
  });
  const g = channel === "pilots" ? fromPilots() : known;
  const vector = arithmetic();
  const query = Array.from({ length: nr }, (_, r) => y(first + pilots, r));
  const decide = kind === "ml" ? search : filter;
  return { decision: decide(), perChannel: once.count, perVector: vector.count };

  function search(): number {
    const products = g.map((row) => row.map((h) => productsOf(h)));
    let [best, least] = [-1, Number.NaN];
    descend(0, query, 0);
    return best;

    /** h times every symbol; a number that is another's negative is not computed again. */
    function productsOf([re, im]: Complex): Complex[] {
      const multiples = [re, im].map((value) =>
        Array.from({ length: 2 ** (bits - 1) }, (_, i) => (i === 0 ? value : timesPart(2 * i + 1, value))),
      );
      const by = (which: number, part: number) => Math.sign(part) * multiples[which][(Math.abs(part) - 1) / 2];
      const sums = new Map<string, number>();
      /** p re + q im. */
      const combined = (p: number, q: number): number => {
        if (p < 0) return -combined(-p, -q);
        const key = `${p} ${q}`;
        const found = sums.get(key) ?? once.add(by(0, p), by(1, q));
        sums.set(key, found);
        return found;
      };
      return Array.from({ length: words }, (_, word): Complex => {
        const [p, q] = symbol(word);
        return parts === 1 ? [by(0, p), by(1, p)] : [combined(p, -q), combined(q, p)];
      });
    }

    function descend(a: number, left: readonly Complex[], word: number): void {
      if (a === nt) {
        const squares = left.flat().map((value) => vector.mul(value, value));
        const distance = squares.reduce(vector.add);
        if (best < 0) [best, least] = [word, distance];
        else if (vector.less(distance, least)) [best, least] = [word, distance];
        return;
      }
      const { minus } = complexOf(vector);
      for (let s = 0; s < words; s++) {
        descend(
          a + 1,
          left.map((value, r) => minus(value, products[r][a][s])),
          word * words + s,
        );
      }
    }
  }

  function filter(): number {
    const column = (a: number) => g.map((row) => row[a]);
    const conjugated = (a: number) => column(a).map(conjugate);
    const gram = matrix(nt, nt, (a, b) => {
      if (b > a) return [0, 0];
      return b < a
        ? inner(conjugated(a), column(b))
        : [once.add(innerReal(conjugated(a), column(a)), v * unit ** 2), 0];
    });
    const w = solve(
      once,
      gram,
      matrix(nt, nr, (a, r) => conjugate(g[r][a])),
    );
    let decision = 0;
    for (let a = 0; a < nt; a++) {
      const gain = bits === 1 ? 1 : innerReal(w[a], column(a));
      const thresholds = Array.from({ length: 2 ** (bits - 1) - 1 }, (_, i) =>
        i === 2 ? once.add(4 * gain, 2 * gain) : 2 * (i + 1) * gain,
      );
      // The imaginary part of w y is the real part of w times -j y.
      const turned = query.map(([re, im]): Complex => [im, -re]);
      const estimates = [query, turned].slice(0, parts).map((values) => complexOf(vector).innerReal(w[a], values));
      const nearest = estimates.map((x) => (x < 0 ? -1 : 1) * levelOf(x, thresholds));
      const word = Array.from({ length: words }, (_, i) => i).find((i) => nearest.every((n, p) => symbol(i)[p] === n));
      decision = decision * words + word!;
    }
    return decision;
  }

  /** The odd number nearest to |x| / gain, by halves; the sign of x chooses that of the threshold. */
  function levelOf(x: number, thresholds: readonly number[]): number {
    let [low, high] = [0, thresholds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (vector.less(Math.abs(x), thresholds[middle])) high = middle;
      else low = middle + 1;
    }
    return 2 * low + 1;
  }
}

const LINKS = [
  { transmitAntennas: 2, receiveAntennas: 2, modulation: "qpsk", pilots: 18 },
  { transmitAntennas: 3, receiveAntennas: 2, modulation: "bpsk", pilots: 5 },
  { transmitAntennas: 4, receiveAntennas: 5, modulation: "qpsk", pilots: 6 },
  { transmitAntennas: 2, receiveAntennas: 3, modulation: "16qam", pilots: 7 },
  { transmitAntennas: 1, receiveAntennas: 2, modulation: "64qam", pilots: 4 },
] as const;
const RECEIVERS = (["ml", "mmse"] as const).flatMap((kind) =>
  (["pilots", "perfect"] as const).map((channel) => ({ kind, channel })),
);

describe.each(LINKS)("$transmitAntennas x $receiveAntennas, $modulation", (link) => {
  const { task } = parseExperiment({ task: { ...link, receiverBits: 8 } });
  const spec = task as SymbolDetectionSpec;
  const batch = symbolDetection(spec, 1).draw(12, stream(5), { values: false, spikes: false });

  test.each(RECEIVERS)("$kind, channel $channel: operations are those of the arithmetic", (receiver) => {
    const { kind, channel } = receiver;
    const answers = Array.from({ length: batch.prompts }, (_, k) => receive(batch, k, receiver));
    expect(answers.map(({ decision }) => decision)).toEqual([...detect(batch, kind, channel)]);
    for (const { perChannel, perVector } of answers) {
      expect({ perChannel, perVector }).toEqual(receiverOperations(link, receiver));
    }
  });
});

const [link] = LINKS;
const { technology } = resolveTechnology(findCostPreset("simulated"));
const energy = (receiver: Receiver, vectors?: number, prices = technology) =>
  totalOf(receiverEnergy(link, receiver, prices, vectors));

test("2x2 QPSK: energies by hand, 45 nm", () => {
  const { perChannel, perVector } = receiverOperations(link, RECEIVERS[0]);
  expect(perVector).toEqual({ multiplications: 64, additions: 128, comparisons: 15, divisions: 0 });
  expect(perChannel).toEqual({ multiplications: 28, additions: 388, comparisons: 0, divisions: 2 });
  const parts = receiverEnergy(link, RECEIVERS[0], technology);
  // pJ: a product of 16 bits is four of 8 bits, 0.2 each; an addition is 0.05.
  expect(1e12 * parts.multiplications).toBeCloseTo(92 * 4 * 0.2, 9);
  expect(1e12 * (parts.additions + parts.divisions)).toBeCloseTo((516 + 2 * 16) * 0.05, 9);
  expect(1e12 * parts.registers).toBeCloseTo((92 + 516 + 15 + 32) * 16 * (0.0078 + 0.0036), 9);
});

test("pilots are paid once for all vectors that share them, and prices follow the technology", () => {
  const [ml] = RECEIVERS;
  const [all, each] = [energy(ml), energy(ml, 1e9)];
  expect(energy(ml, 4)).toBeCloseTo(each + (all - each) / 4, 18);
  expect(each).toBeLessThan(all / 2);
  const free = { ...technology, flipFlopClock: 0, clockTree: 0 };
  expect(all - energy(ml, 1, free)).toBeCloseTo(receiverEnergy(link, ml, technology).registers, 18);
});
