/**
 * The TypeScript driver of `xpike_axi`: plain functions over a bus, which a simulation or a board provides.
 *
 * Addresses and fields are those of `register-map.ts`; sizes come from the registers themselves, so one driver serves every machine.
 * `xpike.c` (`c-driver.ts`) is its twin.
 */
import { PlatformError } from "../../errors.ts";
import { CONTROL, IDENTITY, INTERRUPT, REVISION, type RegisterName, registerOf, STATUS } from "../axi/register-map.ts";

/** Access to the pins of one accelerator. Each throws PlatformError for an access that is refused or not answered in time. */
export interface Bus {
  read(address: number): Promise<number>;
  write(address: number, word: number): Promise<void>;
  /** A packet of whole vectors, each in the bytes of `s_axis_tdata`, low byte first; tlast comes with the last. */
  send(vectors: Uint8Array, count: number): Promise<void>;
  /** The next answers, `bytes` each, as `m_axis_tdata` has them. */
  receive(count: number, bytes: number): Promise<Uint8Array>;
}

/** What a machine says about itself. */
export interface Identity {
  /** `major.minor.patch` of the generator. */
  readonly version: string;
  /** The first 32 bits of the experiment's SHA-256. */
  readonly experiment: number;
  /** Clocks of a prompt by the schedule. */
  readonly schedule: number;
  readonly vectors: number;
  readonly vectorBits: number;
  readonly answers: number;
  /** Totals of an answer, and bits of all of them together. */
  readonly outputs: number;
  readonly totalBits: number;
  readonly decisionBits: number;
  readonly seedBase: number;
  readonly seedWords: number;
  /** Constants that can be loaded, and the checksum of their places and formats; 0: none. */
  readonly constantWords: number;
  readonly layout: number;
  /** Numbers that wait in the queue at most. */
  readonly queueDepth: number;
}

export interface Answer {
  /** One per class or bit, in the last bit's value of the machine's numbers. */
  readonly totals: readonly number[];
  /** The class; with a read-out of bits the bits, output 0 highest. */
  readonly decision: number;
}

/** A prompt as the machine takes it. */
export interface HostPrompt {
  readonly seeds: Uint32Array;
  /** `vectors` of `vectorBytes` each. */
  readonly vectors: Uint8Array;
}

const [MOST_VECTORS, MOST_BITS, WIDEST_DECISION] = [2 ** 24, 2 ** 20, 32];

export const vectorBytes = ({ vectorBits }: Pick<Identity, "vectorBits">): number => Math.ceil(vectorBits / 8);
export const answerBytes = ({ totalBits, decisionBits }: Identity): number =>
  Math.ceil(totalBits / 8) + Math.ceil(decisionBits / 8);

/** Throws PlatformError when something else than `xpike_axi` answers, or sizes are impossible. */
export async function identify(bus: Bus): Promise<Identity> {
  const read = (name: RegisterName) => bus.read(registerOf(name).offset);
  const id = await read("ID");
  if (id !== IDENTITY) {
    throw new PlatformError(
      "accelerator",
      `ID is 0x${id.toString(16)}, but xpike_axi has 0x${IDENTITY.toString(16)}. Check the base address, and that the bitstream is loaded.`,
    );
  }
  const version = await read("VERSION");
  const revision = await bus.read(registerOf("REVISION").offset).catch(() => 1);
  if (revision !== REVISION) {
    throw new PlatformError(
      "accelerator",
      `The machine has revision ${revision} of the register map, but this driver knows ${REVISION}. Load a bitstream of this version, or use its driver.`,
    );
  }
  const sized = async (name: RegisterName, most: number) => {
    const value = await read(name);
    if (value >= 1 && value <= most) return value;
    throw new PlatformError("accelerator", `${name} is ${value}, expected 1 to ${most}. Read the registers again.`);
  };
  const identity = {
    version: `${version >>> 24}.${(version >>> 16) & 0xff}.${version & 0xffff}`,
    experiment: await read("EXPERIMENT"),
    schedule: await sized("SCHEDULE", 2 ** 32 - 1),
    vectors: await sized("VECTORS", MOST_VECTORS),
    vectorBits: await sized("VECTOR_BITS", MOST_BITS),
    answers: await sized("ANSWERS", MOST_VECTORS),
    outputs: await sized("OUTPUTS", MOST_BITS),
    totalBits: await sized("TOTAL_BITS", MOST_BITS),
    decisionBits: await sized("DECISION_BITS", WIDEST_DECISION),
    seedBase: await sized("SEED_BASE", 2 ** 31),
    seedWords: await sized("SEED_WORDS", 2 ** 29),
    constantWords: await read("CONSTANT_WORDS"),
    layout: await read("LAYOUT"),
    queueDepth: await sized("DEPTH", MOST_VECTORS),
  };
  if (identity.totalBits % identity.outputs === 0) return identity;
  throw new PlatformError(
    "accelerator",
    `TOTAL_BITS ${identity.totalBits} is not a multiple of OUTPUTS ${identity.outputs}. Read the registers again.`,
  );
}

/** The seeds of the next prompt, before its start. */
export async function writeSeeds(bus: Bus, { seedBase }: Identity, seeds: Uint32Array): Promise<void> {
  for (const [n, seed] of seeds.entries()) await bus.write(seedBase + 4 * n, seed);
}

/**
 * The number of a prompt in its run of `xpike run`, from 0: the machine makes the seeds of the next start from it, also while another
 * runs. One number waits at most.
 */
export const expandSeeds = (bus: Bus, number: number): Promise<void> => bus.write(registerOf("EXPAND").offset, number);

/** Constants of a chip: `machine_constants.hex` of its folder. */
export interface Constants {
  readonly layout: number;
  readonly words: Uint32Array;
}

