/**
 * What the link of an experiment sends as coded blocks, and what becomes of them: from soft bits of a slot to wrong bits before the
 * decoder, and to a payload that is right or wrong after it.
 *
 * A block fails when its payload differs from the one sent, whether or not the CRC would have told.
 */
import type { GivenChannels } from "../channel/source.ts";
import type { DecoderWork } from "../coding/decode.ts";
import { type DecodedTransport, transportDecoder } from "../coding/transport.ts";
import { ShapeError } from "../errors.ts";
import type { CodedSpec } from "../experiment/coded.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import type { Trace } from "../simulation/trace.ts";
import { type CodedBlock, type CodedLink, codedLink } from "../task/coded-slots.ts";
import { type SlotBatch, type SlotDetectionTask, slotDetection } from "../task/slot-detection.ts";
import type { DrawOptions } from "../task/task.ts";
import type { Failures } from "./sequential.ts";
import type { Slice } from "./slices.ts";

/** What a job that receives blocks needs to know. */
export interface CodedWork {
  readonly seed: number;
  readonly task: SlotDetectionSpec;
  readonly coded: CodedSpec;
  /** Of a file; null for channels that a model draws, and where nothing is sent. */
  readonly channels: GivenChannels | null;
}

/** Of the blocks of a slice, in order. */
export interface BlockAnswers extends Failures {
  /** Wrong hard decisions on coded bits, before the decoder. */
  readonly wrongBits: Int32Array;
  /** Totals that the decoder changed (`DecoderWork`). */
  readonly bitUpdates: Float64Array;
  /** Iterations of the decoder, mean over code blocks. */
  readonly iterations: Float64Array;
  /** What a chip counted in each of the passes over these blocks, with decision feedback; otherwise left out. */
  readonly passes?: readonly PassCounts[];
}

export type PassCounts = Pick<Trace, "operations" | "spikes">;

/** Coded blocks as prompts. */
export interface CodedBatch extends SlotBatch {
  readonly blocks: readonly CodedBlock[];
}

export interface CodedSource {
  readonly link: CodedLink;
  readonly task: SlotDetectionTask;
  draw(slice: Slice, options?: DrawOptions): CodedBatch;
}

/** Random: block k from `stream(seed).fork("coded")`. Throws as `codedLink` and `slotDetection` */
export function codedSource({ seed, task: spec, coded, channels }: CodedWork, steps = 1): CodedSource {
  const link = codedLink(spec, coded, channels);
  const task = slotDetection(spec, steps, channels);
  const random: Stream = stream(seed).fork("coded");
  return {
    link,
    task,
    draw: ({ firstPrompt, prompts, snrDecibels }, options) => {
      const snr = snrDecibels ?? spec.snrDecibels.max;
      const blocks = Array.from({ length: prompts }, (_, k) => link.draw(snr, random, firstPrompt + k));
      const slots = blocks.map(({ slot }) => slot);
      return { ...task.prompts(slots, new Float64Array(prompts).fill(snr), options), blocks };
    },
  };
}

/**
 * Decodes the soft bits of blocks: `[blocks, coded bits]`, ln p(0) - ln p(1), in the order in which the bits were sent.
 * Throws  ShapeError for another number of soft bits
 */
export function blockDecoder({ block }: CodedLink, { decoder: rule, iterations }: CodedSpec) {
  const decode = transportDecoder(block, { rule, iterations });
  return (blocks: readonly CodedBlock[], ratios: ArrayLike<number>): BlockAnswers => {
    const { codedBits } = block;
    if (ratios.length !== blocks.length * codedBits) {
      throw new ShapeError(
        "ratios",
        `${blocks.length} blocks of ${codedBits} coded bits need ${blocks.length * codedBits} soft bits, not ${ratios.length}.`,
      );
    }
    const failed = new Uint8Array(blocks.length);
    const wrongBits = new Int32Array(blocks.length);
    const bitUpdates = new Float64Array(blocks.length);
    const iterations = new Float64Array(blocks.length);
    const own = new Float32Array(codedBits);
    blocks.forEach(({ payload, sent }, k) => {
      for (let i = 0; i < codedBits; i++) {
        own[i] = ratios[k * codedBits + i];
        if (own[i] < 0 !== (sent[i] === 1)) wrongBits[k]++;
      }
      const decoded = decode(own);
      failed[k] = decoded.payload.some((bit, i) => bit !== payload[i]) ? 1 : 0;
      bitUpdates[k] = sumOf(decoded, "bitUpdates");
      iterations[k] = sumOf(decoded, "iterations") / decoded.work.length;
    });
    return { failed, wrongBits, bitUpdates, iterations };
  };
}

const sumOf = ({ work }: DecodedTransport, count: keyof DecoderWork): number =>
  work.reduce((sum, own) => sum + own[count], 0);
