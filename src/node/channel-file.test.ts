// @module-tag slow
/** Slots over channels in files, and files of soft bits. test/golden/sionna.py wrote the channels, and their responses in NumPy. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as hdf5 from "h5wasm";
import { afterAll, expect, test } from "vitest";
import { FileError } from "../errors.ts";
import { readNpz, readNumbers } from "../import/arrays.ts";
import { writeHdf5 } from "../import/nir/hdf5.ts";
import { openZip } from "../import/zip.ts";
import { readSlots, writeSoftBits } from "./channel-file.ts";

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
  await writeSoftBits(path, { ...sizes, llrs: [1.5, -2, 0, 8] });
  const archive = openZip(new Uint8Array(readFileSync(path)), path);
  const { shape, values } = readNumbers(archive.read("llrs.npy"), path);
  expect(shape).toEqual([1, 2, 1, 2]);
  expect([...values]).toEqual([-1.5, 2, -0, -8]);
  expect([...archive.read("decisions.npy").slice(-4)]).toEqual([0, 1, 0, 0]);
  await expect(writeSoftBits(path, { ...sizes, llrs: [1] })).rejects.toThrow("has 4 values, not 1");
  await expect(writeSoftBits(path, { ...sizes, llrs: [1, Number.NaN, 1, 1] })).rejects.toThrow(
    "Ratio 1 is not a number",
  );
});
