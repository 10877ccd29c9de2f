/** The machine as modules, leaves first, and the contents of its memories. */
import type { Stream } from "../../numeric/stream.ts";
import type { Chip } from "../../simulation/chip.ts";
import { type SourceFiles, type SsaDesign, seedBits } from "../design.ts";
import { chipDesign } from "../network-vectors.ts";
import type { Module } from "../syntax.ts";
import { accumulators } from "./accumulators.ts";
import { aimcMacro } from "./aimc-macro.ts";
import { attentionSize, attentionUnit } from "./attention-unit.ts";
import { constantFiles, macroSettings, wholeCrossbars } from "./constants.ts";
import { decisionSize, decisionUnit } from "./decision-unit.ts";
import {
  addedOutputs,
  factorMemory,
  joinAdder,
  joined,
  layerModule,
  macroSize,
  meetsStream,
  offsetMemory,
  positionMemory,
  streamWords,
} from "./layer.ts";
import { attentionBuffer, constantMemory, qkvBuffer, spikeQueue, streamMemory } from "./memories.ts";
import { neurons } from "./neurons.ts";
import { type MachinePlan, machinePlan } from "./plan.ts";
import { SUM_BITS, scaledSums } from "./scaled-sums.ts";
import { streamAdders } from "./stream-adders.ts";
import { answerQueue, embedOf, inputQueue, STREAM_PORTS, topModule, windowsName } from "./top.ts";
import { mapWindows } from "./windows.ts";

export interface MachineDesign {
  readonly plan: MachinePlan;
  readonly engine: SsaDesign;
  /** Leaves first; the machine is the last. */
  readonly modules: readonly Module[];
  /** Contents of memories, by file name. */
  readonly constants: SourceFiles;
}

/**
 * The machine of a calibrated chip as one read of its devices finds it.
 *
 * Random   as `readChip`
 * Throws   MappingError and SpecError where such a machine is not generated; ValueError where a number does not fit its register
 */
export function machineDesign(chip: Chip, random: Stream): MachineDesign {
  const plan = machinePlan(chip);
  const engine = chipDesign(chip);
  const crossbars = wholeCrossbars(chip, plan, random);
  const modules = new Map<string, Module>();
  const add = (module: Module) => modules.set(module.name, module);
  const { arithmetic, layers, adc, codeBits } = plan;
  const { membraneBits, streamBits } = arithmetic;
  for (const module of engine.modules) add(module);
  for (const layer of layers) {
    const { lanes, multiplexerSteps, rowBlocks, role } = layer;
    for (const group of layer.groups) {
      for (const { rows, columns } of group.blocks) {
        add(aimcMacro(macroSize(group, multiplexerSteps, rows, columns), adc, codeBits, plan.steps));
      }
    }
    add(constantMemory(factorMemory(plan, layer)));
    add(constantMemory(offsetMemory(plan, layer)));
    if (joined(plan, layer) === "position") add(constantMemory(positionMemory(plan, layer)));
    add(scaledSums({ lanes, rowBlocks }, codeBits, arithmetic));
    if (meetsStream(role)) add(streamAdders(joinAdder(plan, layer)));
    if (role === "head") add(accumulators({ lanes, multiplexerSteps, added: addedOutputs(plan) }, arithmetic));
    else {
      const currentBits = meetsStream(role) ? streamBits : SUM_BITS;
      add(neurons({ lanes, multiplexerSteps, currentBits, membraneBits }, plan.neuron));
    }
    if (layer.waiting !== null) add(spikeQueue({ width: layer.inputs, entries: layer.waiting }));
    const settings = (crossbar: number) => macroSettings(crossbar, crossbars[crossbar], adc, layer.tokens.length);
    if (layer.windows) add(mapWindows(windowsName(layer), layer.windows, plan.steps, layer === layers[0]));
    add(layerModule(plan, layer, settings));
  }
  if (plan.hasStream) add(streamMemory(streamWords(plan, embedOf(plan)), STREAM_PORTS));
  add(qkvBuffer(attentionSize(plan)));
  add(attentionBuffer(attentionSize(plan)));
  add(attentionUnit(plan, seedBits(engine)));
  add(decisionUnit(decisionSize(plan)));
  if (layers[0].windows === null) add(spikeQueue(inputQueue(plan)));
  add(spikeQueue(answerQueue(plan)));
  add(topModule(plan, seedBits(engine)));
  return { plan, engine, modules: [...modules.values()], constants: constantFiles(chip, plan, crossbars) };
}
