/** The package's trainer, on threads that live as long as one training. The result is what `xpike train` writes, byte for byte. */
import {
  browserExecutor,
  decodeCheckpoint,
  type Experiment,
  encodeTrained,
  type ImageData,
  openExperiment,
  type TrainingEvent,
  train,
} from "xpikeformer";
import { decodeState, encodeState } from "xpikeformer/internal";
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
  /** The command that gives the same network, for its metadata. */
  readonly command: string;
}

/** Steps done since the last news, or a note about memory. */
export type TrainingNews = { readonly events: readonly TrainingEvent[] } | { readonly note: string };

export interface Trained {
  /** False if it was stopped. */
  readonly finished: boolean;
  /** `network.safetensors`: the network with the best validation so far. */
  readonly network: Uint8Array<ArrayBuffer>;
  /** `state.safetensors`: the state to resume from. */
  readonly state: Uint8Array<ArrayBuffer>;
}

/** Milliseconds between two reports. */
const PACE = 100;

let stopper: AbortController | null = null;

const functions = {
  /** Ends the training after the current step. */
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
