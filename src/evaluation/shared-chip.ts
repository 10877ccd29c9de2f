/**
 * A chip that all threads of a session share. Each thread programs, reads and calibrates a part of its crossbars. Their conductances
 * are in one memory, from which every thread can answer any prompt. A chip thus takes its time and memory once, however many threads
 * there are, and one chip keeps all of them busy. `simulation/fast/part.ts` explains why nothing depends on their number.
 *
 * One side calls (`openSharedChip`): it brings a chip to the state that a condition requires, step by step, and hands out
 * prompts. Each step is a piece of work that every thread gets once, and it begins when all threads have finished the previous
 * step. No thread therefore waits within a piece, and an error ends the session like an error of any other piece. The other side
 * is a job (`sharedChipJob`).
 */
import { type DeviceAddress, deviceAddresses, loadAddresses } from "../device/module.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { arena } from "../kernels/arena.ts";
import { allocateMemory, instantiateKernels, type Kernels } from "../kernels/memory.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import type { Network } from "../model/network.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import {
  type Chip,
  type ChipState,
  chipAt,
  chipFrom,
  equipChip,
  type MappedNetwork,
  programChip,
  stateOfChip,
} from "../simulation/chip.ts";
import {
  type BoundSimulator,
  type Calibration,
  partOfMapping,
  placeErrors,
  readPart,
  startCalibration,
} from "../simulation/fast/part.ts";
import { planSimulator, type SimulatorPlan } from "../simulation/fast/plan.ts";
import { bindSimulator } from "../simulation/fast/simulate.ts";
import { wholeLayer } from "../simulation/fast/whole-layer.ts";
import { finish, type LayerInput } from "../simulation/pass.ts";
import { needsCalibration } from "../simulation/reference/simulate.ts";
import type { Trace } from "../simulation/trace.ts";
import type { createGpuSimulator, GpuSimulator } from "../simulation/webgpu/simulate.ts";
import { gpuPrompts } from "../simulation/webgpu/sizes.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { Given } from "../task/open.ts";
import type { Batch, Task } from "../task/task.ts";
import { type Executor, isHung, type Job } from "../threads/executor.ts";
import { shareData } from "../threads/shared-data.ts";
import type { Gpu } from "../webgpu/gpu.ts";
import { CALIBRATION_DRAW, CALIBRATION_PROMPTS } from "./calibration-prompts.ts";
import { type MemorySizes, memorySizes } from "./chip-memory.ts";
import type { Range } from "./keeper.ts";
import { partFor } from "./kept-part.ts";
import { cutPrompts, cutRanges, type Slice, taskOf } from "./slices.ts";

/** A network on a machine, `hardware.readTime` seconds after programming. */
export interface Condition {
  /** Which of the networks. */
  readonly network: string;
  readonly hardware: HardwareSpec;
}

/** What runs on chips, for any caller. */
export interface ChipWork extends Given {
  /** Folded. */
  readonly networks: Readonly<Record<string, Network<SpikingSpec>>>;
  readonly conditions: readonly Condition[];
  /** What the networks are, in a word: threads keep the first chip for later work of this name (`kept-part.ts`). Default: they do not. */
  readonly keepAs?: string | undefined;
}

/** Which chip, under which condition, and which of its reads: each read draws its own read noise and random bits. */
export interface ChipPlace {
  readonly condition: number;
  readonly chip: number;
  readonly read: number;
}

export interface SharedChip<Result> {
  /** Programs, calibrates and reads this chip, as far as that is not yet done. */
  bring(place: ChipPlace): Promise<void>;
  /** Answers evaluation prompts on the chip, on all threads; `onResult` receives the results as they come. */
  answer(
    ranges: readonly Range[],
    snrDecibels: number | null,
    onResult: (result: Result, slice: Slice) => void,
  ): Promise<void>;
  /** Prepares this chip and returns all of it: each thread hands over its part. */
  take(place: ChipPlace): Promise<Chip>;
  close(): void;
}

/**
 * Opens a job on as many threads as the memory has room for.
 *
 * @param most prompts that one piece of work answers at most
 * @param extra further data for the job
 * Throws PlatformError when a chip does not fit the 4 GiB of a WebAssembly memory; with a GPU, MappingError when it does not simulate one
 */
