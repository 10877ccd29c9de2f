// @module-tag slow
import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/support/gradient.ts";
import { symbolDetectionSpec } from "../experiment/task.ts";
import { deviation, mean } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import { bitOf } from "./bits.ts";
import { constellation } from "./link.ts";
import { detect } from "./receivers.ts";
import { agreements, bestScale, informationByRow } from "./soft-bits.ts";
import { detectSoft, type SoftReceiver } from "./soft-receivers.ts";
import { type PromptBatch, symbolDetection } from "./symbol-detection.ts";

function drawPrompts(fields: object, prompts: number, seed = 1): PromptBatch {
  const spec = symbolDetectionSpec.parse(fields);
  return symbolDetection(spec, 1).draw(prompts, stream(seed), { spikes: false, values: false });
}

const lastLabels = ({ labels, spec }: PromptBatch) => labels.filter((_, i) => i % (spec.pilots + 1) === spec.pilots);
const bitsIn = ({ spec }: PromptBatch) => Math.log2(constellation(spec).length / (2 * spec.transmitAntennas));
const agreed = (batch: PromptBatch, receiver: SoftReceiver) =>
  agreements(detectSoft(batch, receiver), lastLabels(batch), bitsIn(batch));

const KINDS = ["exact", "max-log", "mmse"] as const;
const CAPACITY: SoftReceiver = { kind: "exact", channel: "perfect", sees: "received" };

type Complex = readonly [number, number];
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const conjugate = ([a, b]: Complex): Complex => [a, -b];
const complexAt = (values: ArrayLike<number>, i: number): Complex => [values[2 * i], values[2 * i + 1]];

/** Soft bits by definition, from ln p(everything seen | class) of each class. */
function byDefinition(logs: readonly number[], bits: number, maxLog: boolean): number[] {
  return Array.from({ length: bits }, (_, b) => {
    const [zero, one] = [0, 1].map((value) => {
      const terms = logs.filter((_, c) => bitOf(c, b, bits) === value);
      const largest = Math.max(...terms);
      return maxLog ? largest : largest + Math.log(terms.reduce((sum, t) => sum + Math.exp(t - largest), 0));
    });
    return zero - one;
  });
}

/** ln of the density of a row of observations that is circular Gaussian with this covariance, but for a constant; by elimination. */
function logDensity(covariance: Complex[][], row: readonly Complex[]): number {
  const n = row.length;
  const a = covariance.map((line, i) => [...line, row[i]]);
  let log = 0;
  for (let i = 0; i < n; i++) {
    const [pivot] = a[i][i];
    log -= Math.log(pivot);
    for (let r = i + 1; r < n; r++) {
      const factor: Complex = [a[r][i][0] / pivot, a[r][i][1] / pivot];
      for (let c = i; c <= n; c++) {
        const [p, q] = times(factor, a[i][c]);
        a[r][c] = [a[r][c][0] - p, a[r][c][1] - q];
      }
    }
    log -= (a[i][n][0] ** 2 + a[i][n][1] ** 2) / pivot;
  }
  return log;
}

describe("QPSK from one antenna to one", () => {
  const batch = drawPrompts({ transmitAntennas: 1, receiveAntennas: 1, pilots: 1 }, 200);

  test("has the soft bits 2 sqrt(2) h* y / v, with every receiver that knows h", () => {
    const expected = Array.from({ length: batch.prompts }, (_, k) => {
      const matched = times(conjugate(complexAt(batch.channels, k)), complexAt(batch.received, 2 * k + 1));
      return matched.map((part) => (2 * Math.SQRT2 * part) / batch.noiseVariances[k]);
    }).flat();
    for (const kind of KINDS) {
      const ratios = detectSoft(batch, { kind, channel: "perfect", sees: "received" });
      for (const [i, ratio] of ratios.entries()) expectClose([ratio / expected[i]], [1], { absolute: 1e-9 });
    }
  });
});

describe("soft bits equal an enumeration by definition", () => {
  const batch = drawPrompts(
    { modulation: "16qam", transmitAntennas: 2, receiveAntennas: 2, pilots: 3, receiverBits: 8, snrDecibels: 12 },
    12,
  );
  const { spec } = batch;
  const points = constellation(spec);
  const cell = (2 * spec.receiverRange) / 2 ** spec.receiverBits;
  const classes = points.length / 4;
  const variance = batch.noiseVariances[0];

  test("with the true channel", () => {
    for (const kind of ["exact", "max-log"] as const) {
      const ratios = detectSoft(batch, { kind, channel: "perfect", sees: "received" });
      const expected = Array.from({ length: batch.prompts }, (_, k) => {
        const logs = Array.from({ length: classes }, (_, c) => {
          let distance = 0;
          for (let r = 0; r < 2; r++) {
            const y = complexAt(batch.received, (k * 4 + 3) * 2 + r);
            const hx = [0, 1].map((a) =>
              times(complexAt(batch.channels, k * 4 + r * 2 + a), complexAt(points, 2 * c + a)),
            );
            distance += (y[0] - hx[0][0] - hx[1][0]) ** 2 + (y[1] - hx[0][1] - hx[1][1]) ** 2;
          }
          return -distance / variance;
        });
        return byDefinition(logs, 8, kind === "max-log");
      }).flat();
      expectClose(ratios, expected, { absolute: 1e-9 });
    }
  });

  test("from pilots, as the density of pilots and query together", () => {
    const noise = variance + cell ** 2 / 6;
    const ratios = detectSoft(batch, { kind: "exact", channel: "pilots", sees: "quantised" });
    const expected = Array.from({ length: batch.prompts }, (_, k) => {
      const logs = Array.from({ length: classes }, (_, c) => {
        const sent = [0, 1, 2].map((i) => batch.labels[4 * k + i]).concat(c);
        const covariance = sent.map((one, i) =>
          sent.map((other, j): Complex => {
            const terms = [0, 1].map((a) =>
              times(complexAt(points, 2 * one + a), conjugate(complexAt(points, 2 * other + a))),
            );
            return [terms[0][0] + terms[1][0] + (i === j ? noise : 0), terms[0][1] + terms[1][1]];
          }),
        );
        return [0, 1].reduce((sum, r) => {
          const row = sent.map((_, i) => complexAt(batch.quantised, (4 * k + i) * 2 + r));
          return sum + logDensity(covariance, row);
        }, 0);
      });
      return byDefinition(logs, 8, false);
    }).flat();
    expectClose(ratios, expected, { absolute: 1e-7 });
  });
});

