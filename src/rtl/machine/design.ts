/** The machine as modules, leaves first, and the contents of its memories. */
import { type Deciding, decidingOf } from "../../experiment/by-read-out.ts";
import type { IntegerLifConstants } from "../../hardware/integer-arithmetic.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { Chip } from "../../simulation/chip.ts";
import { seedRoot } from "../../simulation/reference/attention.ts";
import type { SourceFiles } from "../design.ts";
import type { Module } from "../syntax.ts";
import { accumulators, totalMemory } from "./accumulators.ts";
import { aimcMacro, type WholeCrossbar } from "./aimc-macro.ts";
import { attentionModules } from "./attention.ts";
import { halvedStream, registeredConstants } from "./block-memories.ts";
import { wholeColumns } from "./column-constants.ts";
import { columnLayer, columnMacroSize } from "./column-layer.ts";
import { columnMacro } from "./column-macro.ts";
import { constantFiles, macroSettings, wholeCrossbars } from "./constants.ts";
import { decisionSize, decisionUnit } from "./decision-unit.ts";
import type { VectorOrder } from "./erring-converters.ts";
import { CONSTANT_LATENCY, type Fabric, MACROS } from "./fabric.ts";
import { layerModule } from "./layer.ts";
import {
  accumulatorSize,
  factorMemory,
  joinAdder,
  joined,
  macroSize,
  meetsStream,
  neuronSize,
  offsetMemory,
  positionMemory,
  streamWords,
  thresholdMemory,
} from "./layer-sizes.ts";
import { loadsOf } from "./load-layout.ts";
import { type Loads, loadableMemory } from "./loads.ts";
import { constantMemory, type MemorySize, type StreamPort, spikeQueue, stateMemory, streamMemory } from "./memories.ts";
import { type CrossbarMemory, cellBits, memoryCrossbar } from "./memory-crossbar.ts";
import { membraneMemory, neurons } from "./neurons.ts";
import { embedOf, type LayerPlan, type MachinePlan, machinePlan } from "./plan.ts";
import { scaledSums } from "./scaled-sums.ts";
import { streamAdders } from "./stream-adders.ts";
import { promptTurn } from "./timetable.ts";
import { answerQueue, inputQueue, seedWordsOf, topModule, windowsName } from "./top.ts";
import { timetableOf } from "./top-in-flight.ts";
import { streamPorts } from "./top-memories.ts";
import { mapWindows } from "./windows.ts";

export interface MachineDesign {
  readonly plan: MachinePlan;
  /** Leaves first; the machine is the last. */
  readonly modules: readonly Module[];
  /** Contents of memories, by file name. */
  readonly constants: SourceFiles;
  /** Those with converters, by number. */
  readonly crossbars: readonly WholeCrossbar[];
  /** Which of them a host can load; null: none. */
  readonly loads: Loads | null;
  /** Of the stream that seeds of attention come from. */
  readonly seedKey: readonly [number, number];
}

/**
 * The machine of a calibrated chip, for one read of its devices.
 *
 * @param isInFlight whether prompts follow one another before the last one is answered
 *
 * Random   as `readChip`
 * Throws   MappingError and SpecError when such a machine cannot be generated; ValueError when a number does not fit its
 * register
 */
