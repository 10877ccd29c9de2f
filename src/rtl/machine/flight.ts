/**
 * A machine with several prompts in flight: what it needs besides the layers, from the schedule's pipelined timetable.
 *
 * Control is the timetable itself. Every start in it is an offset from the clock in which a prompt is admitted, and all but the edge
 * is free of waits, so nothing inside needs a handshake:
 *
 *   admission   a prompt is admitted in phase 0 of a counter modulo the interval, if all of its vectors are in the input queue and its
 *               answers have room. With no prompt in the machine, the counter stays in phase 0: a first prompt never waits for it.
 *   starts      offset k interval + r: in phase r, if a prompt was admitted k intervals ago, a bit of a shift register
 *   layers      take all vectors of a prompt without a gap from their start on; each has its own queue and port of the stream
 *   engine      runs start in their slots. Slots repeat with the interval and never overlap, so runs of different prompts and blocks
 *               cannot meet, in whatever intervals prompts were admitted
 *   buffers     a late prompt lets whole intervals pass, so no buffer ever holds more than with a prompt in every interval:
 *                 queues        the schedule's peak, as for one prompt
 *                 stream        a ring of as many vectors as the schedule holds; all layers meet them in the same order
 *                 q, k, v and A   of each block, whole runs of which as many as overlap (the schedule counts vectors)
 *                 seeds         whole prompts: those with runs to come, one in the input queue, and the one that is written
 *                 answers       of all prompts in flight, because a prompt cannot be stopped
 *
 * So a job of prompt p starts at its clock in the timetable + p interval, if vectors, seeds and room for answers are there in time;
 * otherwise a whole number of intervals later.
 */
import { invariant, MappingError, SpecError } from "../../errors.ts";
import { isTransformer, stemOf } from "../../experiment/model.ts";
import type { Machine } from "../../machine/machine.ts";
import { blocksIn } from "../../machine/network.ts";
import { peakOverlap } from "../../machine/peak.ts";
import type { Schedule } from "../../machine/schedule.ts";
import type { Timetable } from "../../machine/timetable.ts";
import type { Chip } from "../../simulation/chip.ts";
import type { Fabric } from "./fabric.ts";

export interface InFlightPlan {
  /** Clocks from one prompt to the next. */
  readonly interval: number;
  /** Most prompts between their admission and their last answer: with as many, answers that leave at once delay no prompt. */
  readonly prompts: number;
  /** Intervals that a prompt takes, begun ones included. */
  readonly stages: number;
  /** Vectors of the residual stream. */
  readonly streamVectors: number;
  /** Runs of a block whose q, k and v are held, and whose output is. */
  readonly qkvRuns: number;
  readonly attentionRuns: number;
  /** Prompts whose seeds are held, and words of seeds that are written at once, so that a prompt's take less than an interval. */
  readonly seedBanks: number;
  readonly seedsAtOnce: number;
}

/** From the clock in which the head's result is in a register to the one in which its answer was taken: decision and queue. */
export const ANSWER_REGISTERS = 2;

/** @param seedWords of a block */
export function inFlightPlan(machine: Machine, { inFlight, interval }: Schedule, seedWords: number): InFlightPlan {
  const depth = blocksIn(machine.network.graph);
  const { units, clocks } = requireOverlap(machine, inFlight);
  const unit = (name: string) => units.find((one) => one.name === name)!;
  const [engine] = machine.engines;
  invariant(engine.unit === "ssa-tile", "machines with other attention units are refused before");
  let [qkvRuns, attentionRuns, lastRun] = [0, 0, 0];
  const atOnce = (from: number, to: number) => peakOverlap(Float64Array.of(from), Float64Array.of(to), interval);
  for (let b = 0; b < depth; b++) {
    const [qkv, attention, projection] = ["qkv", "attention", "projection"].map((part) => unit(`blocks.${b}.${part}`));
    const { latency } = machine.layers.find(({ name }) => name === qkv.name)!;
    const [start, end] = [attention.start[0], attention.end[0]];
    // Of q, k and v: from the first vector to the last feature that the engine takes. Of A: to the last vector that is read.
    qkvRuns = Math.max(qkvRuns, atOnce(qkv.end[0] + latency, end - engine.clocks.drain));
    attentionRuns = Math.max(attentionRuns, atOnce(start + engine.window, projection.end.at(-1)!));
    lastRun = Math.max(lastRun, end);
  }
  const [embed, down] = [unit("embed"), unit(`blocks.${depth - 1}.down`)];
  // Seeds are written when all vectors of the prompt before have been taken from the queue's full room.
  const seedBanks = 2 + Math.max(0, Math.ceil((lastRun - embed.busy) / interval));
  return {
    interval,
    prompts: Math.ceil((clocks + ANSWER_REGISTERS) / interval),
    stages: Math.ceil(clocks / interval),
    streamVectors: peakOverlap(embed.end, down.end, interval),
    qkvRuns,
    attentionRuns,
    seedBanks,
    seedsAtOnce: seedsAtOnce(seedWords, depth, interval),
  };
}

function requireOverlap({ sram }: Machine, inFlight: Timetable | null): Timetable {
  if (inFlight !== null) return inFlight;
  throw new MappingError(
    "hardware.sram",
    `Buffers of several prompts need more than the chip's ${sram} bytes. Leave sram out, or leave --in-flight out.`,
  );
}

/** The fewest words, as a part of a block's, with which a prompt's seeds are written in an interval, four clocks of it to spare. */
function seedsAtOnce(words: number, depth: number, interval: number): number {
  for (let atOnce = 1; atOnce < words; atOnce++)
    if (words % atOnce === 0 && depth * (words / atOnce) + 4 <= interval) return atOnce;
  return words;
}

/** Throws SpecError, naming the field to change, for a chip whose machine takes one prompt at a time. */
export function requireInFlight({ hardware, network }: Chip, fabric: Fabric): void {
  if (fabric.kind === "memories")
    refuse(
      "--in-flight",
      "Memories that FPGA tools infer have too few ports for layers that all work at once. Leave --fpga out",
    );
  if (fabric.loadable)
    refuse(
      "--loadable",
      "A host loads constants between prompts, and with prompts in flight there is no such time. Leave --loadable out",
    );
  if (hardware.order === "step-major") {
    refuse(
      "hardware.order",
      "In step-major order blocks take turns as vectors come, not in slots that repeat with a prompt. Set order to `token-major`",
    );
  }
  if (!isTransformer(network.model))
    refuse("model.kind", "Prompts follow one another by the schedule of blocks, which a list has not. Use `spiking`");
  if (stemOf(network.model))
    refuse("model.stem", "Line buffers of a stem hold one prompt. Use a network without a stem");
  const { kind } = network.model.attention;
  if (kind !== "stochastic")
    refuse("model.attention.kind", `The engine of \`${kind}\` attention waits between runs. Use \`stochastic\``);
}

function refuse(path: string, why: string): never {
  throw new SpecError(path, `${why}, or leave --in-flight out.`);
}
