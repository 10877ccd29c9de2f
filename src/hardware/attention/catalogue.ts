/**
 * Attention units: which one serves a kind, and what each does.
 *
 *   pair tile         lif, spikformer, alpha-xnor, binary-map, random
 *   column counters   sdsa-1, qk-channel
 *   token counters    qk-token
 *   outer product     sdsa-3
 *   none              none: values pass on to the next layer
 *
 * Stochastic attention has the SSA tile, with settings and random numbers of its own (`ssa-parameters.ts`, `ssa-tile.ts`).
 */
import type { AttentionKind, AttentionSpec } from "../../experiment/attention.ts";
import { type AttentionPart, type ByAttention, forAttention } from "../../experiment/by-attention.ts";
import type { HardwareSpec } from "../../experiment/hardware.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import type { ActionTally } from "../actions.ts";
import { planReadings } from "../tile-plan.ts";
import {
  type ColumnCounters,
  columnActions,
  columnCounters,
  columnIncrements,
  runColumnCounters,
} from "./column-counters.ts";
import { addedTimes } from "./mask-rows.ts";
import { type OuterProduct, outerActions, outerIncrements, outerProduct, runOuterProduct } from "./outer-product.ts";
import { type PairTile, pairIncrements, pairTileActions, pairTiles, runPairTile } from "./pair-tile.ts";
import {
  runTokenCounters,
  type TokenCounters,
  tokenActions,
  tokenCounters,
  tokenIncrements,
} from "./token-counters.ts";
import type { HeadTrains, UnitRequest } from "./unit.ts";

/** Units whose neurons decide. */
export type FiringUnit = PairTile | ColumnCounters | TokenCounters | OuterProduct;
/** A machine without attention unit. */
export interface NoUnit {
  readonly unit: "none";
  readonly tokens: number;
  readonly dimension: number;
}

/** Kinds that a firing unit serves, or none. */
export type UnitKind = Exclude<AttentionKind, "stochastic">;
type Hardware = Pick<HardwareSpec, "ssa" | "order" | "arithmetic">;
type Make = (request: UnitRequest, hardware: Hardware) => FiringUnit | NoUnit;

const UNITS: Pick<ByAttention<Make>, UnitKind> = {
  ...pairTiles,
  "sdsa-1":
    ({ scale }) =>
    (request, hardware) =>
      columnCounters(request, hardware, { scale, counted: ["key", "value"], gated: "query" }),
  "qk-channel":
    ({ scale }) =>
    (request, hardware) =>
      columnCounters(request, hardware, { scale, counted: ["query"], gated: "key" }),
  "qk-token": (attention) => (request, hardware) => tokenCounters(request, hardware, attention),
  "sdsa-3": (attention) => (request, hardware) => outerProduct(request, hardware, attention),
  none:
    () =>
    ({ tokens, dimension }) => ({ unit: "none", tokens, dimension }),
};

/** The unit for one head of a network. Throws SpecError or MappingError when it cannot be built. */
export const attentionUnitFor = (
  attention: Extract<AttentionSpec, { kind: UnitKind }>,
  request: UnitRequest,
  hardware: Hardware,
): FiringUnit | NoUnit => forAttention<Make, UnitKind>(attention, UNITS)(request, hardware);

/** What a unit does for one head of one prompt. */
interface UnitKit<Unit extends FiringUnit> {
  /** A from the parts that the kind reads, all `[T][N][d]`. Counts every action. */
  run(unit: Unit, head: HeadTrains, tally: ActionTally): SpikeTrain;
  /** Its actions over T steps; all but `counterIncrements`, which depend on spikes. */
  actions(unit: Unit, steps: number): ActionTally;
  increments(unit: Unit, head: HeadTrains): number;
  /** How often it reads the vectors of each token at every step. */
  readings(unit: Unit): Readings;
}

/** By token, for the parts that a unit reads. */
export type Readings = Readonly<Partial<Record<AttentionPart, ArrayLike<number>>>>;

const once = (tokens: number): Uint32Array => new Uint32Array(tokens).fill(1);

const KITS: { readonly [Name in FiringUnit["unit"]]: UnitKit<Extract<FiringUnit, { unit: Name }>> } = {
  "pair-tile": {
    run: runPairTile,
    actions: pairTileActions,
    increments: pairIncrements,
    readings: ({ plan, tokens }) => planReadings(plan, tokens),
  },
  "column-counters": {
    run: runColumnCounters,
    actions: columnActions,
    increments: columnIncrements,
    readings: ({ rows, tokens, counted, gated }) => {
      const times = addedTimes(rows, tokens);
      return { ...Object.fromEntries(counted.map((part) => [part, times])), [gated]: once(tokens) };
    },
  },
  "token-counters": {
    run: runTokenCounters,
    actions: tokenActions,
    increments: (_, head) => tokenIncrements(head),
    readings: ({ tokens }) => ({ query: once(tokens), key: once(tokens) }),
  },
  "outer-product": {
    run: runOuterProduct,
    actions: outerActions,
    increments: outerIncrements,
    readings: ({ rows, tokens }) => {
      const times = addedTimes(rows, tokens);
      return { query: once(tokens), key: times, value: times };
    },
  },
};

const kitOf = (unit: FiringUnit): UnitKit<FiringUnit> => KITS[unit.unit] as UnitKit<FiringUnit>; // its kit takes the unit

export const runUnit = (unit: FiringUnit, head: HeadTrains, tally: ActionTally): SpikeTrain =>
  kitOf(unit).run(unit, head, tally);
export const unitActions = (unit: FiringUnit, steps: number): ActionTally => kitOf(unit).actions(unit, steps);
export const unitReadings = (unit: FiringUnit): Readings => kitOf(unit).readings(unit);
export const unitIncrements = (unit: FiringUnit, head: HeadTrains): number => kitOf(unit).increments(unit, head);

/** Bits that an attention operation offered to counters; `counterIncrements` of them were 1. */
export const offeredBits = ({
  scoreAnds,
  outerAnds,
  channelCounts,
  treeBits,
}: Pick<ActionTally, "scoreAnds" | "outerAnds" | "channelCounts" | "treeBits">): number =>
  scoreAnds + outerAnds + channelCounts + treeBits;
