/** The attention engine of a machine, of any kind that is generated. */

import type { AttentionPart } from "../../experiment/by-attention.ts";
import type { ColumnCounters } from "../../hardware/attention/column-counters.ts";
import type { SsaParameters } from "../../hardware/ssa-parameters.ts";
import { attentionParameters } from "../../mapping/attention.ts";
import { operationsOf } from "../../model/graph.ts";
import { graphOf } from "../../model/transformer.ts";
import type { Chip } from "../../simulation/chip.ts";
import { networkAttention } from "../attention/network.ts";
import { ATTENTION_ENGINE } from "../attention/pair-tile.ts";
import { seedBits } from "../design.ts";
import { blockAttention, machineEngine } from "../network-vectors.ts";
import type { TileSizes } from "../passes.ts";
import { ENGINE, ssaEngine } from "../ssa-engine.ts";
import type { Module } from "../syntax.ts";

/** Bits of a word of seeds. */
export const SEED_BITS = 32;

interface EngineParts {
  /** Its module. */
  readonly name: string;
  readonly heads: number;
  /** What it reads: q, k and v, as they come from the layer before. */
  readonly parts: readonly AttentionPart[];
  /** Bits of seeds of a block. An engine that draws nothing ignores a word, so that all machines have the same edge. */
  readonly seedBits: number;
  /** Leaves first. */
  readonly modules: readonly Module[];
}

/** Tiles, which take a feature of all tokens at a time. */
export interface TileEngine extends EngineParts {
  readonly unit: "tiles";
  readonly tile: TileSizes;
  /** Null for tiles that draw no random numbers. */
  readonly random: SsaParameters | null;
}

/** Counters, which take a token at a time. */
export interface TokenEngine extends EngineParts {
  readonly unit: "column-counters";
  readonly counters: ColumnCounters;
  readonly random: null;
}

/** Of a network without attention. */
export interface NoEngine extends EngineParts {
  readonly unit: "none";
  readonly random: null;
}

const NO_ENGINE: NoEngine = {
  unit: "none",
  name: "",
  heads: 1,
  parts: [],
  seedBits: SEED_BITS,
  modules: [],
  random: null,
};

export type MachineEngine = TileEngine | TokenEngine | NoEngine;

/**
 * @param isFollowed whether a run of all steps may begin in the last clock of the one before
 *
 * Throws  MappingError and SpecError, as `machineEngine` and `networkAttention`
 */
export function engineOf(chip: Pick<Chip, "network" | "hardware">, isFollowed = false): MachineEngine {
  if (operationsOf(graphOf(chip.network), "attention").length === 0) return NO_ENGINE;
  if (attentionParameters(blockAttention(chip.network).request, chip.hardware).unit === "ssa-tile") {
    const design = machineEngine(chip);
    const { parameters, heads } = design;
    const modules = [...design.modules.slice(0, -1), ssaEngine(parameters, heads, isFollowed)];
    const drawn = { tile: parameters, random: parameters, seedBits: seedBits(design) };
    return { unit: "tiles", name: ENGINE, heads, parts: ["query", "key", "value"], modules, ...drawn };
  }
  const { unit, heads, parts, modules } = networkAttention(chip);
  const common = { name: ATTENTION_ENGINE, heads, parts, modules, random: null, seedBits: SEED_BITS };
  switch (unit.unit) {
    case "pair-tile":
      return { unit: "tiles", tile: { ...unit, fifo: chip.hardware.ssa.fifo }, ...common };
    case "column-counters":
      return { unit: "column-counters", counters: unit, ...common };
  }
}
