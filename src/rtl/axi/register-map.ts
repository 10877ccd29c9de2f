/**
 * The registers of `xpike_axi`: one table that generates the RTL, its testbench and the table in `docs/rtl-machine.md`.
 *
 * All are 32-bit words; offsets count bytes. A window of write-only seeds follows them.
 */
import { invariant } from "../../errors.ts";
import { decisionBits, decisionSize } from "../machine/decision-unit.ts";
import type { MachineDesign } from "../machine/design.ts";
import { SEED_BITS } from "../machine/engine.ts";
import { inputOf } from "../machine/plan.ts";
import { answerBits, answersOf, seedWordsOf, vectorOrder } from "../machine/top.ts";
import type { SeedExpansion } from "./seed-expander.ts";

/** `read`: writes are refused. `write`: reads give 0. `both`: reads give what was written. `clear`: writing 1 to a bit clears it. */
export type Access = "read" | "write" | "both" | "clear";

export interface Field {
  readonly name: string;
  readonly bit: number;
  readonly meaning: string;
}

export interface Register {
  readonly name: string;
  readonly offset: number;
  readonly access: Access;
  readonly meaning: string;
  readonly fields?: readonly Field[];
  /** Constant content; registers without it hold state. */
  readonly value?: (machine: MachineFacts) => number;
}

/** Contents of the constant registers, and the sizes of the machine's edge. */
export interface MachineFacts {
  /** Of this package, `major.minor.patch`. */
  readonly version: string;
  /** The first 32 bits of the experiment's SHA-256, which is in the first line of every source. */
  readonly fingerprint: number;
  /** From the schedule of a single prompt. */
  readonly clocks: number;
  /** Per prompt: tokens (pixels, with a stem) times steps. */
  readonly vectors: number;
  readonly vectorBits: number;
  /** Their order, in words. */
  readonly vectorOrder: string;
  /** Per prompt. */
  readonly answers: number;
  /** Totals of an answer. */
  readonly outputs: number;
  /** Of an answer: all its totals, and its decision. */
  readonly totalBits: number;
  readonly decisionBits: number;
  /** Of the head's outputs at a step. */
  readonly logitBits: number;
  /** Seed words per prompt. */
  readonly seedWords: number;
  /** Words of the window: seeds, then the constants that can be loaded. */
  readonly windowWords: number;
  /** Of the constants; 0: none can be loaded. */
  readonly layout: number;
  /** How a prompt's number becomes its seeds; null: the machine draws nothing. */
  readonly expansion: SeedExpansion | null;
  /** Numbers that the queue of prompts holds, without the one whose seeds are made. */
  readonly queueDepth: number;
}

/** Enough for a host that answers an interrupt within seven prompts. */
const QUEUE_DEPTH = 8;

export const machineFacts = (
  { plan, loads, seedKey }: MachineDesign,
  { version, fingerprint }: Pick<MachineFacts, "version" | "fingerprint">,
): MachineFacts => ({
  version,
  fingerprint,
  clocks: plan.schedule.alone.clocks,
  vectors: inputOf(plan).vectors,
  vectorBits: inputOf(plan).width,
  vectorOrder: vectorOrder(plan),
  answers: answersOf(plan),
  outputs: plan.layers[plan.layers.length - 1].outputs,
  totalBits: answerBits(plan),
  decisionBits: decisionBits(decisionSize(plan)),
  logitBits: plan.layers[plan.layers.length - 1].outputs * plan.arithmetic.logitBits,
  seedWords: seedWordsOf(plan),
  windowWords: loads?.windowWords ?? seedWordsOf(plan),
  layout: loads?.layout ?? 0,
  expansion: expansionOf(plan, seedKey),
  queueDepth: QUEUE_DEPTH,
});

function expansionOf(
  { depth, heads: all, engine }: MachineDesign["plan"],
  key: MachineDesign["seedKey"],
): SeedExpansion | null {
  if (engine.random === null) return null;
  const heads = engine.random.sharedByHeads ? null : all;
  return { key, blocks: depth, heads, words: engine.seedBits / SEED_BITS / (heads ?? 1) };
}

/** "XPIK" in ASCII, X in the high byte. */
export const IDENTITY = 0x5850_494b;
/** Of this map. 1 had no queue of prompts, and no register to say so. */
export const REVISION = 2;

/** Bits of CONTROL, STATUS, ERROR, and of both interrupt registers. */
export const CONTROL = { start: 0, clear: 1 } as const;
export const STATUS = { busy: 0, idle: 1, error: 2, full: 3 } as const;
export const ERROR = { length: 0, seed: 1, start: 2, submit: 3 } as const;
export const INTERRUPT = { answered: 0, error: 1, drained: 2 } as const;

