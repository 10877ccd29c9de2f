/** What each engine brings to a machine: the modules around it, and its results as they leave it. */
import type { SpikeTrain } from "../../spike/train.ts";
import { clocksOfStep } from "../attention/column-counters.ts";
import { vectorBits } from "../attention/vectors.ts";
import type { Module } from "../syntax.ts";
import { columnBits, hexLine } from "../testbench.ts";
import { attentionByStep } from "./attention-by-step.ts";
import { attentionByToken, tokenBuffer, vectorBuffer } from "./attention-by-token.ts";
import { attentionInFlight } from "./attention-in-flight.ts";
import { attentionSize, attentionUnit } from "./attention-unit.ts";
import { featureBanks, tokenBanks } from "./block-memories.ts";
import type { MachineEngine, TileEngine, TokenEngine } from "./engine.ts";
import type { Fabric } from "./fabric.ts";
import { attentionBuffer, qkvBuffer } from "./memories.ts";
import type { MachinePlan } from "./plan.ts";

/** Bits that leave an engine in a clock of the prompt, as hexadecimal digits. */
export interface AttentionResult {
  readonly clock: number;
  readonly column: string;
}

interface Kit<Engine extends MachineEngine> {
  /** Buffers on both sides of the engine, and the control: leaves first. */
  modules(plan: MachinePlan, engine: Engine): Module[];
  /** Bits of a result, and results of a prompt. */
  results(plan: MachinePlan, engine: Engine): { readonly width: number; readonly perPrompt: number };
  /** Those of a block; `head(h)` has the bits of A of a head. */
  resultsOf(plan: MachinePlan, engine: Engine, block: number, heads: readonly SpikeTrain[]): AttentionResult[];
}

const KITS: { readonly [Unit in MachineEngine["unit"]]: Kit<Extract<MachineEngine, { unit: Unit }>> } = {
  tiles: { modules: tileModules, results: tileResults, resultsOf: tileResultsOf },
  "column-counters": { modules: tokenModules, results: tokenResults, resultsOf: tokenResultsOf },
  none: { modules: () => [], results: () => ({ width: 0, perPrompt: 0 }), resultsOf: () => [] },
};

const kitOf = ({ unit }: MachineEngine): Kit<MachineEngine> => KITS[unit] as Kit<MachineEngine>; // its kit takes the engine

export const attentionModules = (plan: MachinePlan): Module[] => kitOf(plan.engine).modules(plan, plan.engine);
export const attentionResults = (plan: MachinePlan) => kitOf(plan.engine).results(plan, plan.engine);
export const attentionResultsOf = (plan: MachinePlan, block: number, heads: readonly SpikeTrain[]): AttentionResult[] =>
  kitOf(plan.engine).resultsOf(plan, plan.engine, block, heads);

function tileModules(plan: MachinePlan, engine: TileEngine): Module[] {
  const { stepMajor, inFlight, steps, machine } = plan;
  const size = attentionSize(plan, engine);
  const { qkvSteps, attentionSteps } = stepMajor ?? {
    qkvSteps: steps * (inFlight?.qkvRuns ?? 1),
    attentionSteps: steps * (inFlight?.attentionRuns ?? 1),
  };
  const buffers: Readonly<Record<Fabric["kind"], () => Module[]>> = {
    macros: () => [
      qkvBuffer({ ...size, steps: qkvSteps }),
      attentionBuffer({ ...size, steps: attentionSteps }, machine.order),
    ],
    memories: () => [...tokenBanks({ ...size, steps: qkvSteps }), ...featureBanks({ ...size, steps: attentionSteps })],
  };
  return [
    ...buffers[plan.fabric.kind](),
    stepMajor
      ? attentionByStep(plan, stepMajor, engine)
      : inFlight
        ? attentionInFlight(plan, inFlight, engine)
        : attentionUnit(plan, engine),
  ];
}

function tileResults(plan: MachinePlan, engine: TileEngine) {
  const { dimension, tileTokens, blocks } = attentionSize(plan, engine);
  return { width: plan.heads * tileTokens, perPrompt: plan.depth * plan.steps * blocks * dimension };
}

/** A feature of all tokens of all heads, or of a block of them, head 0 in the low bits. */
function tileResultsOf(plan: MachinePlan, engine: TileEngine, block: number, heads: readonly SpikeTrain[]) {
  const { steps, attention, stepMajor } = plan;
  const { passes } = engine.tile.plan;
  const { dimension, tileTokens } = attentionSize(plan, engine);
  const columns: AttentionResult[] = [];
  for (let t = 0; t < steps; t++) {
    const start = stepMajor ? attention[block][t] : attention[block][0] + t * passes.length * dimension;
    passes.forEach(({ queryBlock, last }, p) => {
      if (!last) return;
      for (let f = 0; f < dimension; f++) {
        const column = hexLine(columnBits(heads, t, f, queryBlock, tileTokens));
        columns.push({ clock: start + dimension * (p + 1) + f + 1, column });
      }
    });
  }
  return columns;
}

function tokenModules(plan: MachinePlan, engine: TokenEngine): Module[] {
  // No buffer transposes, so the models of macros are what tools infer memory from.
  const isBlackBox = plan.fabric.kind === "macros";
  const buffers = [tokenBuffer(plan, engine), vectorBuffer(plan)].map((buffer) => ({ ...buffer, isBlackBox }));
  return [...buffers, attentionByToken(plan, engine)];
}

function tokenResults({ width, depth, steps, tokens }: MachinePlan) {
  return { width, perPrompt: depth * steps * tokens };
}

/** All features of a token. */
function tokenResultsOf(
  { steps, attention }: MachinePlan,
  { counters }: TokenEngine,
  block: number,
  heads: readonly SpikeTrain[],
) {
  const { clocks, dimension } = counters;
  const vectors: AttentionResult[] = [];
  for (let t = 0; t < steps; t++) {
    clocksOfStep(counters).forEach(({ served }, clock) => {
      if (served === null) return;
      const column = hexLine(vectorBits(heads, t, served, dimension));
      vectors.push({ clock: attention[block][0] + clocks.first + t * clocks.step + clock + 1, column });
    });
  }
  return vectors;
}
