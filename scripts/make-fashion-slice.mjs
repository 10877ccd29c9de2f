// Writes examples/data/fashion-mnist-slice: the first 100 training and 50 test images of each class of Fashion-MNIST, in the
// order of the published files.
//   node scripts/make-fashion-slice.mjs [folder]     default: that of Debian's package dataset-fashion-mnist
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

const source = process.argv[2] ?? "/usr/share/datasets/fashion-mnist";
const target = join(import.meta.dirname, "../examples/data/fashion-mnist-slice");
const CLASSES = 10;
const SIDE = 28;

function slice(part, each) {
  const images = gunzipSync(readFileSync(join(source, `${part}-images-idx3-ubyte.gz`)));
  const labels = gunzipSync(readFileSync(join(source, `${part}-labels-idx1-ubyte.gz`)));
  const taken = new Array(CLASSES).fill(0);
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
  // The header's tenth byte names the operating system; 255 is "unknown" everywhere.
  bytes[9] = 255;
  writeFileSync(join(target, name), bytes);
  console.log(`${name}: ${content.length} bytes, ${bytes.length} compressed`);
}

slice("train", 100);
slice("t10k", 50);