export const REGISTERS = [
  {
    name: "ID",
    offset: 0x00,
    access: "read",
    meaning: "0x5850494b, `XPIK` in ASCII",
    value: () => IDENTITY,
  },
  {
    name: "VERSION",
    offset: 0x04,
    access: "read",
    meaning: "generator version: major in bits 31 to 24, minor to 16, patch below",
    value: ({ version }) => versionWord(version),
  },
  {
    name: "EXPERIMENT",
    offset: 0x08,
    access: "read",
    meaning: "first 32 bits of the experiment's SHA-256, as in every source",
    value: ({ fingerprint }) => fingerprint,
  },
  {
    name: "CONTROL",
    offset: 0x0c,
    access: "write",
    meaning: "commands",
    fields: [
      {
        name: "start",
        bit: CONTROL.start,
        meaning: "admit one prompt and answer it; refused while busy, ignored together with clear",
      },
      {
        name: "clear",
        bit: CONTROL.clear,
        meaning:
          "abandon the prompt, empty all queues, clear ERROR and PENDING; keeps PROMPTS, CLOCKS, ANSWERED and ENABLE",
      },
    ],
  },
  {
    name: "STATUS",
    offset: 0x10,
    access: "read",
    meaning: "state",
    fields: [
      {
        name: "busy",
        bit: STATUS.busy,
        meaning: "from a start, or a number in SUBMIT, to the last answer",
      },
      { name: "idle", bit: STATUS.idle, meaning: "not busy" },
      { name: "error", bit: STATUS.error, meaning: "any bit of ERROR" },
      { name: "full", bit: STATUS.full, meaning: "the queue has no room" },
    ],
  },
  {
    name: "ERROR",
    offset: 0x14,
    access: "clear",
    meaning: "errors since the last clear",
    fields: [
      {
        name: "length",
        bit: ERROR.length,
        meaning: "tlast came early, and the prompt waits for a clear; or it was missing",
      },
      {
        name: "seed",
        bit: ERROR.seed,
        meaning: "a write to the window while busy, or to EXPAND while a number waits, was ignored",
      },
      { name: "start", bit: ERROR.start, meaning: "a start was written while busy, and ignored" },
      {
        name: "submit",
        bit: ERROR.submit,
        meaning: "SUBMIT while full, or before the start of EXPAND's number: ignored",
      },
    ],
  },
  {
    name: "PROMPTS",
    offset: 0x18,
    access: "read",
    meaning: "answered prompts since reset, modulo 2^32",
  },
  {
    name: "CLOCKS",
    offset: 0x1c,
    access: "read",
    meaning: "of the last prompt, from its first vector to its last head output",
  },
  {
    name: "SCHEDULE",
    offset: 0x20,
    access: "read",
    meaning: "CLOCKS if vectors arrive in time",
    value: ({ clocks }) => clocks,
  },
  {
    name: "VECTORS",
    offset: 0x24,
    access: "read",
    meaning: "per prompt: tokens (before a stem, pixels) times steps",
    value: ({ vectors }) => vectors,
  },
  {
    name: "VECTOR_BITS",
    offset: 0x28,
    access: "read",
    meaning: "input lines, in the low bits of `s_axis_tdata`",
    value: ({ vectorBits }) => vectorBits,
  },
  {
    name: "ANSWERS",
    offset: 0x2c,
    access: "read",
    meaning: "per prompt",
    value: ({ answers }) => answers,
  },
  {
    name: "TOTAL_BITS",
    offset: 0x30,
    access: "read",
    meaning: "bits of an answer's totals, in the low bits of `m_axis_tdata`",
    value: ({ totalBits }) => totalBits,
  },
  {
    name: "DECISION_BITS",
    offset: 0x34,
    access: "read",
    meaning: "bits of its decision, from the next whole byte on",
    value: (machine) => machine.decisionBits,
  },
  {
    name: "SEED_BASE",
    offset: 0x38,
    access: "read",
    meaning: "start of the window: seeds, then constants",
    value: ({ windowWords }) => seedBase(windowWords),
  },
  {
    name: "SEED_WORDS",
    offset: 0x3c,
    access: "read",
    meaning: "seeds in the window",
    value: ({ seedWords }) => seedWords,
  },
  {
    name: "OUTPUTS",
    offset: 0x40,
    access: "read",
    meaning: "totals of an answer: classes, or bits",
    value: ({ outputs }) => outputs,
  },
  {
    name: "ENABLE",
    offset: 0x44,
    access: "both",
    meaning: "bits of PENDING that raise `irq_o`",
  },
  {
    name: "PENDING",
    offset: 0x48,
    access: "clear",
    meaning: "events since they were cleared",
    fields: [
      { name: "answered", bit: INTERRUPT.answered, meaning: "the last answer of a prompt was taken" },
      { name: "error", bit: INTERRUPT.error, meaning: "a bit of ERROR was set" },
      { name: "drained", bit: INTERRUPT.drained, meaning: "the same, and no submitted number waits" },
    ],
  },
  {
    name: "CONSTANT_WORDS",
    offset: 0x4c,
    access: "read",
    meaning: "constants in the window; 0: none can be loaded",
    value: ({ windowWords, seedWords }) => windowWords - seedWords,
  },
  {
    name: "LAYOUT",
    offset: 0x50,
    access: "read",
    meaning: "checksum of the constants' places and formats",
    value: ({ layout }) => layout,
  },
  {
    name: "EXPAND",
    offset: 0x54,
    access: "write",
    meaning: "number of a prompt in its run, from 0: seeds of the next start; refused while one waits",
  },
  {
    name: "WAITING",
    offset: 0x58,
    access: "read",
    meaning: "numbers whose seeds are made or wait: 0 or 1",
  },
  {
    name: "SUBMIT",
    offset: 0x5c,
    access: "write",
    meaning: "number of a prompt for the queue; starts by itself",
  },
  {
    name: "QUEUED",
    offset: 0x60,
    access: "read",
    meaning: "numbers in the queue",
  },
  {
    name: "ROOM",
    offset: 0x64,
    access: "read",
    meaning: "DEPTH less QUEUED",
  },
  {
    name: "DEPTH",
    offset: 0x68,
    access: "read",
    meaning: "ROOM of an empty queue",
    value: ({ queueDepth }) => queueDepth,
  },
  {
    name: "ANSWERED",
    offset: 0x6c,
    access: "read",
    meaning: "number of the last answered prompt; 0 if its seeds were written",
  },
  {
    name: "REVISION",
    offset: 0x70,
    access: "read",
    meaning: `of this map: ${REVISION}`,
    value: () => REVISION,
  },
] as const satisfies readonly Register[];

