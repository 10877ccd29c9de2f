// @module-tag slow
import { expect, test } from "vitest";
import { keepUntil, type MemoryKeeper, Stopped } from "../../test/support/memory-keeper.ts";
import { workerPorts } from "../../test/support/worker-ports.ts";
import { encodeTransport, transportDecoder } from "../coding/transport.ts";
import { codedSpec } from "../experiment/coded.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { slotDetectionSpec } from "../experiment/slot-detection.ts";
import { createNetworkPass } from "../kernels/network-pass.ts";
import { foldNetwork } from "../model/fold.ts";
import { initialise, type Network } from "../model/network.ts";
import { logitsOf } from "../model/read-out.ts";
import { stream } from "../numeric/stream.ts";
import { decide } from "../task/answers.ts";
import { bitProbabilities } from "../task/bits.ts";
import { networkGeometry } from "../task/create.ts";
import { bitErrors } from "../task/metrics.ts";
import { slotDetection } from "../task/slot-detection.ts";
import { type Executor, inlineExecutor, workerExecutor } from "../threads/executor.ts";
import { blockDecoder, type CodedWork, codedSource } from "./coded-blocks.ts";
import { evaluateCodedNetwork } from "./coded-network.ts";
import { evaluateCodedReceiver } from "./coded-receivers.ts";
import { jobs } from "./jobs.ts";
import { NO_KEEPER } from "./keeper.ts";
import { slotReceiver, slotReceivers } from "./slot-receivers.ts";

const GRID = { kind: "tdl", subcarriers: 6, symbols: 7, pilots: { symbols: [2] }, delaySpreadNanoseconds: 30 };

const LS = { estimate: "ls", detector: "joint" } as const;
const FLAT = { kind: "iid", subcarriers: 6, symbols: 7, pilots: { symbols: [2] } };

const workOf = (coded: object = {}, task: object = {}): CodedWork => ({
  seed: 5,
  channels: null,
  task: slotDetectionSpec.parse({ kind: "slot-detection", channel: GRID, ...task }),
  coded: codedSpec.parse({ ebN0Decibels: [4, 12], errors: 8, blocks: 60, ...coded }),
});

const threads = (count: number): Executor =>
  count === 1 ? inlineExecutor(jobs) : workerExecutor(workerPorts(jobs, count, (_, index) => (index * 7) % 5).list);

test.each(["joint", "mmse", "k-best"] as const)(
  "blocks without noise decode with a known channel and %s detection, by both rules, and no bit is wrong before",
  (detection) => {
    for (const decoder of ["min-sum", "belief-propagation"]) {
      for (const nt of [1, 2]) {
        const work = workOf({ decoder }, { transmitAntennas: nt, receiverBits: 8 });
        const { link, draw } = codedSource(work);
        const receive = slotReceiver({ estimate: "known", detector: detection }, work.task, link.grid);
        const { blocks, slots } = draw({ firstPrompt: 0, prompts: 8, snrDecibels: 60 });
        const { failed, wrongBits } = blockDecoder(link, work.coded)(
          blocks,
          slots.flatMap((slot) => [...receive(slot)]),
        );
        expect([...failed]).toEqual(Array(8).fill(0));
        // Two antennas over a channel that happens to be singular err without noise.
        if (nt === 1) expect([...wrongBits]).toEqual(Array(8).fill(0));
      }
    }
  },
);

test("on flat channels, blocks fail as often as those of a plain simulation with the same gains", async () => {
  // One tap and no motion: the gain of a block is the same at all elements, and QPSK is two lines with Gaussian noise.
  const blocks = 600;
  const work = workOf(
    { ebN0Decibels: [6], errors: blocks, blocks },
    {
      receiveAntennas: 1,
      receiverBits: 8,
      receiverRange: 6,
      channel: FLAT,
    },
  );
  const [point] = await evaluateCodedReceiver(threads(1), work, { estimate: "known", detector: "joint" });
  const { link, draw } = codedSource(work);
  const decode = transportDecoder(link.block, { rule: "min-sum", iterations: 20 });
  const noise = stream(77);
  let [errors, wrong] = [0, 0];
  for (let k = 0; k < blocks; k++) {
    const [block] = draw({ firstPrompt: k, prompts: 1, snrDecibels: point.snrDecibels }).blocks;
    const gain = Math.hypot(block.slot.channel[0], block.slot.channel[1]) * Math.SQRT1_2;
    const payload = Uint8Array.from({ length: link.block.payloadBits }, () => noise.word() >>> 31);
    const variance = 10 ** (-point.snrDecibels / 10) / 2;
    const sent = encodeTransport(link.block, payload);
    const ratios = Float32Array.from(sent, (bit) => {
      const y = gain * (1 - 2 * bit) + Math.sqrt(variance) * noise.normal();
      if (y < 0 !== (bit === 1)) wrong++;
      return (2 * gain * y) / variance;
    });
    if (decode(ratios).payload.some((bit, i) => bit !== payload[i])) errors++;
  }
  expect(errors).toBeGreaterThan(60);
  // Gains are common, so that the difference has less than the variance of two independent counts; 4 deviations.
  expect(Math.abs(point.errors - errors)).toBeLessThan(4 * Math.sqrt(2 * errors));
  // Bits of a block share its gain; their difference, given the gains, is binomial.
  expect(Math.abs(point.wrongBits.reduce((sum, one) => sum + one, 0) - wrong)).toBeLessThan(4 * Math.sqrt(2 * wrong));
});

