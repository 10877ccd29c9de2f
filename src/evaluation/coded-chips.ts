/**
 * Block error rates of simulated chips. Chips take turns: of C chips, chip c receives blocks 8 c to 8 c + 7, those after 8 C more, and so
 * on. C chips thus cost as much as one, and chip, channel and noise all vary between blocks.
 *
 * With decision feedback (`task/slot-feedback.ts`), a chip answers a block twice: the second pass runs on the same read, with random bits
 * of its own and attention units set to another mask and gain.
 *
 * Belief propagation needs soft bits of the right size, so that a chip first fits one scale of its own at each Eb/N0, on blocks after all
 * that count, as in `soft-bits.ts`. Scaled min-sum does not: a common factor scales all its messages.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Network } from "../model/network.ts";
import type { Trace } from "../simulation/trace.ts";
import { softBits } from "../task/bits.ts";
import type { Given } from "../task/open.ts";
import { feedbackNetwork, slotFeedback } from "../task/slot-feedback.ts";
import { agreements, bestScale } from "../task/soft-bits.ts";
import type { Executor } from "../threads/executor.ts";
import { type CodedOptions, type CodedPoint, cutPieces, measurePoints, pointsOf } from "./coded.ts";
import {
  type BlockAnswers,
  blockDecoder,
  type CodedBatch,
  type CodedSource,
  type CodedWork,
  codedSource,
  type PassCounts,
} from "./coded-blocks.ts";
import { answerPrompts, type Keeper, NO_KEEPER } from "./keeper.ts";
import { type ChipRun, type ChipSetup, chipJobOf, openSharedChip } from "./shared-chip.ts";
import type { Slice } from "./slices.ts";

/** Blocks that a chip receives in turn. */
const TURN = 8;

export interface CodedChipsOptions extends CodedOptions {
  readonly chips: number;
  readonly hardware: HardwareSpec;
  /** Whether a second pass follows. Default false. */
  readonly feeds?: boolean;
}

interface ChipBlocks {
  readonly coded: CodedWork;
  readonly feeds: boolean;
  /** Factors of soft bits by SNR, for each chip; null: none. */
  readonly scales: readonly Readonly<Record<string, number>>[] | null;
}

/**
 * The chips on coded blocks.
 *
 * Random   blocks as all detectors; chips as `evaluateChips`
 * Throws   as `evaluateChips` and `codedLink`
 */
export async function evaluateCodedChips(
  executor: Executor,
  { experiment, data }: Given<SlotDetectionSpec>,
  network: Network<SpikingSpec>,
  coded: CodedWork,
  { chips, hardware, feeds = false, ...options }: CodedChipsOptions,
): Promise<CodedPoint[]> {
  const condition = { network: "evaluated", hardware };
  const work = { experiment, data, networks: { evaluated: foldNetwork(network) }, conditions: [condition] };
  const needsScales = coded.coded.decoder === "belief-propagation" && coded.coded.fitBlocks > 0;
  const open = <R>(job: string, extra: ChipBlocks) => openSharedChip<ChipBlocks, R>(executor, job, work, TURN, extra);
  const fitting = needsScales ? open<Float64Array>("fit-blocks", { coded, feeds, scales: null }) : null;
  const scales =
    fitting && (await fitScales(fitting, coded, chips, options.keeper ?? NO_KEEPER).finally(fitting.close));
  const shared = open<BlockAnswers>("simulate-blocks", { coded, feeds, scales });
  try {
    return await measurePoints(coded, options, async (asked, keep) => {
      const pieces = cutPieces(asked, TURN);
      for (let chip = 0; chip < chips; chip++) {
        for (const { point } of asked) {
          const own = pieces.filter((piece) => piece.point === point && chipOf(piece.slice, chips) === chip);
          if (own.length === 0) continue;
          const ranges = own.map(({ slice }) => slice);
          await shared.bring({ condition: 0, chip, read: 0 });
          await shared.answer(ranges, ranges[0].snrDecibels, (answers, range) => keep(answers, point, range));
        }
      }
    });
  } finally {
    shared.close();
  }
}

