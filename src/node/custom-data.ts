/**
 * The user's own images: four `.npy` files, or folders `train/CLASS` and `test/CLASS` of PNG and JPEG images.
 *
 * Images are decoded by sharp (libvips), an optional dependency that is loaded when the first folder is read. All images must
 * have the same size: cropping or scaling should be a visible choice, so it is not done here.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Sharp } from "sharp";
import type { ImageSet } from "../data/images.ts";
import { npyImages, npyLabels } from "../data/npy.ts";
import { FileError } from "../errors.ts";
import { type ClassFile, listClassFolders } from "./class-folders.ts";
import { readFileChecked } from "./files.ts";
import { loadOptional } from "./optional-packages.ts";

export interface Parts {
  readonly train: ImageSet;
  readonly test: ImageSet;
  readonly notes: readonly string[];
}

/** Largest `.npy` file, and most pixel values of a folder, that are read. */
const MOST_VALUES = 2 ** 30;
/** Largest image file, and most pixels of one image. */
const IMAGE_BYTES = 2 ** 25;
const IMAGE_PIXELS = 2 ** 24;
/** Up to this many classes may be without an image. */
const FEW_CLASSES = 1000;
/** Values that are always decoded, and above that the most values per byte of a file. No photograph is compressed so tightly. */
const VALUES_AT_ONCE = 2 ** 25;
const VALUES_PER_BYTE = 200;
/** Most images that are decoded at once. */
const AT_ONCE = 16;
const EXTENSIONS = [".png", ".jpg", ".jpeg"];

/** The classes are 0 to the largest label of the training images. Throws FileError. */
export async function readNpySet(folder: string): Promise<Parts> {
  const read = async (name: string) => {
    const path = join(folder, `${name}.npy`);
    return { bytes: await readFileChecked(path, MOST_VALUES), path };
  };
  const trainLabels = await read("train-labels");
  const labels = npyLabels(trainLabels.bytes, trainLabels.path);
  const largest = labels.reduce((most, label) => Math.max(most, label), 0);
  if (largest >= Math.max(labels.length, FEW_CLASSES)) {
    throw new FileError(
      trainLabels.path,
      `The largest label is ${largest}, so there are ${largest + 1} classes, but only ${labels.length} images. Number classes from 0.`,
    );
  }
  const classes = Array.from({ length: largest + 1 }, (_, label) => String(label));
  const train = npyImages(await read("train-images"), trainLabels, classes);
  const test = npyImages(await read("test-images"), await read("test-labels"), classes);
  const testPath = join(folder, "test-images.npy");
  checkSameSize(train, test, testPath);
  if (train.channels !== test.channels) {
    throw new FileError(
      testPath,
      `Test images have ${test.channels} channels, but training images have ${train.channels}.`,
    );
  }
  return { train, test, notes: [] };
}

/** The classes are the folders of `train`, in the order of their names. Throws FileError; PlatformError without sharp. */
export async function readFolderSet(folder: string): Promise<Parts> {
  const { classes, train, test, ignored } = await listClassFolders(
    { train: join(folder, "train"), test: join(folder, "test") },
    { extensions: EXTENSIONS, thing: "image", format: "PNG or JPEG image" },
  );
  const decoded = await decodeAll([...train, ...test]);
  return {
    train: imageSet(decoded, train, 0, classes),
    test: imageSet(decoded, test, train.length, classes),
    notes: ignored > 0 ? [`custom: files left out, being neither PNG nor JPEG by their name: ${ignored}`] : [],
  };
}

interface Decoded {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
}

/** All images have the same size, and three channels if any of them has colour. */
async function decodeAll(files: readonly ClassFile[]): Promise<Decoded[]> {
  const { decode, sizeOf } = await decoder();
  const decoded: Decoded[] = [];
  const first = await sizeOf(files[0].path);
  const values = first.height * first.width * 3;
  await requireWorth(files, first);
  const atOnce = Math.max(1, Math.min(AT_ONCE, Math.floor(VALUES_AT_ONCE / values)));
  for (let start = 0; start < files.length; start += atOnce) {
    const some = await Promise.all(files.slice(start, start + atOnce).map(({ path }) => decode(path)));
    for (const [i, image] of some.entries()) {
      checkSameSize(decoded[0] ?? image, image, files[start + i].path);
      decoded.push(image);
    }
  }
  const channels = Math.max(...new Set(decoded.map((image) => image.channels)));
  return decoded.map((image) =>
    image.channels === channels ? image : { ...image, channels, pixels: inColour(image) },
  );
}

