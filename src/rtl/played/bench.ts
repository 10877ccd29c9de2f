/**
 * The blocks of a machine whose corners are played, and its edge: testbenches and their lines. The vectors of a network reach hardly
 * any of these corners.
 */

import { type Stream, stream } from "../../numeric/stream.ts";
import type { MachineFacts } from "../axi/register-map.ts";
import { AXI_TOP } from "../axi/top.ts";
import type { SourceFiles } from "../design.ts";
import { decisionSize } from "../machine/decision-unit.ts";
import type { MachineDesign } from "../machine/design.ts";
import { accumulatorSize, joinAdder, meetsStream, neuronSize } from "../machine/layer-sizes.ts";
import type { MachinePlan } from "../machine/plan.ts";
import { answerQueue, inputQueue, MACHINE } from "../machine/top.ts";
import type { Module } from "../syntax.ts";
import { edgePlays } from "./edge.ts";
import { accumulatorLines, decisionLines } from "./head.ts";
import { linesText, type Play, playBench, player, standIn } from "./player.ts";
import { queueLines } from "./queue.ts";
import { neuronLines, scaledSumLines, streamAdderLines } from "./sums.ts";

export const BLOCKS_TESTBENCH = "xpike_blocks_tb";
export const EDGE_TESTBENCH = "xpike_edge_tb";
/** All that each of them needs, one source per line. */
export const [BLOCKS_LIST, EDGE_LIST] = ["blocks.f", "edge.f"];
/** The file of the machine's stand-in, which is a module of the machine's name. */
export const STAND_IN = "machine_stand_in.sv";

export interface PlayedBench {
  /** Leaves first; the testbench is the last. */
  readonly modules: readonly Module[];
  /** Lines. */
  readonly files: SourceFiles;
}

/** One play for every arithmetic block and every queue of a machine. */
export function blockPlays(plan: MachinePlan, random: Stream): Play[] {
  const { arithmetic, codeBits, layers } = plan;
  const plays = new Map<string, Play>();
  const add = (play: Play) => plays.set(play.block, play);
  for (const layer of layers) {
    const { lanes, rowBlocks, neuron, role, name, multiplexerSteps } = layer;
    const draws = random.fork(name);
    if (layer.waiting !== null) add(queueLines({ width: layer.inputs, entries: layer.waiting }, draws.fork("queue")));
    if (multiplexerSteps === 0) continue;
    add(scaledSumLines({ lanes, rowBlocks }, codeBits, arithmetic, draws.fork("sums")));
    if (meetsStream(role)) add(streamAdderLines(joinAdder(plan, layer), draws.fork("stream")));
    if (neuron) add(neuronLines(neuronSize(plan, layer), neuron, draws.fork("neurons")));
    else add(accumulatorLines(accumulatorSize(plan, layer), arithmetic, draws.fork("totals")));
  }
  add(decisionLines(decisionSize(plan), random.fork("decision")));
  if (layers[0].windows === null) add(queueLines(inputQueue(plan), random.fork("input")));
  add(queueLines(answerQueue(plan), random.fork("answers")));
  return [...plays.values()];
}

export function blockBench({ plan, modules }: MachineDesign): PlayedBench {
  const plays = blockPlays(plan, stream(1).fork("blocks"));
  const blockOf = ({ block }: Play) => modules.find(({ name }) => name === block)!;
  return {
    modules: [
      ...plays.map((play) => player(play, blockOf(play))),
      playBench(BLOCKS_TESTBENCH, plays, `${plays.length} blocks`),
    ],
    files: Object.fromEntries(plays.map(linesText)),
  };
}

/** The edge with a stand-in for the machine, so that the machine's part of every handshake varies too. */
export function edgeBench(
  facts: MachineFacts,
  edge: Module,
  machine: Module,
): PlayedBench & { readonly standIn: Module } {
  const plays = edgePlays(facts, stream(1).fork("edge"));
  return {
    standIn: standIn(plays.machine, MACHINE, machine.ports),
    modules: [player(plays.edge, edge), playBench(EDGE_TESTBENCH, [plays.edge], AXI_TOP)],
    files: Object.fromEntries([linesText(plays.edge), linesText(plays.machine)]),
  };
}
