/** A simulator that is bound to kernels and memory: what runs of whole prompts and parts of a chip ask it for. */
import type { PackedBits } from "../../kernels/arena.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import type { Trace, TraceOptions } from "../trace.ts";
import type { CrossbarKernels } from "./linear.ts";
import type { LayerTrain } from "./plan.ts";

/** A linear layer that a pass has come to. */
export interface LayerInput {
  readonly layer: string;
  /** What it reads. */
  readonly train: LayerTrain;
  /** Vectors of a prompt. */
  readonly perPrompt: number;
}

/** A simulator of one thread in its memory. */
export interface BoundSimulator {
  readonly crossbars: CrossbarKernels;
  /** Runs a slice of prompts up to each linear layer in turn; its crossbars must be ready when the pass goes on. */
  pass(slice: number, input: SpikeTrain, random: Stream, options: TraceOptions): Generator<LayerInput, Trace>;
  /** Brings vectors of all slices, which come one after another by their place, side by side; returns where they lie. */
  gather(train: LayerTrain, vectors: Iterable<{ readonly slice: number; readonly vector: number }>): PackedBits;
}
