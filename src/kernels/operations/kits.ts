/** The kits of all operations, which the compiler wants complete. */
import { SpecError } from "../../errors.ts";
import { attention } from "./attention.ts";
import type { PassKit, PassOperation } from "./kit.ts";
import { linear } from "./linear.ts";
import { pool, windows } from "./maps.ts";
import { neurons } from "./neurons.ts";
import { batchNormalisation, layerNormalisation, rounding } from "./normalisation.ts";
import { readOut } from "./read-out.ts";
import { activation, add, numbers, position, sum, tokenMean } from "./rows.ts";

const KITS: { readonly [K in PassOperation["kind"]]: PassKit<Extract<PassOperation, { kind: K }>> } = {
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
  numbers,
};

/** The record's type is not distributed over its members, but each operation meets the kit of its own kind. */
export const passKit = ({ kind }: PassOperation): PassKit<PassOperation> => KITS[kind] as PassKit<PassOperation>;

/** Throws SpecError: kernels have no way to compute this. */
export function refuse({ kind, name }: PassOperation, reason: string): never {
  throw new SpecError(`model.operations.${name}`, `The ${kind} ${name} ${reason}`);
}
