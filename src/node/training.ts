/**
 * Training into a folder. A run may be stopped at any moment, by Ctrl-C, a power cut or `kill -9`, and resumes later to the
 * same result, byte for byte:
 *
 *   experiment.json        the experiment with every default filled in
 *   metrics.jsonl          one JSON object per line: step, stage, losses, and the seconds of training so far
 *   state.safetensors      everything that training needs to resume
 *   network.safetensors    the network of the best validation, once training is over
 *   question.json          the question, with the content hashes of data, teacher and initial network
 *   metrics.csv, curves.html   the metrics as a table and as learning curves, at the end of each session
 *   events.out.tfevents.xpike  the metrics for TensorBoard, as they are written
 *
 * Metrics are synced to disk before the state that covers them; lines after the state's step are cut off when a run resumes.
 */
import { existsSync } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { FileError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Network } from "../model/network.ts";
import { type Openable, type Opened, opened } from "../task/open.ts";
import { encodeTrained } from "../train/checkpoint.ts";
import { placeOf, placesText, THREADS } from "../train/places.ts";
import { type BestNumbers, bestNumbers, decodeState, encodeState, type TrainingState } from "../train/state.ts";
import { type TrainingEvent, train } from "../train/train.ts";
import type { TrainingBackend } from "../train/workplace.ts";
import { buildId, joinBuilds, requireBuild, UNKNOWN_BUILD } from "./build.ts";
import { contentHash } from "./content-hash.ts";
import { type EventFile, openEventFile } from "./event-file.ts";
import { allowRelaxedSimd } from "./fast-math.ts";
import { fileError, readFileChecked, writeFileAtomic, writeFilesTogether } from "./files.ts";
import { CURVE_FILES, parseMetrics, writeLearningCurves } from "./learning-curves.ts";
import {
  buildsOf,
  NETWORK_FILE,
  type OpenFolder,
  QUESTION_FILE,
  type Question,
  questionText,
  readQuestion,
  requireRun,
  requireSame,
  STATE_FILE,
  useFolder,
} from "./run-folder.ts";
import { nodeExecutor } from "./threads.ts";
import { trainingMemory } from "./training-memory.ts";

/** Names of the files in a run's folder. */
export const RUN_FILES = {
  experiment: "experiment.json",
  metrics: "metrics.jsonl",
  state: STATE_FILE,
  network: NETWORK_FILE,
  question: QUESTION_FILE,
  /** TensorBoard reads every file with `tfevents` in its name. */
  events: "events.out.tfevents.xpike",
  ...CURVE_FILES,
} as const;

/** Steps between lines of the metrics; every validation also writes one. */
const METRICS_EVERY = 10;
/** All training data are in one WebAssembly memory, which can address this much. */
const LARGEST_STATE = 2 ** 32;
const LARGEST_METRICS = 2 ** 30;

export interface FolderEvent extends TrainingEvent {
  /** Seconds of training so far, over all sessions. For information only: no result depends on it. */
  readonly seconds: number;
}

export interface FolderOptions {
  /** Default: all cores. The result does not depend on it. */
  readonly threads?: number;
  /** Resumes from the folder's state, or starts in a folder without one, as left by a run that was stopped before it saved. */
  readonly resume?: boolean;
  /** Starts over; with the first step, the new run replaces the one that the folder holds. */
  readonly force?: boolean;
  /** Other builds of the program whose training `resume` may continue. */
  readonly acceptBuild?: readonly string[];
  /** Starts from these parameters instead of fresh ones. */
  readonly initial?: Network;
  /** Teachers for stages with `teacher` labels; several teach by the mean of their answers. */
  readonly teacher?: Network | readonly Network[];
  /** Trains there instead of on threads. The folder names it; another one may resume, with other roundings. */
  readonly backend?: TrainingBackend | undefined;
  /** Trains on threads with relaxed SIMD (`TrainOptions`). The folder says so. */
  readonly fastMath?: boolean;
  /** The command line, for the network's metadata. */
  readonly command?: string;
  readonly onEvent?: (event: FolderEvent) => void;
  /** As in `TrainOptions`. */
  readonly onNote?: (note: string) => void;
  /** Finishes the step, saves, and returns with `finished` false. */
  readonly signal?: AbortSignal;
}

export interface FolderResult {
  /** False if `signal` stopped the training; resume it with `resume`. */
  readonly finished: boolean;
  /** Optimiser steps done. */
  readonly step: number;
  /** Best validation of the last stage so far. */
  readonly best: BestNumbers | null;
  readonly network: Network;
  /** Seconds of training, over all sessions. */
  readonly seconds: number;
}

/**
 * Trains the network of an experiment into `folder`, which is created if missing.
 *
 * Throws  FileError when the folder is in use, when it holds a run and neither `resume` nor `force` is set, or when files cannot
 *         be read or written, or the run to resume is of another build; SpecError when it belongs to an experiment that trains
 *         differently; and as `train`. A training that is refused before its first step leaves no run behind
 */