/** Throws FileError when images of this size would take more memory than is available, or than such small files can account for. */
async function requireWorth(files: readonly ClassFile[], { height, width }: Size): Promise<void> {
  const values = files.length * height * width * 3;
  const refuse = (reason: string): never => {
    const said = `${files.length} images of ${height} x ${width} take ${values} bytes in colour`;
    throw new FileError(files[0].path, `${said}; ${reason}. Give smaller images, or fewer.`);
  };
  if (values > MOST_VALUES) refuse(`the limit is ${MOST_VALUES}`);
  if (values <= VALUES_AT_ONCE) return;
  let bytes = 0;
  for (const { path } of files) bytes += (await stat(path)).size;
  if (values > VALUES_PER_BYTE * bytes) refuse(`their files have only ${bytes}, too few for real pictures`);
}

const inColour = ({ pixels }: Decoded): Uint8Array =>
  Uint8Array.from({ length: 3 * pixels.length }, (_, i) => pixels[Math.floor(i / 3)]);

interface Decoder {
  /** Decodes one file, rotated as its camera metadata says, without transparency. */
  decode(path: string): Promise<Decoded>;
  /** Reads only the beginning of a file. */
  sizeOf(path: string): Promise<Size>;
}

async function decoder(): Promise<Decoder> {
  const { default: sharp } = await loadOptional("A folder of images", ["sharp"], () => import("sharp"));
  const opened = async <T>(path: string, use: (image: Sharp) => Promise<T>): Promise<T> => {
    const bytes = await readFileChecked(path, IMAGE_BYTES);
    if (!isPng(bytes) && !isJpeg(bytes)) {
      throw new FileError(path, "The first bytes are neither PNG nor JPEG. Save the image again, or remove it.");
    }
    try {
      return await use(sharp(bytes, { limitInputPixels: IMAGE_PIXELS, failOn: "warning" }));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.replace(/\s+/g, " ") : String(cause);
      throw new FileError(path, `The image is cut off or damaged (${reason}). Save it again, or remove it.`, {
        cause,
      });
    }
  };
  const decode = (path: string) =>
    opened(path, async (image): Promise<Decoded> => {
      const { channels = 3 } = await image.metadata();
      const { data, info } = await image
        .autoOrient()
        .removeAlpha()
        .toColourspace(channels < 3 ? "b-w" : "srgb")
        .raw()
        .toBuffer({ resolveWithObject: true });
      return { height: info.height, width: info.width, channels: info.channels, pixels: new Uint8Array(data) };
    });
  return { decode, sizeOf: (path) => opened(path, (image) => image.metadata()) };
}

const isPng = (bytes: Uint8Array): boolean => startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const isJpeg = (bytes: Uint8Array): boolean => startsWith(bytes, [0xff, 0xd8, 0xff]);

const startsWith = (bytes: Uint8Array, first: readonly number[]): boolean =>
  first.every((byte, i) => bytes[i] === byte);

function imageSet(
  decoded: readonly Decoded[],
  files: readonly ClassFile[],
  first: number,
  classes: readonly string[],
): ImageSet {
  const { height, width, channels } = decoded[first];
  const size = height * width * channels;
  const pixels = new Uint8Array(files.length * size);
  for (let i = 0; i < files.length; i++) pixels.set(decoded[first + i].pixels, i * size);
  const labels = Uint16Array.from(files, ({ label }) => label);
  return { height, width, channels, classes, count: files.length, pixels, labels };
}

/** Throws FileError at `path` when `found` has another size than `first`. */
function checkSameSize(first: Size, found: Size, path: string): void {
  if (first.height === found.height && first.width === found.width) return;
  throw new FileError(
    path,
    `The image has ${found.height} x ${found.width} pixels, but the first image has ${first.height} x ${first.width}. Resize ` +
      "all images to one size.",
  );
}

interface Size {
  readonly height: number;
  readonly width: number;
}
