/**
 * What `xpike_axi` does in a clock, from the section on AXI of `docs/rtl-machine.md` and the latencies in the headers of its sources:
 * one value of state, outputs that follow from it and from the inputs, and the state of the next clock.
 */
import {
  CONTROL,
  ERROR,
  INTERRUPT,
  type MachineFacts,
  REGISTERS,
  type Register,
  STATUS,
  seedBase,
} from "../axi/register-map.ts";
import { expansionClocks } from "../axi/seed-expander.ts";

/** Inputs of a clock; streams carry their data elsewhere, since nothing depends on them. */
export interface EdgeInputs {
  readonly reset: boolean;
  /** The pin resets everything directly. */
  readonly testMode: boolean;
  readonly awvalid: boolean;
  readonly awaddr: number;
  readonly wvalid: boolean;
  readonly wdata: number;
  readonly wstrb: number;
  readonly bready: boolean;
  readonly arvalid: boolean;
  readonly araddr: number;
  readonly rready: boolean;
  readonly tvalid: boolean;
  readonly tlast: boolean;
  /** Of the answers. */
  readonly tready: boolean;
}

/** The expander of seeds. */
export interface Expander {
  /** Of the prompt. */
  readonly number: number;
  /** Clocks until its seeds wait. */
  readonly left: number;
  /** Whether a start wants them. */
  readonly taken: boolean;
  /** The next seed that is read, and the one that the machine is given. */
  readonly read: number;
  readonly copied: number | null;
}

/** What the machine behind the edge shows in a clock. */
export interface MachineOutputs {
  readonly ready: boolean;
  readonly valid: boolean;
  readonly result: boolean;
  readonly busy: boolean;
}

export interface EdgeState {
  /** Clocks until the release of a reset has reached the edge. */
  readonly asleep: number;
  readonly address: number | null;
  readonly data: { readonly word: number; readonly strobe: number } | null;
  /** Responses that wait. */
  readonly written: number | null;
  readonly read: { readonly word: number; readonly response: number } | null;
  readonly error: number;
  /** Null: no number waits. */
  readonly expander: Expander | null;
  /** Submitted numbers, the first one leaves first, and whether the expander has one whose start has not come. */
  readonly queue: readonly number[];
  readonly isNext: boolean;
  /** Of the prompt that runs or ran last, and of the one that was answered last; 0: it had no number. */
  readonly number: number;
  readonly done: number;
  /** Events that raise the interrupt, those that pend, and the interrupt. */
  readonly enabled: number;
  readonly pending: number;
  readonly interrupt: boolean;
  readonly prompts: number;
  readonly clocks: number;
  readonly count: number;
  /** Whether the machine runs, and not in the clock of a reset or after a clear. */
  readonly released: boolean;
  readonly open: boolean;
  readonly running: boolean;
  readonly entered: number;
  readonly answered: number;
}

export const AFTER_RESET: EdgeState = {
  asleep: 2,
  address: null,
  data: null,
  written: null,
  read: null,
  error: 0,
  expander: null,
  queue: [],
  isNext: false,
  number: 0,
  done: 0,
  enabled: 0,
  pending: 0,
  interrupt: false,
  prompts: 0,
  clocks: 0,
  count: 0,
  released: false,
  open: false,
  running: false,
  entered: 0,
  answered: 0,
};

export const [OKAY, SLVERR] = [0b00, 0b10];
const FULL = 0b1111;
const EVENTS = 2 ** Object.keys(INTERRUPT).length - 1;

/** What a write does. */
export type Effect =
  | { readonly kind: "seed"; readonly word: number; readonly data: number }
  | { readonly kind: "expand" | "submit"; readonly number: number }
  | { readonly kind: "start" | "clear" | "nothing" }
  | { readonly kind: "forget" | "enable" | "serve"; readonly bits: number }
  | { readonly kind: "refused"; readonly error: number };

const refused = (error: keyof typeof ERROR | null): Effect => ({
  kind: "refused",
  error: error === null ? 0 : 1 << ERROR[error],
});

/** Whether the prompt of a submitted number has not started. */
export const isWaiting = ({ queue, isNext }: EdgeState): boolean => queue.length > 0 || isNext;

/** Whether a number of the host has been expanded, or will be, for a start that has not come. */
export const isClaimed = ({ expander, isNext }: EdgeState): boolean => expander !== null && !expander.taken && !isNext;