export async function trainToFolder(
  subject: Openable,
  folder: string,
  options: FolderOptions = {},
): Promise<FolderResult> {
  const given = opened(subject);
  if (options.resume) requireRun(folder);
  return useFolder(folder, options.command ?? "a program", (open) => trainInFolder(given, folder, open, options));
}

/** The experiment as a training writes it. */
export const experimentText = (experiment: Experiment): string => `${JSON.stringify(experiment, null, 2)}\n`;

async function trainInFolder(
  given: Opened,
  folder: string,
  { lock }: OpenFolder,
  options: FolderOptions,
): Promise<FolderResult> {
  const { experiment } = given;
  const asked = questionOf(given, options);
  const { state, builds, backends } = await openRun(asked, folder, options);
  const build = joinBuilds([...builds, buildId()]);
  const { backend, fastMath = false } = options;
  if (fastMath) allowRelaxedSimd();
  const place = placeOf(options);
  const places = [...(backends ?? []), place];
  const backendsText = placesText(places);
  const question = { ...asked, versions: { build, ...(backendsText !== null && { backend: backendsText }) } };
  if (backends && backends.at(-1) !== place) options.onNote?.(movedNote(backends.join(" + "), place));
  const metrics = await openMetrics(folder, state?.step ?? null);
  const executor = nodeExecutor(options.threads ?? availableParallelism());
  const start = performance.now();
  const seconds = (): number => metrics.secondsBefore + (performance.now() - start) / 1000;
  let saved = start;
  let begun = false;
  // Only now is it certain that the training starts; until then the folder is left alone.
  const begin = async (): Promise<void> => {
    if (begun) return;
    begun = true;
    const { state: stateFile, network, metrics: lines, events } = RUN_FILES;
    const results = [stateFile, network, lines, events, ...Object.values(CURVE_FILES)];
    await writeFilesTogether(folder, {
      ...(state ? {} : Object.fromEntries(results.map((name) => [name, null]))),
      [RUN_FILES.experiment]: experimentText(experiment),
      [RUN_FILES.question]: questionText(question),
    });
    await metrics.open();
  };
  const save = async (current: TrainingState): Promise<void> => {
    await metrics.sync();
    await lock.check();
    await writeFileAtomic(join(folder, RUN_FILES.state), encodeState(current, experiment));
    saved = performance.now();
  };
  try {
    const result = await train(given, {
      executor,
      backend,
      fastMath,
      memoryLimit: trainingMemory(),
      ...(state && { state }),
      ...(options.initial && { initial: options.initial }),
      ...(options.teacher && { teacher: options.teacher }),
      ...(options.signal && { signal: options.signal }),
      ...(options.onNote && { onNote: options.onNote }),
      onStep: (event) => {
        metrics.add(event, seconds());
        options.onEvent?.({ ...event, seconds: seconds() });
      },
      afterStep: async (snapshot, stageEnded) => {
        await begin();
        await metrics.write();
        const due = performance.now() - saved >= experiment.training.checkpointSeconds * 1000;
        if (due || stageEnded) await save(await snapshot());
      },
    });
    const { step, best } = result.state;
    await begin();
    if (result.finished) {
      await lock.check();
      const mixed = builds.some((other) => other !== buildId()) ? build : null;
      await writeFileAtomic(
        join(folder, RUN_FILES.network),
        encodeTrained(result, experiment, options.command, { builds: mixed, backends: backendsText }),
      );
    } else await save(result.state);
    await writeLearningCurves(folder, experiment, await metrics.read(step), options.command ?? "a program", build);
    return {
      finished: result.finished,
      step,
      best: best && bestNumbers(best),
      network: result.network,
      seconds: seconds(),
    };
  } finally {
    await metrics.close();
    await executor.close();
  }
}

/** The question of a training, with the content hashes of its other inputs. */
function questionOf({ experiment, data }: Opened, { teacher, initial }: FolderOptions): Question {
  const teachers = [teacher ?? []].flat();
  const contents = {
    data: data ?? undefined,
    "training.initial": initial,
    "training.teacher": teachers.length > 1 ? teachers : teachers[0],
  };
  const given = Object.entries(contents).filter(([, content]) => content !== undefined);
  return {
    command: "train",
    experiment,
    options: {},
    contents: Object.fromEntries(given.map(([name, content]) => [name, contentHash(content)])),
    versions: {},
  };
}

/**
 * The state to resume from and the builds that trained it; undefined and none for a fresh start. Throws when the folder does not hold
 * what was requested.
 */
