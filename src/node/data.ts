/**
 * Finds and loads image data by name.
 *
 * It looks in the named folder or, if there is none, in XPIKE_DATA, in the cache that `xpike data fetch` fills, and in the folder
 * of Debian's Fashion-MNIST package. If none of these holds MNIST or Fashion-MNIST, its slice replaces it, if available, and a note
 * says so. Every file is checked against its published checksum; other content is allowed and noted.
 */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CIFAR_ARCHIVE,
  CIFAR_TEST,
  CIFAR_TRAIN,
  findImageData,
  IDX_FILES,
  IMAGE_DATA,
  type ImageDataName,
  type PublishedImages,
  SLICES,
} from "../data/catalogue.ts";
import { CIFAR_BATCH, CIFAR_RECORD, readCifarBatch } from "../data/cifar.ts";
import { inflateChunks } from "../data/gzip.ts";
import { readIdx, readIdxImages } from "../data/idx.ts";
import { type ImageSet, joinImages, withValidation } from "../data/images.ts";
import { tarFiles } from "../data/tar.ts";
import { FileError } from "../errors.ts";
import { sha256Of } from "./content-hash.ts";
import { type Parts, readFolderSet, readNpySet } from "./custom-data.ts";
import { fileError, readFileChecked } from "./files.ts";
import { type DataUse, type LoadedImageData, readPacked } from "./packed-images.ts";

/** The name of the user's own images. */
const CUSTOM = "custom";

/** Largest file that is read as a whole. */
const FILE_BYTES = 2 ** 28;

/** Where Debian's package dataset-fashion-mnist puts its files. */
const DEBIAN_FASHION = "/usr/share/datasets/fashion-mnist";

const packaged = (slice: string): string => fileURLToPath(new URL(`../../examples/data/${slice}`, import.meta.url));

/** The folder of the bundled slice of Fashion-MNIST: 1,000 training and 500 test images. */
export const FASHION_SLICE = packaged("fashion-mnist-slice");

/** The folder of the slice of MNIST: 500 training and 500 test images. A clone has it, the packed package does not. */
export const MNIST_SLICE = packaged("mnist-slice");

/** The folder of a slice by its name; undefined for a set that is not a slice. */
const sliceFolder = (name: ImageDataName): string | undefined =>
  Object.values(SLICES).includes(name) ? packaged(name) : undefined;

/** The folder that `xpike data fetch` fills: XDG_CACHE_HOME or ~/.cache, then `xpikeformer/data`. */
export function dataCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "xpikeformer", "data");
}

/**
 * The images of a data set, with validation images split off its training images. `directory` holds the files, or a folder named
 * after the set that does; nothing else is searched then. The name `custom` means the user's own images in `directory`, as `.npy`
 * files or as one folder of PNG and JPEG images per class.
 *
 * @param use  for evaluation, `pixels` of CIFAR-10 may hold only the images that evaluation reads
 *
 * Random  the validation images, by a fixed seed of the set: they are the same in every experiment
 * Throws  SpecError for an unknown name; FileError when the files are missing, damaged or of another set
 */
export async function loadImageData(
  name: ImageDataName | typeof CUSTOM,
  directory?: string,
  use: DataUse = "training",
): Promise<LoadedImageData> {
  if (name === CUSTOM) return loadCustom(directory);
  const { set, folder, note } = await findData(findImageData(name), directory);
  const read = async (parts: Promise<Parts>): Promise<LoadedImageData> => {
    const { train, test, notes } = await parts;
    return { data: withValidation(set.name, train, test), notes };
  };
  const { data, notes } =
    set.layout === "idx"
      ? await read(readIdxSet(set, folder))
      : await readPacked(set.name, { sources: await cifarFiles(folder), cache: packFolder(), use }, () =>
          read(readCifarSet(set, folder)),
        );
  return { data, notes: [note, ...notes] };
}

/** Where large sets are kept as they are in memory. */
export const packFolder = (): string => join(dataCache(), "packed");

/** The archive, or the batches that are there. */
async function cifarFiles(folder: string): Promise<string[]> {
  const archive = join(folder, CIFAR_ARCHIVE);
  if (await exists(archive)) return [archive];
  const found = await Promise.all([...CIFAR_TRAIN, CIFAR_TEST].map((name) => findFile(folder, name)));
  return found.filter((path) => path !== undefined);
}

