/**
 * Chips on a GPU: twin of `../fast/simulate.ts`, with the same `Trace` to the last bit.
 *
 * The pass is that of the CPU, bound to other kernels. Crossbars are programmed, read and calibrated on the CPU in double precision
 * (`../fast/`); the GPU takes the whole numbers that result (`../fast/whole-layer.ts`), and all of its own work is in whole numbers, which
 * every GPU computes alike. A slice of prompts is recorded, run and read back once (`webgpu/commands.ts`).
 */
import { invariant } from "../../errors.ts";
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import { bitMask } from "../../kernels/masks.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { type Commands, openCommands } from "../../webgpu/commands.ts";
import type { Gpu } from "../../webgpu/gpu.ts";
import type { MappedNetwork } from "../chip.ts";
import { type SampledPlan, sampleScores } from "../fast/attention.ts";
import { wholeNumbers } from "../fast/digital.ts";
import type { CrossbarKernels } from "../fast/linear.ts";
import { planSimulator, type SimulatorPlan } from "../fast/plan.ts";
import { bindPass, type MachineKernels } from "../fast/simulate.ts";
import type { WholeLayer } from "../fast/whole-layer.ts";
import { columnRegisters } from "../integers.ts";
import { finish } from "../pass.ts";
import { servedByTiles } from "../served.ts";
import type { Trace, TraceOptions } from "../trace.ts";
import { gpuCrossbars } from "./crossbars.ts";
import { gpuMemory } from "./memory.ts";
import { type GpuOps, gpuOps } from "./ops.ts";
import { requireArrays } from "./sizes.ts";
import { requireGpuChip } from "./supported.ts";

export interface GpuSimulator {
  /** Takes a chip's layers as they were read. */
  load(wholeOf: (layer: LayerMapping) => WholeLayer): void;
  /** As `Simulator.run`, of the chip loaded last. Throws PlatformError when the GPU is lost or has no memory. */
  run(input: SpikeTrain, random: Stream, options?: TraceOptions): Promise<Trace>;
  /** Frees its memory on the GPU. */
  close(): void;
}

/** Throws as `bindGpuMachine`. */
export function createGpuSimulator(gpu: Gpu, chip: MappedNetwork, maxPrompts: number): GpuSimulator {
  const { commands, ops, plan, kernels, load, close } = bindGpuMachine(gpu, chip, maxPrompts);
  const simulator = bindPass(ops, plan, chip, 0, kernels);
  return {
    load,
    run: (input, random, options = {}) => commands.run(() => finish(simulator.pass(0, input, random, options))),
    close,
  };
}

/** A machine's kernels on a GPU; they are called within `commands.run`. */
export interface GpuMachine extends Pick<GpuSimulator, "load" | "close"> {
  readonly commands: Commands;
  readonly ops: GpuOps;
  readonly plan: SimulatorPlan;
  readonly kernels: MachineKernels;
}

/** Throws MappingError for a chip that GPUs do not simulate, and when so many prompts, or a layer, are larger than its largest array. */
export function bindGpuMachine(gpu: Gpu, chip: MappedNetwork, maxPrompts: number): GpuMachine {
  requireGpuChip(chip);
  const { mapping, hardware } = chip;
  const arithmetic = hardware.arithmetic as ArithmeticSpec;
  const commands = openCommands(gpu);
  const memory = gpuMemory(commands);
  const plan = planSimulator(memory.arena, chip, { maxPrompts });
  requireArrays(gpu, chip, plan, memory);
  const [scratch] = plan.scratch;
  const tiles = scratch.attention.filter((unit): unit is SampledPlan => unit?.of === "samples");
  invariant(tiles.length === scratch.attention.length, "a chip that GPUs simulate has SSA tiles");
  const ops = gpuOps(commands, memory);
  const crossbars = gpuCrossbars(commands, memory, chip, (layer) => columnRegisters(chip, layer, arithmetic) !== null);
  return {
    commands,
    ops,
    plan,
    kernels: {
      digital: wholeNumbers(ops, scratch.positions, chip, arithmetic),
      crossbars: { ...ON_THE_CPU, run: crossbars.run },
      tilesOf: (asked) => {
        const served = servedByTiles(asked);
        return {
          run: (qkv, out, call) => {
            // At every call, because a pass is gone through twice.
            ops.write(tiles[call.block].mask, bitMask(served[call.block].operation));
            return sampleScores(ops, tiles[call.block], asked, served[call.block]).run(qkv, out, call);
          },
        };
      },
      thresholdsOf: crossbars.thresholdsOf,
    },
    load: (wholeOf) => {
      for (const layer of mapping.layers) crossbars.load(layer, wholeOf(layer));
    },
    close: () => {
      crossbars.close();
      memory.close();
    },
  };
}

const neverHere = (): never => {
  throw new Error("xpikeformer broke its own promise: chips are read on the CPU. Please report this.");
};

/** What `../fast/integer-linear.ts` does before a run. */
const ON_THE_CPU: Omit<CrossbarKernels, "run"> = {
  columns: null,
  takeWeights: false,
  placeErrors: neverHere,
  load: neverHere,
  setRange: neverHere,
  measure: neverHere,
};