test("who knows the channel fails least, and LMMSE less often than least squares", async () => {
  const work = workOf({ ebN0Decibels: [8], errors: 400, blocks: 400 });
  const rates: Record<string, number> = {};
  for (const receiver of slotReceivers(work.task)) {
    const [{ errors }] = await evaluateCodedReceiver(threads(1), work, receiver);
    rates[receiver.estimate] = errors;
  }
  expect(rates.known).toBeLessThan(rates.lmmse);
  expect(rates.lmmse).toBeLessThan(rates.ls);
});

test("a point counts blocks up to its last error, and its table is the same for any threads and after any interruption", async () => {
  const work = workOf();
  const whole = await evaluateCodedReceiver(threads(1), work, LS);
  for (const { failed, errors } of whole) {
    expect(errors).toBe(failed.reduce((sum, one) => sum + one, 0));
    expect(errors === 8 ? failed.at(-1) : failed.length).toBe(errors === 8 ? 1 : 60);
  }
  expect(whole.map(({ errors }) => errors)).toContain(8);
  expect(await evaluateCodedReceiver(threads(2), work, LS, { keeper: NO_KEEPER })).toEqual(whole);
  let units: MemoryKeeper["units"] = [];
  let sittings = 0;
  for (let done = false; !done; sittings++) {
    const keeper = keepUntil(2, units);
    try {
      expect(await evaluateCodedReceiver(threads(1 + (sittings % 3)), work, LS, { keeper })).toEqual(whole);
      done = true;
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      units = keeper.units;
    }
  }
  expect(sittings).toBeGreaterThan(1);
  // Every slot of another limit is the same: more errors only add blocks.
  const more = await evaluateCodedReceiver(threads(1), workOf({ errors: 12 }), LS);
  more.forEach(({ failed }, i) => {
    expect(failed.subarray(0, whole[i].failed.length)).toEqual(whole[i].failed);
  });
});

test.each(["bits", "joint"] as const)(
  "wrong bits of a network before the decoder are those of its decisions, for read-out %s",
  async (readOut) => {
    const model = parseExperiment({
      model: { width: 16, heads: 2, depth: 1, expansion: 2, steps: 2, neuron: { threshold: 0.4 }, readOut },
    }).model as SpikingSpec;
    const blocks = 20;
    const work = workOf({ ebN0Decibels: [9], errors: blocks, blocks }, { transmitAntennas: 2, modulation: "16qam" });
    const { draw } = codedSource(work, 2);
    const geometry = networkGeometry({ task: work.task, model }, slotDetection(work.task, 2));
    const network = foldNetwork(initialise(model, geometry, stream(3)) as Network<SpikingSpec>);
    const [point] = await evaluateCodedNetwork(threads(1), work, network);
    const batch = draw({ firstPrompt: 0, prompts: point.failed.length, snrDecibels: point.snrDecibels });
    const { kernels, pass } = createNetworkPass(network, blocks, false);
    kernels.write(pass.inputs, batch.spikes!.words);
    if ("draws" in pass)
      Object.assign(pass.draws, { key: stream(work.seed).fork("coded attention").key, firstPrompt: 0 });
    pass.forward(batch.prompts);
    const logits = kernels.floats(pass.logits, batch.labels.length * logitsOf(network));
    // Of a joint read-out, each bit by itself: it is 1 if the classes with a 1 are likelier together.
    const likelihoods = logits.map(Math.exp);
    const decisions =
      readOut === "bits"
        ? decide(logits, geometry.classes, readOut)
        : Int32Array.from(batch.labels, (_, row) => {
            const own = likelihoods.subarray(row * geometry.classes, (row + 1) * geometry.classes);
            const whole = own.reduce((sum, one) => sum + one, 0);
            const ones = bitProbabilities(
              own.map((one) => one / whole),
              geometry.classes,
            );
            return ones.reduce((word, one) => 2 * word + (one > 0.5 ? 1 : 0), 0);
          });
    const wrong = bitErrors(batch.labels, decisions, work.task);
    const byBlock = Array.from(point.failed, (_, k) => {
      const own = wrong.subarray(k * geometry.queries.length, (k + 1) * geometry.queries.length);
      return own.reduce((sum, one) => sum + one, 0);
    });
    expect(byBlock).toEqual([...point.wrongBits]);
    expect(new Set(byBlock).size).toBeGreaterThan(3);
  },
);

