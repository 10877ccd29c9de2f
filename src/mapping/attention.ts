/**
 * Which units compute the heads of attention. Operations of one kind and size, such as those of all blocks, take turns on the same
 * units: an SSA tile keeps no state, and the membranes of other units start at 0 for every operation, or wait in SRAM meanwhile.
 */
import { invariant, MappingError } from "../errors.ts";
import type { AttentionOf, AttentionSpec } from "../experiment/attention.ts";
import { type ByAttention, forAttention } from "../experiment/by-attention.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { NeuronSpec } from "../experiment/neuron.ts";
import { attentionUnitFor, type FiringUnit, type NoUnit, type UnitKind } from "../hardware/attention/catalogue.ts";
import type { UnitClocks } from "../hardware/attention/unit.ts";
import { type SsaParameters, ssaParameters } from "../hardware/ssa-parameters.ts";
import type { TilePlan } from "../hardware/tile-plan.ts";
import type { AttentionOperation } from "../model/attention/operation.ts";
import { type Graph, operationsOf } from "../model/graph.ts";

interface Served {
  /** Names of the operations that take turns on the units. */
  readonly serves: readonly string[];
  /** Heads of an operation, and the units that serve them. */
  readonly heads: number;
  readonly tiles: number;
  /** Tokens N of the network. */
  readonly tokens: number;
  /** Head dimension d. */
  readonly dimension: number;
  readonly clocks: Pick<UnitClocks, "step" | "drain">;
  /** When a unit drains: after all steps, or after each step. */
  readonly drained: TilePlan["drained"];
}

/** Tiles of P x P cells: for stochastic attention, or with neurons and comparators. A window has d clocks. */
export interface TileMapping extends Served {
  readonly unit: "ssa-tile" | "pair-tile";
  /** Tokens P of a tile: N, or what `hardware.ssa.tileTokens` allows. */
  readonly tileTokens: number;
  /** Windows of d clocks per time step: 1 unless N is more than P. */
  readonly passes: number;
}

/** Units that tokens stream past. */
export interface StreamMapping extends Served {
  readonly unit: Exclude<FiringUnit["unit"], "pair-tile">;
}

/** No attention, and no unit. */
export interface NoAttentionMapping extends Pick<Served, "serves" | "heads" | "tokens" | "dimension"> {
  readonly unit: "none";
}

/** Units that compute attention. */
export type ServingMapping = TileMapping | StreamMapping;
export type AttentionMapping = ServingMapping | NoAttentionMapping;

/** The parameters of a network's units, by unit. */
export type AttentionParameters = (SsaParameters & { readonly unit: "ssa-tile" }) | FiringUnit | NoUnit;

/** What attention requires of a machine. */
export interface AttentionRequest {
  readonly attention: AttentionSpec;
  readonly neuron: NeuronSpec;
  readonly steps: number;
  readonly tokens: number;
  readonly dimension: number;
  /** `[N, N]` */
  readonly mask: Uint8Array;
}

type Make = (request: AttentionRequest, hardware: HardwareSpec) => AttentionParameters;

const unitOf =
  (attention: Extract<AttentionSpec, { kind: UnitKind }>): Make =>
  (request, hardware) =>
    attentionUnitFor(attention, request, hardware);

const PARAMETERS: ByAttention<Make> = {
  stochastic: (attention) => (request, hardware) => ({ unit: "ssa-tile", ...ssaTile(attention, request, hardware) }),
  lif: unitOf,
  spikformer: unitOf,
  "sdsa-1": unitOf,
  "sdsa-3": unitOf,
  "qk-token": unitOf,
  "qk-channel": unitOf,
  "alpha-xnor": unitOf,
  "binary-map": unitOf,
  random: unitOf,
  none: unitOf,
};

function ssaTile(
  { scoreGain, valueGain, draws }: AttentionOf<"stochastic">,
  { tokens, dimension, mask }: AttentionRequest,
  { ssa, order }: HardwareSpec,
): SsaParameters {
  return ssaParameters(ssa, { tokens, dimension, mask, scoreGain, valueGain, draws }, order);
}

