/** Training in the page: its subject, progress and results. */
import { signal } from "@preact/signals";
import { type Experiment, parseExperiment, type TrainingEvent } from "xpikeformer";
import { kitOf, totalSteps } from "xpikeformer/internal";
import type { ComputedOn } from "../workers/backend.ts";
import { callerOf, type Failure, failureOf } from "../workers/calls.ts";
import type { Trained, TrainingFunctions, TrainingNews } from "../workers/training.ts";
import { keepBytes, loadData, networkNamed } from "./files.ts";
import { backend, experiment, failure, open, openedReport } from "./studio.ts";

/** A small link that trains within a minute, or the experiment shown, however long that takes. */
export const subject = signal<"small" | "shown">("small");
/** Optimiser steps of the small link. */
export const steps = signal(400);
/** Whether the last quarter of the small link's steps is hardware-aware. */
export const aware = signal(true);
/** As typed. */
export const seed = signal("1");

/** A point of a curve. */
export interface Point {
  readonly step: number;
  readonly value: number;
}

export interface Training {
  readonly experiment: Experiment;
  readonly status: "loading" | "learning" | "stopping" | "stopped" | "finished" | "failed";
  readonly step: number;
  readonly steps: number;
  readonly stage: string;
  /** Mean loss of the steps since the previous point. */
  readonly losses: readonly Point[];
  /** The task's metric in validation. */
  readonly errors: readonly Point[];
  /** Null in the first second. */
  readonly secondsLeft: number | null;
  readonly note: string | null;
  /** Null before it begins. */
  readonly on: ComputedOn | null;
  /** That its GPU was lost, and what became of it; null if it was not. */
  readonly moved: string | null;
  readonly failure: Failure | null;
  /** The result so far; null during training. */
  readonly trained: Trained | null;
}

/** The newest training; null before the first. */
export const training = signal<Training | null>(null);

/** Earlier results, newest first. */
export const shelf = signal<readonly Kept[]>([]);

