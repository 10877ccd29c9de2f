/** Block error rates of classical receivers (`slot-receivers.ts`): their soft bits of the quantised slot, decoded. */
import type { Executor, Job } from "../threads/executor.ts";
import { type CodedOptions, type CodedPoint, measureByJob } from "./coded.ts";
import { type BlockAnswers, blockDecoder, type CodedWork, codedSource } from "./coded-blocks.ts";
import type { Slice } from "./slices.ts";
import { type SlotReceiver, slotReceiver } from "./slot-receivers.ts";

interface ReceiverWork extends CodedWork {
  readonly receiver: SlotReceiver;
}

/** A classical receiver on coded blocks. Throws as `codedLink` and `slotReceiver` */
export async function evaluateCodedReceiver(
  executor: Executor,
  work: CodedWork,
  receiver: SlotReceiver,
  options: CodedOptions = {},
): Promise<CodedPoint[]> {
  const setup: ReceiverWork = { ...work, receiver };
  return measureByJob(executor, "receive-blocks", setup, options);
}

/** The job "receive-blocks". */
export const receiveBlocks: Job<ReceiverWork, Slice, BlockAnswers> = (work) => {
  const { link, draw } = codedSource(work);
  const receive = slotReceiver(work.receiver, work.task, link.grid);
  const decode = blockDecoder(link, work.coded);
  return (slice) => {
    const { blocks, slots } = draw(slice, { spikes: false, values: false });
    return decode(blocks, Float64Array.from(slots.flatMap((slot) => [...receive(slot)])));
  };
};
