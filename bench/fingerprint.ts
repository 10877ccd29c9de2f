/**
 * What an experiment comes to, layer by layer of the program, and the SHA-256 of each part. Versions of the program that agree in all
 * parts give the same results to the last bit.
 *
 * All parts are the same on every platform, for any number of threads. The reference of the ANN and the smooth surrogates call `Math.exp`,
 * `Math.tanh` and `Math.atan`, whose last bits may differ between engines. Therefore the ANN's reference counts to ten digits, and
 * spiking gradients are those of a triangular surrogate. Left out: GPUs and fast math, which promise no bits.
 */
import { ownPrices } from "../src/cost/architectures/xpikeformer.ts";
import { estimateCost } from "../src/cost/cost.ts";
import { comparedWith, measuredWorkload, perInference } from "../src/cost/measured.ts";
import { keptPlans } from "../src/cost/plans.ts";
import { simulatedPrices } from "../src/cost/simulated.ts";
import { isXpikeError } from "../src/errors.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import { type AnnSpec, annSpec, type TransformerSpec } from "../src/experiment/model.ts";
import { countActions } from "../src/machine/counts.ts";
import { type Machine, machineOf } from "../src/machine/machine.ts";
import { machineNetwork } from "../src/machine/network.ts";
import { scheduleOf } from "../src/machine/schedule.ts";
import type { Timetable } from "../src/machine/timetable.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { drawBlocks, networkBackward, networkForward, repeatInput, spikeInput } from "../src/model/forward.ts";
import { inputRows } from "../src/model/geometry.ts";
import type { Network } from "../src/model/network.ts";
import { contentHash } from "../src/node/content-hash.ts";
import { stream } from "../src/numeric/stream.ts";
import type { SourceFiles } from "../src/rtl/design.ts";
import { machineBundle } from "../src/rtl/kit/bundle.ts";
import { macroViews } from "../src/rtl/kit/macro-views.ts";
import { machineDesign } from "../src/rtl/machine/design.ts";
import { type Fabric, MACROS } from "../src/rtl/machine/fabric.ts";
import { machineVectors } from "../src/rtl/machine/vectors.ts";
import { wrapperFiles } from "../src/rtl/wrapper/wrappers.ts";
import { firstChip } from "../src/runs/first-chip.ts";
import { macroArea } from "../src/runs/macro-area.ts";
import { chipWithRegisters, networkRtl } from "../src/runs/rtl.ts";
import { simulateFast } from "../src/simulation/fast/simulate.ts";
import { simulate } from "../src/simulation/reference/simulate.ts";
import type { Trace } from "../src/simulation/trace.ts";
import { decide } from "../src/task/answers.ts";
import type { Opened } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { type TrainingEvent, train } from "../src/train/train.ts";

/** By part, such as `parameters` or `schedule`. Parts that an experiment does not have are absent. */
export type Parts<V> = Readonly<Record<string, V>>;

const PROMPTS = 3;
const RTL_PROMPTS = 1;
/** An ANN beside every network that is priced. */
const FEW_BITS = { weights: 4, activations: 4 } as const;
/** In the place of the program's version and the experiment's hash, which change without a result. */
const ORIGIN = { version: "0.0.0", experiment: "fingerprints", fingerprint: 0xc0db_0001, origin: "Fingerprints." };

export const fingerprintOf = (results: Parts<unknown>): Parts<string> =>
  Object.fromEntries(Object.entries(results).map(([part, result]) => [part, contentHash(result)]));

/** Parts that differ, or that only one side has. */
export const differingParts = (found: Parts<string>, recorded: Parts<string>): string[] =>
  [...new Set([...Object.keys(recorded), ...Object.keys(found)])].filter((part) => found[part] !== recorded[part]);

/** Everything of one experiment. */
export async function resultsOf(opened: Opened): Promise<Parts<unknown>> {
  const events: Omit<TrainingEvent, "stage">[] = [];
  const { network } = await train(opened, {
    executor: inlineExecutor(jobs),
    onStep: ({ stage: _, ...event }) => events.push(event),
  });
  const trained = { training: events, parameters: network.parameters };
  if (network.model.kind === "ann") return { ...trained, ...annReference(opened, network as Network<AnnSpec>) };
  const reference = spikingReference(opened, network as Network<TransformerSpec>);
  // The networks of some experiments have no chips.
  const chip = ifPossible(() => chipResults(opened, network as Network<TransformerSpec>));
  return {
    ...trained,
    ...reference,
    ...chip,
    ...(chip ? rtlResults(opened, network as Network<TransformerSpec>) : {}),
  };
}

/** Null for what the program refuses. */
function ifPossible<R>(make: () => R): R | null {
  try {
    return make();
  } catch (error) {
    if (isXpikeError(error)) return null;
    throw error;
  }
}

const evaluationPrompts = ({ experiment, task }: Opened, prompts: number) =>
  task.draw(prompts, stream(experiment.seed).fork("evaluation"));

/** A gradient that no symmetry makes small. */
function anyGradient(logits: Float64Array): Float64Array {
  const random = stream(3);
  return logits.map(() => random.normal());
}

