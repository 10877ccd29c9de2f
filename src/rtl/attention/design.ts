/** Engines for kinds of attention that AND gates and counters compute, and why the others have none. */
import { MappingError, SpecError } from "../../errors.ts";
import type { AttentionKind, AttentionSpec } from "../../experiment/attention.ts";
import { ATTENTION_PARTS, type AttentionPart, type ByAttention, forAttention } from "../../experiment/by-attention.ts";
import type { HardwareSpec } from "../../experiment/hardware.ts";
import { attentionUnitFor } from "../../hardware/attention/catalogue.ts";
import type { ColumnCounters } from "../../hardware/attention/column-counters.ts";
import type { PairTile } from "../../hardware/attention/pair-tile.ts";
import type { UnitRequest } from "../../hardware/attention/unit.ts";
import type { Module } from "../syntax.ts";
import { columnModules } from "./column-counters.ts";
import { pairTileModules } from "./pair-tile.ts";

/** Units with an engine. */
export type GeneratedUnit = PairTile | ColumnCounters;

/** An engine of units with neurons, which draws no random numbers. */
export interface AttentionDesign {
  readonly kind: AttentionKind;
  readonly unit: GeneratedUnit;
  readonly heads: number;
  /** What it reads. */
  readonly parts: readonly AttentionPart[];
  /** Leaves first; the engine is the last. */
  readonly modules: readonly Module[];
}

type Hardware = Pick<HardwareSpec, "ssa" | "order" | "arithmetic">;
type Make = (request: UnitRequest, heads: number, hardware: Hardware) => AttentionDesign;

type Generated = "lif" | "binary-map" | "sdsa-1" | "qk-channel";

const engine =
  (attention: Extract<AttentionSpec, { kind: Generated }>): Make =>
  (request, heads, hardware) => {
    const unit = attentionUnitFor(attention, request, hardware) as GeneratedUnit; // as its kind has it
    return {
      kind: attention.kind,
      unit,
      heads,
      parts: ATTENTION_PARTS[attention.kind],
      modules: modulesOf(unit, heads, hardware),
    };
  };

const refused =
  (reason: string) =>
  ({ kind }: AttentionSpec): Make =>
  () => {
    throw new MappingError(
      "model.attention.kind",
      `RTL of "${kind}" attention is not generated: ${reason}. Use "stochastic", "lif", "binary-map", "sdsa-1" or "qk-channel" attention, or ` +
        "xpike cost and xpike eval, which need no RTL.",
    );
  };

const ADDERS = "its tile adds counts of several bits, gated by values, where generated tiles add single bits";

const ENGINES: ByAttention<Make> = {
  stochastic: refused("its engine of SSA tiles has a generator of its own"),
  lif: engine,
  "binary-map": engine,
  "sdsa-1": engine,
  "qk-channel": engine,
  spikformer: refused(ADDERS),
  random: refused(ADDERS),
  "alpha-xnor": refused(`${ADDERS}, and its cells count zeros too`),
  "sdsa-3": refused("its array sums products of queries with counts of several bits, which takes adders"),
  "qk-token": refused("it mixes no tokens, so its tree of adders has no generator"),
  none: refused("without attention there is no engine to generate"),
};

/** Throws MappingError for a kind without generator, and as `attentionUnitFor`; SpecError for sizes too small for an array. */
export function attentionDesign(
  attention: AttentionSpec,
  request: UnitRequest,
  heads: number,
  hardware: Hardware,
): AttentionDesign {
  const { tokens, dimension } = request;
  if (tokens < 2 || dimension < 2 || heads < 1) {
    throw new SpecError(
      "model",
      `An engine for ${tokens} tokens and ${dimension} features of ${heads} heads is too small. The RTL needs at least two tokens, two features ` +
        "and one head.",
    );
  }
  return forAttention(attention, ENGINES)(request, heads, hardware);
}

function modulesOf(unit: GeneratedUnit, heads: number, { ssa }: Hardware): Module[] {
  switch (unit.unit) {
    case "pair-tile":
      return pairTileModules(unit, ssa.fifo, heads);
    case "column-counters":
      return columnModules(unit, heads);
  }
}