/** The user's own images. Throws FileError, also without a directory. */
async function loadCustom(directory: string | undefined): Promise<LoadedImageData> {
  if (directory === undefined) {
    throw new FileError(
      "data",
      `Your own images have no default folder. Name their folder in task.data.folder, or with --data. ${CUSTOM_LAYOUTS}`,
    );
  }
  const isNpy = await exists(join(directory, "train-images.npy"));
  if (!isNpy && !(await exists(join(directory, "train")))) {
    const problem = (await exists(directory)) ? "There are no images here" : "There is no such folder";
    const ways = "The experiment names it as task.data.folder, the command line as --data.";
    throw new FileError(directory, `${problem}. ${ways} ${CUSTOM_LAYOUTS}`);
  }
  const { train, test, notes } = isNpy ? await readNpySet(directory) : await readFolderSet(directory);
  return { data: withValidation(CUSTOM, train, test), notes: [`custom: read from ${directory}`, ...notes] };
}

const CUSTOM_LAYOUTS =
  "Give train-images.npy, train-labels.npy, test-images.npy and test-labels.npy, or the folders train/CLASS and test/CLASS " +
  "with PNG or JPEG images.";

interface Found {
  readonly set: PublishedImages;
  readonly folder: string;
  readonly note: string;
}

async function findData(set: PublishedImages, directory: string | undefined): Promise<Found> {
  const folder = await findImageFolder(set.name, directory);
  if (folder !== undefined && folder === sliceFolder(set.name))
    return { set, folder, note: `${set.name}: ${sliceOf(set)}` };
  if (folder === DEBIAN_FASHION) return { set, folder, note: `${set.name}: read from ${folder}, Debian's package` };
  if (folder !== undefined) return { set, folder, note: `${set.name}: read from ${folder}` };
  const slice = SLICES[set.name];
  if (directory === undefined && slice !== undefined && (await exists(packaged(slice)))) {
    const found = findImageData(slice);
    const note = `${set.name}: ${sliceOf(found)}; get all ${sum(set.images)} with \`xpike data fetch ${set.name}\``;
    return { set: found, folder: packaged(slice), note };
  }
  const where = directory === undefined ? `in none of ${usualRoots().join(", ")}` : "not here";
  throw new FileError(
    directory ?? usualRoots()[0],
    `${set.name} is ${where}: no ${firstFile(set)}, with or without .gz, in a folder ${set.folders.join(" or ")}` +
      `${directory === undefined ? "" : " or directly here"}. Get it with \`xpike data fetch ${set.name}\`, or name its folder with ` +
      "--data.",
  );
}

const sliceOf = ({ images: [train, test] }: PublishedImages): string =>
  `the slice that comes with this package, ${train} training and ${test} test images`;

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

/** The folder that holds a data set, in `directory` or the usual places; undefined if there is none. */
export async function findImageFolder(name: ImageDataName, directory?: string): Promise<string | undefined> {
  const set = findImageData(name);
  const slice = sliceFolder(name);
  if (slice !== undefined && directory === undefined) return (await exists(slice)) ? slice : undefined;
  const below = (root: string): string[] => set.folders.map((folder) => join(root, folder));
  const places = directory === undefined ? usualRoots().flatMap(below) : [...below(directory), directory];
  if (name === "fashion-mnist" && directory === undefined) places.push(DEBIAN_FASHION);
  for (const folder of places) if (await holds(set, folder)) return folder;
  return undefined;
}

/** Folders that are searched when none is named: XPIKE_DATA, if set, and the cache. */
export function usualRoots(): string[] {
  return [...(process.env.XPIKE_DATA ? [process.env.XPIKE_DATA] : []), dataCache()];
}

const firstFile = (set: PublishedImages): string => (set.layout === "idx" ? IDX_FILES.trainImages : CIFAR_TEST);

async function holds(set: PublishedImages, folder: string): Promise<boolean> {
  if (set.layout === "cifar" && (await exists(join(folder, CIFAR_ARCHIVE)))) return true;
  return (await findFile(folder, firstFile(set))) !== undefined;
}