/** The chip whose turn a piece is. */
const chipOf = ({ firstPrompt }: Slice, chips: number): number => Math.floor(firstPrompt / TURN) % chips;

/** Of each chip by SNR, the scale with the largest mutual information. */
async function fitScales(
  shared: ReturnType<typeof openSharedChip<ChipBlocks, Float64Array>>,
  work: CodedWork,
  chips: number,
  keeper: Keeper,
): Promise<Record<string, number>[]> {
  const { link } = codedSource(work);
  const { blocks: first, fitBlocks } = work.coded;
  const all: Record<string, number>[] = [];
  for (let chip = 0; chip < chips; chip++) {
    const own: Record<string, number> = {};
    for (const ebN0 of pointsOf(work.coded)) {
      const snr = link.snrDecibels(ebN0);
      const naming = { keeper, name: `fit of chip ${chip} / Eb/N0 ${ebN0} dB` };
      const agreed = await answerPrompts<Float64Array>(fitBlocks, naming, async (missing, keep) => {
        await shared.bring({ condition: 0, chip, read: 0 });
        const moved = missing.map((range) => ({ ...range, firstPrompt: range.firstPrompt + first }));
        await shared.answer(moved, snr, (result, range) => {
          keep(result, { ...range, firstPrompt: range.firstPrompt - first });
        });
      });
      own[String(snr)] = bestScale(Float64Array.from(agreed.flatMap((values) => [...values])));
    }
    all.push(own);
  }
  return all;
}

type Setup = ChipSetup & ChipBlocks;

/** Prompts of a chip's blocks, and its soft bits of them. */
function answering({ coded, feeds, networks: { evaluated } }: Setup) {
  const source: CodedSource = codedSource(coded, evaluated.model.steps);
  const { task, draw } = source;
  const { feedback } = coded.coded;
  const second = feeds ? feedbackNetwork(evaluated, feedback) : null;
  return {
    ...source,
    prompts: (slice: Slice) => draw(slice, { values: false }),
    /** `[blocks, coded bits]`, with what a chip counted in both passes if there are two. */
    receive({ batch, trace, again }: ChipRun<CodedBatch>): { ratios: Float64Array; passes?: PassCounts[] } {
      const first = ratiosOf(evaluated, trace);
      if (second === null) return { ratios: first };
      const { batch: fed, merge } = slotFeedback(task, batch, first, feedback, { values: false });
      const answered = again(fed.spikes!, second, "feedback");
      const passes = [trace, answered].map(({ operations, spikes }) => ({ operations, spikes }));
      return { ratios: merge(ratiosOf(second, answered)), passes };
    },
  };
}

const ratiosOf = ({ geometry, model }: Network<SpikingSpec>, { logits }: Trace): Float64Array =>
  softBits(logits, geometry.classes, model.readOut);

/** The job "simulate-blocks". */
export const simulateBlocks = chipJobOf<ChipBlocks, BlockAnswers, CodedBatch>((setup) => {
  const { link, prompts, receive } = answering(setup);
  const decode = blockDecoder(link, setup.coded.coded);
  return {
    draw: (_, slice) => prompts(slice),
    answer: (run) => {
      const scale = setup.scales?.[run.chip][String(run.slice.snrDecibels)] ?? 1;
      const { ratios, ...counts } = receive(run);
      return {
        ...decode(
          run.batch.blocks,
          ratios.map((ratio) => scale * ratio),
        ),
        ...counts,
      };
    },
  };
});

/** The job "fit-blocks": agreements of soft bits with what was sent. */
export const fitBlocks = chipJobOf<ChipBlocks, Float64Array, CodedBatch>((setup) => {
  const { prompts, receive } = answering(setup);
  return {
    draw: (_, slice) => prompts(slice),
    answer: (run) => {
      const sent = run.batch.blocks.flatMap((block) => [...block.sent]);
      return agreements(receive(run).ratios, sent, 1);
    },
  };
});
