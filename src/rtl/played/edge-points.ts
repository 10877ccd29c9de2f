/**
 * The corners of the traffic at a machine's edge: which there are, which of them a machine cannot reach and why, and those that a clock
 * reaches, by the state and outputs of `edge-model.ts`.
 */
import { CONTROL, ERROR, INTERRUPT, type MachineFacts, REGISTERS, registerOf, seedBase } from "../axi/register-map.ts";
import {
  type EdgeInputs,
  type EdgeOutputs,
  type EdgeState,
  isClaimed,
  isWaiting,
  type MachineOutputs,
} from "./edge-model.ts";

/** What a prompt is doing, and what the slave holds. */
const PHASES = ["idle", "expanding", "open", "input", "computing", "answering", "between_answers"] as const;
const HELD = ["address", "data", "response", "read_response"] as const;
/** What a clear forgets, vectors and answers of a prompt and places in the queue, and what it keeps. */
export const COUNTS = ["input", "answers", "queue", "prompts", "clocks", "enable"] as const;
export type Counts = Readonly<Record<(typeof COUNTS)[number], boolean>>;
/** What clears have found other than 0, and nothing has shown since whether it is right. */
export interface Found extends Counts {
  /** Whether vectors that a clear left were hidden by a wrong length, until an input of the right one. */
  readonly isHidden: boolean;
}
export const NONE: Found = {
  ...{ input: false, answers: false, queue: false, prompts: false, clocks: false, enable: false },
  isHidden: false,
};

/** What the numbers of the queue have done since it was empty after a reset or a clear. */
export interface Passed {
  readonly submitted: number;
  readonly popped: number;
  /** Of the number that left last: whether others stood behind it. */
  readonly wasFirst: boolean;
  /** Of the prompt that runs: whether its number came from the queue, and whether others stood behind it. */
  readonly isQueued: boolean;
  readonly isFirst: boolean;
}
export const EMPTY: Passed = { submitted: 0, popped: 0, wasFirst: false, isQueued: false, isFirst: false };

export function passedAfter(passed: Passed, state: EdgeState, { effect, pops, begins }: EdgeOutputs): Passed {
  if (effect?.kind === "clear") return EMPTY;
  const wasFirst = pops ? state.queue.length > 1 : passed.wasFirst;
  const starts = begins || effect?.kind === "start";
  return {
    submitted: passed.submitted + Number(effect?.kind === "submit"),
    popped: passed.popped + Number(pops),
    wasFirst,
    isQueued: starts ? begins : passed.isQueued,
    isFirst: starts ? begins && wasFirst : passed.isFirst,
  };
}

export type Phase = (typeof PHASES)[number];

/** What the slave holds at the moment. */
export const heldBy = ({ address, data, written, read }: EdgeState): (typeof HELD)[number][] => {
  const is = {
    address: address !== null,
    data: data !== null,
    response: written !== null,
    read_response: read !== null,
  };
  return HELD.filter((held) => is[held]);
};

export function pointsOf({ answers, expansion, queueDepth }: MachineFacts): Record<string, string | null> {
  const single = answers === 1 ? "a prompt has one answer" : null;
  const alone = queueDepth === 1 ? "the queue has one place" : null;
  const count = (name: (typeof COUNTS)[number]) => (name === "answers" ? single : name === "queue" ? alone : null);
  const drawn = expansion === null ? "the machine draws nothing" : null;
  const reasons: Partial<Record<Phase, string | null>> = { between_answers: single, expanding: drawn };
  const of = (what: "reset" | "clear") => PHASES.map((phase) => [`${what}_${phase}`, reasons[phase] ?? null] as const);
  const numbers = [
    "number_written",
    "number_while_busy",
    "number_while_one_waits",
    "number_partial_strobes",
    "start_before_seeds_wait",
    "start_with_seeds",
    "clear_with_seeds",
    "waiting_read",
    "number_as_one_leaves",
    "submit_while_claimed",
    "clear_with_next",
  ];
  const plain = [
    "data_before_address",
    "address_before_data",
    ...["aw", "w", "b", "ar", "r"].map((channel) => `stall_s_axil_${channel}`),
    "stall_s_axis",
    "stall_m_axis",
    "tvalid_before_start",
    "tlast_early",
    "tlast_missing",
    "seed_written",
    "seed_while_busy",
    "seed_partial_strobes",
    "control_partial_strobes",
    "start",
    "start_while_busy",
    "start_after_input",
    "start_with_clear",
    "error_forgotten",
    "interrupt_answered",
    "interrupt_error",
    "clear_keeps_enable",
    "write_refused",
    "read_refused",
    "prompts_read_before_last_answer",
    "access_before_release",
    "access_in_test_mode",
    "submit",
    "submit_while_busy",
    "submit_fills",
    "submit_while_full",
    "submit_to_full_as_one_leaves",
    "submit_partial_strobes",
    "submit_error_read",
    "start_while_queued",
    "clear_with_queue",
    "clear_as_one_leaves",
    "answered_while_queued",
    "interrupt_drained",
    "queued_read",
    "room_read",
    "full_read",
    "done_read",
  ];
  return Object.fromEntries([
    ...plain.map((point) => [point, null] as const),
    ...["submit_as_one_leaves", "first_of_queue_answered"].map((point) => [point, alone] as const),
    ...numbers.map((point) => [point, drawn] as const),
    ...of("reset"),
    ...of("clear"),
    ...COUNTS.map((name) => [`${name}_right_after_clear`, count(name)] as const),
    ...HELD.map((held) => [`reset_${held}`, null] as const),
  ]);
}

