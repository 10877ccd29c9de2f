/**
 * Block error rates of a network without hardware: its soft bits of all data of a slot, decoded; with decision feedback, those of two
 * passes (`task/slot-feedback.ts`).
 */
import { createNetworkPass } from "../kernels/network-pass.ts";
import { foldNetwork } from "../model/fold.ts";
import { isSpiking, type Network } from "../model/network.ts";
import { logitsOf } from "../model/read-out.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { softBits } from "../task/bits.ts";
import { takesSpikes } from "../task/create.ts";
import type { SlotBatch } from "../task/slot-detection.ts";
import { feedbackNetwork, slotFeedback } from "../task/slot-feedback.ts";
import type { Executor, Job } from "../threads/executor.ts";
import { type CodedOptions, type CodedPoint, measureByJob, SLICE_BLOCKS } from "./coded.ts";
import { type BlockAnswers, blockDecoder, type CodedWork, codedSource } from "./coded-blocks.ts";
import type { Slice } from "./slices.ts";

interface NetworkWork extends CodedWork {
  /** Folded. */
  readonly network: Network;
  /** Whether a second pass follows. */
  readonly feeds: boolean;
}

/**
 * The network on coded blocks; a spiking network is folded first.
 *
 * Random   blocks as all detectors, attention bits from `stream(seed).fork("coded attention")`, those of a second pass from
 *          `.fork("feedback")` of it
 * Throws   as `codedLink`
 */
export async function evaluateCodedNetwork(
  executor: Executor,
  work: CodedWork,
  network: Network,
  { feeds = false, ...options }: CodedOptions & { readonly feeds?: boolean } = {},
): Promise<CodedPoint[]> {
  const setup: NetworkWork = { ...work, network: isSpiking(network) ? foldNetwork(network) : network, feeds };
  return measureByJob(executor, "answer-blocks", setup, options);
}

/** The job "answer-blocks". */
export const answerBlocks: Job<NetworkWork, Slice, BlockAnswers> = (work) => {
  const { network, task: spec, seed, coded, feeds } = work;
  const { model } = network;
  const { link, task, draw } = codedSource(work, model.kind === "ann" ? 1 : model.steps);
  const decode = blockDecoder(link, coded);
  const spikes = takesSpikes(model, spec);
  const random = stream(seed).fork("coded attention");
  const first = answersOf(network, spikes, random);
  const second = feeds ? answersOf(feedbackNetwork(network, coded.feedback), spikes, random.fork("feedback")) : null;
  return (slice) => {
    const options = { spikes, values: !spikes };
    const batch = draw(slice, options);
    const ratios = first(batch, slice);
    if (second === null) return decode(batch.blocks, ratios);
    const { batch: again, merge } = slotFeedback(task, batch, ratios, coded.feedback, options);
    return decode(batch.blocks, merge(second(again, slice)));
  };
};

/** Soft bits of a network, `[blocks, coded bits]`. */
function answersOf(network: Network, spikes: boolean, { key }: Stream) {
  const { model, geometry } = network;
  const { kernels, pass } = createNetworkPass(network, SLICE_BLOCKS, !spikes);
  return (batch: SlotBatch, { firstPrompt, prompts }: Slice): Float64Array => {
    kernels.write(pass.inputs, batch.spikes ? batch.spikes.words : batch.values);
    if ("draws" in pass) Object.assign(pass.draws, { key, firstPrompt });
    pass.forward(prompts);
    const logits = kernels.floats(pass.logits, prompts * geometry.queries.length * logitsOf(network));
    return softBits(logits, geometry.classes, model.readOut);
  };
}