export function openSharedChip<Extra, Result>(
  threadsAndGpu: Executor,
  job: string,
  work: ChipWork,
  most: number,
  extra: Extra,
): SharedChip<Result> {
  const { conditions } = work;
  const { gpu = null, executor = threadsAndGpu } = threadsAndGpu.device ?? {};
  const machines = mappedConditions(work);
  const bound = gpu === null ? most : Math.min(...machines.map((machine) => gpuPrompts(gpu, machine, most)));
  const sizes = memorySizes(machines, executor.threads, bound);
  const { threads, slicePrompts } = sizes;
  const shared = executor.isApart;
  const setup: ChipSetup & Extra = {
    ...extra,
    ...work,
    data: shareData(work.data),
    networks: shared ? shareData(work.networks) : work.networks,
    devices: deviceAddresses(conditions.map(({ hardware }) => hardware.crossbar.device)),
    memory: allocateMemory(sizes.bytes, shared),
    sizes,
    gpu,
  };
  const open = () => executor.open<ChipSetup & Extra, ChipStep | Slice, unknown>(job, setup, { threads });
  let session = open();
  // Any thread may say which layer is next; the first thread always has a slice.
  const step = async (what: ChipStep) => (await session.each(what))[0] as LayerInput | null;
  const nothing = { programmed: "", equipped: "", read: "" };
  let held = nothing;
  let asked: ChipPlace;

  /** Retries once if a thread hung and took its part of the chip with it. The parts of the other threads are also made again. */
  async function persist<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isHung(error)) throw error;
      session.close();
      session = open();
      held = nothing;
      return work();
    }
  }

  async function bring({ condition, chip, read }: ChipPlace) {
    const { hardware } = conditions[condition];
    const programmed = `${chip} ${programmingKey(conditions[condition])}`;
    const equipped = `${chip} ${machineKey(conditions[condition])}`;
    const key = `${read} ${hardware.readTime} ${equipped}`;
    if (equipped !== held.equipped) {
      await step({ kind: "equip", condition, chip, program: programmed !== held.programmed });
      if (needsCalibration(hardware.adc)) await calibrate();
    }
    if (key !== held.read) await step({ kind: "read", condition, read });
    held = { programmed, equipped, read: key };
  }

  async function calibrate() {
    let layer = await step({ kind: "start-calibration" });
    while (layer !== null) {
      await step({ kind: "measure", layer });
      layer = await step({ kind: "advance" });
    }
  }

  return {
    bring: (place) => {
      asked = place;
      return persist(() => bring(place));
    },
    answer: async (ranges, snrDecibels, onResult) => {
      const prompts = ranges.reduce((sum, range) => sum + range.prompts, 0);
      const size = Math.min(slicePrompts, Math.ceil(prompts / threads));
      const left = new Set(cutRanges(ranges, size, snrDecibels));
      await persist(async () => {
        await bring(asked);
        const slices = [...left];
        await session.run(slices, (result, index) => {
          left.delete(slices[index]);
          onResult(result as Result, slices[index]);
        });
      });
    },
    take: (place) => {
      asked = place;
      return persist(async () => {
        await bring(place);
        const parts = (await session.each({ kind: "hand-over" })) as ChipState[];
        return chipFrom(mapped(work, conditions[place.condition]), parts);
      });
    },
    close: () => session.close(),
  };
}

/** What programming depends on, apart from the chip. */
export const programmingKey = ({ network, hardware }: Condition): string =>
  JSON.stringify([network, hardware.crossbar, hardware.crossbars, { ...hardware.readOut, circuit: null }]);

/** Everything except the age. */
const machineKey = ({ network, hardware }: Condition): string =>
  JSON.stringify([network, { ...hardware, readTime: null }]);

const mapped = ({ experiment, networks }: ChipWork, { network, hardware }: Condition): MappedNetwork => ({
  network: networks[network],
  mapping: mapNetwork(networks[network], hardware, experiment.task.coding),
  hardware,
});

/** The machines of all conditions; one machine serves all ages. */
function mappedConditions(work: ChipWork): MappedNetwork[] {
  const distinct = new Map(work.conditions.map((condition) => [machineKey(condition), condition]));
  return [...distinct.values()].map((condition) => mapped(work, condition));
}

/** What a job is opened with on each of its threads. */
export interface ChipSetup extends ChipWork {
  readonly devices: readonly DeviceAddress[];
  readonly memory: WebAssembly.Memory;
  readonly sizes: MemorySizes;
  /** What answers prompts; null: the thread itself. */
  readonly gpu: Gpu | null;
}