async function openRun(
  { experiment, contents }: Question,
  folder: string,
  { resume = false, force = false, acceptBuild }: FolderOptions,
): Promise<{ state?: TrainingState; builds: string[]; backends: string[] | null }> {
  const names = new Set(await readdir(folder));
  const present = [RUN_FILES.state, RUN_FILES.network, RUN_FILES.metrics].filter((name) => names.has(name));
  if (resume && names.has(RUN_FILES.state)) {
    const before = await readQuestion(folder);
    // First, because another build may fill in other defaults. A run from before questions existed says nothing about content.
    const builds = before === null ? [UNKNOWN_BUILD] : buildsOf(before);
    requireBuild(folder, "training", builds, acceptBuild);
    const path = join(folder, RUN_FILES.state);
    const state = decodeState(await readFileChecked(path, LARGEST_STATE), experiment, path);
    if (before !== null) requireSame({ contents: before.contents }, { contents }, folder);
    return { state, builds, backends: before?.versions.backend?.split(" + ") ?? [THREADS] };
  }
  // A run that was stopped before it saved its state leaves only metrics.
  const startsOver = force || (resume && !names.has(RUN_FILES.network));
  if (present.length > 0 && !startsOver) {
    const reason = resume ? `but no ${RUN_FILES.state} to go on from` : "";
    throw new FileError(
      folder,
      `The folder already holds a run (${present.join(", ")})${reason ? `, ${reason}` : ""}. ` +
        `${resume ? "Start" : "Continue it (--resume), start"} over (--force), or train into another folder (--out).`,
    );
  }
  return { builds: [], backends: null };
}

const movedNote = (before: string, now: string): string =>
  `The training so far ran on ${before}, and continues on ${now}. Their roundings differ, so the bits may differ from those of a training ` +
  "on either alone; the network's metadata name both.";

interface Metrics {
  /** Seconds of earlier sessions. */
  readonly secondsBefore: number;
  /** Opens the file and that of events, and removes later lines, and any line that a killed process left half written. */
  open(): Promise<void>;
  add(event: TrainingEvent, seconds: number): void;
  /** Writes added lines. */
  write(): Promise<void>;
  /** Writes added lines, and waits until they are on disk. */
  sync(): Promise<void>;
  /** The lines up to `step`, after all added lines are on disk. */
  read(step: number): Promise<string[]>;
  close(): Promise<void>;
}

/** The metrics up to `step`, to continue after it; null starts over. They may have been removed. */
async function openMetrics(folder: string, step: number | null): Promise<Metrics> {
  const path = join(folder, RUN_FILES.metrics);
  const kept = step === null || !existsSync(path) ? [] : await readMetrics(path, step);
  const secondsBefore = kept.at(-1)?.seconds ?? 0;
  const started = Date.now() / 1000;
  let file: FileHandle | undefined;
  let events: EventFile | undefined;
  // The first lines may come before the files are open.
  let waiting: string[] = [];
  let pending = "";
  function failWriting(cause: unknown): never {
    throw fileError(path, cause, "written");
  }
  async function write(): Promise<void> {
    if (!pending) return;
    const text = pending;
    pending = "";
    await file?.appendFile(text).catch(failWriting);
    for (const metric of parseMetrics(waiting)) events?.add(metric);
    waiting = [];
    await events?.write();
  }
  async function sync(): Promise<void> {
    await write();
    await file?.sync().catch(failWriting);
  }
  return {
    secondsBefore,
    add: ({ steps: _, ...event }, seconds) => {
      if (event.step % METRICS_EVERY !== 0 && !event.validation) return;
      const line = JSON.stringify({ ...event, seconds: Math.round(seconds * 1000) / 1000 });
      pending += `${line}\n`;
      waiting.push(line);
    },
    open: async () => {
      await writeFileAtomic(path, kept.map(({ line }) => `${line}\n`).join(""));
      file = await open(path, "a").catch(failWriting);
      const lines = parseMetrics(kept.map(({ line }) => line));
      events = await openEventFile(join(folder, RUN_FILES.events), lines, started - secondsBefore);
    },
    write,
    sync,
    read: async (last) => {
      await sync();
      return (await readMetrics(path, last)).map(({ line }) => line);
    },
    close: async () => {
      await file?.close();
      await events?.close();
    },
  };
}

/** Lines up to `step`; the first line that is not a metric ends them. */
async function readMetrics(path: string, step: number): Promise<{ line: string; seconds: number }[]> {
  const kept: { line: string; seconds: number }[] = [];
  const text = new TextDecoder().decode(await readFileChecked(path, LARGEST_METRICS));
  for (const line of text.split("\n")) {
    const metric = parseMetric(line);
    if (!metric || metric.step > step) break;
    kept.push({ line, seconds: metric.seconds });
  }
  return kept;
}

function parseMetric(line: string): { step: number; seconds: number } | null {
  try {
    const { step, seconds } = JSON.parse(line);
    return typeof step === "number" && typeof seconds === "number" ? { step, seconds } : null;
  } catch {
    return null;
  }
}