const isRead = (name: Parameters<typeof registerOf>[0], { awake }: EdgeOutputs, inputs: EdgeInputs, state: EdgeState) =>
  awake && inputs.arvalid && state.read === null && inputs.araddr - (inputs.araddr % 4) === registerOf(name).offset;

/** Which counts this clock shows: input, answers and their numbers come out as they should, and registers are read. */
export const shownBy = (
  state: EdgeState,
  inputs: EdgeInputs,
  outputs: EdgeOutputs,
  { isQueued }: Passed,
  { valid }: MachineOutputs,
): Counts => ({
  queue: valid && isQueued,
  input: outputs.taken && outputs.isLast,
  answers: outputs.given && outputs.isLastAnswer,
  prompts: isRead("PROMPTS", outputs, inputs, state),
  clocks: isRead("CLOCKS", outputs, inputs, state),
  enable: isRead("ENABLE", outputs, inputs, state),
});

/** After this clock. A wrong length, an answer and a write hide what a clear may have left wrong. */
export function foundAfter(
  { queueDepth }: MachineFacts,
  found: Found,
  state: EdgeState,
  { effect, taken, isLast, isWrong }: EdgeOutputs,
  { result }: MachineOutputs,
  { submitted, popped }: Passed,
): Found {
  const isCleared = effect?.kind === "clear";
  const isHidden = (found.isHidden || (found.input && isWrong)) && !(taken && isLast && !isWrong);
  return {
    isHidden,
    input: !isHidden && (found.input || (isCleared && state.entered > 0)),
    answers: found.answers || (isCleared && state.answered > 0),
    queue: found.queue || (isCleared && submitted % queueDepth > 0 && popped % queueDepth > 0),
    prompts: found.prompts || (isCleared && state.prompts > 0),
    clocks: (found.clocks && !result) || (isCleared && state.clocks > 0),
    enable: (found.enable && effect?.kind !== "enable") || (isCleared && state.enabled !== 0),
  };
}

