// @module-tag slow
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { symbolDetectionSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { type DetectionErrors, detectionErrors } from "./metrics.ts";
import { type ChannelKnowledge, detect, type ReceiverKind } from "./receivers.ts";
import { type PromptBatch, symbolDetection } from "./symbol-detection.ts";

function drawPrompts(fields: object, prompts: number, seed = 1): PromptBatch {
  const spec = symbolDetectionSpec.parse(fields);
  return symbolDetection(spec, 1).draw(prompts, stream(seed), { spikes: false, values: false });
}

function errorsOf(
  batch: PromptBatch,
  kind: ReceiverKind,
  channel: ChannelKnowledge,
  query = batch.spec.pilots,
): DetectionErrors {
  const labels = batch.labels.filter((_, i) => i % (batch.spec.pilots + 1) === query);
  return detectionErrors(labels, detect(batch, kind, channel, query), batch.spec);
}

/**
 * Bit error rates of an independent simulation of the same receivers (`docs/task.md` prints ours): ML with the true channel, ML
 * and MMSE with the channel from 18 pilots; 1500 channels each, +-0.003.
 */
const reference = [
  { name: "QPSK, 0 .. 30 dB, doubled", fields: {}, two: [0.047, 0.053, 0.068], four: [0.02, 0.027, 0.05] },
  {
    name: "QPSK, 0 .. 30 dB, standard",
    fields: { noise: "standard" },
    two: [0.026, 0.032, 0.05],
    four: [0.01, 0.014, 0.039],
  },
  {
    name: "QPSK, 10 dB, standard",
    fields: { noise: "standard", snrDecibels: 10 },
    two: [0.02, 0.024, 0.049],
    four: [0.001, 0.002, 0.031],
  },
  {
    name: "BPSK, 0 .. 30 dB, doubled",
    fields: { modulation: "bpsk" },
    two: [0.021, 0.025, 0.038],
    four: [0.005, 0.009, 0.022],
  },
  {
    name: "BPSK, 5 dB, doubled",
    fields: { modulation: "bpsk", snrDecibels: 5 },
    two: [0.043, 0.054, 0.076],
    four: [0.007, 0.013, 0.043],
  },
] as const;

const receivers = [
  ["ml", "perfect"],
  ["ml", "pilots"],
  ["mmse", "pilots"],
] as const;

const measured = reference.map(({ name, fields, two, four }) => ({
  name,
  sizes: [
    { antennas: 2, prompts: 10_000, published: two },
    { antennas: 4, prompts: 3000, published: four },
  ].map(({ antennas, prompts, published }) => {
    const batch = drawPrompts({ ...fields, transmitAntennas: antennas, receiveAntennas: antennas }, prompts);
    return receivers.map(([kind, channel], i) => ({
      published: published[i],
      ours: errorsOf(batch, kind, channel).bits,
    }));
  }),
}));

test("bit error rates agree with an independent simulation within both sampling errors", () => {
  for (const { name, sizes } of measured) {
    for (const { published, ours } of sizes.flat()) {
      // Their error is +-0.003, ours three standard errors. If theirs were exact, 30 comparisons would fail by chance about once
      // in 12 seeds; this seed is fixed.
      expect(Math.abs(ours.rate - published), name).toBeLessThan(0.003 + 3 * ours.standardError);
    }
  }
});

test("docs/task.md prints the rates that the receivers measure", () => {
  const page = readFileSync(new URL("../../docs/task.md", import.meta.url), "utf8");
  for (const { name, sizes } of measured) {
    const cells = sizes.map((cells) => cells.map(({ ours }) => ours.rate.toFixed(4)).join(" / "));
    const row = page.split("\n").find((line) => line.includes(name));
    for (const cell of cells) expect(row, name).toContain(cell);
  }
});

/** Links with many joint symbols, in the order of the table's columns. */
const larger = [
  ["2x2, 16-QAM", { modulation: "16qam" }],
  ["2x2, 16-QAM, receiver of 6 bits", { modulation: "16qam", receiverBits: 6 }],
  ["2x2, 64-QAM, receiver of 6 bits", { modulation: "64qam", receiverBits: 6 }],
  [
    "4x4, 16-QAM, receiver of 6 bits",
    { modulation: "16qam", receiverBits: 6, transmitAntennas: 4, receiveAntennas: 4 },
  ],
  ["8x8, QPSK", { transmitAntennas: 8, receiveAntennas: 8 }],
] as const;

test("docs/task.md prints the rates of links with many joint symbols", () => {
  const page = readFileSync(new URL("../../docs/task.md", import.meta.url), "utf8");
  for (const [name, fields] of larger) {
    const batch = drawPrompts(fields, 3000);
    const rates = (["ml", "mmse"] as const).flatMap((kind) =>
      (["perfect", "pilots"] as const).map((channel) => errorsOf(batch, kind, channel).bits.rate.toFixed(4)),
    );
    expect(page).toContain(`| ${name} | ${rates.join(" | ")} |`);
  }
});

test("one antenna to two receivers: the closed form of maximum-ratio combining", () => {
  // A fine quantiser, so that only noise remains. BPSK over L = 2 Rayleigh branches of mean SNR g = 1 / v:
  //   BER = ((1 - m) / 2)^2 (2 + m), m = sqrt(g / (1 + g))    (Proakis, Digital Communications, 4th ed., eq. 14.4-15)
  const fields = { transmitAntennas: 1, receiveAntennas: 2, modulation: "bpsk", receiverBits: 12, receiverRange: 16 };
  for (const [noise, snrDecibels, variance] of [
    ["standard", 0, 1],
    ["doubled", 3.0102999566, 1],
  ] as const) {
    const batch = drawPrompts({ ...fields, noise, snrDecibels, pilots: 1 }, 20_000);
    const m = Math.sqrt(1 / variance / (1 + 1 / variance));
    const { bits } = errorsOf(batch, "ml", "perfect");
    // 0.058; three standard errors are 0.005, and the other noise convention would give 0.13 or 0.02.
    expect(Math.abs(bits.rate - ((1 - m) / 2) ** 2 * (2 + m))).toBeLessThan(3 * bits.standardError);
  }
});

test("one antenna each: the closed form of 16-QAM over a Rayleigh channel", () => {
  // Without fading BER = 3/4 Q(a) + 1/2 Q(3 a) - 1/4 Q(5 a), a^2 = g / 5, from how far the thresholds of both bits of a part are away
  // (K. Cho, D. Yoon, IEEE Trans. Commun. 50 (7), 2002). Over g with mean G, Q(c sqrt g) becomes (1 - sqrt(c^2 G / (2 + c^2 G))) / 2.
  const fields = { transmitAntennas: 1, receiveAntennas: 1, modulation: "16qam", receiverBits: 12, receiverRange: 16 };
  for (const snrDecibels of [5, 20]) {
    const batch = drawPrompts({ ...fields, noise: "standard", snrDecibels, pilots: 1 }, 20_000);
    const q = (times: number) => {
      const mean = (times ** 2 / 5) * 10 ** (snrDecibels / 10);
      return (1 - Math.sqrt(mean / (2 + mean))) / 2;
    };
    for (const kind of ["ml", "mmse"] as const) {
      const { bits } = errorsOf(batch, kind, "perfect");
      // 0.2189 and 0.0186; three standard errors are 0.0047 and 0.0017. Without 1 - v (A^-1)_aa MMSE has 0.2266 at 5 dB.
      expect(Math.abs(bits.rate - (0.75 * q(1) + 0.5 * q(3) - 0.25 * q(5)))).toBeLessThan(3 * bits.standardError);
    }
  }
});

test("with one transmit antenna, MMSE and maximum likelihood decide the same", () => {
  // Both choose the level nearest to h^H y / |h|^2 for each part. The quantiser is fine, because with few pilots and few bits h^H
  // y is sometimes exactly 0, and then rounding decides.
  for (const modulation of ["bpsk", "qpsk", "16qam", "64qam"]) {
    const batch = drawPrompts(
      { transmitAntennas: 1, receiveAntennas: 3, modulation, receiverBits: 12, pilots: 2 },
      500,
    );
    for (const channel of ["perfect", "pilots"] as const) {
      expect(detect(batch, "mmse", channel)).toEqual(detect(batch, "ml", channel));
    }
  }
});

test("without noise, a fine quantiser and more receive than transmit antennas leave no error", () => {
  const fields = { receiveAntennas: 6, snrDecibels: 100, receiverBits: 12, receiverRange: 8, pilots: 18 };
  for (const modulation of ["bpsk", "qpsk", "16qam", "64qam"]) {
    const batch = drawPrompts({ ...fields, modulation }, 300);
    for (const kind of ["ml", "mmse"] as const) {
      for (const channel of ["perfect", "pilots"] as const) expect(errorsOf(batch, kind, channel).bits.errors).toBe(0);
    }
  }
});

test("pilots help: from guessing with none to nearly the true channel with eighteen", () => {
  const batch = drawPrompts({}, 3000);
  const rates = [0, 2, 6, 18].map((query) => errorsOf(batch, "ml", "pilots", query).bits);
  // Without a pilot the estimate is 0 and all classes tie: half of the bits are wrong.
  expect(Math.abs(rates[0].rate - 0.5)).toBeLessThan(4 * rates[0].standardError);
  for (let i = 1; i < 4; i++) expect(rates[i].rate).toBeLessThan(rates[i - 1].rate);
  const perfect = errorsOf(batch, "ml", "perfect").bits.rate;
  expect(rates[3].rate).toBeGreaterThan(perfect);
  expect(rates[3].rate).toBeLessThan(1.25 * perfect);
});

test("a query that does not exist in the prompt is refused", () => {
  const batch = drawPrompts({ pilots: 3 }, 1);
  expect(() => detect(batch, "ml", "pilots", 4)).toThrow("have queries 0 .. 3, but no query 4");
});
