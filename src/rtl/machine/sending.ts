/** What the machine's testbench sends: vectors and seeds, in time or late. */
import * as sv from "../syntax.ts";
import { fallingEdges, nextLine, risingEdge, task } from "../testbench-parts.ts";
import { SEED_BITS } from "./engine.ts";
import { indexBits } from "./parts.ts";
import type { seedPortOf } from "./plan.ts";

/** A late vector or word, at random. */
export const stallsOf = ({ stall, clk_i }: sv.Signals<"stall" | "clk_i">): sv.Statement =>
  sv.when(sv.binary(stall, "!=", sv.decimal(0)), [
    sv.loopWhile(
      sv.binary(sv.binary(sv.call("$urandom"), "&", sv.decimal(3)), "!=", sv.decimal(0)),
      fallingEdges(clk_i),
    ),
  ]);

/** A vector of the next line of its file, until the machine takes it. */
export const sendVector = (
  s: sv.Signals<"got" | "input_file" | "in_next" | "in_valid" | "in_data" | "in_ready" | "clk_i">,
  ...before: sv.Statement[]
): sv.Statement[] => [
  ...nextLine(s.got, s.input_file, "%h", s.in_next),
  ...before,
  sv.put(s.in_valid, sv.sized(1, 1)),
  sv.put(s.in_data, s.in_next),
  risingEdge(s.clk_i),
  sv.loopWhile(sv.isFalse(s.in_ready), risingEdge(s.clk_i)),
  fallingEdges(s.clk_i),
  sv.put(s.in_valid, sv.sized(1, 0)),
];

export type SeedPort = ReturnType<typeof seedPortOf>;

/** The words of a prompt's seeds. */
export const sendSeeds = (
  s: sv.Signals<"got" | "seed_file" | "seed_next" | "seed_write" | "seed_address" | "seed_data" | "clk_i">,
  { atOnce, writes, places }: SeedPort,
): sv.Statement[] => [
  sv.forEach(
    "write",
    writes,
    ...Array.from({ length: atOnce }, (_, n) => [
      ...nextLine(s.got, s.seed_file, "%h", s.seed_next),
      sv.put(atOnce === 1 ? s.seed_data : sv.slice(s.seed_data, (n + 1) * SEED_BITS - 1, n * SEED_BITS), s.seed_next),
    ]).flat(),
    sv.put(s.seed_write, sv.sized(1, 1)),
    sv.put(s.seed_address, sv.cast(indexBits(places), sv.name("write"))),
    fallingEdges(s.clk_i),
    sv.put(s.seed_write, sv.sized(1, 0)),
  ),
];

/** Prompts of a machine that takes one at a time. */
export const sentInTurn = (
  s: sv.Signals<
    | "got"
    | "seed_file"
    | "seed_next"
    | "seed_write"
    | "seed_address"
    | "seed_data"
    | "input_file"
    | "in_next"
    | "in_valid"
    | "in_data"
    | "in_ready"
    | "clk_i"
    | "stall"
    | "busy"
    | "prompt_count"
  >,
  seeds: SeedPort,
  vectors: number,
): sv.Statement[] => [
  sv.forEach(
    "prompt",
    s.prompt_count,
    ...sendSeeds(s, seeds),
    sv.forEach("vector", vectors, stallsOf(s), ...sendVector(s)),
    fallingEdges(s.clk_i),
    sv.loopWhile(s.busy, fallingEdges(s.clk_i)),
    task("$display", sv.text("prompt %0d is done"), sv.name("prompt")),
  ),
];