export function effectOf(
  { windowWords, expansion, queueDepth }: MachineFacts,
  state: EdgeState,
  { address, data, strobe, busy }: { address: number; data: number; strobe: number; busy: boolean },
): Effect {
  if (strobe !== FULL) return refused(null);
  const aligned = address - (address % 4);
  const base = seedBase(windowWords);
  if (aligned >= base) {
    const word = (aligned - base) / 4;
    if (word >= windowWords) return refused(null);
    return busy ? refused("seed") : { kind: "seed", word, data };
  }
  const register = REGISTERS.find(({ offset }) => offset === aligned);
  if (register?.name === "ERROR") return { kind: "forget", bits: data };
  if (register?.name === "ENABLE") return { kind: "enable", bits: data & EVENTS };
  if (register?.name === "EXPAND" && expansion !== null) {
    return state.expander !== null || isWaiting(state) ? refused("seed") : { kind: "expand", number: data };
  }
  if (register?.name === "SUBMIT") {
    const isRefused = state.queue.length === queueDepth || isClaimed(state);
    return isRefused ? refused("submit") : { kind: "submit", number: data };
  }
  if (register?.name === "PENDING") return { kind: "serve", bits: data };
  if (register?.name !== "CONTROL") return refused(null);
  if ((data >> CONTROL.clear) & 1) return { kind: "clear" };
  if (!((data >> CONTROL.start) & 1)) return { kind: "nothing" };
  return busy ? refused("start") : { kind: "start" };
}

/** Outputs of a clock, and the events in it. */
export interface EdgeOutputs {
  /** Whether the edge is in no reset. */
  readonly awake: boolean;
  /** Whether the machine runs a prompt, and whether it will without another access. */
  readonly runs: boolean;
  readonly busy: boolean;
  /** Whether a number leaves the queue, and whether the prompt of a submitted one starts. */
  readonly pops: boolean;
  readonly begins: boolean;
  readonly effect: Effect | null;
  readonly taken: boolean;
  readonly isLast: boolean;
  readonly isWrong: boolean;
  readonly given: boolean;
  readonly isLastAnswer: boolean;
}

export function edgeOutputs(
  facts: MachineFacts,
  state: EdgeState,
  inputs: EdgeInputs,
  machine: MachineOutputs,
): EdgeOutputs {
  const runs = state.running || machine.busy;
  const busy = runs || isWaiting(state);
  const pops = state.queue.length > 0 && (facts.expansion ? state.expander === null : !runs);
  const isWrite = state.address !== null && state.data !== null && state.written === null;
  const taken = inputs.tvalid && state.open && machine.ready;
  const isLast = state.entered === facts.vectors - 1;
  return {
    awake: !inputs.reset && (inputs.testMode || state.asleep === 0),
    runs,
    busy,
    pops,
    begins: facts.expansion ? state.isNext && !runs : pops,
    effect: isWrite
      ? effectOf(facts, state, { address: state.address, data: state.data.word, strobe: state.data.strobe, busy })
      : null,
    taken,
    isLast,
    isWrong: taken && inputs.tlast !== isLast,
    given: machine.valid && inputs.tready,
    isLastAnswer: state.answered === facts.answers - 1,
  };
}

/** Content of a register, as a read in this clock gives it; null outside of the map. */
export function contentOf(facts: MachineFacts, state: EdgeState, busy: boolean, address: number): number | null {
  const register: Register | undefined = REGISTERS.find(({ offset }) => offset === address - (address % 4));
  if (register === undefined) return null;
  if (register.value) return register.value(facts);
  switch (register.name) {
    case "STATUS":
      return (
        (Number(busy) << STATUS.busy) |
        (Number(!busy) << STATUS.idle) |
        (Number(state.error !== 0) << STATUS.error) |
        (Number(state.queue.length === facts.queueDepth) << STATUS.full)
      );
    case "ERROR":
      return state.error;
    case "ENABLE":
      return state.enabled;
    case "PENDING":
      return state.pending;
    case "PROMPTS":
      return state.prompts;
    case "CLOCKS":
      return state.clocks;
    case "WAITING":
      return Number(state.expander !== null);
    case "QUEUED":
      return state.queue.length;
    case "ROOM":
      return facts.queueDepth - state.queue.length;
    case "ANSWERED":
      return state.done;
    default:
      return 0;
  }
}

