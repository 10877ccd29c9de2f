/** Vectors of a real network: what the tiles of a simulated chip saw and gave, grouped as the engine runs them. */
import { SpecError } from "../errors.ts";
import { ssaParametersOf } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";
import type { Chip } from "../simulation/chip.ts";
import { simulateCycles, type TileRecord } from "../simulation/cycle.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { SsaDesign } from "./design.ts";
import { ssaDesign } from "./design.ts";
import { MAX_STEPS } from "./ssa-engine.ts";
import type { EngineRun } from "./testbench.ts";

/** The engine that a chip's network needs. Throws SpecError and MappingError as `ssaDesign`. */
export const chipDesign = ({ network, hardware }: Pick<Chip, "network" | "hardware">): SsaDesign =>
  ssaDesign(ssaParametersOf(network, hardware), network.model.heads);

/**
 * One run per block and prompt, blocks first.
 *
 * Shapes   input: `[T][prompts tokens][inputs]`
 * Random   as `simulateCycles`
 * Throws   SpecError when the chip draws ideal random numbers, or when there are more steps than the engine counts
 */
export function networkRuns(chip: Chip, input: SpikeTrain, random: Stream): EngineRun[] {
  if (chip.hardware.ssa.random !== "lfsr") {
    throw new SpecError(
      "hardware.ssa.random",
      'Hardware draws from shift registers, so ideal random numbers have no RTL. Set it to "lfsr".',
    );
  }
  if (input.steps > MAX_STEPS) {
    throw new SpecError(
      "model.steps",
      `The engine counts ${MAX_STEPS} time steps, but ${input.steps} are asked. Use fewer.`,
    );
  }
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
