/** Where the data of each kind of task comes from. A kind in `TaskSpec` that is missing here does not compile. */
import { join, resolve } from "node:path";
import { responseCount } from "../channel/given.ts";
import { IMAGE_DATA } from "../data/catalogue.ts";
import { mackeyGlass } from "../data/mackey-glass.ts";
import { movingBars } from "../data/moving-bars.ts";
import { parseSeries, seriesData } from "../data/series.ts";
import { didYouMean, FileError, SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type {
  EventClassificationSpec,
  ImageClassificationSpec,
  SpecOf,
  TaskSpec,
  TimeSeriesSpec,
} from "../experiment/task.ts";
import { fromDecibels } from "../numeric/exponential.ts";
import type { DataOf } from "../task/catalogue.ts";
import { sensorShape } from "../task/event-classification.ts";
import { powerText, readChannels } from "./channel-file.ts";
import { loadImageData, usualRoots } from "./data.ts";
import { EVENT_LAYOUT, findEventFolder, readEventFolder } from "./event-data.ts";
import { readFileChecked } from "./files.ts";
import type { DataUse, LoadedImageData } from "./packed-images.ts";

export interface DataLocation {
  /** Folder that paths in the experiment are relative to. Default: the current one. */
  readonly directory?: string;
  /** Folder of the data, instead of the experiment's or the usual places. */
  readonly folder?: string;
  /** For evaluation, images that it does not read may be left out. Default: training, which reads all. */
  readonly use?: DataUse;
}

/** Data, null for a task that generates its prompts, and notes on where they came from, for reports. */
export interface LoadedTaskData<T extends TaskSpec = TaskSpec> {
  readonly data: DataOf<T>;
  readonly notes: readonly string[];
}

type Reader<T extends TaskSpec> = (task: T, location: DataLocation) => Promise<LoadedTaskData<T>>;

const READERS: { readonly [K in TaskSpec["kind"]]: Reader<SpecOf<K>> } = {
  "symbol-detection": generated,
  "slot-detection": loadChannels,
  "image-classification": loadImages,
  "event-classification": loadRecordings,
  "time-series": loadSeries,
};

/** For a task that generates its prompts. */
async function generated(): Promise<{ readonly data: null; readonly notes: readonly string[] }> {
  return { data: null, notes: [] };
}

/**
 * The data of an experiment's task.
 * Throws  SpecError for data that cannot be loaded by name; FileError when they are missing or damaged
 */
export const loadTaskData = <T extends TaskSpec>(
  { task }: Pick<Experiment<T>, "task">,
  location: DataLocation = {},
): Promise<LoadedTaskData<T>> => (READERS[task.kind] as unknown as Reader<T>)(task, location);

async function loadChannels(
  task: SlotDetectionSpec,
  { directory = ".", folder }: DataLocation,
): Promise<LoadedTaskData<SlotDetectionSpec>> {
  const { channel } = task;
  if (channel.kind !== "file") return generated();
  const path = resolve(folder ?? directory, channel.file);
  const { channels: data, power } = await readChannels(path, task, channel.firstSubcarrier);
  const tested = responseCount(data, "test");
  const note = `${channel.file}: ${data.count} channels, the last ${tested} for tests; slot ${tested} goes over the first of these again.`;
  const isUsual = power >= 1 / USUAL && power <= USUAL;
  return { data, notes: [note, ...(isUsual ? [] : [`${channel.file}: ${powerText(power)}`])] };
}

/** Files of few channels scatter around a mean power of 1; beyond a factor of 1 dB, it is noted. */
const USUAL = fromDecibels(1);

async function loadImages(
  { data: asked }: ImageClassificationSpec,
  { directory = ".", folder, use }: DataLocation,
): Promise<LoadedImageData> {
  if (typeof asked === "string") return loadImageData(asked, folder, use);
  const place = folder ?? (asked.folder === undefined ? undefined : resolve(directory, asked.folder));
  if (place === undefined) {
    const names = IMAGE_DATA.map(({ name }) => name);
    throw new SpecError(
      "task.data",
      `The images "${asked.name}" are not one of the known data sets (${names.join(", ")}). ` +
        `Name their folder in task.data.folder, relative to the experiment, or with --data.${didYouMean(asked.name, names)}`,
    );
  }
  const { data, notes } = await loadImageData("custom", place);
  return { data: { ...data, name: asked.name }, notes };
}

async function loadRecordings(
  spec: EventClassificationSpec,
  { directory = ".", folder }: DataLocation,
): Promise<LoadedTaskData<EventClassificationSpec>> {
  const { data: asked, frames, frameMicroseconds } = spec;
  if (asked === "moving-bars") {
    const data = movingBars({ frames, frameMicroseconds });
    return { data, notes: ["moving-bars: recordings made up by a seed of their own, from no camera"] };
  }
  const name = typeof asked === "string" ? asked : asked.name;
  const own = typeof asked === "string" || asked.folder === undefined ? [] : [resolve(directory, asked.folder)];
  const places =
    folder === undefined ? [...own, ...usualRoots().map((root) => join(root, name))] : [join(folder, name), folder];
  const found = findEventFolder(places);
  if (found === undefined) {
    throw new FileError(
      folder ?? places[0],
      `The recordings of ${name} were not found in ${places.join(", ")}. ${EVENT_LAYOUT} Name their folder with --data; N-MNIST is at ` +
        "https://www.garrickorchard.com/datasets/n-mnist.",
    );
  }
  const { height, width } = sensorShape(spec);
  const data = await readEventFolder(name, found, { height, width, frames, frameMicroseconds });
  return { data, notes: [`${name}: read from ${found}`] };
}

/** Largest file of a series. */
const SERIES_BYTES = 2 ** 26;

async function loadSeries(
  spec: TimeSeriesSpec,
  { directory = ".", folder }: DataLocation,
): Promise<LoadedTaskData<TimeSeriesSpec>> {
  const { data: asked } = spec;
  if (asked === "mackey-glass") {
    return { data: seriesData(asked, mackeyGlass(), spec), notes: ["mackey-glass: computed from its equation"] };
  }
  const path = folder ?? resolve(directory, asked.file);
  const text = new TextDecoder().decode(await readFileChecked(path, SERIES_BYTES));
  return { data: seriesData(asked.name, parseSeries(text, path), spec), notes: [`${asked.name}: read from ${path}`] };
}
