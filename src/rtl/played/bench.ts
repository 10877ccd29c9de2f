/**
 * The blocks of a machine whose corners are played, and its edge: testbenches and their lines. The vectors of a network reach hardly
 * any of these corners.
 */

import { hasConverterErrors } from "../../experiment/erring-converters.ts";
import { type Stream, stream } from "../../numeric/stream.ts";
import type { MachineFacts } from "../axi/register-map.ts";
import { AXI_TOP } from "../axi/top.ts";
import type { SourceFiles } from "../design.ts";
import { totalMemory } from "../machine/accumulators.ts";
import { type AimcMacroSize, macroName } from "../machine/aimc-macro.ts";
import { decisionSize } from "../machine/decision-unit.ts";
import type { MachineDesign } from "../machine/design.ts";
import { accumulatorSize, joinAdder, macroSize, meetsStream, neuronSize, streamWords } from "../machine/layer-sizes.ts";
import { type MemorySize, stateName } from "../machine/memories.ts";
import { membraneMemory } from "../machine/neurons.ts";
import { embedOf, type LayerPlan, type MachinePlan } from "../machine/plan.ts";
import { answerQueue, inputQueue, MACHINE } from "../machine/top.ts";
import { streamPorts } from "../machine/top-memories.ts";
import type { Module } from "../syntax.ts";
import { cellLines, footLines } from "./attention.ts";
import { edgePlays } from "./edge.ts";
import { accumulatorLines, decisionLines } from "./head.ts";
import { macroLines } from "./macro.ts";
import { stateMemoryLines, streamMemoryLines } from "./memory.ts";
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
    const { lanes, rowBlocks, neuron, name, multiplexerSteps } = layer;
    const draws = random.fork(name);
    if (layer.waiting !== null) add(queueLines({ width: layer.inputs, entries: layer.waiting }, draws.fork("queue")));
    if (multiplexerSteps === 0) continue;
    for (const size of macrosOf(plan, layer)) add(macroLines(size, plan.adc, codeBits, draws.fork(macroName(size))));
    for (const size of statesOf(plan, layer)) add(stateMemoryLines(size, draws.fork(stateName(size))));
    add(scaledSumLines({ lanes, rowBlocks }, codeBits, arithmetic, draws.fork("sums")));
    if (meetsStream(layer)) add(streamAdderLines(joinAdder(plan, layer), draws.fork("stream")));
    if (neuron) add(neuronLines(neuronSize(plan, layer), neuron, draws.fork("neurons")));
    else add(accumulatorLines(accumulatorSize(plan, layer), arithmetic, draws.fork("totals")));
  }
  add(decisionLines(decisionSize(plan), random.fork("decision")));
  if (plan.hasStream && plan.fabric.kind === "macros") {
    add(streamMemoryLines(streamWords(plan, embedOf(plan)), streamPorts(plan), random.fork("stream")));
  }
  const { random: tile } = plan.engine;
  if (tile) {
    if (tile.draws !== "ordered") add(cellLines(tile, random.fork("cell")));
    // Partial sums circulate in a tile of several passes.
    if (tile.plan.passes.length === 1) add(footLines(tile, random.fork("foot")));
  }
  if (layers[0].windows === null) add(queueLines(inputQueue(plan), random.fork("input")));
  add(queueLines(answerQueue(plan), random.fork("answers")));
  return [...plays.values()];
}

/** Macros of a layer whose codes are exact; none where crossbars are memories. */
function macrosOf({ fabric, adc }: MachinePlan, { groups, multiplexerSteps }: LayerPlan): AimcMacroSize[] {
  if (fabric.kind === "memories" || hasConverterErrors(adc.errors)) return [];
  return groups.flatMap((group) =>
    group.blocks.map(({ rows, columns }) => macroSize(group, multiplexerSteps, rows, columns)),
  );
}

/** Memories of a layer's membranes or totals, where those of all tokens are kept. */
function statesOf(plan: MachinePlan, layer: LayerPlan): MemorySize[] {
  if (plan.fabric.kind === "memories") return [];
  if (layer.neuron === null) {
    const size = accumulatorSize(plan, layer);
    return size.tokens > 1 ? [totalMemory(size, plan.arithmetic)] : [];
  }
  const size = neuronSize(plan, layer);
  return size.tokens > 1 ? [membraneMemory(size)] : [];
}

export function blockBench({ plan, modules }: MachineDesign): PlayedBench {
  const plays = blockPlays(plan, stream(1).fork("blocks"));
  const blockOf = ({ block }: Play) => modules.find(({ name }) => name === block)!;
  return {
    modules: [
      ...plays.map((play) => player(play, blockOf(play))),
      playBench(BLOCKS_TESTBENCH, plays, `${plays.length} blocks`),
    ],
    files: Object.assign(Object.fromEntries(plays.map(linesText)), ...plays.map(({ files }) => files ?? {})),
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
