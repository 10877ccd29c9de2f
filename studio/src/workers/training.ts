/**
 * The package's trainer, on the browser's GPU or on threads that live as long as one training. On threads the result is what `xpike
 * train` writes, byte for byte. A training whose GPU goes away continues on threads.
 */
import {
  browserExecutor,
  decodeCheckpoint,
  type Experiment,
  encodeTrained,
  gpuBackend,
  type ImageData,
  inlineExecutor,
  isXpikeError,
  jobs,
  openExperiment,
  type TrainingEvent,
  type TrainingState,
  type TrainOptions,
  type TrainResult,
  train,
} from "xpikeformer";
import { type Backend, decodeState, encodeState, placeOf, placesText } from "xpikeformer/internal";
import { type ComputedOn, findGpu, gpuFailure } from "./backend.ts";
import { serve } from "./calls.ts";

export interface TrainingGiven {
  readonly experiment: Experiment;
  /** Of an image task; null for a link. */
  readonly data: ImageData | null;
  /** Bytes of the teacher checkpoints, and of the initial checkpoint. */
  readonly teachers: readonly ArrayBuffer[];
  readonly initial: ArrayBuffer | null;
  /** The state to resume from; null for a new training. */
  readonly state: Uint8Array | null;
  /** Where that was trained. */
  readonly places: readonly string[];
  /** The command that gives the same network, for its metadata. */
  readonly command: string;
  readonly backend: Backend;
}

/** Steps done since the last news, a note about memory, where the training runs, or that it goes on there after a step. */
export type TrainingNews =
  | { readonly events: readonly TrainingEvent[] }
  | { readonly note: string }
  | { readonly on: ComputedOn }
  | { readonly lost: string; readonly step: number };

export interface Trained {
  /** False if it was stopped. */
  readonly finished: boolean;
  /** `network.safetensors`: the network with the best validation so far. */
  readonly network: Uint8Array<ArrayBuffer>;
  /** `state.safetensors`: the state to resume from. */
  readonly state: Uint8Array<ArrayBuffer>;
  /** Where it was trained, as its metadata name it. */
  readonly places: readonly string[];
}

/** Milliseconds between two reports. */
const PACE = 100;
/** Milliseconds between two states that are read from a GPU, in case that it is lost. */
const KEPT = 2000;

let stopper: AbortController | null = null;

const functions = {
  /** Ends the training after the current step. */
  stop() {
    stopper?.abort();
  },

  async train(given: TrainingGiven, tell: (news: TrainingNews) => void): Promise<Trained> {
    const { experiment, data, command } = given;
    const read = (bytes: ArrayBuffer) => decodeCheckpoint(new Uint8Array(bytes)).network;
    const teacher = given.teachers.map(read);
    const initial = given.initial && read(given.initial);
    stopper = new AbortController();
    const { signal } = stopper;
    const start = given.state ? decodeState(given.state, experiment, "the state") : null;
    let hasBegun = false;
    let events: TrainingEvent[] = [];
    let told = performance.now();
    const tellEvents = () => {
      if (events.length > 0) tell({ events });
      events = [];
      told = performance.now();
    };
    const learn = async (
      where: Pick<TrainOptions, "executor" | "backend" | "afterStep">,
      state: TrainingState | null,
    ) => {
      const result = await train(openExperiment(experiment, data), {
        ...where,
        signal,
        ...(state && { state }),
        teacher,
        ...(initial && { initial }),
        onNote: (note) => tell({ note }),
        onStep: (event) => {
          hasBegun = true;
          events.push(event);
          if (performance.now() - told >= PACE) tellEvents();
        },
      });
      tellEvents();
      return result;
    };
    const trained = (result: TrainResult, places: readonly string[]): Trained => ({
      finished: result.finished,
      network: encodeTrained(result, experiment, command, { backends: placesText(places) }) as Uint8Array<ArrayBuffer>,
      state: encodeState(result.state, experiment) as Uint8Array<ArrayBuffer>,
      places,
    });

    let { gpu, reason } = await findGpu(given.backend);
    let state = start;
    let places = given.places;
    if (gpu) {
      const backend = await gpuBackend(gpu);
      const onGpu = [...places, placeOf({ backend })];
      tell({ on: { gpu: gpu.name, threads: 1, reason: null } });
      let kept = performance.now();
      const afterStep: TrainOptions["afterStep"] = async (snapshot, stageEnded) => {
        if (!stageEnded && performance.now() - kept < KEPT) return;
        state = await snapshot();
        kept = performance.now();
      };
      try {
        return trained(await learn({ executor: inlineExecutor(jobs), backend, afterStep }, state), onGpu);
      } catch (error) {
        // A training that diverges does so anywhere.
        if (isXpikeError(error) && error.tag === "value") throw error;
        reason = gpuFailure(gpu, error);
      } finally {
        gpu.close();
      }
      tellEvents();
      if (state !== start) places = onGpu;
      if (hasBegun) tell({ lost: reason, step: state?.step ?? 0 });
    }
    const { executor } = browserExecutor();
    tell({ on: { gpu: null, threads: executor.threads, reason } });
    try {
      return trained(await learn({ executor }, state), [...places, placeOf({})]);
    } finally {
      await executor.close();
    }
  },
};

export type TrainingFunctions = typeof functions;

serve(functions);
