/**
 * Event-camera recordings from files: a folder for each class in `Train` and `Test`, with one file for each recording, as in N-MNIST.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  addEvent,
  type EventData,
  type EventSet,
  type EventShape,
  emptyEventSet,
  pickRecordings,
  readEventFile,
  recordingBytes,
} from "../data/events.ts";
import { splitIndices } from "../data/labelled.ts";
import { FileError } from "../errors.ts";
import { stream } from "../numeric/stream.ts";
import { type ClassFile, listClassFolders } from "./class-folders.ts";
import { readFileChecked } from "./files.ts";

/** Largest file of one recording, and most bytes of all recordings, binned. */
const RECORDING_BYTES = 2 ** 24;
const MOST_BYTES = 2 ** 30;

/** Validation recordings are the same in every experiment, so that all choices are made on the same recordings. */
const SPLIT_SEED = 1;

/** The first of these folders that holds a training folder; undefined if none does. */
export const findEventFolder = (folders: readonly string[]): string | undefined =>
  folders.find((folder) => partOf(folder, "train") !== undefined);

/** N-MNIST writes `Train`, others `train`. */
const partOf = (folder: string, part: "train" | "test"): string | undefined =>
  [part, `${part[0].toUpperCase()}${part.slice(1)}`].map((name) => join(folder, name)).find((path) => existsSync(path));

/**
 * The recordings below `folder`, binned as they are read, with validation recordings split off those for training.
 *
 * Random  the validation recordings, by a fixed seed of the set
 * Throws  FileError when folders or files are missing, too large, damaged or of another sensor
 */
export async function readEventFolder(name: string, folder: string, shape: EventShape): Promise<EventData> {
  const [train, test] = [partOf(folder, "train"), partOf(folder, "test")];
  if (train === undefined || test === undefined) {
    throw new FileError(folder, `There are no recordings here. ${EVENT_LAYOUT}`);
  }
  const kind = { extensions: [".bin"], thing: "recording", format: "recording (*.bin)" };
  const files = await listClassFolders({ train, test }, kind);
  const count = files.train.length + files.test.length;
  const bytes = recordingBytes(shape);
  if (count * bytes > MOST_BYTES) {
    throw new FileError(
      folder,
      `${count} recordings of ${shape.frames} frames of ${shape.height} x ${shape.width} pixels take ${count * bytes} bytes, more ` +
        `than the limit of ${MOST_BYTES}. Lower task.frames, or give fewer recordings.`,
    );
  }
  const read = (part: readonly ClassFile[]) => readRecordings(part, files.classes, shape);
  const all = await read(files.train);
  const indices = splitIndices(all, stream(SPLIT_SEED).fork("data", name));
  return {
    name,
    train: pickRecordings(all, indices.train),
    validation: pickRecordings(all, indices.validation),
    test: await read(files.test),
  };
}

export const EVENT_LAYOUT =
  "Give the folders Train/CLASS and Test/CLASS with a file *.bin for each recording, 5 bytes an event, as N-MNIST has them.";

async function readRecordings(
  files: readonly ClassFile[],
  classes: readonly string[],
  shape: EventShape,
): Promise<EventSet> {
  const set = emptyEventSet(
    shape,
    classes,
    Uint16Array.from(files, ({ label }) => label),
  );
  for (const [recording, { path }] of files.entries()) {
    const bytes = await readFileChecked(path, RECORDING_BYTES);
    for (const event of readEventFile(bytes, path, shape)) addEvent(set, recording, event);
  }
  return set;
}
