/** The kinds of operations, each with its kit. `operation.ts` says what a kit provides. */
import { type ActivationOperation, activation } from "./activation.ts";
import { type AttentionOperation, attention } from "./attention/operation.ts";
import { type BatchNormOperation, batchNormalisation } from "./batch-norm.ts";
import { type WindowsOperation, windows } from "./convolution.ts";
import { type LayerNormOperation, layerNormalisation } from "./layer-norm.ts";
import { type LinearOperation, linear } from "./linear.ts";
import { type PoolOperation, pool } from "./max-pool.ts";
import { type NeuronsOperation, neurons } from "./neuron/operation.ts";
import type { OperationKit } from "./operation.ts";
import { type PositionOperation, position } from "./position.ts";
import { type ReadOutOperation, readOut } from "./read-out.ts";
import { type RoundingOperation, rounding } from "./rounding.ts";
import { type AddOperation, add, type SumOperation, sum, type TokenMeanOperation, tokenMean } from "./stream.ts";

export type Operation =
  | WindowsOperation
  | LinearOperation
  | BatchNormOperation
  | LayerNormOperation
  | RoundingOperation
  | PositionOperation
  | NeuronsOperation
  | ActivationOperation
  | AttentionOperation
  | PoolOperation
  | SumOperation
  | AddOperation
  | TokenMeanOperation
  | ReadOutOperation;

export type OperationKind = Operation["kind"];

const KITS: { readonly [K in OperationKind]: OperationKit<Extract<Operation, { kind: K }>> } = {
  windows,
  linear,
  "batch-normalisation": batchNormalisation,
  "layer-normalisation": layerNormalisation,
  rounding,
  position,
  neurons,
  activation,
  attention,
  pool,
  sum,
  add,
  "token-mean": tokenMean,
  "read-out": readOut,
};

/** The record's type is not distributed over its members, but each operation meets the kit of its own kind. */
export const operationKit = (operation: Operation): OperationKit<Operation> =>
  KITS[operation.kind] as OperationKit<Operation>;
