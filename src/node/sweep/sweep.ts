/** Runs a sweep: trains missing networks, then an engine measures the points that have no row yet. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../errors.ts";
import type { TaskSpec } from "../../experiment/task.ts";
import { decodeCheckpoint } from "../../model/checkpoint.ts";
import { sweepRounds } from "../../sweep/rounds.ts";
import type { Row } from "../../sweep/unit.ts";
import { needsNetwork } from "../../sweep/unit.ts";
import type { DataOf } from "../../task/catalogue.ts";
import { openExperiment } from "../../task/open.ts";
import { decodeState } from "../../train/state.ts";
import { readFileChecked } from "../files.ts";
import { type FolderEvent, RUN_FILES, trainToFolder } from "../training.ts";
import { endSweep, keepRows, openSweepFolder, readQuestion, SWEEP_FILES, strangeRow } from "./folder.ts";
import { NETWORK_BYTES, type PlannedPoint, type PlannedSweep, type PlannedTraining, type SweepInputs } from "./plan.ts";
import { describeBroken } from "./row-lines.ts";
import { namingBuild } from "./software.ts";

/** Measures points: threads of this process, or machines behind a queue. Rows do not depend on the engine. */
export interface Engine {
  /** Measures batches of points; `keep` receives the rows of each as they come, in any order. */
  measure(
    sweep: Pick<PlannedSweep, "design" | "inputs">,
    batches: readonly (readonly PlannedPoint[])[],
    keep: (rows: readonly Row[]) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface SweepOptions {
  readonly engine: Engine;
  /** For trainings, which run here, one after another. */
  readonly threads: number;
  /** Resumes the sweep that the folder holds. */
  readonly resume?: boolean;
  /** Other builds of the program whose rows and networks the sweep may continue with. */
  readonly acceptBuild?: readonly string[];
  /** Points per piece of work. Default: one, or more if there are thousands or nothing is simulated. */
  readonly batch?: number;
  readonly onTraining?: (training: number, trainings: number, event: FolderEvent) => void;
  /** `done` of `total` points have their row, including those of earlier runs. The total of an adaptive sweep grows. */
  readonly onProgress?: (done: number, total: number) => void;
  /** The engine left points to others, to be measured later: the sweep ends unfinished. */
  readonly onLeft?: () => void;
  /** What the folder had lost, and is computed again. */
  readonly onNote?: (note: string) => void;
}

/** More row files than this make a folder slow. */
const MOST_BATCHES = 4096;
/** Points per piece when only the price is computed. */
const PRICED_BATCH = 64;

/**
 * Runs a sweep into `folder`, from where it stopped, and returns all rows by point (for a design with a budget, those of all
 * rounds; `lastRows` selects the last ones). It may be stopped at any moment; rows that were kept stay.
 * Throws  FileError as `openSweepFolder`; as `trainToFolder`; whatever the engine throws
 */
export async function runSweep(sweep: PlannedSweep, folder: string, options: SweepOptions): Promise<Row[]> {
  const { engine, resume = false, acceptBuild, onProgress } = options;
  const { design } = sweep;
  const before = await openSweepFolder(folder, sweep, { resume, acceptBuild });
  const { build: begun } = (await readQuestion(folder)).software;
  const rows = new Map(before.rows.map((row) => [row.point, row]));
  if (before.broken.length > 0) options.onNote?.(`${describeBroken(before.broken)}. Their points are measured again.`);
  const planned = new Map<number, PlannedPoint>();
  const continued = new Map<number, Row>();
  const rounds = sweepRounds(design);
  let next = rounds.next();
  while (!next.done) {
    const { points, trainings, inputs } = await sweep.plan(next.value.map(({ values }) => values));
    for (const [i, point] of points.entries()) {
      if (!point) continue;
      const { earlier } = next.value[i];
      planned.set(point.point, earlier?.samples ? { ...point, earlier: earlier.samples } : point);
      if (earlier?.samples) continued.set(point.point, earlier);
      if ((rows.get(point.point)?.hash ?? point.hash) !== point.hash) throw strangeRow(folder, point);
    }
    const left = [...planned.values()].filter(({ point }) => !rows.has(point));
    if (left.length > 0) {
      let done = planned.size - left.length;
      onProgress?.(done, planned.size);
      const trained = await trainNetworks({ trainings, inputs }, folder, left, options);
      const all: SweepInputs = { ...inputs, networks: { ...inputs.networks, ...trained } };
      await engine.measure({ design, inputs: all }, cutPoints(left, sizeOf(sweep, options)), async (measured) => {
        const found = measured.map((row) => namingBuild(row, begun, continued.get(row.point)));
        await keepRows(folder, found);
        for (const row of found) rows.set(row.point, row);
        done += found.length;
        onProgress?.(done, planned.size);
      });
      if (left.some(({ point }) => !rows.has(point))) {
        options.onLeft?.();
        break;
      }
    }
    next = rounds.next(points.map((point) => (point ? rows.get(point.point)! : null)));
  }
  const stranger = [...rows.values()].find(({ point }) => !planned.has(point));
  if (stranger) throw strangeRow(folder, stranger);
  if (next.done) await endSweep(folder, rows.size);
  return [...rows.values()].sort((a, b) => a.point - b.point);
}

/** Points per piece of work. */
function sizeOf({ design, points }: PlannedSweep, { batch }: SweepOptions): number {
  const least = needsNetwork(design.objectives) ? 1 : PRICED_BATCH;
  return batch ?? Math.max(least, Math.ceil(points.length / MOST_BATCHES));
}

const cutPoints = (points: readonly PlannedPoint[], size: number): PlannedPoint[][] =>
  Array.from({ length: Math.ceil(points.length / size) }, (_, i) => points.slice(i * size, (i + 1) * size));

/** The networks that the points need and no file provides, by name. */
async function trainNetworks(
  { trainings, inputs }: Pick<PlannedSweep, "trainings" | "inputs">,
  folder: string,
  points: readonly PlannedPoint[],
  { threads, acceptBuild = [], onTraining, onNote }: SweepOptions,
): Promise<Record<string, Uint8Array>> {
  const needed = new Set(points.map(({ network }) => network));
  const wanted = trainings.filter(({ network }) => needed.has(network));
  const networks: Record<string, Uint8Array> = {};
  for (const [i, training] of wanted.entries()) {
    networks[training.network] = await train(training, inputs, join(folder, SWEEP_FILES.networks, training.network), {
      threads,
      acceptBuild,
      onEvent: (event) => onTraining?.(i + 1, wanted.length, event),
      ...(onNote && { onNote }),
    });
  }
  return networks;
}

async function train(
  { experiment, data, initial, teachers }: PlannedTraining,
  inputs: SweepInputs,
  folder: string,
  options: Pick<SweepOptions, "threads"> & {
    readonly acceptBuild: readonly string[];
    readonly onEvent: (event: FolderEvent) => void;
    readonly onNote?: (note: string) => void;
  },
): Promise<Uint8Array> {
  const { threads, acceptBuild, onEvent, onNote } = options;
  const [file, state] = [RUN_FILES.network, RUN_FILES.state].map((name) => join(folder, name));
  const isNetwork = await isWhole(file, (bytes) => decodeCheckpoint(bytes, file));
  if (isNetwork) return readFileChecked(file, NETWORK_BYTES);
  const isState = await isWhole(state, (bytes) => decodeState(bytes, experiment, state));
  const isBegun = isNetwork === null && isState === true;
  for (const [path, damaged] of [
    [file, isNetwork === false],
    [state, isState === false],
  ] as const) {
    if (damaged) onNote?.(`${path} is damaged. The network is trained again.`);
  }
  const subject = openExperiment(experiment, data === null ? null : (inputs.data[data] as DataOf<TaskSpec>));
  const networkOf = (name: string) => decodeCheckpoint(inputs.networks[name], name).network;
  await trainToFolder(subject, folder, {
    threads,
    acceptBuild,
    onEvent,
    // A training that was killed before its first state starts over.
    ...(isBegun ? { resume: true } : { force: true }),
    ...(initial !== null && { initial: networkOf(initial) }),
    teacher: teachers.map(networkOf),
  });
  return readFileChecked(file, NETWORK_BYTES);
}

/** Whether a file decodes; null if there is none. Throws FileError when it cannot be read. */
async function isWhole(file: string, decode: (bytes: Uint8Array) => unknown): Promise<boolean | null> {
  if (!existsSync(file)) return null;
  const bytes = await readFileChecked(file, NETWORK_BYTES);
  try {
    decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}