export type RegisterName = (typeof REGISTERS)[number]["name"];

export const registerOf = (name: RegisterName): Register => REGISTERS.find((register) => register.name === name)!;

/** The smallest window, which leaves registers below it room to grow. */
const SMALLEST_WINDOW = 0x1000;

/**
 * Start of the window: 0x1000, or the first power of two that is at least its number of bytes, so the highest address bit selects
 * it.
 */
export function seedBase(windowWords: number): number {
  let base = SMALLEST_WINDOW;
  while (base < 4 * windowWords) base *= 2;
  return base;
}

/** Bits of an address. */
export const addressBits = (windowWords: number): number => Math.log2(seedBase(windowWords)) + 1;

export function versionWord(version: string): number {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  invariant(parts?.every((part, i) => part < (i < 2 ? 2 ** 8 : 2 ** 16)) === true, `${version} fits VERSION`);
  return parts[0] * 2 ** 24 + parts[1] * 2 ** 16 + parts[2];
}

const ACCESS: Readonly<Record<Access, string>> = {
  read: "read",
  write: "write",
  both: "read, write",
  clear: "read; a 1 clears",
};

/** A register in words; text between backticks is code. */
export interface RegisterRow extends Pick<Register, "name" | "meaning"> {
  /** In hexadecimal. */
  readonly offset: string;
  readonly access: string;
  readonly fields: readonly Field[];
}

/** The map in the order of its offsets. */
export const registerRows = (): readonly RegisterRow[] =>
  REGISTERS.map(({ name, offset, access, meaning, fields = [] }: Register) => ({
    ...{ name, offset: hexText(offset), access: ACCESS[access], meaning, fields },
  }));

/** The map as a Markdown table. */
export function registerTable(): string {
  const rows = registerRows().flatMap(({ name, offset, access, meaning, fields }) => [
    `| ${offset} | \`${name}\` | ${access} | ${meaning} |`,
    ...fields.map(({ name, bit, meaning }) => `| | bit ${bit}, \`${name}\` | | ${meaning} |`),
  ]);
  return ["| offset | register | access | what it holds |", "|---|---|---|---|", ...rows].join("\n");
}

const hexText = (value: number) => `0x${value.toString(16).padStart(2, "0")}`;