/** Points that a clock reaches, besides those of resets, phases, counts and the order of writes. */
export function reachedBy(
  facts: MachineFacts,
  state: EdgeState,
  inputs: EdgeInputs,
  machine: MachineOutputs,
  outputs: EdgeOutputs,
  passed: Passed,
): string[] {
  const { awake, effect, runs, busy, pops, given, isLast, isWrong, isLastAnswer } = outputs;
  const asks = !inputs.reset && (inputs.awvalid || inputs.wvalid || inputs.arvalid);
  const isPartial = effect !== null && state.data !== null && state.data.strobe !== 15;
  const place = state.address === null ? -1 : state.address - (state.address % 4);
  const isControl = place === registerOf("CONTROL").offset;
  const isSeed = place >= seedBase(facts.windowWords) && place < seedBase(facts.windowWords) + 4 * facts.windowWords;
  const starts = effect !== null && isControl && !isPartial && ((state.data!.word >> CONTROL.start) & 1) === 1;
  const refused = effect?.kind === "refused";
  const reads = awake && inputs.arvalid && state.read === null;
  const readPlace = inputs.araddr - (inputs.araddr % 4);
  const isNumber = place === registerOf("EXPAND").offset && facts.expansion !== null;
  const isSubmit = place === registerOf("SUBMIT").offset;
  const isFull = state.queue.length === facts.queueDepth;
  const isClear = effect?.kind === "clear";
  const asked = (name: Parameters<typeof registerOf>[0]) => isRead(name, outputs, inputs, state);
  const raises = (event: keyof typeof INTERRUPT) =>
    state.interrupt && (state.pending & state.enabled & (1 << INTERRUPT[event])) !== 0;
  const reached: Readonly<Record<string, boolean>> = {
    number_written: effect?.kind === "expand" && !busy,
    number_while_busy: effect?.kind === "expand" && busy,
    number_while_one_waits: isNumber && refused && !isPartial,
    number_partial_strobes: isNumber && isPartial && state.expander === null,
    start_before_seeds_wait: effect?.kind === "start" && (state.expander?.left ?? 0) > 0,
    start_with_seeds: effect?.kind === "start" && state.expander?.left === 0,
    clear_with_seeds: isClear && state.expander?.left === 0,
    waiting_read: asked("WAITING") && state.expander !== null,
    stall_s_axil_aw: inputs.awvalid && state.address !== null,
    stall_s_axil_w: inputs.wvalid && state.data !== null,
    stall_s_axil_b: state.written !== null && !inputs.bready,
    stall_s_axil_ar: inputs.arvalid && state.read !== null,
    stall_s_axil_r: state.read !== null && !inputs.rready,
    stall_s_axis: inputs.tvalid && state.open && !machine.ready,
    stall_m_axis: machine.valid && !inputs.tready,
    tvalid_before_start: inputs.tvalid && !busy && machine.ready,
    tlast_early: isWrong && !isLast,
    tlast_missing: isWrong && isLast,
    seed_written: effect?.kind === "seed",
    seed_while_busy: isSeed && refused && !isPartial && busy,
    seed_partial_strobes: isSeed && isPartial && !busy,
    control_partial_strobes: isControl && isPartial,
    start: effect?.kind === "start",
    start_while_busy: starts && refused,
    start_after_input: starts && refused && !state.open && inputs.tvalid && machine.ready,
    start_with_clear: starts && isClear && !busy,
    interrupt_answered: raises("answered"),
    interrupt_error: raises("error"),
    interrupt_drained: raises("drained"),
    clear_keeps_enable: isClear && state.enabled !== 0,
    error_forgotten: effect?.kind === "forget" && (effect.bits & state.error) !== 0,
    write_refused: refused && !isControl && !isSeed && !isNumber && !isSubmit && !isPartial,
    read_refused: reads && readPlace >= 4 * REGISTERS.length,
    prompts_read_before_last_answer: asked("PROMPTS") && machine.valid && isLastAnswer && !inputs.tready,
    number_as_one_leaves: isNumber && refused && !isPartial && pops,
    submit: effect?.kind === "submit" && !busy,
    submit_while_busy: effect?.kind === "submit" && runs,
    submit_fills: effect?.kind === "submit" && state.queue.length === facts.queueDepth - 1 && !pops,
    submit_while_full: isSubmit && refused && !isPartial && isFull,
    submit_while_claimed: isSubmit && refused && !isPartial && !isFull,
    submit_as_one_leaves: effect?.kind === "submit" && pops,
    submit_to_full_as_one_leaves: isSubmit && refused && !isPartial && isFull && pops,
    submit_partial_strobes: isSubmit && isPartial && !isFull && !isClaimed(state),
    submit_error_read: asked("ERROR") && ((state.error >> ERROR.submit) & 1) === 1,
    start_while_queued: starts && refused && !runs && isWaiting(state),
    clear_with_queue: isClear && state.queue.length > 0,
    clear_with_next: isClear && state.isNext,
    clear_as_one_leaves: isClear && pops,
    first_of_queue_answered: machine.valid && passed.isFirst,
    answered_while_queued: given && isLastAnswer && isWaiting(state),
    queued_read: asked("QUEUED") && state.queue.length > 0,
    room_read: asked("ROOM") && state.queue.length > 0,
    full_read: asked("STATUS") && isFull,
    done_read: asked("ANSWERED") && state.done !== 0,
    access_before_release: asks && !awake,
    access_in_test_mode: asks && inputs.testMode,
  };
  return Object.keys(reached).filter((point) => reached[point]);
}