export function machineDesign(chip: Chip, random: Stream, fabric: Fabric = MACROS, isInFlight = false): MachineDesign {
  const plan = machinePlan(chip, fabric, isInFlight);
  const { crossbars, decided } = wholeCrossbars(chip, plan, random);
  const memory = crossbarMemory(plan, crossbars);
  const loads = loadsOf(plan, crossbars, memory, seedWordsOf(plan));
  const columns = wholeColumns(chip, plan, decided, random);
  const modules = new Map<string, Module>();
  const add = (module: Module) => modules.set(module.name, module);
  const { layers, adc } = plan;
  const vectors = { order: plan.machine.order, steps: plan.steps };
  for (const module of plan.engine.modules) add(module);
  for (const layer of layers) {
    const deciding = decidingOf(layer.readOut);
    const parts = deciding
      ? columnParts(layer, deciding, vectors)
      : convertingParts(plan, layer, vectors, memory, loads);
    for (const module of parts) add(module);
    if (layer.waiting !== null) add(spikeQueue({ width: layer.inputs, entries: layer.waiting }));
    const settings = (crossbar: number) => macroSettings(crossbar, crossbars[crossbar], adc, layer.tokens.length);
    if (layer.windows) add(mapWindows(windowsName(layer), layer.windows, vectors, layer === layers[0]));
    add(
      deciding
        ? columnLayer(plan, layer, deciding, (crossbar) => columns[crossbar].settings)
        : layerModule(plan, layer, settings, loads),
    );
  }
  if (plan.hasStream) add(MEMORIES[fabric.kind].stream(streamWords(plan, embedOf(plan)), streamPorts(plan)));
  for (const module of attentionModules(plan)) add(module);
  add(decisionUnit(decisionSize(plan)));
  if (layers[0].windows === null) add(spikeQueue(inputQueue(plan)));
  if (plan.inFlight) {
    add(timetableOf(plan, plan.inFlight));
    for (const { tokens } of layers) add(promptTurn(tokens.length * plan.steps));
  }
  add(spikeQueue(answerQueue(plan)));
  add(topModule(plan, loads));
  const ofColumns = Object.values(columns).map(({ files }) => files);
  const constants = Object.assign({}, constantFiles(chip, plan, crossbars, memory), ...ofColumns);
  return { plan, modules: [...modules.values()], constants, crossbars, loads, seedKey: seedRoot(random).key };
}

/** Memories outside attention. */
const MEMORIES: Readonly<
  Record<
    Fabric["kind"],
    { constants(size: MemorySize): Module; stream(size: MemorySize, ports: readonly StreamPort[]): Module }
  >
> = {
  macros: { constants: constantMemory, stream: streamMemory },
  memories: { constants: registeredConstants, stream: halvedStream },
};

/** Null: crossbars are analog. */
function crossbarMemory(
  { fabric, adc, timing: { conversion } }: MachinePlan,
  crossbars: readonly WholeCrossbar[],
): CrossbarMemory | null {
  if (fabric.kind === "macros") return null;
  const needed = cellBits(crossbars, adc, fabric.conductanceBits);
  // Other chips may need more bits than this one.
  return { bits: fabric.loadable ? (fabric.conductanceBits ?? needed) : needed, conversion };
}

/** Macros of a layer with converters, and what follows them. */
function convertingParts(
  plan: MachinePlan,
  layer: LayerPlan,
  vectors: VectorOrder,
  memory: CrossbarMemory | null,
  loads: Loads | null,
): Module[] {
  const { arithmetic, adc, codeBits, fabric } = plan;
  const constants = loads
    ? (size: MemorySize) => loadableMemory(size, loads, CONSTANT_LATENCY[fabric.kind])
    : MEMORIES[fabric.kind].constants;
  const { lanes, multiplexerSteps, rowBlocks, neuron, groups } = layer;
  return [
    ...groups.flatMap((group) =>
      group.blocks.map(({ rows, columns }) => {
        const size = macroSize(group, multiplexerSteps, rows, columns);
        return memory ? memoryCrossbar(size, adc, codeBits, memory, loads) : aimcMacro(size, adc, codeBits, vectors);
      }),
    ),
    constants(factorMemory(plan, layer)),
    constants(offsetMemory(plan, layer)),
    ...(joined(plan, layer) === "position" ? [constants(positionMemory(plan, layer))] : []),
    scaledSums({ lanes, rowBlocks }, codeBits, arithmetic),
    ...(meetsStream(layer) ? [streamAdders(joinAdder(plan, layer))] : []),
    ...(loads && neuron ? [constants(thresholdMemory(plan))] : []),
    ...(neuron === null ? totalling(plan, layer) : firing(plan, layer, neuron)),
  ];
}

function totalling(plan: MachinePlan, layer: LayerPlan): Module[] {
  const size = accumulatorSize(plan, layer);
  const { arithmetic } = plan;
  return [...(size.tokens > 1 ? [stateMemory(totalMemory(size, arithmetic))] : []), accumulators(size, arithmetic)];
}

function firing(plan: MachinePlan, layer: LayerPlan, neuron: IntegerLifConstants): Module[] {
  const size = neuronSize(plan, layer);
  return [...(size.tokens > 1 ? [stateMemory(membraneMemory(size))] : []), neurons(size, neuron)];
}

/** Macros of a layer without converters, which are all it has. */
const columnParts = ({ groups, neuron }: LayerPlan, deciding: Deciding, vectors: VectorOrder): Module[] =>
  groups.map((group) => columnMacro(columnMacroSize(group), { deciding, reset: neuron!.reset }, vectors));
