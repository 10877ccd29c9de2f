/**
 * Image sets as they are in memory, in one file of the cache: inflating, checking and splitting CIFAR-10 takes seconds, reading this file
 * does not.
 *
 *   line 1   format and SHA-256 of line 2
 *   line 2   JSON: the files that it was made from, the data's notes and content hash, and the SHA-256 of each section
 *   sections labels, then pixels of the test part, of the first training images, of the others, and of the validation part
 *
 * A pack counts only if every source has its size and times, and every section that is read its checksum; otherwise the sources are read
 * again. It is written under another name first, so it is complete or absent. Where the cache cannot be written, there is none.
 */
import { type FileHandle, mkdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ImageData, ImageSet } from "../data/images.ts";
import { contentHash, sha256Of, withContentHash } from "./content-hash.ts";
import { writeFileAtomic } from "./files.ts";
import { withFile } from "./with-file.ts";

export interface LoadedImageData {
  readonly data: ImageData;
  /** Where the images came from, and how they differ from the published set; for reports. */
  readonly notes: readonly string[];
}

/** Evaluation reads no training image beyond the first, on which converters are calibrated, and no validation image. */
export type DataUse = "training" | "evaluation";

const FORMAT = "xpikeformer-images-1";
/** Training images that evaluation may read. */
const FIRST_IMAGES = 1000;
/** Longest header, in bytes. */
const HEADER_BYTES = 2 ** 16;
/** Age of a file, in milliseconds, from which it is packed: within a tick of its clock, a change would not be seen. */
const SETTLED = 5000;

const PARTS = ["train", "validation", "test"] as const;

interface Header {
  readonly sources: readonly Source[];
  readonly notes: readonly string[];
  readonly content: string;
  readonly set: Pick<ImageSet, "height" | "width" | "channels" | "classes"> & { readonly name: string };
  /** Images by part. */
  readonly counts: Readonly<Record<(typeof PARTS)[number], number>>;
  readonly sha256: readonly string[];
}

interface Source {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly changed: number;
}

/**
 * The data of a pack, or else from `read`, which are then packed.
 *
 * @param sources the files that `read` reads
 * @param cache   folder of packs
 */
export async function readPacked(
  name: string,
  { sources, cache, use }: { readonly sources: readonly string[]; readonly cache: string; readonly use: DataUse },
  read: () => Promise<LoadedImageData>,
): Promise<LoadedImageData> {
  const found = await describe(sources);
  const path = join(cache, `${name}-${sha256Of(dirname(found[0].path)).slice(0, 16)}.pack`);
  const packed = await readPack(path, found, use).catch(() => null);
  if (packed) return packed;
  const loaded = await read();
  const data = withContentHash(loaded.data, contentHash(loaded.data));
  const settled = found.every(({ modified }) => modified < Date.now() - SETTLED);
  if (settled && JSON.stringify(await describe(sources)) === JSON.stringify(found)) {
    // Without a pack, everything works as before.
    await writePack(path, found, { ...loaded, data }).catch(() => {});
  }
  return { ...loaded, data };
}

const describe = (paths: readonly string[]): Promise<Source[]> =>
  Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs, ctimeMs } = await stat(path);
      return { path: await realpath(path), size, modified: mtimeMs, changed: ctimeMs };
    }),
  );

/** Lengths of the sections in bytes. */
function sectionsOf({ set, counts }: Pick<Header, "set" | "counts">): number[] {
  const size = set.height * set.width * set.channels;
  const first = Math.min(FIRST_IMAGES, counts.train);
  const labels = 2 * PARTS.reduce((sum, part) => sum + counts[part], 0);
  return [labels, size * counts.test, size * first, size * (counts.train - first), size * counts.validation];
}

async function writePack(path: string, sources: readonly Source[], { data, notes }: LoadedImageData): Promise<void> {
  const { height, width, channels, classes } = data.train;
  const counts = { train: data.train.count, validation: data.validation.count, test: data.test.count };
  const set = { name: data.name, height, width, channels, classes };
  const [, , first] = sectionsOf({ set, counts });
  const labels = Buffer.concat(PARTS.map((part) => bytesOf(data[part].labels)));
  const { pixels } = data.train;
  const sections = [
    labels,
    data.test.pixels,
    pixels.subarray(0, first),
    pixels.subarray(first),
    data.validation.pixels,
  ];
  const header: Header = { sources, notes, content: contentHash(data), set, counts, sha256: sections.map(sha256Of) };
  const text = JSON.stringify(header);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, [Buffer.from(`${FORMAT} ${sha256Of(text)}\n${text}\n`), ...sections]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Null for a pack of other files. Throws for one that is missing, unreadable or damaged. */
const readPack = (path: string, sources: readonly Source[], use: DataUse): Promise<LoadedImageData | null> =>
  withFile(path, "r", async (file) => {
    const start = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(start, 0, HEADER_BYTES, 0);
    const [first, text] = start.subarray(0, bytesRead).toString("latin1").split("\n", 2);
    const json = Buffer.from(text, "latin1").toString();
    if (first !== `${FORMAT} ${sha256Of(json)}`) return null;
    const header = JSON.parse(json) as Header;
    if (JSON.stringify(header.sources) !== JSON.stringify(sources)) return null;
    const lengths = sectionsOf(header);
    const begin = first.length + text.length + 2;
    const { size } = await file.stat();
    if (size !== lengths.reduce((sum, length) => sum + length, begin)) return null;
    const at = (section: number) => lengths.slice(0, section).reduce((sum, length) => sum + length, begin);
    const whole = use === "training";
    const labels = await readSections(file, header, { at: at(0), lengths: lengths.slice(0, 1), first: 0 });
    const test = await readSections(file, header, { at: at(1), lengths: [lengths[1]], first: 1 });
    const trained = lengths.slice(2, whole ? 4 : 3);
    const train = await readSections(file, header, { at: at(2), lengths: trained, first: 2 });
    const validation = await readSections(file, header, { at: at(4), lengths: whole ? [lengths[4]] : [], first: 4 });
    return { data: dataOf(header, labels, { train, validation, test }), notes: header.notes };
  });

/** Adjacent sections in one array, which threads can share. Throws for a checksum that does not hold. */
async function readSections(
  file: FileHandle,
  { sha256 }: Header,
  { at, lengths, first }: { readonly at: number; readonly lengths: readonly number[]; readonly first: number },
): Promise<Uint8Array> {
  const all = new Uint8Array(new SharedArrayBuffer(lengths.reduce((sum, length) => sum + length, 0)));
  let filled = 0;
  for (const [i, length] of lengths.entries()) {
    const section = all.subarray(filled, filled + length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(section, done, length - done, at + filled + done);
      if (bytesRead === 0) throw new Error("The pack is cut off.");
      done += bytesRead;
    }
    if (sha256Of(section) !== sha256[first + i]) throw new Error("The pack is damaged.");
    filled += length;
  }
  return all;
}

function dataOf(
  { set: { name, ...set }, counts, content }: Header,
  labels: Uint8Array,
  pixels: Readonly<Record<(typeof PARTS)[number], Uint8Array>>,
): ImageData {
  let used = 0;
  const parts = {} as Record<(typeof PARTS)[number], ImageSet>;
  for (const part of PARTS) {
    const count = counts[part];
    parts[part] = { ...set, count, labels: new Uint16Array(labels.buffer, 2 * used, count), pixels: pixels[part] };
    used += count;
  }
  return withContentHash({ name, ...parts }, content);
}
