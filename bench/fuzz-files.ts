/** Readers of single files, given as bytes. */
import { deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import * as hdf5 from "h5wasm";
import { readCifarBatch } from "../src/data/cifar.ts";
import { readEventFile } from "../src/data/events.ts";
import { inflate, inflateChunks, isGzip, slices } from "../src/data/gzip.ts";
import { readIdx, readIdxImages } from "../src/data/idx.ts";
import { npyImages, npyLabels, readNpy } from "../src/data/npy.ts";
import { tarFiles } from "../src/data/tar.ts";
import { readNpz, readNumbers } from "../src/import/arrays.ts";
import { decodeNir } from "../src/import/nir/graph.ts";
import { runNir } from "../src/import/nir/run.ts";
import { decodeTensors } from "../src/import/source.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../src/model/checkpoint.ts";
import { initialise, parameterLayout } from "../src/model/network.ts";
import { encodeSafetensors } from "../src/model/safetensors.ts";
import { crc32 } from "../src/numeric/checksum.ts";
import { type Stream, stream } from "../src/numeric/stream.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { decodeState, encodeState } from "../src/train/state.ts";
import { repeatedText, unwrittenArray } from "../test/support/hdf5-files.ts";
import { cifarFile, idxFile, npyFile, patternBytes, tarFile } from "../test/support/image-files.ts";
import { assemble, tensorPickle, unicode, writePth, writeZip } from "../test/support/zip.ts";
import { mutateBytes, mutateJson, noise } from "./fuzz-mutate.ts";
import { attempt, experiment, golden, type Reader } from "./fuzz-reader.ts";

const { model } = experiment;
const network = initialise(model, networkGeometry(experiment, createTask(experiment)), stream(1));

const checkpoint = encodeCheckpoint(network, { source: "fuzz" });

const learned = Object.fromEntries(
  parameterLayout(model, network.geometry).flatMap(({ name, learned }) =>
    learned ? [[name, network.parameters[name]]] : [],
  ),
);

const state = encodeState(
  {
    ...{
      step: 2,
      stage: 0,
      stageStart: 0,
      sinceBest: 1,
      converterSteps: null,
      parameters: network.parameters,
      first: learned,
      second: learned,
    },
    best: { step: 1, loss: 0.3, bitErrorRate: 0.1, parameters: network.parameters },
  },
  experiment,
);

/** A safetensors header mutated as JSON, in a file with corrected lengths. */
function mutateSafetensors(bytes: Uint8Array, random: Stream): Uint8Array {
  if (random.integer(2) === 0) return mutateBytes(bytes, random);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const changed = new TextEncoder().encode(mutateJson(header, random));
  const file = new Uint8Array(8 + changed.length + bytes.length - 8 - length);
  new DataView(file.buffer).setBigUint64(0, BigInt(changed.length), true);
  file.set(changed, 8);
  file.set(bytes.subarray(8 + length), 8 + changed.length);
  return file;
}

/** A state with a checksum corrected after other changes. */
function mutateState(bytes: Uint8Array, random: Stream): Uint8Array {
  const changed = mutateSafetensors(bytes, random);
  const at = new TextDecoder("latin1").decode(changed.subarray(0, 200)).search(/(?<="checksum":")[0-9a-f]{8}"/);
  if (at < 0 || random.integer(4) === 0) return changed;
  changed.set(new TextEncoder().encode("00000000"), at);
  changed.set(new TextEncoder().encode(crc32(changed).toString(16).padStart(8, "0")), at);
  return changed;
}

/** Mutates the contents and packs them again. */
function mutateGzip(bytes: Uint8Array, random: Stream): Uint8Array {
  if (!isGzip(bytes) || random.integer(2) === 0) return mutateBytes(bytes, random);
  return new Uint8Array(gzipSync(mutateBytes(new Uint8Array(gunzipSync(bytes)), random), { level: 1 }));
}

/** The pickle of a valid archive. */
function mutatePickle(pickle: Uint8Array, random: Stream): Uint8Array {
  const changed = mutateBytes(pickle, random);
  const data = noise(24, random);
  if (random.integer(3) > 0) return writePth(changed, { 0: data });
  return writeZip([
    { name: "w/data.pkl", content: changed, deflated: deflateRawSync(changed) },
    { name: "w/data/0", content: data },
  ]);
}

const OPCODES = "().012FNjIJKLMPQRSTUVXabcdehilopqrstu}]\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x94\x95";

const pickles = [
  tensorPickle(),
  tensorPickle({ type: "HalfStorage", shape: [6], strides: [1] }),
  assemble(0x80, 2, "}", "(", unicode("a"), "K", 1, unicode("b"), "]", "u", "."),
  assemble(0x80, 4, 0x95, [20, 0, 0, 0, 0, 0, 0, 0], "}", 0x94, 0x8c, 1, "a", 0x94, "K", 1, "s", "."),
];

const mutateOpcodes = (pickle: Uint8Array, random: Stream): Uint8Array => {
  const some = Uint8Array.from({ length: 4 + random.integer(60) }, () =>
    OPCODES.charCodeAt(random.integer(OPCODES.length)),
  );
  return mutatePickle(random.integer(2) === 0 ? pickle : Uint8Array.of(0x80, 2, ...some, 46), random);
};

/** Headers of a tar archive with correct checksums. */
function mutateTar(bytes: Uint8Array, random: Stream): Uint8Array {
  const changed = mutateBytes(bytes, random);
  if (changed.length >= 512 && random.integer(3) > 0) {
    changed.fill(32, 148, 156);
    const sum = changed.subarray(0, 512).reduce((all, byte) => all + byte, 0);
    changed.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  }
  return random.integer(2) === 0 ? changed : new Uint8Array(gzipSync(changed, { level: 1 }));
}

const classes = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

const idx = idxFile([3, 4, 5], patternBytes(60));

const labels = idxFile([3], Uint8Array.of(0, 1, 2));

export const FILES: Readonly<Record<string, Reader>> = {
  checkpoint: {
    share: 40_000,
    valid: [checkpoint],
    mutate: mutateSafetensors,
    read: (bytes: Uint8Array) => decodeCheckpoint(bytes, "network.safetensors"),
  },
  safetensors: {
    share: 120_000,
    valid: [
      encodeSafetensors(
        {
          "a.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
          b: { shape: [1], data: Float32Array.of(0) },
        },
        { format: "pt" },
      ),
    ],
    mutate: mutateSafetensors,
    read: (bytes: Uint8Array) => decodeTensors(bytes, "", "weights.safetensors"),
  },
  pytorch: {
    share: 100_000,
    valid: ["types.pth", "types-deflated.pth", "legacy.pth"].map(golden),
    mutate: mutateBytes,
    read: (bytes: Uint8Array) => decodeTensors(bytes, "", "weights.pth"),
  },
  nir: {
    share: 20_000,
    valid: [
      ...["nir-lif.nir", "nir-branches.nir", "nir-recurrent.nir"].map(golden),
      // Those take 256 MB of memory and more.
      await unwrittenArray(2 ** 26),
      await repeatedText("t".repeat(60_000), 8192),
    ],
    mutate: mutateBytes,
    read: async (bytes: Uint8Array) => {
      const { graph } = await decodeNir(bytes, hdf5, "graph.nir");
      for (const size of [1, 2])
        attempt(() => runNir(graph, { steps: 2, shape: [size], values: new Float64Array(2 * size) }));
    },
  },
  pickle: {
    share: 120_000,
    valid: pickles,
    mutate: mutateOpcodes,
    read: (bytes: Uint8Array) => decodeTensors(bytes, "", "weights.pth"),
  },
  npz: {
    share: 60_000,
    valid: [golden("arrays.npz"), golden("arrays-deflated.npz")],
    mutate: mutateBytes,
    read: (bytes: Uint8Array) => readNpz(bytes, "a.npz", ["f4", "f8", "c8", "c16", "point"]),
  },
  npy: {
    share: 120_000,
    valid: [
      npyFile("|u1", [3, 4, 5], patternBytes(60)),
      npyFile("<i8", [3], new Uint8Array(24)),
      npyFile("<f4", [3, 1], new Uint8Array(12), { version: 2 }),
      npyFile("<c8", [1, 2], new Uint8Array(16)),
    ],
    mutate: mutateBytes,
    read: (bytes: Uint8Array) => {
      const label = { bytes: npyFile("<i8", [3], new Uint8Array(24)), path: "labels.npy" };
      for (const read of [
        () => readNpy(bytes, "a.npy"),
        () => npyLabels(bytes, "a.npy"),
        () => readNumbers(bytes, "a.npy"),
        () => npyImages({ bytes, path: "a.npy" }, label, classes),
      ])
        attempt(read);
    },
  },
  idx: {
    share: 15_000,
    valid: [idx, new Uint8Array(gzipSync(idx))],
    mutate: mutateGzip,
    read: async (bytes: Uint8Array) => {
      await readIdxImages({ images: bytes, imagesPath: "images", labels, labelsPath: "labels" }, classes);
      await readIdx(bytes, "labels", 1);
    },
  },
  cifar: {
    share: 4_000,
    valid: [cifarFile([1, 2]), new Uint8Array(gzipSync(cifarFile([3])))],
    mutate: mutateGzip,
    read: (bytes: Uint8Array) => readCifarBatch(bytes, "batch.bin", classes),
  },
  tar: {
    share: 15_000,
    valid: [tarFile({ "a/data_batch_1.bin": patternBytes(600), readme: patternBytes(10) })],
    mutate: mutateTar,
    read: async (bytes: Uint8Array) => {
      const source = isGzip(bytes)
        ? inflateChunks(slices(bytes), "a.tar.gz")
        : (async function* () {
            yield bytes;
          })();
      for await (const file of tarFiles(source, "a.tar.gz", (name) => (name.endsWith(".bin") ? 10_000 : undefined)))
        file.content.at(0);
    },
  },
  gzip: {
    share: 8_000,
    valid: [new Uint8Array(gzipSync(patternBytes(3000))), new Uint8Array(gzipSync(new Uint8Array(2 ** 16)))],
    mutate: mutateGzip,
    read: (bytes: Uint8Array) => inflate(bytes, "a.gz", { atMost: 2 ** 20 }),
  },
  events: {
    share: 110_000,
    valid: [patternBytes(50), Uint8Array.of(1, 2, 128, 0, 9, 3, 3, 0, 1, 0)],
    mutate: mutateBytes,
    read: (bytes: Uint8Array) => {
      for (const event of readEventFile(bytes, "00001.bin", { height: 34, width: 34 })) event.x;
    },
  },
  state: {
    share: 20_000,
    valid: [state],
    mutate: mutateState,
    read: (bytes: Uint8Array) => decodeState(bytes, experiment, "state"),
  },
};
