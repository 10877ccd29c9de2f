/** The RTL of a trained network's attention on the first chip, with vectors of its own evaluation prompts: what `xpike rtl` writes. */
import { SpecError } from "../errors.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { attentionBundle } from "../rtl/attention/bundle.ts";
import { networkAttentionRuns, standaloneAttention } from "../rtl/attention/network.ts";
import { randomAttentionRun } from "../rtl/attention/vectors.ts";
import { rtlBundle } from "../rtl/bundle.ts";
import { type SourceFiles, type SsaDesign, ssaDesign } from "../rtl/design.ts";
import { networkLif } from "../rtl/lif-network.ts";
import { chipDesign, networkRuns } from "../rtl/network-vectors.ts";
import { runOfSteps, splitHeads } from "../rtl/simulated-run.ts";
import { MAX_STEPS } from "../rtl/ssa-engine.ts";
import type { EngineRun } from "../rtl/testbench.ts";
import type { Given } from "../task/open.ts";
import { firstChip } from "./first-chip.ts";
import { asDescribed } from "./fit.ts";

/** Time steps of runs of random spikes: every bit of a step's number is set in one of them. */
const LONG_RUNS = [20, MAX_STEPS];
/** Runs of random spikes for engines whose membranes are exact over the network's steps only. */
const RANDOM_RUNS = 4;

/** An engine, and what its testbench and its LIF unit's are to run. */
export interface AttentionVectors {
  readonly design: SsaDesign;
  readonly runs: readonly EngineRun[];
  /** Where the runs come from, as a sentence. */
  readonly origin: string;
  /** The LIF unit's, or why there is none. */
  readonly lif: ReturnType<typeof networkLif>;
}

/**
 * Texts by file name: attention engine, LIF unit, testbenches, vectors of the first `prompts` evaluation prompts.
 *
 * @param notes  takes a sentence for each thing that is left out
 * Throws  as `asDescribed`, `mapNetwork` and `chipDesign`
 */
export function networkRtl(
  given: Given,
  trained: Network,
  prompts: number,
  notes: string[],
  validatedSteps?: readonly number[],
): SourceFiles {
  const first = chipWithRegisters(given, trained, notes, validatedSteps);
  const { chip, task, random } = first;
  if (chip.mapping.attention[0]?.unit === "ssa-tile") {
    const { design, runs, origin, lif } = vectorsOf(given, first, { prompts }, notes);
    return rtlBundle(design, runs, origin, lif);
  }
  const design = standaloneAttention(chip);
  const { experiment } = given;
  const { spikes } = task.draw(prompts, stream(experiment.seed).fork("evaluation"), { values: false });
  const { steps } = chip.network.model;
  const runs = [
    ...networkAttentionRuns(chip, design, spikes!, random.fork("run")),
    ...Array.from({ length: RANDOM_RUNS }, (_, n) => randomAttentionRun(design, steps, random.fork("random run", n))),
  ];
  const origin =
    `Vectors: the attention of a trained network (${experiment.name}, seed ${experiment.seed}, chip 0) on its first ` +
    `${prompts} evaluation prompts, one run per block and prompt, from the functional simulator. Then ${RANDOM_RUNS} runs of random spikes.`;
  return attentionBundle(design, runs, origin, lifVectors(given, first, notes));
}

/**
 * The engine of a network's heads, or of a given number of them at a time, and its runs.
 *
 * @param heads  of the engine: a divisor of the network's, whose runs are cut into groups
 * @param notes  takes a sentence for each thing that is left out
 * Throws  as `networkRtl`; SpecError when the network's heads do not come in groups of this size
 */
export function attentionVectors(
  given: Given,
  trained: Network,
  {
    prompts,
    heads,
    validatedSteps,
  }: {
    readonly prompts: number;
    readonly heads?: number;
    /** As `asDescribed`. */
    readonly validatedSteps?: readonly number[] | undefined;
  },
  notes: string[],
): AttentionVectors {
  return vectorsOf(given, chipWithRegisters(given, trained, notes, validatedSteps), { prompts, heads }, notes);
}

type FirstChip = ReturnType<typeof chipWithRegisters>;

function vectorsOf(
  given: Given,
  first: FirstChip,
  { prompts, heads }: { readonly prompts: number; readonly heads?: number | undefined },
  notes: string[],
): AttentionVectors {
  const { chip, task, random } = first;
  const { experiment } = given;
  const whole = chipDesign(chip);
  const design = heads === undefined ? whole : engineOf(whole, heads);
  const evaluation = stream(experiment.seed).fork("evaluation");
  const { spikes } = task.draw(prompts, evaluation, { values: false });
  const cut = (run: EngineRun) => (heads === undefined ? [run] : splitHeads(run, design.parameters, heads));
  const runs = [
    ...[...networkRuns(chip, spikes!, random.fork("run"))].flatMap(cut),
    ...LONG_RUNS.map((steps) => runOfSteps(design, steps, random.fork("long run", steps))),
  ];
  const origin =
    `Vectors: the attention of a trained network (${experiment.name}, seed ${experiment.seed}, chip 0) on its first ` +
    `${prompts} evaluation prompts, one run per block and prompt, from the cycle simulator with LFSR random numbers. Then random ` +
    `spikes of ${LONG_RUNS.join(" and ")} steps: what counts steps has bits that a network of few steps never sets.`;
  return { design, runs, origin, lif: lifVectors(given, first, notes) };
}

/** The LIF unit with codes of the first prompt, or why there is none. */
function lifVectors(
  { experiment }: Given,
  { chip, task, random }: FirstChip,
  notes: string[],
): AttentionVectors["lif"] {
  const { spikes } = task.draw(1, stream(experiment.seed).fork("evaluation"), { values: false });
  const lif = networkLif(chip, spikes!, random.fork("run"));
  if (typeof lif === "string") notes.push(lif);
  return lif;
}

/** The engine for a given number of heads. */
function engineOf({ parameters, heads }: SsaDesign, asked: number): SsaDesign {
  if (heads % asked === 0) return ssaDesign(parameters, asked);
  throw new SpecError(
    "--board-heads",
    `${asked} heads do not divide the network's ${heads}. Choose a divisor of ${heads}; one head always fits the board.`,
  );
}

/** The first chip of an experiment. It draws from shift registers, whatever the experiment says. */
export function chipWithRegisters(
  { experiment, data }: Given,
  trained: Network,
  notes: string[],
  validatedSteps?: readonly number[],
) {
  const network = foldNetwork(asDescribed(experiment, trained, notes, "checkpoints.network", validatedSteps));
  const hardware: HardwareSpec = { ...experiment.hardware, ssa: { ...experiment.hardware.ssa, random: "lfsr" } };
  const mapping = mapNetwork(network, hardware, experiment.task.coding);
  return firstChip({ experiment: { ...experiment, hardware }, data }, network, mapping);
}
