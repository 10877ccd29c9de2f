/**
 * Whole prompts for the machine's testbench, with the simulator's results: every spike train, every output of the head and
 * every answer, each with its clock in the schedule.
 *
 *   machine_seeds.hex      the seeds of a prompt, one word per line, as in the machine's memory
 *   machine_inputs.hex     the vectors of a prompt, one per line, in the order of the machine
 *   expect_<layer>.hex     clock and vector of each result, one per line; for the head its outputs, for `attention` the bits of A
 *   expect_answers.hex     totals of the classes, one line per answer
 *   expect_decisions.hex   the class, or the bits, that an answer decides for
 *
 * Clocks count from a prompt's first one. With prompts in flight they count from that of the first prompt, answers have clocks too, and
 * each block has a file for `attention`: late prompts may change the order among blocks.
 */
import { invariant } from "../../errors.ts";
import type { ReadOut } from "../../experiment/model.ts";
import { lfsrSeeds, seedWords } from "../../hardware/draws.ts";
import { saturate } from "../../hardware/integer-arithmetic.ts";
import { signedRange } from "../../hardware/lif-parameters.ts";
import { meanReadOut } from "../../machine/network.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { Chip } from "../../simulation/chip.ts";
import { integerOffsets } from "../../simulation/integers.ts";
import { cutHead, seedStream } from "../../simulation/reference/attention.ts";
import type { CodeRecord } from "../../simulation/reference/linear.ts";
import { simulate } from "../../simulation/reference/simulate.ts";
import { meanOverTokens, type Trace } from "../../simulation/trace.ts";
import { type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import type { SourceFiles } from "../design.ts";
import { hexLine } from "../testbench.ts";
import { totalBits } from "./accumulators.ts";
import { type AttentionResult, attentionResultsOf } from "./attention.ts";
import { lines, wordText } from "./constants.ts";
import { decisionBits, decisionSize } from "./decision-unit.ts";
import type { MachineDesign } from "./design.ts";
import { SEED_BITS } from "./engine.ts";
import { ANSWER_REGISTERS } from "./flight.ts";
import { addedOutputs } from "./layer-sizes.ts";
import { inputOf, type MachinePlan } from "./plan.ts";
import { answersOf, headOf } from "./top.ts";

export const SEED_FILE = "machine_seeds.hex";
export const INPUT_FILE = "machine_inputs.hex";
export const ANSWER_FILE = "expect_answers.hex";
export const DECISION_FILE = "expect_decisions.hex";
export const expectFile = (name: string): string => `expect_${name}.hex`;

export interface MachineVectors {
  readonly files: SourceFiles;
  readonly prompts: number;
  /** Number of compared spikes and head outputs, and of clocks of all prompts. */
  readonly spikes: number;
  readonly logits: number;
  readonly clocks: number;
}

/** From logits, `[rows, classes]` or `[rows, bits]`, to one class per row. */
export type Decide = (logits: Float32Array, classes: number, readOut: ReadOut) => Int32Array;

/**
 * @param decide rule by which answers of simulators are decided
 *
 * Shapes   input: `[T][prompts tokens][inputs]`, with a stem pixels and channels instead
 * Random   as `simulate`; the stream that the design was made with
 */
export function machineVectors(
  design: MachineDesign,
  chip: Chip,
  input: SpikeTrain,
  random: Stream,
  decide: Decide,
): MachineVectors {
  const { plan } = design;
  const { steps, layers, inFlight, timetable, attention } = plan;
  const clockOf = clocksOfPrompts(plan);
  const rows = inputOf(plan).vectors / steps;
  const prompts = input.rows / rows;
  const heads: CodeRecord[] = [];
  const onCodes = (record: CodeRecord) => void (record.layer === headOf(plan).name && heads.push(record));
  const trace = simulate(chip, input, random, { rasters: prompts, onCodes });
  const files: Record<string, string> = {};
  const [inputs, seeds]: string[][] = [[], []];
  let spikes = 0;
  const each = (rows: number, visit: (prompt: number, row: number, step: number, job: number) => void) => {
    for (let p = 0; p < prompts; p++) eachJob(plan, rows, (n, t, job) => visit(p, n, t, job));
  };
  each(rows, (p, n, t) => inputs.push(rowText(input, t, p * rows + n)));
  for (let p = 0; p < prompts; p++) seeds.push(...seedsOf(design, chip, random, p));
  files[INPUT_FILE] = lines(inputs);
  files[SEED_FILE] = lines(seeds);
  for (const layer of layers) {
    if (layer.trainOut === null) continue;
    const train = trace.rasters[layer.trainOut];
    const expected: string[] = [];
    const { length } = layer.tokens;
    each(length, (p, n, t, job) =>
      expected.push(`${clockOf(p, layer.results[job] - 1)} ${rowText(train, t, p * length + n)}`),
    );
    files[expectFile(layer.module)] = lines(expected);
    spikes += steps * train.rows * train.features;
  }
  const columnsOf = (p: number, b: number) =>
    attentionResultsOf(plan, b, headsOf(plan, trace.rasters[`blocks.${b}.attention`], p));
  if (attention.length > 0) Object.assign(files, attentionText(plan, prompts, columnsOf));
  spikes += attention.length * steps * prompts * plan.tokens * plan.width;
  const { logits, answers } = headOutputs(plan, chip, trace, heads);
  Object.assign(files, answersText(plan, prompts, logits, answers));
  // A network that reads out bits has one output per bit, and 2^bits classes.
  const { outputs } = layers[layers.length - 1];
  // The machine decides for each copy of a query; simulators decide for their mean.
  const decided = chip.network.geometry.copies ? Float32Array.from(answers) : trace.logits;
  const decisions = decide(decided, plan.readOut === "bits" ? 2 ** outputs : outputs, plan.readOut);
  files[DECISION_FILE] = lines(
    Array.from(
      decisions,
      (decision, a) => `${answerClock(plan, a)} ${wordText([decision], decisionBits(decisionSize(plan)))}`,
    ),
  );
  const clocks = inFlight ? (prompts - 1) * inFlight.interval + timetable.clocks : prompts * timetable.clocks;
  return { files, prompts, spikes, logits: logits.length, clocks };
}

/** A clock of a prompt, as digits. */
const clocksOfPrompts =
  ({ inFlight }: MachinePlan) =>
  (prompt: number, clock: number): string =>
    (clock + prompt * (inFlight?.interval ?? 0)).toString(16);

/** When an answer has been taken, if at once; 0: not compared. */
function answerClock(plan: MachinePlan, answer: number): string {
  if (!plan.inFlight) return "0";
  const { results } = plan.layers[plan.layers.length - 1];
  const perPrompt = answersOf(plan);
  const last = results[((answer % perPrompt) + 1) * (results.length / perPrompt) - 1];
  return clocksOfPrompts(plan)(Math.floor(answer / perPrompt), last + ANSWER_REGISTERS);
}

/** Columns of A in order. Blocks may take turns in a prompt; prompts in flight, too, in whatever order if they are late. */
function attentionText(
  plan: MachinePlan,
  prompts: number,
  columnsOf: (prompt: number, block: number) => readonly AttentionResult[],
): SourceFiles {
  const clockOf = clocksOfPrompts(plan);
  const [blocks, all] = [plan.depth, prompts].map((count) => Array.from({ length: count }, (_, i) => i));
  const text = (p: number, columns: readonly AttentionResult[]) =>
    columns.map(({ clock, column }) => `${clockOf(p, clock)} ${column}`);
  if (plan.inFlight) {
    const ofBlock = (b: number) => lines(all.flatMap((p) => text(p, columnsOf(p, b))));
    return Object.fromEntries(blocks.map((b) => [expectFile(attentionName(b)), ofBlock(b)]));
  }
  const ofPrompt = (p: number) => blocks.flatMap((b) => columnsOf(p, b)).sort((a, b) => a.clock - b.clock);
  return { [expectFile("attention")]: lines(all.flatMap((p) => text(p, ofPrompt(p)))) };
}

/** Of a block's attention, with prompts in flight. */
export const attentionName = (block: number): string => `attention_${block}`;

/** Seeds of all blocks of a prompt, in the engine's order: block after block, head after head. */
function seedsOf(
  { plan: { depth, heads, engine } }: MachineDesign,
  chip: Chip,
  random: Stream,
  prompt: number,
): string[] {
  const { random: ssa, seedBits } = engine;
  if (ssa === null) return new Array<string>((depth * seedBits) / SEED_BITS).fill("00000000");
  const of = seedStream(chip, random);
  const words: string[] = [];
  for (let block = 0; block < depth; block++) {
    for (let head = 0; head < (ssa.sharedByHeads ? 1 : heads); head++) {
      for (const seed of lfsrSeeds(seedWords(ssa), of(block, prompt, head)))
        words.push(seed.toString(16).padStart(8, "0"));
    }
  }
  return words;
}

/** The vectors of a prompt that a layer takes, in its order, by token, step and place. */
function eachJob(
  { steps, machine }: Pick<MachinePlan, "steps" | "machine">,
  tokens: number,
  visit: (token: number, step: number, job: number) => void,
): void {
  const isTokenMajor = machine.order === "token-major";
  for (let job = 0; job < tokens * steps; job++) {
    if (isTokenMajor) visit(Math.floor(job / steps), job % steps, job);
    else visit(job % tokens, Math.floor(job / tokens), job);
  }
}

/** A of a prompt, head by head. */
const headsOf = ({ tokens, heads, width }: MachinePlan, train: SpikeTrain, prompt: number): SpikeTrain[] =>
  Array.from({ length: heads }, (_, head) => cutHead(train, prompt, tokens, (head * width) / heads, width / heads));

interface HeadOutputs {
  /** `[T][prompts][tokens read][classes]`, whole numbers. */
  readonly logits: Float32Array;
  /** `[prompts][answers of the machine][classes]`; one answer per copy of a query. */
  readonly answers: Float64Array;
}

/**
 * Outputs of the head from its codes; their means are the trace's. The machine does not combine the copies of a query; the host
 * adds them.
 */
function headOutputs(plan: MachinePlan, chip: Chip, trace: Trace, records: readonly CodeRecord[]): HeadOutputs {
  const { steps, arithmetic, machine } = plan;
  const { name, outputs: classes, tokens: read } = headOf(plan);
  const offsets = integerOffsets(chip, name, arithmetic);
  const scale = 2 ** arithmetic.fractionBits;
  const rows = trace.prompts * read.length;
  const logits = new Float32Array(steps * rows * classes);
  for (let i = 0; i < logits.length; i++) logits[i] = offsets[i % classes];
  for (const { block, codes, factors } of records) {
    for (let i = 0; i < codes.length; i++) {
      const [row, c] = [Math.floor(i / block.columns), i % block.columns];
      logits[row * classes + block.columnStart + c] += codes[i] * Math.round(factors[c] * scale);
    }
  }
  saturate(logits, signedRange(arithmetic.logitBits));
  const perAnswer = meanReadOut(machine.network.graph) ? read.length : 1;
  const answers = new Float64Array((rows / perAnswer) * classes);
  for (let i = 0; i < logits.length; i++) {
    const [row, c] = [Math.floor(i / classes) % rows, i % classes];
    answers[Math.floor(row / perAnswer) * classes + c] += logits[i];
  }
  const means = meanOverTokens(logits, { geometry: chip.network.geometry, columns: classes });
  const agree = means.every((mean, i) => Math.fround(mean / scale) === Math.fround(trace.stepLogits[i]));
  invariant(agree, "outputs of the head by its codes are those of the trace");
  return { logits, answers };
}

function answersText(plan: MachinePlan, prompts: number, logits: Float32Array, answers: Float64Array): SourceFiles {
  const { arithmetic, layers } = plan;
  const head = layers[layers.length - 1];
  const { outputs: classes, tokens: read } = head;
  const outputs: string[] = [];
  for (let p = 0; p < prompts; p++) {
    eachJob(plan, read.length, (q, t, job) => {
      const first = ((t * prompts + p) * read.length + q) * classes;
      const word = wordText([...logits.subarray(first, first + classes)], arithmetic.logitBits);
      outputs.push(`${clocksOfPrompts(plan)(p, head.results[job] - 1)} ${word}`);
    });
  }
  const bits = totalBits(arithmetic, addedOutputs(plan));
  const totals = Array.from(
    { length: answers.length / classes },
    (_, a) => `${answerClock(plan, a)} ${wordText([...answers.subarray(a * classes, (a + 1) * classes)], bits)}`,
  );
  return { [expectFile(head.module)]: lines(outputs), [ANSWER_FILE]: lines(totals) };
}

const bitAt = ({ rows, features, words }: SpikeTrain, t: number, row: number, f: number): number =>
  (words[(t * rows + row) * wordsPerRow(features) + (f >> 5)] >>> (f & 31)) & 1;

/** A row of spikes, feature 0 in the low bit. */
const rowText = (train: SpikeTrain, t: number, row: number): string =>
  hexLine(Uint8Array.from({ length: train.features }, (_, f) => bitAt(train, t, row, f)));