/**
 * Gives the machine the constants of another chip, or of the same one at another age, while it is idle. They stay, also over a clear, until
 * others are loaded or the FPGA is configured anew.
 *
 * Throws  PlatformError when they are of a machine with other places or formats
 */
export async function loadConstants(
  bus: Bus,
  { seedBase, seedWords, constantWords, layout }: Identity,
  { layout: own, words }: Constants,
): Promise<void> {
  if (own !== layout || words.length !== constantWords) {
    const said = (count: number, sum: number) => `${count} words of layout ${sum.toString(16).padStart(8, "0")}`;
    throw new PlatformError(
      "accelerator",
      `The constants are ${said(words.length, own)}, but the machine takes ${constantWords === 0 ? "none" : said(constantWords, layout)}. Generate both with --loadable, the same network shape ` +
        "and machine, and with --fpga the same --conductance-bits.",
    );
  }
  for (const [n, word] of words.entries()) await bus.write(seedBase + 4 * (seedWords + n), word);
}

/** A prompt's number to the queue, from which it starts by itself. Refused while the queue is full, or a number of EXPAND waits. */
export const submit = (bus: Bus, number: number): Promise<void> => bus.write(registerOf("SUBMIT").offset, number);

/** Numbers for which the queue has room. */
export const queueRoom = (bus: Bus): Promise<number> => bus.read(registerOf("ROOM").offset);

/** Whether nothing runs, and nothing waits in the queue. */
export const isIdle = async (bus: Bus): Promise<boolean> =>
  ((await bus.read(registerOf("STATUS").offset)) & (2 ** STATUS.idle)) !== 0;

const command = (field: keyof typeof CONTROL) => (bus: Bus) =>
  bus.write(registerOf("CONTROL").offset, 2 ** CONTROL[field]);

/** Admits one prompt. */
export const start = command("start");
/** Abandons the prompt, and empties all queues. */
export const clear = command("clear");

export const sendVectors = (bus: Bus, { vectors }: Identity, prompt: Uint8Array): Promise<void> =>
  bus.send(prompt, vectors);

/** All answers of the prompt in progress, in their order. */
export async function takeAnswers(bus: Bus, identity: Identity): Promise<Answer[]> {
  const each = answerBytes(identity);
  const bytes = await bus.receive(identity.answers, each);
  return Array.from({ length: identity.answers }, (_, n) =>
    decodeAnswer(identity, bytes.subarray(n * each, (n + 1) * each)),
  );
}

/** Seeds, or the prompt's number, from which the machine makes them; then start, vectors, answers. */
export async function runPrompt(
  bus: Bus,
  identity: Identity,
  { seeds, vectors }: { readonly seeds: HostPrompt["seeds"] | number } & Pick<HostPrompt, "vectors">,
): Promise<Answer[]> {
  await (typeof seeds === "number" ? expandSeeds(bus, seeds) : writeSeeds(bus, identity, seeds));
  await start(bus);
  await sendVectors(bus, identity, vectors);
  return takeAnswers(bus, identity);
}

/**
 * Prompts through the queue, which is kept as full as it has room; yields the answers to each, in their order.
 *
 * Throws  PlatformError when the machine answers another prompt than the one whose vectors it was given
 */
export async function* runQueue(
  bus: Bus,
  identity: Identity,
  prompts: readonly { readonly number: number; readonly vectors: Uint8Array }[],
): AsyncGenerator<Answer[]> {
  let submitted = 0;
  for (const { number, vectors } of prompts) {
    for (let room = await queueRoom(bus); room > 0 && submitted < prompts.length; room--)
      await submit(bus, prompts[submitted++].number);
    await sendVectors(bus, identity, vectors);
    const answers = await takeAnswers(bus, identity);
    const done = await bus.read(registerOf("ANSWERED").offset);
    if (done !== number) {
      throw new PlatformError(
        "accelerator",
        `The answers are of prompt ${done}, but the vectors were of ${number}. Clear the machine, and send nothing else while the queue runs.`,
      );
    }
    yield answers;
  }
}

/** Which events raise `irq_o`. */
export const enableInterrupts = (bus: Bus, ...events: (keyof typeof INTERRUPT)[]): Promise<void> =>
  bus.write(registerOf("ENABLE").offset, maskOf(events));

/** Forgets events, so that `irq_o` falls. */
export const clearInterrupts = (bus: Bus, ...events: (keyof typeof INTERRUPT)[]): Promise<void> =>
  bus.write(registerOf("PENDING").offset, maskOf(events));

const maskOf = (events: readonly (keyof typeof INTERRUPT)[]) =>
  events.reduce((mask, event) => mask | (2 ** INTERRUPT[event]), 0);

/** Totals in the low bits, output 0 lowest; the decision from the next whole byte on. */
export function decodeAnswer(
  { outputs, totalBits, decisionBits }: Pick<Identity, "outputs" | "totalBits" | "decisionBits">,
  bytes: Uint8Array,
): Answer {
  const each = totalBits / outputs;
  const totals = Array.from({ length: outputs }, (_, n) => {
    const value = bitsAt(bytes, n * each, each);
    return value >= 2 ** (each - 1) ? value - 2 ** each : value;
  });
  return { totals, decision: bitsAt(bytes, 8 * Math.ceil(totalBits / 8), decisionBits) };
}

/** An unsigned number of up to 53 bits. */
function bitsAt(bytes: Uint8Array, first: number, count: number): number {
  let value = 0;
  for (let bit = count - 1; bit >= 0; bit--)
    value = 2 * value + ((bytes[(first + bit) >> 3] >> ((first + bit) & 7)) & 1);
  return value;
}
