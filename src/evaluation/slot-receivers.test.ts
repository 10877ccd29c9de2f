import { expect, test } from "vitest";
import { channelModel } from "../channel/model.ts";
import type { DrawnChannelSpec } from "../experiment/channel.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { stream } from "../numeric/stream.ts";
import { detectSlot, mmseDetector } from "../receiver/detect.ts";
import { leastSquares } from "../receiver/estimate.ts";
import { lmmseEstimator } from "../receiver/lmmse.ts";
import { createTask } from "../task/create.ts";
import { antennaSymbols } from "../task/link.ts";
import { sphereDecoder } from "../task/sphere-decoder.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { jobs } from "./jobs.ts";
import { evaluateSlotReceivers, slotReceivers } from "./slot-receivers.ts";

const executor = inlineExecutor(jobs);
const experimentOf = (task: object = {}) =>
  parseExperiment({
    seed: 8,
    task: {
      kind: "slot-detection",
      transmitAntennas: 2,
      channel: { kind: "tdl", symbols: 4, subcarriers: 6, speedMetresPerSecond: 30, pilots: { symbols: [1] } },
      ...task,
    },
  }) as Experiment<SlotDetectionSpec>;

/** Wrong bits of each slot. */
const wrongBits = (decisions: readonly number[][], labels: Int32Array) =>
  decisions.map((own, k) =>
    own.reduce(
      (sum, decision, i) => sum + (decision ^ labels[k * own.length + i]).toString(2).replaceAll("0", "").length,
      0,
    ),
  );

test("receivers on the evaluation slots decide as a direct computation on the same slots does", async () => {
  const experiment = experimentOf();
  const evaluations = await evaluateSlotReceivers(executor, experiment, { prompts: 40, snrDecibels: 12, isSoft: true });
  const at = (estimate: string, detector: string) =>
    evaluations.find((one) => one.estimate === estimate && one.detector === detector)!;
  const { spec, grid, ...task } = createTask(experiment);
  const { slots, labels } = task.draw(40, stream(8).fork("evaluation"), { snrDecibels: 12 });

  // A sphere decoder finds the nearest class over the true channel. With QPSK, bitwise and joint decisions differ rarely.
  const decode = sphereDecoder(spec);
  const nearest = slots.map(({ channel, received }) =>
    Array.from(grid.data, (element) => decode(channel, 8 * element, received, 4 * element)),
  );
  const known = at("known", "joint").errors;
  const direct = wrongBits(nearest, labels);
  expect(known.bits.errors).toBeGreaterThan(20);
  expect(Math.abs(known.bits.errors - direct.reduce((sum, count) => sum + count))).toBeLessThan(4);

  // The quantiser's error of 0.5^2 / 12 in each of two parts counts as noise.
  const noiseVariance = 10 ** -1.2 + 0.5 ** 2 / 6;
  const detector = mmseDetector({ transmitAntennas: 2, receiveAntennas: 2, points: antennaSymbols(spec) }, "exact");
  const estimators = {
    ls: leastSquares,
    lmmse: lmmseEstimator(channelModel(spec.channel as DrawnChannelSpec, 2, 2), grid, noiseVariance),
  };
  for (const [name, estimate] of Object.entries(estimators)) {
    const decided = slots.map((slot) => {
      const known = { ...slot, noiseVariance };
      const ratios = detectSlot(estimate(known, grid), slot.received, grid, detector, 2);
      return Array.from(grid.data, (_, i) =>
        ratios.subarray(4 * i, 4 * i + 4).reduce((word, ratio) => 2 * word + (ratio < 0 ? 1 : 0), 0),
      );
    });
    const { errors, agreed } = at(name, "mmse");
    expect([...errors.wrong], name).toEqual(wrongBits(decided, labels));
    expect(errors.bits.trials).toBe(40 * grid.data.length * 4);
    // A soft bit disagrees with what was sent where it is wrong.
    expect(agreed!.filter((agreement) => agreement < 0).length).toBe(errors.bits.errors);
  }
  const rate = (estimate: string) => at(estimate, "joint").errors.bits.rate;
  expect(rate("known")).toBeLessThan(rate("lmmse"));
  expect(rate("lmmse")).toBeLessThan(rate("ls"));
});

test("slots of the task's own ratios are the same however they are cut, and soft bits are left out unless asked for", async () => {
  const experiment = experimentOf();
  const [whole, first] = await Promise.all(
    [40, 33].map((prompts) => evaluateSlotReceivers(executor, experiment, { prompts })),
  );
  whole.forEach(({ errors, agreed }, i) => {
    expect(errors.wrong.subarray(0, 33)).toEqual(first[i].errors.wrong);
    expect(agreed).toBeNull();
  });
});

test("one antenna needs no linear MMSE, and too many classes for joint detection are searched", () => {
  const detectors = (task: object) => slotReceivers(experimentOf(task).task).map(({ detector }) => detector);
  expect(detectors({ transmitAntennas: 1 })).toEqual(["joint", "joint", "joint"]);
  expect(detectors({ modulation: "64qam" })).toEqual(["joint", "mmse", "joint", "mmse", "joint", "mmse"]);
  const three = { transmitAntennas: 4, modulation: "16qam", channel: { kind: "iid", pilots: { comb: 4 } } };
  expect(new Set(detectors(three))).toEqual(new Set(["k-best", "mmse"]));
});