function spikingReference(opened: Opened, trained: Network<TransformerSpec>): Parts<unknown> {
  const network = { ...trained, model: { ...trained.model, surrogate: { kind: "triangular", width: 1 } as const } };
  const { values, spikes } = evaluationPrompts(opened, PROMPTS);
  const input = spikes
    ? spikeInput(spikes, inputRows(network.geometry))
    : repeatInput(values, network.model.steps, PROMPTS);
  const draws = drawBlocks(network, input, stream(5));
  const forward = networkForward(network, input, { mode: "train", draws });
  const { logits, stepLogits, trace, rates, statistics } = forward;
  const wanted = Object.fromEntries(Object.keys(rates).map((name, i) => [name, i / 8]));
  const further = { stepLogits: anyGradient(stepLogits), rates: wanted };
  return {
    forward: { logits, stepLogits, trace, rates, statistics },
    gradients: networkBackward(network, anyGradient(logits), forward, further),
  };
}

function annReference(opened: Opened, network: Network<AnnSpec>): Parts<unknown> {
  const { values } = evaluationPrompts(opened, PROMPTS);
  const forward = networkForward(network, { prompts: PROMPTS, values });
  const { logits } = forward;
  const gradients = Object.entries(networkBackward(network, anyGradient(logits), forward));
  return {
    forward: tenDigits(logits),
    gradients: Object.fromEntries(gradients.map(([name, gradient]) => [name, tenDigits(gradient)])),
  };
}

const tenDigits = (values: Float64Array): string[] => Array.from(values, (value) => value.toPrecision(10));

function chipResults(opened: Opened, network: Network<TransformerSpec>): Parts<unknown> {
  const { experiment } = opened;
  const { hardware } = experiment;
  const folded = foldNetwork(network);
  const { chip, random } = firstChip(opened, folded, mapNetwork(folded, hardware, experiment.task.coding));
  const spikes = evaluationPrompts(opened, PROMPTS).spikes!;
  const options = { rasters: PROMPTS };
  const trace = simulate(chip, spikes, random.fork("run"), options);
  const workload = measuredWorkload(experiment, trace);
  const { blocks, stemDensities, inputDensity, headDensity } = workload;
  const machine = machineOf(hardware, machineNetwork(network.model, network.geometry));
  const schedule = scheduleOf(machine);
  return {
    "reference chip": traceResults(trace),
    "fast chip": traceResults(simulateFast(chip, spikes, random.fork("run"), options)),
    densities: { blocks, stemDensities, inputDensity, headDensity },
    actions: countActions(machine, workload),
    units: { units: unitResults(machine), words: machine.words, totals: machine.mapping.totals },
    schedule: {
      interval: schedule.interval,
      prompts: schedule.inFlight?.prompts,
      alone: timetableResults(schedule.alone),
      inFlight: schedule.inFlight && timetableResults(schedule.inFlight),
    },
    price: priceResults(opened, network.model, trace),
  };
}

/** Comparators have the names under which they were recorded. */
function unitResults({ units }: Machine): unknown {
  const names = { attentionInput: "attention input", feedForwardUp: "feed-forward up" };
  const comparators = units.comparators.map(({ field, ...sizes }) => ({ role: names[field!], ...sizes }));
  return { ...units, comparators };
}

function traceResults(trace: Trace): unknown {
  const { stepLogits, logits, operations, spikes, saturated, registers, rasters } = trace;
  return { stepLogits, logits, operations, spikes, saturated, registers, rasters };
}

const timetableResults = ({ clocks, units, buffers }: Timetable): unknown => ({
  clocks,
  buffers,
  units: units.map(({ name, kind, load, start, end, busy, transfers }) => ({
    ...{ name, kind, load, start, end, busy, transfers },
  })),
});

/** Of this machine and of all that it is compared with: an ANN with few bits, and this network as a digital SNN among them. */
function priceResults({ experiment }: Opened, model: TransformerSpec, trace: Trace): unknown {
  const { width, depth, heads, expansion } = model;
  const ann = annSpec.parse({ kind: "ann", width, depth, heads, expansion, quantization: FEW_BITS });
  const snn = { model, densities: trace.densities };
  const workload = comparedWith(measuredWorkload(experiment, trace), experiment, { ann, snn });
  const prices = simulatedPrices(experiment);
  const counted = perInference(trace);
  const plan = keptPlans();
  const { architectures, times, area, operations } = estimateCost(workload, prices, counted, plan);
  const { price } = ownPrices(workload, prices.technology, plan);
  return { architectures, times, area, operations, machine: price(counted) };
}

/** Texts by file name, where the generator makes them. */
function rtlResults(opened: Opened, network: Network<TransformerSpec>): Parts<SourceFiles> {
  const made: Parts<SourceFiles | null> = {
    "attention RTL": ifPossible(() => networkRtl(opened, network, RTL_PROMPTS, [])),
    "machine RTL": ifPossible(() => machineRtl(opened, network, MACROS)),
    "RTL in flight": ifPossible(() => machineRtl(opened, network, MACROS, true)),
    "RTL of memories": ifPossible(() =>
      machineRtl(opened, network, { kind: "memories", conductanceBits: null, loadable: true }),
    ),
  };
  return Object.fromEntries(Object.entries(made).flatMap(([part, files]) => (files ? [[part, files]] : [])));
}

function machineRtl(
  opened: Opened,
  network: Network<TransformerSpec>,
  fabric: Fabric,
  isInFlight = false,
): SourceFiles {
  const { chip, random } = chipWithRegisters(opened, network, []);
  const run = random.fork("run");
  const design = machineDesign(chip, run, fabric, isInFlight);
  const vectors = machineVectors(design, chip, evaluationPrompts(opened, RTL_PROMPTS).spikes!, run, decide);
  const files = machineBundle(design, vectors, ORIGIN);
  return fabric.kind === "macros"
    ? { ...files, ...macroViews(design, vectors, macroArea(chip.hardware)) }
    : wrapperFiles(design, files, ORIGIN, { name: "litex", bits: 32 });
}
