// @module-tag slow
/** Slots over channels in files, and files of soft bits. test/golden/sionna.py wrote the channels, and their responses in NumPy. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as hdf5 from "h5wasm";
import { afterAll, expect, test } from "vitest";
import type { GivenChannels } from "../channel/source.ts";
import { FileError } from "../errors.ts";
import { codedOf } from "../evaluation/coded.ts";
import { evaluateCodedReceiver } from "../evaluation/coded-receivers.ts";
import { jobs } from "../evaluation/jobs.ts";
import { evaluateSlotReceivers } from "../evaluation/slot-receivers.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { readNpz, readNumbers, writeNpz } from "../import/arrays.ts";
import { writeHdf5 } from "../import/nir/hdf5.ts";
import { openZip } from "../import/zip.ts";
import { stream } from "../numeric/stream.ts";
import { type Opened, openExperiment } from "../task/open.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { readSlots, writeSoftBits } from "./channel-file.ts";
import { loadTaskData } from "./task-data.ts";

const golden = join(import.meta.dirname, "../../test/golden");
const impulse = join(golden, "impulse.npz");
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-channels-"));
afterAll(() => rmSync(folder, { recursive: true }));

const task = {
  kind: "slot-detection" as const,
  transmitAntennas: 2,
  channel: { kind: "iid" as const, subcarriers: 6, symbols: 4, pilots: { symbols: [0, 3] } },
};
const arrays = readNpz(new Uint8Array(readFileSync(impulse)), impulse, ["a", "tau", "h_freq"]);
const both = { snrDecibels: 10, count: 4 };

/** A file with these arrays only, real and imaginary part of complex ones last. */
async function hdf5File(name: string, names: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const entries = names.map((array) => {
    const { shape, isComplex, values } = arrays.get(array)!;
    return [array, { shape: isComplex ? [...shape, 2] : shape, values }] as const;
  });
  writeFileSync(path, await writeHdf5(new Map(entries), hdf5));
  return path;
}

test("impulse and frequency responses give the same channels as NumPy, from .npz, .npy and HDF5", async () => {
  const byFrequency = await readSlots(impulse, task, both);
  const h = arrays.get("h_freq")!.values;
  const { grid, slots } = byFrequency;
  for (const [i, { channel }] of slots.entries()) {
    for (let at = 0; at < channel.length / 2; at++) {
      const [l, k, r, t] = [Math.floor(at / 24), Math.floor(at / 4) % 6, (at >> 1) & 1, at & 1];
      expect(channel[2 * at]).toBe(h[2 * (((((i % 2) * 2 + r) * 2 + t) * 4 + l) * 6 + k)]);
    }
  }
  expect(grid.data.length).toBe(12);
  expect(await readSlots(await hdf5File("h.h5", ["h_freq"]), task, both)).toEqual(byFrequency);
  const npy = join(folder, "h.npy");
  writeFileSync(npy, openZip(new Uint8Array(readFileSync(impulse)), impulse).read("h_freq.npy"));
  expect(await readSlots(npy, task, both)).toEqual(byFrequency);
  const byPaths = await readSlots(await hdf5File("a.h5", ["a", "tau"]), task, both);
  byPaths.slots.forEach(({ channel }, i) => {
    channel.forEach((value, j) => void expect(value).toBeCloseTo(slots[i].channel[j], 9));
  });
});

test("a slot is its channel times what was sent plus noise, which differ from slot to slot", async () => {
  const { slots, grid } = await readSlots(impulse, task, { ...both, snrDecibels: 100 });
  for (const { channel, sent, received, noiseVariance } of slots) {
    expect(noiseVariance).toBeCloseTo(1e-10, 20);
    for (let i = 0; i < received.length / 2; i++) {
      const x = 4 * (i >> 1);
      const re = channel[4 * i] * sent[x] - channel[4 * i + 1] * sent[x + 1];
      const other = channel[4 * i + 2] * sent[x + 2] - channel[4 * i + 3] * sent[x + 3];
      expect(received[2 * i]).toBeCloseTo(re + other, 3);
    }
  }
  expect(slots[2].channel).toEqual(slots[0].channel);
  expect(slots[2].words).not.toEqual(slots[0].words);
  expect(slots[0].words.length).toBe(2 * grid.data.length);
});

test("files that are damaged or do not fit are refused by name, and options out of range", async () => {
  const path = join(folder, "none.npz");
  writeFileSync(path, "PK\u0003\u0004");
  await expect(readSlots(path, task, both)).rejects.toThrow(FileError);
  writeFileSync(path, "text");
  await expect(readSlots(path, task, both)).rejects.toThrow("no .npz, .npy or HDF5 file");
  await expect(readSlots(join(golden, "arrays.npz"), task, both)).rejects.toThrow("neither an array h_freq");
  await expect(readSlots(join(golden, "objects.npz"), task, both)).rejects.toThrow('"|O"');
  await expect(readSlots(impulse, "sionna-neural-receiver", both)).rejects.toThrow("the task has 1 and 2");
  await expect(readSlots(impulse, task, { snrDecibels: Number.NaN })).rejects.toThrow("NaN dB");
  await expect(readSlots(impulse, task, { ...both, count: 0 })).rejects.toThrow("1 or more, not 0");
});

