/** The engine of a network whose attention has neurons, and runs of its own prompts. */
import { MappingError } from "../../errors.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { Chip } from "../../simulation/chip.ts";
import { headTrains } from "../../simulation/reference/attention.ts";
import { requirePrompts, simulate } from "../../simulation/reference/simulate.ts";
import { isServed, servedAttention } from "../../simulation/served.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { blockAttention, requireTilePerHead, requireWholeRuns } from "../network-vectors.ts";
import { type AttentionDesign, attentionDesign } from "./design.ts";
import type { AttentionRun } from "./vectors.ts";

/**
 * The engine that a chip's network needs on its own.
 *
 * Throws  as `networkAttention`, and MappingError if blocks take turns at the engine at every step
 */
export function standaloneAttention(chip: Pick<Chip, "network" | "hardware">): AttentionDesign {
  requireWholeRuns(chip);
  return networkAttention(chip);
}

/** Throws as `attentionDesign`, and MappingError if heads take turns at a unit, or blocks after each step. */
export function networkAttention({ network, hardware }: Pick<Chip, "network" | "hardware">): AttentionDesign {
  const { heads, request } = blockAttention(network);
  const design = attentionDesign(request.attention, request, heads, hardware);
  requireTilePerHead({ network, hardware });
  if (design.unit.drained === "run") return design;
  throw new MappingError(
    "hardware.order",
    'In "step-major" order, membranes of attention wait in SRAM while other blocks have their turn, which is not generated. Set order to ' +
      '"token-major".',
  );
}

/**
 * One run per block and prompt, blocks first: bits of the simulator.
 *
 * Shapes   input: `[T][prompts tokens][inputs]`
 * Random   as `simulate`
 */
export function networkAttentionRuns(
  chip: Chip,
  { parts }: Pick<AttentionDesign, "parts">,
  input: SpikeTrain,
  random: Stream,
): AttentionRun[] {
  const prompts = requirePrompts(chip, input);
  const { rasters } = simulate(chip, input, random, { rasters: prompts });
  return servedAttention(chip)
    .filter(isServed)
    .flatMap(({ operation: { reads, writes, heads }, placed }) =>
      Array.from({ length: prompts }, (_, prompt): AttentionRun => {
        const of = (train: string, names: AttentionDesign["parts"], head: number) =>
          headTrains(rasters[train], placed, names, prompt, head);
        return Array.from({ length: heads }, (_, head) => ({
          ...of(reads[0], parts, head),
          output: of(writes, ["query"], head).query as SpikeTrain,
        }));
      }),
    );
}