async function findFile(folder: string, name: string): Promise<string | undefined> {
  for (const path of [join(folder, `${name}.gz`), join(folder, name)]) {
    if (await exists(path)) return path;
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readIdxSet(set: PublishedImages, folder: string): Promise<Parts> {
  const differing: string[] = [];
  const read = async (name: string, dimensions: number) => {
    const path = (await findFile(folder, name)) ?? join(folder, name);
    const { content } = await readIdx(await readFileChecked(path, FILE_BYTES), path, dimensions);
    if (!isPublished(set, name, content, path)) differing.push(name);
    return { content, path };
  };
  const pair = async (imagesName: string, labelsName: string) => {
    const images = await read(imagesName, 3);
    const labels = await read(labelsName, 1);
    return readIdxImages(
      { images: images.content, labels: labels.content, imagesPath: images.path, labelsPath: labels.path },
      set.classes,
    );
  };
  const train = await pair(IDX_FILES.trainImages, IDX_FILES.trainLabels);
  const test = await pair(IDX_FILES.testImages, IDX_FILES.testLabels);
  return { train, test, notes: differenceNotes(set, differing, [train, test]) };
}

async function readCifarSet(set: PublishedImages, folder: string): Promise<Parts> {
  const differing: string[] = [];
  const archive = join(folder, CIFAR_ARCHIVE);
  const packed = (await exists(archive)) ? await unpackCifar(archive) : undefined;
  const read = async (name: string): Promise<ImageSet | undefined> => {
    const path = packed ? `${archive}/${name}` : await findFile(folder, name);
    const bytes = packed ? packed.get(name) : path && (await readFileChecked(path, FILE_BYTES));
    if (path === undefined || !bytes) return undefined;
    const { content, images } = await readCifarBatch(bytes, path, set.classes);
    if (!isPublished(set, name, content, path)) differing.push(name);
    return images;
  };
  const batches: ImageSet[] = [];
  for (const name of CIFAR_TRAIN) {
    const batch = await read(name);
    if (batch) batches.push(batch);
  }
  const test = await read(CIFAR_TEST);
  if (!test || batches.length === 0) {
    const missing = test ? CIFAR_TRAIN[0] : CIFAR_TEST;
    throw new FileError(join(packed ? archive : folder, missing), "There is no such file. Check the path.");
  }
  const train = joinImages(batches);
  return { train, test, notes: differenceNotes(set, differing, [train, test]) };
}

/** The batches in the archive, by name. Throws FileError. */
async function unpackCifar(archive: string): Promise<Map<string, Uint8Array>> {
  const wanted = [...CIFAR_TRAIN, CIFAR_TEST];
  const limit = CIFAR_BATCH * CIFAR_RECORD;
  const found = new Map<string, Uint8Array>();
  const chunks = inflateChunks(readChunks(archive), archive);
  for await (const { name, content } of tarFiles(chunks, archive, (name) =>
    wanted.includes(basename(name)) ? limit : undefined,
  )) {
    found.set(basename(name), content);
  }
  return found;
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 14 });
  } catch (error) {
    throw fileError(path, error, "read");
  }
}

/**
 * Whether `content` is what was published under this name.
 * Throws  FileError when it is a file of another set: MNIST and Fashion-MNIST use the same names
 */
function isPublished(set: PublishedImages, name: string, content: Uint8Array, path: string): boolean {
  const digest = sha256Of(content);
  for (const other of IMAGE_DATA) {
    for (const [otherName, published] of Object.entries(other.contents)) {
      if (published !== digest || (other === set && otherName === name)) continue;
      throw new FileError(path, `This is ${otherName} of ${other.name}, not ${name} of ${set.name}. Check the folder.`);
    }
  }
  return set.contents[name] === digest;
}

function differenceNotes(
  set: PublishedImages,
  differing: readonly string[],
  [train, test]: readonly ImageSet[],
): string[] {
  const notes: string[] = [];
  const [trainCount, testCount] = set.images;
  if (train.count !== trainCount || test.count !== testCount) {
    notes.push(
      `${set.name}: ${train.count} of ${trainCount} training images and ${test.count} of ${testCount} test images`,
    );
  }
  if (differing.length > 0) {
    notes.push(`${set.name}: content or order differs from the published SHA-256 in ${differing.join(", ")}`);
  }
  return notes;
}
