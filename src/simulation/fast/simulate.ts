/**
 * The functional simulator on the WebAssembly kernels: fast twin of `reference/simulate.ts`, with the same `Trace` to the last bit.
 *
 * A simulator is planned once per chip on an arena (`plan.ts`) and never allocates there afterwards. Spikes stay packed; line
 * currents are processed in chunks (`linear.ts`); counts follow from shapes and numbers of ones (`../counts.ts`). The chip's
 * conductances are read again only when a run uses a different stream, because a read depends only on chip and stream.
 *
 * For threads that share a chip, each with a simulator in common memory, see `part.ts`.
 */
import { ShapeError } from "../../errors.ts";
import { type Arena, type PackedBits, type Place, packedAt } from "../../kernels/arena.ts";
import { standaloneKernels } from "../../kernels/memory.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { INPUT } from "../../model/graph.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import type { Chip, MappedNetwork } from "../chip.ts";
import { flowOf } from "../flow.ts";
import { finish, type LayerInput, runPass } from "../pass.ts";
import { needsCalibration, requirePrompts, requireRanges } from "../reference/simulate.ts";
import type { Trace, TraceOptions } from "../trace.ts";
import { type AttentionKernels, bindAttention } from "./attention.ts";
import { fastBackend, type PassOps } from "./backend.ts";
import { bindDigital, type DigitalKernels } from "./digital.ts";
import { bindIntegerCrossbars, thresholdPlaces } from "./integer-linear.ts";
import { bindCrossbars, type CrossbarKernels } from "./linear.ts";
import { type BoundSimulator, placeErrors, readPart, startCalibration } from "./part.ts";
import { planSimulator, type SimulatorOptions, type SimulatorPlan, simulatorBytes } from "./plan.ts";

export interface Simulator {
  /** As `simulate` of the reference. Throws ShapeError also when the input is larger than planned. */
  run(input: SpikeTrain, random: Stream, options?: TraceOptions): Trace;
  /** As `calibrate` of the reference. State: the simulator runs with the new ranges from then on. */
  calibrate(input: SpikeTrain, random: Stream): Chip;
}

/** Runs a chip once, in its own memory. For more than a few runs of a chip, keep a simulator. */
export function simulateFast(chip: Chip, input: SpikeTrain, random: Stream, options: TraceOptions = {}): Trace {
  return createStandaloneSimulator(chip, inputSizes(chip, input)).run(input, random, options);
}

/** Calibrates a chip, in its own memory. */
export function calibrateFast(chip: Chip, input: SpikeTrain, random: Stream): Chip {
  return createStandaloneSimulator(chip, inputSizes(chip, input)).calibrate(input, random);
}

const inputSizes = (chip: Chip, input: SpikeTrain): SimulatorOptions => ({
  maxPrompts: Math.max(1, requirePrompts(chip, input)),
  maxSteps: input.steps,
});

/** A simulator with its own memory. */
export function createStandaloneSimulator(chip: Chip, options: SimulatorOptions): Simulator {
  const { kernels, arena } = standaloneKernels(simulatorBytes(chip, options));
  return createSimulator(kernels, arena, chip, options);
}

export function createSimulator(ops: SimulationOps, arena: Arena, chip: Chip, options: SimulatorOptions): Simulator {
  const bound = bindSimulator(ops, planSimulator(arena, chip, options), chip);
  let calibrated = chip;
  let loadedKey = "";
  placeErrors(bound, chip);
  return {
    run: (input, random, options = {}) => {
      requireRanges(calibrated);
      const key = random.key.join();
      if (key !== loadedKey) readPart(bound, calibrated, random);
      loadedKey = key;
      return finish(bound.pass(0, input, random, options));
    },
    calibrate: (input, random) => {
      if (!needsCalibration(chip.hardware.adc)) return chip;
      loadedKey = "";
      const { steps } = input;
      const shape = { steps, prompts: requirePrompts(chip, input), slicePrompts: requirePrompts(chip, input) };
      const calibration = startCalibration(bound, chip, shape, [input], random);
      for (let layer = calibration.advance(); layer !== null; layer = calibration.advance()) calibration.measure(layer);
      calibrated = calibration.part;
      return calibrated;
    },
  };
}

