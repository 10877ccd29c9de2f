/**
 * What a slot costs besides one pass of its network: the decoder, for the iterations that it took in the simulation, classical receivers,
 * and decision feedback.
 *
 * With feedback, two prompts of as many tokens. The machine can attend to all that the second pass attends to, and is priced so in both: by
 * what chips counted in each of them. The int8 ANN computes the scores of each pass, on either engine. Both wait for the first pass:
 * latencies add up.
 */
import { slotReceiverCosts } from "../cost/architectures/slot-receiver.ts";
import { type CostEstimate, estimateCost } from "../cost/cost.ts";
import { comparedWith, measuredWorkload, perInference } from "../cost/measured.ts";
import { pool, simulatedPrices } from "../cost/simulated.ts";
import type { Workload } from "../cost/workload.ts";
import type { CodedPoint, CountedPass } from "../evaluation/coded.ts";
import type { CodedWork } from "../evaluation/coded-blocks.ts";
import { type SlotReceiver, slotReceivers } from "../evaluation/slot-receivers.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { ModelSpec } from "../experiment/model.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type { Geometry } from "../model/geometry.ts";
import type { CodedCosts, FeedbackCost, PricedMachine } from "../report/coded.ts";
import { receiverId, receiverName } from "../report/slot-detection.ts";
import type { CodedLink } from "../task/coded-slots.ts";
import { modulationOf } from "../task/link.ts";
import { feedbackGeometry } from "../task/slot-feedback.ts";

/** What is compared: the networks of the run, and the chips' points with feedback, if there are any. */
export interface CodedNetworks {
  readonly geometry: Geometry;
  readonly ann: ModelSpec | undefined;
  readonly fed: readonly CodedPoint[] | null;
}

/** Prices are those of the run's report. */
export function codedCosts(
  experiment: Experiment<SlotDetectionSpec>,
  { coded }: CodedWork,
  { block }: CodedLink,
  networks: CodedNetworks,
): CodedCosts {
  const { technology } = simulatedPrices(experiment);
  const { task } = experiment;
  const rowsAt = (iterations: number) =>
    slotReceiverCosts(task, technology, {
      form: formOf(task),
      decoder: { block, iterations, rule: coded.decoder },
    });
  const rows = rowsAt(0);
  const joules = (id: string) => rows.find((row) => row.id === id)?.joules;
  return {
    decoder: (iterations) => rowsAt(iterations).find(({ id }) => id === "decoder")!.joules,
    receivers: slotReceivers(task)
      .filter(({ estimate }) => estimate !== "known")
      .flatMap((receiver) => {
        const [estimate, detector] = [joules(ESTIMATES[receiver.estimate]), joules(receiver.detector)];
        return estimate === undefined || detector === undefined
          ? []
          : [{ id: receiverId(receiver), name: receiverName(receiver), joules: estimate + detector }];
      }),
    feedback: networks.fed && feedbackCost(experiment, coded.feedback, { ...networks, fed: networks.fed }),
  };
}

/** By the rows of `slotReceiverCosts`. The known channel costs nothing, and has no price. */
const ESTIMATES: Readonly<Record<SlotReceiver["estimate"], string>> = {
  ls: "least-squares",
  lmmse: "lmmse",
  known: "",
};

/** Exact, as in `slotReceiver`; where each part of one antenna's symbol is one bit, max-log gives the same ratios for less. */
const formOf = (task: SlotDetectionSpec) =>
  task.transmitAntennas === 1 && modulationOf(task).bits === 1 ? "max-log" : "exact";

function feedbackCost(
  experiment: Experiment<SlotDetectionSpec>,
  count: number,
  { geometry, ann, fed }: CodedNetworks & { readonly fed: readonly CodedPoint[] },
): FeedbackCost {
  const [first, second] = [0, 1].map((pass) => pool(fed.map(({ passes }) => passes[pass])));
  const { mask } = feedbackGeometry(geometry, count);
  const scores = mask.reduce((sum, cell) => sum + cell, 0);
  const attending = (workload: Workload): Workload => ({ ...workload, mask, scores, annScores: scores });
  const priced = (pass: CountedPass, annMask: (workload: Workload) => Workload): CostEstimate => {
    const { compared, ...workload } = comparedWith(measuredWorkload(experiment, pass), experiment, { ann });
    const rivals = compared?.ann && { compared: { ann: annMask(compared.ann) } };
    return estimateCost({ ...attending(workload), ...rivals }, simulatedPrices(experiment), perInference(pass));
  };
  const passes = [priced(first, (workload) => workload), priced(second, attending)];
  const sum = (of: (estimate: CostEstimate) => number) => passes.reduce((total, estimate) => total + of(estimate), 0);
  const energy = (id: PricedMachine) => sum(({ architectures }) => architectures[id].total);
  return {
    energies: { xpikeformer: energy("xpikeformer"), annTrees: energy("annTrees"), annDigital: energy("annDigital") },
    latency: sum(({ times }) => times.alone),
  };
}
