/** An attention operation with the units of a machine that serve its heads. */
import type { AttentionPart } from "../experiment/by-attention.ts";
import type { FiringUnit, NoUnit } from "../hardware/attention/catalogue.ts";
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import {
  attentionParameters,
  attentionRequest,
  placeAttention,
  type ServingMapping,
  stochasticOf,
} from "../mapping/attention.ts";
import { type AttentionOperation, partsRead } from "../model/attention/operation.ts";
import { operationsOf } from "../model/graph.ts";
import { graphOf } from "../model/transformer.ts";
import type { MappedNetwork } from "./chip.ts";

/** SSA tiles, and the units of other kinds of attention. */
export type TileUnit = SsaParameters & { readonly unit: "ssa-tile" };
export type ServingUnit = TileUnit | FiringUnit;

export interface Served<U extends ServingUnit | NoUnit = ServingUnit | NoUnit> {
  readonly operation: AttentionOperation;
  /** Which of q, k and v it reads. */
  readonly parts: readonly AttentionPart[];
  readonly unit: U;
  /** How many units there are, and how they take turns. */
  readonly placed: U extends NoUnit ? null : ServingMapping;
}

/** In the order of the graph. Throws SpecError or MappingError when a unit cannot be built. */
export function servedAttention({ network, hardware }: Pick<MappedNetwork, "network" | "hardware">): Served[] {
  const { steps } = network.model;
  return operationsOf(graphOf(network), "attention").map((operation) => {
    const unit = attentionParameters(attentionRequest(operation, steps), hardware);
    const placed = placeAttention(unit, operation.heads, hardware, [operation.name]);
    return { operation, parts: partsRead(operation), unit, placed: placed.unit === "none" ? null : placed } as Served;
  });
}

export const isServed = (served: Served): served is Served<ServingUnit> => served.placed !== null;
export const hasTiles = (served: Served): served is Served<TileUnit> => served.unit.unit === "ssa-tile";

/** The same for stochastic attention. Throws MappingError for any other kind. */
export function servedByTiles(chip: Pick<MappedNetwork, "network" | "hardware">): Served<TileUnit>[] {
  stochasticOf(chip.network.model);
  return servedAttention(chip).filter(hasTiles);
}