/** State: writes the network's constants other than weights: offsets, position vectors, the mask. */
export function bindSimulator(
  ops: SimulationOps,
  plan: SimulatorPlan,
  chip: MappedNetwork,
  thread = 0,
): BoundSimulator {
  return bindPass(ops, plan, chip, thread, bindMachine(ops, plan, chip, thread));
}

/** The kernels of a machine; state as above. */
export function bindMachine(ops: SimulationOps, plan: SimulatorPlan, chip: MappedNetwork, thread = 0): MachineKernels {
  const scratch = plan.scratch[thread];
  const { integers } = plan;
  return {
    digital: bindDigital(ops, scratch.positions, chip),
    crossbars:
      integers === null
        ? bindCrossbars(ops, plan.crossbars, scratch.crossbars, chip)
        : bindIntegerCrossbars(ops, plan.crossbars, integers, scratch.crossbars, chip),
    tilesOf: boundFor(chip, (asked) => bindAttention(ops, scratch.attention, asked)),
    thresholdsOf: integers === null ? new Map() : thresholdPlaces(chip.mapping, integers),
  };
}

/** What a pass computes with besides `PassOps`. */
export interface MachineKernels {
  readonly digital: DigitalKernels;
  readonly crossbars: CrossbarKernels;
  /** For the attention of a network, which may read other tokens than the chip's own. */
  readonly tilesOf: (asked: MappedNetwork) => AttentionKernels;
  /** Of neurons that take codes, by the train they fire. */
  readonly thresholdsOf: ReadonlyMap<string, Place>;
}

/** Tiles of the network last asked for, bound anew for another, because a mask has one place in memory. */
export function boundFor(
  chip: MappedNetwork,
  bind: (asked: MappedNetwork) => AttentionKernels,
): MachineKernels["tilesOf"] {
  let served = chip;
  let tiles = bind(chip);
  return (asked) => {
    if (asked !== served) [served, tiles] = [asked, bind(asked)];
    return tiles;
  };
}

/** The same with given kernels, on any backend. */
export function bindPass(
  ops: PassOps,
  plan: SimulatorPlan,
  chip: MappedNetwork,
  thread: number,
  { digital, crossbars, tilesOf, thresholdsOf }: MachineKernels,
): BoundSimulator {
  const { maxPrompts, maxSteps, slices } = plan;
  const scratch = plan.scratch[thread];
  const flow = flowOf(chip);
  for (const [layer, { at }] of scratch.chosen) ops.write(at, flow.layers.get(layer)!.tokens!);

  function* pass(
    number: number,
    input: SpikeTrain,
    random: Stream,
    { firstPrompt = 0, rasters = 0, attention: asked = chip }: TraceOptions,
  ): Generator<LayerInput, Trace> {
    const prompts = requirePrompts(chip, input);
    const { steps } = input;
    requireRoom(steps, prompts);
    const slice = slices[number];
    ops.write((slice.get(INPUT) ?? scratch.values.get(INPUT)) as Place, input.words);
    const attention = tilesOf(asked);
    const run = { slice, scratch, digital, crossbars, attention, thresholdsOf, steps, prompts, firstPrompt, random };
    return yield* runPass(chip, flow, fastBackend(ops, chip, flow, run), { steps, prompts, rasters });
  }

  function requireRoom(steps: number, prompts: number) {
    if (prompts <= maxPrompts && steps <= maxSteps) return;
    throw new ShapeError(
      "input",
      `The input has ${prompts} prompts of ${steps} steps, but the simulator was planned for ${maxPrompts} prompts of ` +
        `${maxSteps} steps. Cut the input (firstPrompt keeps the answers the same), or plan a larger simulator.`,
    );
  }

  function gather(layer: string, vectors: Iterable<{ readonly slice: number; readonly vector: number }>): PackedBits {
    const { array, features } = flow.layers.get(layer)!;
    const bits = packedAt(scratch.measured, features);
    let to = bits.at;
    for (const { slice, vector } of vectors) {
      ops.copy((slices[slice].get(array) as Place) + 4 * vector * bits.words, to, bits.words);
      to += 4 * bits.words;
    }
    return bits;
  }

  return { crossbars, pass, gather };
}
