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
  | { readonly kind: "expand"; readonly number: number }
  | { readonly kind: "start" | "clear" | "nothing" }
  | { readonly kind: "forget" | "enable" | "serve"; readonly bits: number }
  | { readonly kind: "refused"; readonly error: number };

const refused = (error: keyof typeof ERROR | null): Effect => ({
  kind: "refused",
  error: error === null ? 0 : 1 << ERROR[error],
});

export function effectOf(
  { windowWords, expansion }: MachineFacts,
  address: number,
  data: number,
  strobe: number,
  { busy, occupied }: { readonly busy: boolean; readonly occupied: boolean },
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
    return occupied ? refused("seed") : { kind: "expand", number: data };
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
  readonly busy: boolean;
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
  const busy = state.running || machine.busy;
  const isWrite = state.address !== null && state.data !== null && state.written === null;
  const taken = inputs.tvalid && state.open && machine.ready;
  const isLast = state.entered === facts.vectors - 1;
  return {
    awake: !inputs.reset && (inputs.testMode || state.asleep === 0),
    busy,
    effect: isWrite
      ? effectOf(facts, state.address, state.data.word, state.data.strobe, { busy, occupied: state.expander !== null })
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
        (Number(busy) << STATUS.busy) | (Number(!busy) << STATUS.idle) | (Number(state.error !== 0) << STATUS.error)
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
    default:
      return 0;
  }
}

/** Whether the machine is given its last seed. */
const isCopied = ({ seedWords }: MachineFacts, { expander }: EdgeState): boolean => expander?.copied === seedWords - 1;

function afterExpander(facts: MachineFacts, state: EdgeState, effect: Effect | null): Expander | null {
  const { expander } = state;
  if (effect?.kind === "clear" || isCopied(facts, state)) return null;
  if (effect?.kind === "expand") {
    return {
      number: effect.number,
      left: expansionClocks(facts.expansion!).expand - 1,
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
    taken: expander.taken || effect?.kind === "start",
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
  const { awake, effect, taken, isLast, isWrong, given, isLastAnswer, busy } = outputs;
  const asleep = Math.max(0, state.asleep - 1);
  if (!awake) return { ...AFTER_RESET, asleep };
  const isClear = effect?.kind === "clear";
  const done = given && isLastAnswer;
  const content = contentOf(facts, state, busy, inputs.araddr);
  const isRead = inputs.arvalid && state.read === null;
  const forgotten = isClear ? state.error : effect?.kind === "forget" ? effect.bits : 0;
  const errors = (effect?.kind === "refused" ? effect.error : 0) | (Number(isWrong) << ERROR.length);
  const served = isClear ? state.pending : effect?.kind === "serve" ? effect.bits : 0;
  const events = (Number(done) << INTERRUPT.answered) | (Number(errors !== 0) << INTERRUPT.error);
  const fresh = { open: false, running: false, entered: 0, answered: 0 };
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
    expander: afterExpander(facts, state, effect),
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
          open:
            taken && (isLast || isWrong)
              ? false
              : state.open || (effect?.kind === "start" && state.expander === null) || isCopied(facts, state),
          running: done ? false : state.running || effect?.kind === "start",
          entered: taken ? (state.entered + 1) % facts.vectors : state.entered,
          answered: given ? (state.answered + 1) % facts.answers : state.answered,
        }),
  };
}
