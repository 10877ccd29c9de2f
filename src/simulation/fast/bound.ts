/** A simulator bound to kernels and memory: the interface used by runs of whole prompts and by parts of a chip. */
import type { PackedBits } from "../../kernels/arena.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import type { Trace, TraceOptions } from "../trace.ts";
import type { CrossbarKernels } from "./linear.ts";
import type { LayerTrain } from "./plan.ts";

/** A linear layer reached by a pass. */
export interface LayerInput {
  readonly layer: string;
  /** Its input. */
  readonly train: LayerTrain;
  /** Vectors per prompt. */
  readonly perPrompt: number;
}

/** A simulator of one thread in its memory. */
export interface BoundSimulator {
  readonly crossbars: CrossbarKernels;
  /** Runs a slice of prompts up to each linear layer in turn; the layer's crossbars must be ready before the pass continues. */
  pass(slice: number, input: SpikeTrain, random: Stream, options: TraceOptions): Generator<LayerInput, Trace>;
  /** Gathers the vectors of all slices, in order, into one array; returns its address. */
  gather(train: LayerTrain, vectors: Iterable<{ readonly slice: number; readonly vector: number }>): PackedBits;
}