/** What every thread does with its part of the chip. */
export type ChipStep =
  | { readonly kind: "equip"; readonly condition: number; readonly chip: number; readonly program: boolean }
  | { readonly kind: "start-calibration" }
  | { readonly kind: "measure"; readonly layer: LayerInput }
  | { readonly kind: "advance" }
  | { readonly kind: "read"; readonly condition: number; readonly read: number }
  | { readonly kind: "hand-over" };

/** A slice of prompts, and the chip's results for it. */
export interface ChipRun<B extends Batch = Batch> {
  readonly network: Network<SpikingSpec>;
  readonly labels: Batch["labels"];
  readonly batch: B;
  readonly trace: Trace;
  readonly chip: number;
  readonly slice: Slice;
  /**
   * Runs other spikes of the same prompts on the same read of the chip, with attention units set for `network`: the same weights, perhaps
   * with another mask or gain. Random: fork `purpose` of the run's stream
   */
  again(spikes: SpikeTrain, network: Network<SpikingSpec>, purpose: string): Trace;
}

/** Draws the prompts of a slice, with spikes. */
export type DrawSlice<B extends Batch> = (task: Task, slice: Slice) => B;

/**
 * The job that carries out the steps of `openSharedChip`, and answers slices with the results of `answer` for their runs.
 *
 * Random   evaluation prompts from `stream(seed).fork("evaluation")`, those of calibration from `.fork("calibration")`; chip c is
 *          programmed from `stream(seed).fork("chip", c)`, calibrated with fork "calibration" of the same, and read and run with fork
 *          "run", or, for read r > 0, with `.fork("run", r)`
 */
export const sharedChipJob = <Extra, Result>(
  answer: (run: ChipRun, setup: ChipSetup & Extra) => Result,
): Job<ChipSetup & Extra, ChipStep | Slice, Result | LayerInput | ChipState | null> =>
  chipJobOf((setup) => {
    const random = stream(setup.experiment.seed).fork("evaluation");
    return {
      draw: (task, { firstPrompt, prompts, snrDecibels }) => {
        const snr = snrDecibels === null ? {} : { snrDecibels };
        return task.draw(prompts, random, { firstPrompt, values: false, ...snr });
      },
      answer: (run) => answer(run, setup),
    };
  });

/** How a thread draws other prompts, and answers them. */
export interface ChipQuestion<Result, B extends Batch> {
  readonly draw: DrawSlice<B>;
  readonly answer: (run: ChipRun<B>) => Result;
}

/** As `sharedChipJob`, for other prompts than those of the evaluation. */
export function chipJobOf<Extra, Result, B extends Batch>(
  ask: (setup: ChipSetup & Extra) => ChipQuestion<Result, B>,
): Job<ChipSetup & Extra, ChipStep | Slice, Result | LayerInput | ChipState | null> {
  return async (setup, thread) => {
    await loadAddresses(setup.devices);
    const { draw, answer } = ask(setup);
    // Loaded only here: pages without a GPU would wait for its kernels.
    const simulators = setup.gpu && (await import("../simulation/webgpu/simulate.ts"));
    const part = chipPart(setup, thread, draw, simulators?.createGpuSimulator);
    return async (piece) => ("kind" in piece ? part.take(piece) : answer(await part.run(piece)));
  };
}

