/** Block error rates of a network without hardware: its soft bits of all data of a slot, decoded. */
import { createNetworkPass } from "../kernels/network-pass.ts";
import { foldNetwork } from "../model/fold.ts";
import { isSpiking, logitsOf, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { softBits } from "../task/bits.ts";
import { takesSpikes } from "../task/create.ts";
import type { Executor, Job } from "../threads/executor.ts";
import { type CodedOptions, type CodedPoint, measureByJob, SLICE_BLOCKS } from "./coded.ts";
import { type BlockAnswers, blockDecoder, type CodedWork, codedSource } from "./coded-blocks.ts";
import type { Slice } from "./slices.ts";

interface NetworkWork extends CodedWork {
  /** Folded. */
  readonly network: Network;
}

/**
 * The network on coded blocks; a spiking network is folded first.
 *
 * Random   blocks as all detectors, attention bits from `stream(seed).fork("coded attention")`
 * Throws   as `codedLink`
 */
export async function evaluateCodedNetwork(
  executor: Executor,
  work: CodedWork,
  network: Network,
  options: CodedOptions = {},
): Promise<CodedPoint[]> {
  const setup: NetworkWork = { ...work, network: isSpiking(network) ? foldNetwork(network) : network };
  return measureByJob(executor, "answer-blocks", setup, options);
}

/** The job "answer-blocks". */
export const answerBlocks: Job<NetworkWork, Slice, BlockAnswers> = (work) => {
  const { network, task, seed } = work;
  const { model, geometry } = network;
  const { link, draw } = codedSource(work, model.kind === "spiking" ? model.steps : 1);
  const decode = blockDecoder(link, work.coded);
  const spikes = takesSpikes(model, task);
  const { kernels, pass } = createNetworkPass(network, SLICE_BLOCKS, !spikes);
  const { key } = stream(seed).fork("coded attention");
  return (slice) => {
    const { firstPrompt, prompts } = slice;
    const batch = draw(slice, { spikes, values: !spikes });
    kernels.write(pass.inputs, batch.spikes ? batch.spikes.words : batch.values);
    if ("draws" in pass) Object.assign(pass.draws, { key, firstPrompt });
    pass.forward(prompts);
    const logits = kernels.floats(pass.logits, prompts * geometry.queries.length * logitsOf(network));
    return decode(batch.blocks, softBits(logits, geometry.classes, model.readOut));
  };
};
