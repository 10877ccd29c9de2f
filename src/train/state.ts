/** Everything that training needs to go on exactly where it stopped. */
import type { Tensor } from "../model/network.ts";

type Tensors = Readonly<Record<string, Tensor>>;

export interface TrainingState {
  /** Optimiser steps done, over all stages. */
  readonly step: number;
  readonly stage: number;
  /** Step at which the stage began. */
  readonly stageStart: number;
  /** Validations since the best one. */
  readonly sinceBest: number;
  readonly parameters: Tensors;
  /** AdamW moments of the learned parameters. */
  readonly first: Tensors;
  readonly second: Tensors;
  /** Best validation of the stage, with its parameters. */
  readonly best: {
    readonly step: number;
    readonly loss: number;
    readonly bitErrorRate: number;
    readonly parameters: Tensors;
  } | null;
}
