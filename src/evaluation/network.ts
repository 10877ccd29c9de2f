/**
 * A network's performance without hardware: the conventional transformer, or the spiking one with BatchNorm folded, on the
 * WebAssembly kernels and any number of threads.
 */
import type { TaskSpec } from "../experiment/task.ts";
import type { Kernels } from "../kernels/memory.ts";
import type { SpikingPass } from "../kernels/network-pass.ts";
import { createNetworkPass } from "../kernels/network-pass.ts";
import { foldNetwork } from "../model/fold.ts";
import { answerKind } from "../model/geometry.ts";
import { isSpiking, type Network } from "../model/network.ts";
import { logitsOf } from "../model/read-out.ts";
import { stream } from "../numeric/stream.ts";
import { densitiesOf, type SpikeCount } from "../simulation/trace.ts";
import { answer, decide } from "../task/answers.ts";
import type { ErrorsOf } from "../task/catalogue.ts";
import { takesSpikes } from "../task/create.ts";
import { type Given, type Openable, opened } from "../task/open.ts";
import type { Executor, Job } from "../threads/executor.ts";
import { shareData } from "../threads/shared-data.ts";
import { answerPrompts, type Keeper, NO_KEEPER } from "./keeper.ts";
import {
  cutRanges,
  type Evaluation,
  errorsByStep,
  evaluationOf,
  requireCounts,
  type Slice,
  type SpikingAnswers,
  snrName,
  sumSpikes,
  taskOf,
} from "./slices.ts";
import { joinAgreements, type SoftAnswers, scoredAgreements, softBitsOf } from "./soft-bits.ts";

export interface NetworkEvaluation<E = ErrorsOf<TaskSpec>> extends Evaluation<E> {
  /** With `evaluation.softBits`, those of the queries that count, `[prompts, scored, bits]`, positive where right; null otherwise. */
  readonly agreed: Float64Array | null;
  /** For a spiking network with spike inputs; null for any other. */
  readonly spiking: {
    /** At the queries that count, after 1 .. T time steps. */
    readonly bySteps: readonly E[];
    /** Share of ones by spike train, named as in `Trace`; attention scores are not included. */
    readonly densities: Readonly<Record<string, number>>;
  } | null;
}

export interface EvaluateOptions {
  readonly prompts: number;
  /** This SNR for every prompt. Default: the task's. */
  readonly snrDecibels?: number;
  /** Prompts per piece of work. Affects the speed only. Default 64. */
  readonly slice?: number;
  /** Saves answers as they come. Default: saves nothing. */
  readonly keeper?: Keeper;
}

/**
 * Evaluates a network, on the test part if the task has data; a spiking network is folded first.
 *
 * Random   prompts from `stream(seed).fork("evaluation")`, attention bits from `stream(seed).fork("evaluation attention")`
 * Throws   ShapeError when the network was made for another task, ValueError when an option is out of range, SpecError when the
 *          task needs images and there are none
 */
export async function evaluateNetwork<T extends TaskSpec>(
  executor: Executor,
  subject: Openable<T>,
  network: Network,
  { prompts, snrDecibels, slice = 64, keeper = NO_KEEPER }: EvaluateOptions,
): Promise<NetworkEvaluation<ErrorsOf<T>>> {
  requireCounts({ prompts, slice });
  const given = opened(subject);
  const { experiment, data } = given;
  taskOf(given, network);
  const snr = snrDecibels ?? null;
  const setup = {
    experiment,
    data: shareData(data),
    network: isSpiking(network) ? foldNetwork(network) : network,
    maxPrompts: slice,
  };
  const naming = { keeper, name: snrName(snr) };
  const answers = await answerPrompts<NetworkAnswers>(prompts, naming, async (missing, keep) => {
    const session = executor.open<NetworkSetup, Slice, NetworkAnswers>("evaluate-network", setup, {
      repeatable: true,
    });
    const slices = cutRanges(missing, slice, snr);
    await session.run(slices, (result, i) => keep(result, slices[i])).finally(session.close);
  });
  const spiking = answers.flatMap((slice) => (slice.spiking ? [{ ...slice, ...slice.spiking }] : []));
  return {
    ...evaluationOf(answers, experiment.task, network.geometry, snr),
    agreed: joinAgreements(answers),
    spiking:
      spiking.length === 0
        ? null
        : {
            bySteps: errorsByStep(spiking, experiment.task, network.geometry),
            densities: densitiesOf(sumSpikes(spiking)),
          },
  };
}

export interface NetworkSetup extends Given {
  /** Folded. */
  readonly network: Network;
  readonly maxPrompts: number;
}

export interface NetworkAnswers extends SoftAnswers {
  readonly spiking: Pick<SpikingAnswers, "byStep" | "spikes"> | null;
}

/** The job "evaluate-network": answers slices of the evaluation prompts. */
export const evaluateNetworkSlice: Job<NetworkSetup, Slice, NetworkAnswers> = ({
  experiment,
  data,
  network,
  maxPrompts,
}) => {
  const task = taskOf({ experiment, data }, network);
  const root = stream(experiment.seed);
  const [promptStream, { key }] = [root.fork("evaluation"), root.fork("evaluation attention")];
  const spikes = takesSpikes(network.model, experiment.task);
  const { kernels, pass } = createNetworkPass(network, maxPrompts, !spikes);
  const { classes, queries } = network.geometry;
  const { readOut } = network.model;
  const kind = answerKind(network);
  const isSoft = softBitsOf(experiment) !== null;
  return ({ firstPrompt, prompts, snrDecibels }) => {
    const snr = snrDecibels === null ? {} : { snrDecibels };
    const batch = task.draw(prompts, promptStream, { firstPrompt, spikes, values: !spikes, ...snr });
    kernels.write(pass.inputs, batch.spikes ? batch.spikes.words : batch.values);
    if ("draws" in pass) Object.assign(pass.draws, { key, firstPrompt });
    pass.forward(prompts);
    const logits = () => kernels.floats(pass.logits, prompts * queries.length * logitsOf(network));
    const answers = {
      ...answer(logits(), batch.labels, classes, kind),
      ...(isSoft && { agreed: scoredAgreements(experiment.task, logits(), batch.labels, network.geometry, readOut) }),
    };
    if (!batch.spikes || !("readFirst" in pass)) return { ...answers, spiking: null };
    const { steps } = batch.spikes;
    const byStep = Array.from({ length: steps }, (_, t) => {
      pass.readFirst(t + 1, prompts);
      return decide(logits(), classes, kind);
    });
    return { ...answers, spiking: { byStep, spikes: countSpikes(kernels, pass, steps * prompts) } };
  };
};

/** Spikes of each layer in `images` prompts of one step each. */
const countSpikes = (kernels: Kernels, { spikes }: SpikingPass, images: number): Record<string, SpikeCount> =>
  Object.fromEntries(
    Object.entries(spikes).map(([name, bits]) => {
      const rows = images * bits.perPrompt;
      return [name, { ones: kernels.countBits(bits, rows), bits: rows * bits.features }];
    }),
  );