export interface Kept {
  /** The file's name. */
  readonly name: string;
  readonly experiment: Experiment;
  readonly step: number;
  /** In the last validation. */
  readonly error: number | null;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Most networks that are kept. */
const SHELF = 6;
/** Most points of a curve. */
const POINTS = 400;
/** The command that writes the same network, in the folder of the saved experiment. */
export const COMMAND = "xpike train experiment.json";

/** One transmit antenna, two receive antennas, 8 pilots: the link of docs/first-experiment.md, with a network of one block. */
function smallLink(): Experiment {
  const total = steps.peek();
  const typed = seed.peek().trim();
  const last = total / 4;
  return parseExperiment(
    JSON.stringify({
      name: aware.peek() ? "small-link-aware" : "small-link",
      // Text that is no number is passed on, and rejected with its text.
      seed: typed === "" || Number.isNaN(Number(typed)) ? typed : Number(typed),
      task: {
        kind: "symbol-detection",
        transmitAntennas: 1,
        receiveAntennas: 2,
        pilots: 8,
        coding: "thermometer",
      },
      model: {
        width: 64,
        depth: 1,
        heads: 4,
        steps: 4,
        attention: { scoreGain: 8, valueGain: 16 },
        surrogate: { kind: "triangular" },
      },
      hardware: { chips: 5 },
      training: {
        batch: 64,
        shards: 2,
        validateEvery: total / 16,
        validationPrompts: 512,
        stages: [
          { name: "conventional", steps: total - last, learningRate: 0.004, warmup: Math.round(total / 16) },
          {
            name: aware.peek() ? "hardware-aware" : "conventional, on",
            steps: last,
            learningRate: 0.0015,
            warmup: Math.round(total / 40),
            noise: { hardware: aware.peek() },
          },
        ],
      },
      evaluation: { prompts: 1024 },
    }),
    "the small link",
  );
}

let worker: ReturnType<typeof callerOf<TrainingFunctions>> | null = null;

/** Its threads start and end with each training. */
function trainer() {
  worker ??= callerOf<TrainingFunctions>(
    new Worker(new URL("../workers/training.ts", import.meta.url), { type: "module" }),
  );
  return worker;
}

/** Starts a new training. */
export async function startTraining(): Promise<void> {
  try {
    const given = subject.peek() === "small" ? smallLink() : experiment.peek()!;
    training.value = {
      experiment: given,
      status: "loading",
      step: 0,
      steps: totalSteps(given.training),
      stage: given.training.stages[0].name,
      losses: [],
      errors: [],
      secondsLeft: null,
      note: null,
      on: null,
      moved: null,
      failure: null,
      trained: null,
    };
  } catch (error) {
    failedToStart.value = failureOf(error);
    return;
  }
  await learn(null);
}

/** Why the training could not start; null if it did. */
export const failedToStart = signal<Failure | null>(null);

/** Stops the training after the current step, and keeps the result. */
export function stopTraining(): void {
  change({ status: "stopping" });
  trainer()("stop", undefined).catch((error) => change({ status: "failed", failure: failureOf(error) }));
}

/** Resumes, to the same network as an uninterrupted training. */
export async function resumeTraining(): Promise<void> {
  const { trained } = training.peek()!;
  change({ status: "loading", trained: null, secondsLeft: null });
  await learn(trained);
}

const change = (changes: Partial<Training>): void => {
  training.value = { ...training.peek()!, ...changes };
};

/** @param before  what it resumes from; null for a new training */
async function learn(before: Trained | null): Promise<void> {
  failedToStart.value = null;
  const { experiment: given } = training.peek()!;
  const { teacher = [], initial } = given.training;
  const take = follow();
  try {
    const ofTeachers = Promise.all([teacher].flat().map(networkNamed));
    const ofInitial = initial === undefined ? null : networkNamed(initial);
    const [data, teachers, start] = await Promise.all([loadData(given), ofTeachers, ofInitial]);
    const { state = null, places = [] } = before ?? {};
    const inputs = { experiment: given, data, teachers, initial: start, state, places };
    const asked = { ...inputs, command: COMMAND, backend: backend.peek() };
    const coming = trainer()("train", asked, (news) => ("events" in news ? take(news.events) : hear(news)));
    change({ status: "learning" });
    const trained = await coming;
    change({ status: trained.finished ? "finished" : "stopped", trained, secondsLeft: null });
    if (trained.finished) keep(trained);
  } catch (error) {
    change({ status: "failed", failure: failureOf(error), secondsLeft: null });
  }
}

/** Takes news other than steps. */
function hear(news: Exclude<TrainingNews, { readonly events: unknown }>): void {
  if ("lost" in news) {
    const { losses, errors } = training.peek()!;
    const until = (points: readonly Point[]) => points.filter(({ step }) => step <= news.step);
    change({
      moved: `${news.lost} The training continues on WebAssembly after step ${news.step}, the last that was kept.`,
      step: news.step,
      losses: until(losses),
      errors: until(errors),
    });
  } else change(news);
}

/** Adds finished steps to the curves. */
function follow(): (events: readonly TrainingEvent[]) => void {
  const { experiment: given, steps: total, step: before } = training.peek()!;
  const { key } = kitOf(given.task).metric;
  const every = Math.ceil(total / POINTS);
  const start = performance.now();
  let [sum, count] = [0, 0];
  return (events) => {
    const { losses, errors } = training.peek()!;
    const [lossesNow, errorsNow] = [[...losses], [...errors]];
    for (const { step, loss, validation } of events) {
      sum += loss;
      count++;
      if (step % every === 0) {
        lossesNow.push({ step, value: sum / count });
        [sum, count] = [0, 0];
      }
      if (validation) errorsNow.push({ step, value: validation[key] ?? Number.NaN });
    }
    const { step, stage } = events[events.length - 1];
    const seconds = (performance.now() - start) / 1000;
    const secondsLeft = seconds < 1 ? null : ((total - step) * seconds) / (step - before);
    change({ step, stage, losses: lossesNow, errors: errorsNow, secondsLeft });
  };
}

let count = 0;

function keep({ network }: Trained): void {
  const { experiment: given, step, errors } = training.peek()!;
  const error = errors.at(-1)?.value ?? null;
  const kept = { name: `trained-${++count}.safetensors`, experiment: given, step, error, bytes: network };
  shelf.value = [kept, ...shelf.peek()].slice(0, SHELF);
}

/** Puts a network on the chip shown. */
export function putOnChip(name: string, bytes: Uint8Array<ArrayBuffer>, given: Experiment): void {
  keepBytes(name, bytes);
  openedReport.value = null;
  failure.value = null;
  open({ ...given, checkpoints: { ...given.checkpoints, network: name } });
}
