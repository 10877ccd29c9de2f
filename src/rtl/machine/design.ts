/** The machine as modules, leaves first, and the contents of its memories. */
import type { Stream } from "../../numeric/stream.ts";
import type { Chip } from "../../simulation/chip.ts";
import type { SourceFiles } from "../design.ts";
import type { Module } from "../syntax.ts";
import { accumulators, totalMemory } from "./accumulators.ts";
import { aimcMacro } from "./aimc-macro.ts";
import { attentionModules } from "./attention.ts";
import { constantFiles, macroSettings, wholeCrossbars } from "./constants.ts";
import { decisionSize, decisionUnit } from "./decision-unit.ts";
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
} from "./layer-sizes.ts";
import { constantMemory, spikeQueue, stateMemory, streamMemory } from "./memories.ts";
import { membraneMemory, neurons } from "./neurons.ts";
import { embedOf, type MachinePlan, machinePlan } from "./plan.ts";
import { scaledSums } from "./scaled-sums.ts";
import { streamAdders } from "./stream-adders.ts";
import { answerQueue, inputQueue, topModule, windowsName } from "./top.ts";
import { streamPorts } from "./top-memories.ts";
import { mapWindows } from "./windows.ts";

export interface MachineDesign {
  readonly plan: MachinePlan;
  /** Leaves first; the machine is the last. */
  readonly modules: readonly Module[];
  /** Contents of memories, by file name. */
  readonly constants: SourceFiles;
}

/**
 * The machine of a calibrated chip, for one read of its devices.
 *
 * Random   as `readChip`
 * Throws   MappingError and SpecError when such a machine cannot be generated; ValueError when a number does not fit its
 * register
 */
export function machineDesign(chip: Chip, random: Stream): MachineDesign {
  const plan = machinePlan(chip);
  const crossbars = wholeCrossbars(chip, plan, random);
  const modules = new Map<string, Module>();
  const add = (module: Module) => modules.set(module.name, module);
  const { arithmetic, layers, adc, codeBits } = plan;
  const vectors = { order: plan.machine.order, steps: plan.steps };
  for (const module of plan.engine.modules) add(module);
  for (const layer of layers) {
    const { lanes, multiplexerSteps, rowBlocks, role } = layer;
    for (const group of layer.groups) {
      for (const { rows, columns } of group.blocks) {
        add(aimcMacro(macroSize(group, multiplexerSteps, rows, columns), adc, codeBits, vectors));
      }
    }
    add(constantMemory(factorMemory(plan, layer)));
    add(constantMemory(offsetMemory(plan, layer)));
    if (joined(plan, layer) === "position") add(constantMemory(positionMemory(plan, layer)));
    add(scaledSums({ lanes, rowBlocks }, codeBits, arithmetic));
    if (meetsStream(role)) add(streamAdders(joinAdder(plan, layer)));
    if (layer.neuron === null) {
      const size = accumulatorSize(plan, layer);
      if (size.tokens > 1) add(stateMemory(totalMemory(size, arithmetic)));
      add(accumulators(size, arithmetic));
    } else {
      const size = neuronSize(plan, layer);
      if (size.tokens > 1) add(stateMemory(membraneMemory(size)));
      add(neurons(size, layer.neuron));
    }
    if (layer.waiting !== null) add(spikeQueue({ width: layer.inputs, entries: layer.waiting }));
    const settings = (crossbar: number) => macroSettings(crossbar, crossbars[crossbar], adc, layer.tokens.length);
    if (layer.windows) add(mapWindows(windowsName(layer), layer.windows, vectors, layer === layers[0]));
    add(layerModule(plan, layer, settings));
  }
  if (plan.hasStream) add(streamMemory(streamWords(plan, embedOf(plan)), streamPorts(plan)));
  for (const module of attentionModules(plan)) add(module);
  add(decisionUnit(decisionSize(plan)));
  if (layers[0].windows === null) add(spikeQueue(inputQueue(plan)));
  add(spikeQueue(answerQueue(plan)));
  add(topModule(plan));
  return { plan, modules: [...modules.values()], constants: constantFiles(chip, plan, crossbars) };
}
