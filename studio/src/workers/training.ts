/** The package's trainer on threads of its own, for as long as one training takes. What it gives is what `xpike train` writes, to the byte. */
import {
  browserExecutor,
  decodeCheckpoint,
  decodeState,
  type Experiment,
  encodeState,
  encodeTrained,
  type ImageData,
  openExperiment,
  type TrainingEvent,
  train,
} from "xpikeformer";
import { serve } from "./calls.ts";

export interface TrainingGiven {
  readonly experiment: Experiment;
  /** Of a task that classifies images; null for a link. */
  readonly data: ImageData | null;
  /** Bytes of the checkpoints that give the labels, and of the one to start from. */
  readonly teachers: readonly ArrayBuffer[];
  readonly initial: ArrayBuffer | null;
  /** Where to go on; null for a fresh start. */
  readonly state: Uint8Array | null;
  /** What gives the same network, for its metadata. */
  readonly command: string;
}

/** Steps that were done since the last news, or a sentence about memory. */
export type TrainingNews = { readonly events: readonly TrainingEvent[] } | { readonly note: string };

export interface Trained {
  /** False where it was stopped. */
  readonly finished: boolean;
  /** `network.safetensors`: of the best validation so far. */
  readonly network: Uint8Array<ArrayBuffer>;
  /** `state.safetensors`: where to go on. */
  readonly state: Uint8Array<ArrayBuffer>;
}

/** Milliseconds between two pieces of news. */
const PACE = 100;

let stopper: AbortController | null = null;

const functions = {
  /** Ends the training after its step. */
  stop() {
    stopper?.abort();
  },

  async train(given: TrainingGiven, tell: (news: TrainingNews) => void): Promise<Trained> {
    const { experiment, data, state, command } = given;
    const read = (bytes: ArrayBuffer) => decodeCheckpoint(new Uint8Array(bytes)).network;
    const teacher = given.teachers.map(read);
    const initial = given.initial && read(given.initial);
    const { executor } = browserExecutor();
    stopper = new AbortController();
    let events: TrainingEvent[] = [];
    let told = performance.now();
    const tellEvents = () => {
      if (events.length > 0) tell({ events });
      events = [];
      told = performance.now();
    };
    try {
      const result = await train(openExperiment(experiment, data), {
        executor,
        signal: stopper.signal,
        ...(state && { state: decodeState(state, experiment, "the state") }),
        teacher,
        ...(initial && { initial }),
        onNote: (note) => tell({ note }),
        onStep: (event) => {
          events.push(event);
          if (performance.now() - told >= PACE) tellEvents();
        },
      });
      tellEvents();
      return {
        finished: result.finished,
        network: encodeTrained(result, experiment, command) as Uint8Array<ArrayBuffer>,
        state: encodeState(result.state, experiment) as Uint8Array<ArrayBuffer>,
      };
    } finally {
      await executor.close();
    }
  },
};

export type TrainingFunctions = typeof functions;

serve(functions);
