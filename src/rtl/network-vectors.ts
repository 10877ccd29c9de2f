/** Vectors from a real network: inputs and outputs of the tiles of a simulated chip, grouped as the engine runs them. */
import { invariant, MappingError, SpecError } from "../errors.ts";
import { requireTransformer } from "../experiment/model.ts";
import { type AttentionRequest, attentionRequest, ssaParametersOf } from "../mapping/attention.ts";
import { operationsOf } from "../model/graph.ts";
import { graphOf } from "../model/transformer.ts";
import type { Stream } from "../numeric/stream.ts";
import type { Chip } from "../simulation/chip.ts";
import { simulateCycles, type TileRecord } from "../simulation/cycle.ts";
import { createStandaloneSimulator, type Simulator } from "../simulation/fast/simulate.ts";
import { runTiles, seedStream } from "../simulation/reference/attention.ts";
import { requirePrompts } from "../simulation/reference/simulate.ts";
import { servedByTiles } from "../simulation/served.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { SsaDesign } from "./design.ts";
import { ssaDesign } from "./design.ts";
import { engineRun, type SimulatedTile, sameSpikes, simulatedTile } from "./simulated-run.ts";
import { MAX_STEPS } from "./ssa-engine.ts";
import type { EngineRun } from "./testbench.ts";

/**
 * The engine that a chip's network needs on its own: a run is all time steps of a block.
 *
 * Throws  as `machineEngine`, and MappingError if blocks take turns at the engine at every step
 */
export function chipDesign(chip: Pick<Chip, "network" | "hardware">): SsaDesign {
  requireWholeRuns(chip);
  return machineEngine(chip);
}

/** Throws MappingError if blocks take turns at the engine at every step. */
export function requireWholeRuns({ hardware }: Pick<Chip, "hardware">): void {
  if (hardware.order === "token-major") return;
  throw new MappingError(
    "hardware.order",
    'The engine alone runs all time steps of a block at once, but in "step-major" order blocks take turns at every step. ' +
      'Set order to "token-major", or generate the whole machine with --machine.',
  );
}

/**
 * The engine that a chip's network needs in a machine of either loop order.
 *
 * Throws  SpecError and MappingError as `ssaDesign`, MappingError if heads take turns at a tile
 */
export function machineEngine({ network, hardware }: Pick<Chip, "network" | "hardware">): SsaDesign {
  requireTilePerHead({ network, hardware });
  const { heads, request } = blockAttention(network);
  return ssaDesign(ssaParametersOf(request, hardware), heads);
}

/** What the attention of all blocks requires of its engine. */
export function blockAttention(network: Chip["network"]): { heads: number; request: AttentionRequest } {
  const [operation] = operationsOf(graphOf(network), "attention");
  if (operation === undefined) {
    throw new MappingError(
      "model.operations",
      "This network has no attention, so there is no engine of it. Generate its whole machine with --machine.",
    );
  }
  const { steps } = requireTransformer(network.model, "An engine of attention");
  return { heads: operation.heads, request: attentionRequest(operation, steps) };
}

/** Throws MappingError if heads take turns at a tile. */
export function requireTilePerHead({ network, hardware }: Pick<Chip, "network" | "hardware">): void {
  const { heads } = blockAttention(network);
  if ((hardware.ssa.tiles ?? heads) >= heads) return;
  throw new MappingError(
    "hardware.ssa.tiles",
    `The generated engine has one tile for each of ${heads} heads, but the chip has only ${hardware.ssa.tiles}, shared by ` +
      "the heads. Leave tiles out.",
  );
}

/**
 * One run per block and prompt, blocks first.
 *
 * Shapes   input: `[T][prompts tokens][inputs]`
 * Random   as `simulateCycles`
 * Throws   SpecError when the chip draws ideal random numbers, or when there are more steps than the engine counts
 */
export function networkRuns(chip: Chip, input: SpikeTrain, random: Stream): EngineRun[] {
  requireEngine(chip, input.steps);
  const records = new Map<string, TileRecord[]>();
  simulateCycles(chip, input, random, {
    onTile: (record) => {
      const place = `${record.block} ${record.prompt}`;
      records.set(place, [...(records.get(place) ?? []), record]);
    },
  });
  const shared = chip.hardware.ssa.lfsr.scope === "engine";
  return [...records.values()].map((heads) => ({
    heads,
    seeds: Uint32Array.from((shared ? heads.slice(0, 1) : heads).flatMap(({ seeds }) => [...seeds!])),
  }));
}

/**
 * The same runs for any number of prompts, slice by slice: the fast simulator gives the spikes, and its attention is compared
 * with the tiles.
 *
 * Shapes   slices: `[T][prompts tokens][inputs]`, none with more prompts or steps than the first
 * Random   as `simulate`: prompts draw by index
 * Throws   SpecError as `networkRuns`; an error of our own when the simulators differ
 */
export function* streamNetworkRuns(chip: Chip, slices: Iterable<SpikeTrain>, random: Stream): Generator<EngineRun> {
  const served = servedByTiles(chip);
  const seedsOf = seedStream(chip, random);
  let simulator: Simulator | null = null;
  let firstPrompt = 0;
  for (const slice of slices) {
    const prompts = requirePrompts(chip, slice);
    requireEngine(chip, slice.steps);
    simulator ??= createStandaloneSimulator(chip, { maxPrompts: prompts, maxSteps: slice.steps });
    const { rasters } = simulator.run(slice, random, { firstPrompt, rasters: prompts });
    for (const [block, { operation, unit: parameters, placed }] of served.entries()) {
      const tiles: SimulatedTile[][] = Array.from({ length: prompts }, () => []);
      const { output } = runTiles(rasters[operation.reads[0]], placed, (query, key, value, p, head) => {
        const seeds = () => seedsOf(block, firstPrompt + p, head);
        const tile = simulatedTile(parameters, { query, key, value }, seeds);
        tiles[p].push(tile);
        return tile;
      });
      invariant(
        sameSpikes(output, rasters[operation.writes]),
        "fast simulator and cycle model give the same attention",
      );
      for (const heads of tiles) yield engineRun(parameters, heads);
    }
    firstPrompt += prompts;
  }
}

function requireEngine({ hardware }: Chip, steps: number): void {
  if (hardware.ssa.random !== "lfsr") {
    throw new SpecError(
      "hardware.ssa.random",
      'The RTL draws from shift registers and has no ideal random numbers. Set it to "lfsr".',
    );
  }
  if (steps > MAX_STEPS) {
    throw new SpecError(
      "model.steps",
      `The engine counts at most ${MAX_STEPS} time steps, but the model has ${steps}. Use fewer.`,
    );
  }
}