/** A thread's own part of chips, and its runs on whole chips: on a GPU, if there is one, by what `create` makes. */
function chipPart<B extends Batch>(
  work: ChipSetup,
  thread: number,
  draw: DrawSlice<B>,
  create: typeof createGpuSimulator | undefined,
) {
  const { experiment, conditions, memory, sizes, gpu } = work;
  const { threads, slicePrompts, slices } = sizes;
  const kernels = instantiateKernels(memory);
  const root = stream(experiment.seed);
  let part: Chip | null = null;
  let machine: {
    network: Network<SpikingSpec>;
    task: Task;
    simulator: BoundSimulator;
    hardware: HardwareSpec;
    plan: SimulatorPlan;
  };
  const served = new WeakMap<Network, MappedNetwork>();
  const onGpu = gpu && create && gpuPart((whole) => create(gpu, whole, slicePrompts), kernels, thread);
  let equipped: number;
  let chipStream: Stream;
  let runStream: Stream;
  let calibration: Calibration;

  function equip(condition: Condition, chip: number, program: boolean) {
    const whole = mapped(work, condition);
    const { network, hardware } = whole;
    const mapping = partOfMapping(whole.mapping, thread, threads);
    const region = arena(kernels.base, memory.buffer.byteLength);
    const plan = planSimulator(region, whole, { maxPrompts: slicePrompts, slices, threads });
    const simulator = bindSimulator(kernels, plan, whole, thread);
    machine = { network, task: taskOf(work, network), simulator, hardware, plan };
    onGpu?.equip(whole, machineKey(condition));
    equipped = chip;
    chipStream = root.fork("chip", chip);
    // Two chips would take twice the memory.
    if (program) part = null;
    if (part) part = equipChip(part, mapping, hardware, chipStream);
    else if (work.keepAs === undefined || chip > 0) part = programChip(network, mapping, hardware, chipStream);
    else {
      const name = JSON.stringify([work.keepAs, experiment.seed, programmingKey(condition), threads]);
      part = partFor(thread, name, { network, mapping, hardware }, chipStream);
    }
    placeErrors(simulator, part);
  }

  function startCalibrating() {
    const { network, task, simulator } = machine;
    const shape = {
      steps: network.model.steps,
      prompts: CALIBRATION_PROMPTS,
      slicePrompts: Math.ceil(CALIBRATION_PROMPTS / slices),
    };
    const inputs: SpikeTrain[] = [];
    for (const [slice, { firstPrompt, prompts }] of cutPrompts(shape.prompts, shape.slicePrompts, null).entries()) {
      if (slice % threads !== thread) continue;
      inputs[slice] = task.draw(prompts, root.fork("calibration"), { ...CALIBRATION_DRAW, firstPrompt }).spikes!;
    }
    calibration = startCalibration(simulator, part!, shape, inputs, chipStream.fork("calibration"));
    part = calibration.part;
  }

  function take(step: ChipStep): LayerInput | ChipState | null {
    switch (step.kind) {
      case "equip":
        equip(conditions[step.condition], step.chip, step.program);
        return null;
      case "start-calibration":
        startCalibrating();
        return calibration.advance();
      case "measure":
        calibration.measure(step.layer);
        return null;
      case "advance":
        return calibration.advance();
      case "read":
        runStream = step.read === 0 ? chipStream.fork("run") : chipStream.fork("run", step.read);
        readPart(machine.simulator, chipAt(part!, conditions[step.condition].hardware.readTime), runStream);
        onGpu?.load(machine.plan);
        return null;
      case "hand-over":
        return stateOfChip(part!);
    }
  }

  async function run(slice: Slice): Promise<ChipRun<B>> {
    const { network, task, simulator } = machine;
    const batch = draw(task, slice);
    const { firstPrompt } = slice;
    const trace =
      (await onGpu?.run(batch.spikes!, runStream, firstPrompt)) ??
      finish(simulator.pass(thread, batch.spikes!, runStream, { firstPrompt }));
    // On the CPU, which holds the same chip and computes the same bits.
    const again: ChipRun["again"] = (spikes, other, purpose) =>
      finish(simulator.pass(thread, spikes, runStream.fork(purpose), { firstPrompt, attention: servedBy(other) }));
    return { network, labels: batch.labels, batch, trace, chip: equipped, slice, again };
  }

  /** Once for each network, so that a simulator knows it again. */
  function servedBy(network: Network<SpikingSpec>): MappedNetwork {
    const { hardware } = machine;
    const known = served.get(network);
    if (known?.hardware === hardware) return known;
    const made = { network, mapping: mapNetwork(network, hardware, experiment.task.coding), hardware };
    served.set(network, made);
    return made;
  }

  return { take, run };
}

/** The GPU's side of a thread: the machine that it is equipped for, with the chip that the thread has read. */
function gpuPart(create: (whole: MappedNetwork) => GpuSimulator, kernels: Kernels, thread: number) {
  let held: { readonly key: string; readonly whole: MappedNetwork; readonly simulator: GpuSimulator } | null = null;
  return {
    equip: (whole: MappedNetwork, key: string): void => {
      if (held?.key === key) return;
      held?.simulator.close();
      held = { key, whole, simulator: create(whole) };
    },
    load: (plan: SimulatorPlan): void => {
      const { whole, simulator } = held!;
      simulator.load((layer) => wholeLayer(kernels, plan, thread, whole, layer));
    },
    run: (input: SpikeTrain, random: Stream, firstPrompt: number): Promise<Trace> =>
      held!.simulator.run(input, random, { firstPrompt }),
  };
}