test("soft bits are written with Sionna's sign", async () => {
  const path = join(folder, "llrs.npz");
  const sizes = { blocks: 1, elements: 2, antennas: 1, bits: 2 };
  await writeSoftBits(path, { ...sizes, llrs: [1.5, -2, 0, 8], sent: [1, 1, 0, 0] });
  const archive = openZip(new Uint8Array(readFileSync(path)), path);
  const { shape, values } = readNumbers(archive.read("llrs.npy"), path);
  expect(shape).toEqual([1, 2, 1, 2]);
  expect([...values]).toEqual([-1.5, 2, -0, -8]);
  expect([...archive.read("decisions.npy").slice(-4)]).toEqual([0, 1, 0, 0]);
  expect([...archive.read("sent.npy").slice(-4)]).toEqual([1, 1, 0, 0]);
  await expect(writeSoftBits(path, { ...sizes, llrs: [1] })).rejects.toThrow("has 4 values, not 1");
  await expect(writeSoftBits(path, { ...sizes, llrs: [1, Number.NaN, 1, 1] })).rejects.toThrow(
    "Ratio 1 is not a number",
  );
});

test("an experiment names a file beside it: its slots are those of the file, whose content the run's question holds", async () => {
  const channel = { kind: "file", file: "impulse.npz", subcarriers: 6, symbols: 4, pilots: { symbols: [0, 3] } };
  const experiment = parseExperiment({
    task: { ...task, channel, receiverBits: 8, receiverRange: 8 },
    model: { kind: "ann", width: 16, heads: 2, depth: 1 },
    evaluation: { prompts: 4, coded: { ebN0Decibels: [20], errors: 4, blocks: 4, rate: 0.9 } },
  });
  expect(() => openExperiment(experiment)).toThrow("task.channel.kind to `tdl`");
  // Ten times the same file: the last two of twenty channels are for tests.
  const [h] = [arrays.get("h_freq")!];
  const shape = [20, ...h.shape.slice(1)];
  const values = Float64Array.from({ length: 10 * h.values.length }, (_, i) => h.values[i % h.values.length]);
  writeFileSync(
    join(folder, "impulse.npz"),
    writeNpz({ h_freq: { shape: [...shape, 2], values: Float32Array.from(values) } }),
  );
  const { data, notes } = await loadTaskData(experiment, { directory: folder });
  expect(notes).toEqual([
    "impulse.npz: 20 channels, the last 2 for tests; slot 2 goes over the first of these again.",
    expect.stringContaining("impulse.npz: The channels have a mean |H|^2 of 5.86, not 1"),
  ]);
  const opened = openExperiment(experiment, data) as Opened<SlotDetectionSpec>;
  const drawn = opened.task.draw(4, stream(1), { snrDecibels: 10, spikes: false });
  const { slots } = await readSlots(join(folder, "impulse.npz"), task, { snrDecibels: 10, part: "test", count: 4 });
  slots.forEach(({ channel: own, words }, i) => {
    expect(drawn.slots[i].channel).toEqual(Float64Array.from(Float32Array.from(own)));
    expect(drawn.slots[i].words).toEqual(words);
  });
  const executor = inlineExecutor(jobs);
  const receivers = await evaluateSlotReceivers(executor, opened, { prompts: 4, snrDecibels: 40 });
  expect(receivers.map(({ estimate, detector }) => `${estimate}.${detector}`)).toEqual([
    ...["known.joint", "known.mmse", "ls.joint", "ls.mmse"],
  ]);
  expect(receivers[0].errors.bits.rate).toBeLessThan(0.1);
  const coded = codedOf(opened.experiment, data as GivenChannels)!;
  const [point] = await evaluateCodedReceiver(executor, coded, receivers[0]);
  expect(point.failed).toHaveLength(4);
  expect(point.errors).toBeLessThan(4);
  await expect(evaluateCodedReceiver(executor, { ...coded, channels: null }, receivers[0])).rejects.toThrow(
    "were not read",
  );
  const named = {
    ...experiment,
    task: { ...experiment.task, channel: { ...channel, file: "none.npz" } },
  } as Experiment;
  await expect(loadTaskData(named, { directory: folder })).rejects.toBeInstanceOf(FileError);
});

/** A file of the channels above, each number multiplied by `factor`. */
function scaled(name: string, factor: number) {
  const { shape, values } = arrays.get("h_freq")!;
  const all = Float32Array.from(values, (value) => factor * value);
  writeFileSync(join(folder, name), writeNpz({ h_freq: { shape: [...shape, 2], values: all } }));
  const channel = { ...task.channel, kind: "file" as const, file: name };
  const power = all.reduce((sum, x) => sum + x * x, 0) / (all.length / 2);
  return { power, experiment: parseExperiment({ task: { ...task, channel } }), path: join(folder, name) };
}

test.each([
  ["zeros.npz", 0, "All channels are zero"],
  ["huge.npz", 1e37, "Channels within 100 dB of a mean |H|^2 of 1 are read."],
  ["tiny.npz", 1e-8, "dB weaker than the experiment's ratios say. Divide the channels by "],
])("channels of no usable power are refused: %s", async (name, factor, message) => {
  const { experiment, path } = scaled(name, factor);
  await expect(loadTaskData(experiment, { directory: folder })).rejects.toThrow(message);
  await expect(readSlots(path, task, both)).rejects.toThrow(message);
});

test("a mean power other than 1 is noted with the factor that mends it", async () => {
  const { experiment, power } = scaled("strong.npz", 10);
  const { notes } = await loadTaskData(experiment, { directory: folder });
  expect(notes).toHaveLength(2);
  const [, factor] = /^strong\.npz: The channels have .* dB stronger than .* Divide the channels by ([\d.]+)\.$/.exec(
    notes[1],
  )!;
  expect(power / Number(factor) ** 2).toBeCloseTo(1, 1);
  const mended = scaled("mended.npz", 10 / Number(factor));
  expect((await loadTaskData(mended.experiment, { directory: folder })).notes).toHaveLength(1);
});