/** The unit for one head. Throws SpecError or MappingError when it cannot be built. */
export const attentionParameters = (request: AttentionRequest, hardware: HardwareSpec): AttentionParameters =>
  forAttention(request.attention, PARAMETERS)(request, hardware);

export function attentionRequest(operation: AttentionOperation, steps: number): AttentionRequest {
  const { how, tokens, dimension, mask } = operation;
  invariant("attention" in how, "a spiking network has spiking attention");
  return { attention: how.attention, neuron: how.neuron, steps, tokens, dimension, mask };
}

/** Attention of one kind and size, whose operations take turns on the same units. */
export interface AttentionGroup extends Pick<Served, "serves"> {
  readonly first: AttentionOperation;
}

/** The attention of a graph by the units that it needs, in the order in which they are first needed. */
export function attentionGroups(graph: Graph): AttentionGroup[] {
  const groups: { first: AttentionOperation; serves: string[] }[] = [];
  for (const operation of operationsOf(graph, "attention")) {
    const group = groups.find(({ first }) => sharesUnits(first, operation));
    if (group) group.serves.push(operation.name);
    else groups.push({ first: operation, serves: [operation.name] });
  }
  return groups;
}

/** The units of a graph's attention. Throws as `attentionParameters`. */
export const mapAttention = (graph: Graph, steps: number, hardware: HardwareSpec): AttentionMapping[] =>
  attentionGroups(graph).map(({ first, serves }) =>
    placeAttention(attentionParameters(attentionRequest(first, steps), hardware), first.heads, hardware, serves),
  );

const sharesUnits = (a: AttentionOperation, b: AttentionOperation): boolean =>
  a.heads === b.heads &&
  a.dimension === b.dimension &&
  a.tokens === b.tokens &&
  JSON.stringify(a.how) === JSON.stringify(b.how) &&
  (a.mask === b.mask || a.mask.every((cell, i) => cell === b.mask[i]));

/** The tile that serves each head of stochastic attention. Throws as `attentionParameters`, and MappingError for any other kind. */
export const ssaParametersOf = (request: AttentionRequest, hardware: HardwareSpec): SsaParameters =>
  ssaTile(stochasticOf(request), request, hardware);

/** Throws MappingError for attention of another kind. */
export function stochasticOf({ attention }: Pick<SpikingSpec, "attention">): AttentionOf<"stochastic"> {
  if (attention.kind === "stochastic") return attention;
  throw new MappingError(
    "model.attention.kind",
    `Only the SSA tile of stochastic attention does this, but this network has "${attention.kind}" attention. Use a network with ` +
      `"stochastic" attention.`,
  );
}

/** What places need to know of a unit. */
type PlacedUnit =
  | { readonly unit: "ssa-tile"; readonly tokens: number; readonly dimension: number; readonly plan: TilePlan }
  | FiringUnit
  | NoUnit;

/** The units of operations with this many heads. */
export function placeAttention(
  of: PlacedUnit,
  heads: number,
  { ssa }: Pick<HardwareSpec, "ssa">,
  serves: readonly string[],
): AttentionMapping {
  const { tokens, dimension } = of;
  const served = { serves, heads, tokens, dimension };
  const tiles = Math.min(heads, ssa.tiles ?? heads);
  switch (of.unit) {
    case "none":
      return { unit: of.unit, ...served };
    case "ssa-tile":
    case "pair-tile": {
      const { tileTokens, passes, drained } = of.plan;
      const clocks = { step: passes.length * dimension, drain: dimension };
      return { unit: of.unit, ...served, tiles, tileTokens, passes: passes.length, drained, clocks };
    }
    case "column-counters":
    case "token-counters":
    case "outer-product": {
      const { step, drain } = of.clocks;
      return { unit: of.unit, ...served, tiles, clocks: { step, drain }, drained: of.drained };
    }
  }
}

/** Cells of all tiles that draw random numbers. */
export const stochasticCells = (attention: readonly AttentionMapping[]): number =>
  attention.reduce((sum, of) => sum + (of.unit === "ssa-tile" ? of.tiles * of.tileTokens ** 2 : 0), 0);