/** Whether the machine is given its last seed. */
const isCopied = ({ seedWords }: MachineFacts, { expander }: EdgeState): boolean => expander?.copied === seedWords - 1;

const isStart = ({ effect, begins }: EdgeOutputs): boolean => effect?.kind === "start" || begins;

function afterExpander(facts: MachineFacts, state: EdgeState, outputs: EdgeOutputs): Expander | null {
  const { expander } = state;
  const { effect, pops } = outputs;
  if (effect?.kind === "clear" || isCopied(facts, state) || facts.expansion === null) return null;
  if (effect?.kind === "expand" || pops) {
    return {
      number: effect?.kind === "expand" ? effect.number : state.queue[0],
      left: expansionClocks(facts.expansion).expand - 1,
      taken: false,
      read: 0,
      copied: null,
    };
  }
  if (expander === null) return null;
  const moves = expander.left === 0 && expander.taken;
  return {
    ...expander,
    left: Math.max(0, expander.left - 1),
    taken: expander.taken || isStart(outputs),
    read: moves ? Math.min(expander.read + 1, facts.seedWords - 1) : expander.read,
    copied: moves ? expander.read : null,
  };
}

/** The state after the clock's rising edge. */
export function afterClock(
  facts: MachineFacts,
  state: EdgeState,
  inputs: EdgeInputs,
  machine: MachineOutputs,
  outputs: EdgeOutputs,
): EdgeState {
  const { awake, effect, pops, begins, taken, isLast, isWrong, given, isLastAnswer, busy } = outputs;
  const asleep = Math.max(0, state.asleep - 1);
  if (!awake) return { ...AFTER_RESET, asleep };
  const isClear = effect?.kind === "clear";
  const done = given && isLastAnswer;
  const content = contentOf(facts, state, busy, inputs.araddr);
  const isRead = inputs.arvalid && state.read === null;
  const forgotten = isClear ? state.error : effect?.kind === "forget" ? effect.bits : 0;
  const errors = (effect?.kind === "refused" ? effect.error : 0) | (Number(isWrong) << ERROR.length);
  const served = isClear ? state.pending : effect?.kind === "serve" ? effect.bits : 0;
  const events =
    (Number(done) << INTERRUPT.answered) |
    (Number(errors !== 0) << INTERRUPT.error) |
    (Number(done && !isWaiting(state)) << INTERRUPT.drained);
  const starts = isStart(outputs);
  const submitted = effect?.kind === "submit" ? [effect.number] : [];
  const numberOfStart = state.expander?.number ?? (begins ? state.queue[0] : 0);
  const fresh = { queue: [], isNext: false, open: false, running: false, entered: 0, answered: 0 };
  return {
    asleep,
    address: effect !== null ? null : (state.address ?? (inputs.awvalid ? inputs.awaddr : null)),
    data:
      effect !== null ? null : (state.data ?? (inputs.wvalid ? { word: inputs.wdata, strobe: inputs.wstrb } : null)),
    written: effect !== null ? (effect.kind === "refused" ? SLVERR : OKAY) : inputs.bready ? null : state.written,
    read: isRead
      ? { word: content ?? 0, response: content === null ? SLVERR : OKAY }
      : inputs.rready
        ? null
        : state.read,
    error: (state.error & ~forgotten) | errors,
    expander: afterExpander(facts, state, outputs),
    number: starts ? numberOfStart : state.number,
    done: done ? state.number : state.done,
    enabled: effect?.kind === "enable" ? effect.bits : state.enabled,
    pending: (state.pending & ~served) | events,
    interrupt: (state.pending & state.enabled) !== 0,
    prompts: state.prompts + Number(done),
    clocks: machine.result ? state.count + 1 : state.clocks,
    count: machine.busy ? state.count + 1 : 0,
    released: !isClear,
    ...(isClear
      ? fresh
      : {
          queue: [...state.queue.slice(Number(pops)), ...submitted],
          isNext: facts.expansion !== null && (pops || (state.isNext && !begins)),
          open:
            taken && (isLast || isWrong)
              ? false
              : state.open || (starts && state.expander === null) || isCopied(facts, state),
          running: done ? false : state.running || starts,
          entered: taken ? (state.entered + 1) % facts.vectors : state.entered,
          answered: given ? (state.answered + 1) % facts.answers : state.answered,
        }),
  };
}