test("joint detection of too many classes is refused", async () => {
  const many = workOf(
    {},
    { transmitAntennas: 7, channel: { ...GRID, subcarriers: 14, pilots: { symbols: [2], comb: 7 } } },
  );
  await expect(evaluateCodedReceiver(threads(1), many, LS)).rejects.toThrow("2^14");
});

test("with decision feedback, bits of decided elements are those of the first pass, and others come from prompts with more pilots", async () => {
  const model = parseExperiment({
    model: { kind: "ann", width: 16, heads: 2, depth: 1, expansion: 2, readOut: "bits" },
  }).model;
  const blocks = 6;
  const work = workOf({ ebN0Decibels: [9], errors: blocks, blocks, feedback: 4 });
  const { draw, task } = codedSource(work);
  const geometry = networkGeometry({ task: work.task, model }, task);
  const network = initialise(model, geometry, stream(3));
  const [once] = await evaluateCodedNetwork(threads(1), work, network);
  const [twice] = await evaluateCodedNetwork(threads(2), work, network, { feeds: true });
  const batch = draw({ firstPrompt: 0, prompts: blocks, snrDecibels: once.snrDecibels }, { spikes: false });
  const answer = (of: Network, values: Float32Array) => {
    const { kernels, pass } = createNetworkPass(of, blocks, true);
    kernels.write(pass.inputs, values);
    pass.forward(blocks);
    return kernels.floats(pass.logits, blocks * geometry.queries.length * 2).slice();
  };
  const first = answer(network, batch.values);
  const elements = geometry.queries.length;
  const { tokens, inputs } = geometry;
  const more = { ...geometry, mask: geometry.mask.map((_, i) => (i % tokens < tokens - elements + 4 ? 1 : 0)) };
  const wrong = (logits: Float32Array) =>
    batch.blocks.map(({ sent }, k) => {
      const own = logits.subarray(k * sent.length, (k + 1) * sent.length);
      return own.reduce((count, logit, i) => count + (logit > 0 !== (sent[i] === 1) ? 1 : 0), 0);
    });
  expect([...once.wrongBits]).toEqual(wrong(first));
  // By hand: the four elements whose weaker bit is strongest move to the front, and say what was decided.
  const values = batch.values.slice();
  const orders = batch.blocks.map((_, k) => {
    const weakest = (i: number) => Math.min(...[0, 1].map((bit) => Math.abs(first[(k * elements + i) * 2 + bit])));
    const all = Array.from({ length: elements }, (_, i) => i);
    const chosen = [...all].sort((a, b) => weakest(b) - weakest(a)).slice(0, 4);
    chosen.sort((a, b) => a - b);
    const order = [...chosen, ...all.filter((i) => !chosen.includes(i))];
    order.forEach((i, place) => {
      const from = (k * tokens + tokens - elements + i) * inputs;
      const to = (k * tokens + tokens - elements + place) * inputs;
      values.set(batch.values.subarray(from, from + inputs), to);
      if (place >= 4) return;
      for (const bit of [0, 1]) values[to + 4 + bit] = first[(k * elements + i) * 2 + bit] > 0 ? -1 : 1;
    });
    return order;
  });
  const second = answer({ ...network, geometry: more }, values);
  const both = first.map((logit, at) => {
    const [k, i] = [Math.floor(at / 2 / elements), Math.floor(at / 2) % elements];
    const place = orders[k].indexOf(i);
    return place < 4 ? logit : second[(k * elements + place) * 2 + (at % 2)];
  });
  expect([...twice.wrongBits]).toEqual(wrong(both));
  expect([...twice.wrongBits]).not.toEqual([...once.wrongBits]);
});