describe("uncoded QPSK", () => {
  const prompts = 40_000;
  const batch = drawPrompts(
    { transmitAntennas: 1, receiveAntennas: 1, pilots: 1, noise: "standard", snrDecibels: 7 },
    prompts,
  );
  const [variance] = batch.noiseVariances;
  const errorRate = (values: PromptBatch) => agreed(values, CAPACITY).filter((a) => a < 0).length / (2 * prompts);
  const within = (rate: number, expected: number) =>
    expect(Math.abs(rate - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / prompts));

  test("on flat Rayleigh fading has the bit error rate (1 - sqrt(g / (1 + g))) / 2 at g = 1 / (2 v) a bit", () => {
    const g = 1 / (2 * variance);
    within(errorRate(batch), (1 - Math.sqrt(g / (1 + g))) / 2);
  });

  test("on AWGN has the bit error rate Q(1 / sqrt(v))", () => {
    const points = constellation(batch.spec);
    const received = batch.received.map((y, i) => {
      const pair = i >> 1;
      const sent = complexAt(points, batch.labels[pair]);
      return y - times(complexAt(batch.channels, pair >> 1), sent)[i % 2] + sent[i % 2];
    });
    const channels = batch.channels.map((_, i) => (i % 2 === 0 ? 1 : 0));
    // Q(x) by Simpson's rule.
    const [from, cells] = [1 / Math.sqrt(variance), 2000];
    let tail = 0;
    for (let i = 0; i <= cells; i++) {
      const x = from + (10 * i) / cells;
      tail += (i === 0 || i === cells ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp((-x * x) / 2);
    }
    within(errorRate({ ...batch, received, channels }), (tail * 10) / cells / 3 / Math.sqrt(2 * Math.PI));
  });
});

describe("what soft bits are worth", () => {
  const bySnr = [0, 10, 20].map((snrDecibels) => drawPrompts({ snrDecibels }, 2000, 3));

  test("no receiver exceeds the capacity, even at its best scale", () => {
    for (const batch of bySnr) {
      const most = informationByRow(agreed(batch, CAPACITY), 4);
      for (const kind of KINDS) {
        for (const channel of ["perfect", "pilots"] as const) {
          const values = agreed(batch, { kind, channel, sees: "quantised" });
          const over = informationByRow(values, 4, bestScale(values)).map((one, i) => one - most[i]);
          // On the same prompts, the difference has the error of a mean.
          expect(mean(over)).toBeLessThan((3 * deviation(over)) / Math.sqrt(over.length));
        }
      }
    }
  });

  test("exact is at least max-log and mmse, and the best scale of exact soft bits before the quantiser is 1", () => {
    for (const batch of bySnr) {
      for (const channel of ["perfect", "pilots"] as const) {
        const [exact, ...others] = KINDS.map((kind) =>
          informationByRow(agreed(batch, { kind, channel, sees: "quantised" }), 4),
        );
        for (const other of others) {
          const over = other.map((one, i) => one - exact[i]);
          expect(mean(over)).toBeLessThan((3 * deviation(over)) / Math.sqrt(over.length) + 1e-12);
        }
      }
    }
    // At 20 dB few bits are wrong, and the scale of few is uncertain.
    for (const batch of bySnr.slice(0, 2)) expect(Math.abs(bestScale(agreed(batch, CAPACITY)) - 1)).toBeLessThan(0.1);
  });

  test("the sign of max-log soft bits is the decision of maximum likelihood", () => {
    for (const batch of bySnr) {
      const ratios = detectSoft(batch, { kind: "max-log", channel: "perfect", sees: "quantised" });
      const decisions = detect(batch, "ml", "perfect");
      for (const [i, ratio] of ratios.entries()) {
        if (Math.abs(ratio) > 1e-9) expect(ratio < 0 ? 1 : 0).toBe(bitOf(decisions[i >> 2], i & 3, 4));
      }
    }
  });
});

test("exact soft bits over too many classes are refused, with a way out; mmse has them", () => {
  const batch = drawPrompts({ transmitAntennas: 8, receiveAntennas: 8, pilots: 8 }, 2);
  expect(() => detectSoft(batch, CAPACITY)).toThrow("8 antennas of qpsk have 65536 joint symbols");
  expect(detectSoft(batch, { kind: "mmse", channel: "pilots", sees: "quantised" })).toHaveLength(32);
  expect(() => detectSoft(batch, { ...CAPACITY, kind: "mmse" }, 9)).toThrow("no query 9");
});
