/**
 * The host side of a board kit: sends the vectors of a folder from `xpike rtl --board` to the board, and compares what comes back with the
 * simulators: A bit for bit of an engine, every answer of a machine.
 */
import { join } from "node:path";
import { z } from "zod";
import { FileError, PlatformError } from "../errors.ts";
import { BOARD_NAMES } from "../rtl/board/boards.ts";
import { BOARD_FILE, type BoardDescription, type EngineBoard, type MachineBoard } from "../rtl/board/project-files.ts";
import { bytesOfHex, REQUEST } from "../rtl/board/protocol.ts";
import { serialBus } from "../rtl/board/serial-bus.ts";
import { type ByteLine, FrameLink } from "../rtl/board/serial-line.ts";
import { readFileChecked } from "./files.ts";
import { type PromptCheck, sendPrompts } from "./rtl-prompts.ts";
import { openSerialPort } from "./serial-port.ts";

export interface HostOptions {
  /** Path of the serial port, or an open line. */
  readonly port: string | ByteLine;
  /** Seconds without a byte after which a request is abandoned. Default 2. */
  readonly patience?: number | undefined;
  /** Runs to send, of a machine prompts. Default: all in the folder. */
  readonly runs?: number | undefined;
  /** Of a machine: as `PromptChoice`. */
  readonly constants?: string | undefined;
  /** Called after each. */
  readonly onRun?: (run: number, runs: number) => void;
}

/** Of a board with an engine. */
export interface BoardCheck {
  readonly holds: "engine";
  readonly runs: number;
  /** Columns and bits of A that were compared. */
  readonly columns: number;
  readonly bits: number;
  /** Requests that were sent again because a byte was lost or changed in transit. */
  readonly repeated: number;
}

/** Of a board with a machine. */
export interface MachineBoardCheck extends PromptCheck {
  readonly holds: "machine";
  /** As above. */
  readonly repeated: number;
}

const DESCRIPTION_BYTES = 2 ** 16;
const VECTOR_BYTES = 2 ** 30;
const PATIENCE = 2;

const count = z
  .int()
  .min(1)
  .max(2 ** 20);
const described = {
  board: z.enum(BOARD_NAMES),
  baud: count.max(12_000_000),
  fingerprint: z.string().regex(/^[0-9a-f]{8}$/),
};
const descriptionSchema: z.ZodType<BoardDescription> = z.discriminatedUnion("holds", [
  z.object({ holds: z.literal("engine"), ...described, heads: count, tokens: count, dimension: count }),
  z.object({ holds: z.literal("machine"), ...described }),
]);

/**
 * Sends every run of an engine and compares every bit of its answer, or every prompt of a machine and compares totals and decisions.
 * Lost or changed bytes are detected and sent again.
 *
 * Throws  FileError when the folder has no kit, or the port cannot be used; PlatformError when the board does not answer, holds
 *         something else, or returns a different A from the cycle model
 */
export async function checkBoard(folder: string, options: HostOptions): Promise<BoardCheck | MachineBoardCheck> {
  const description = await readDescription(folder);
  return description.holds === "engine"
    ? checkEngine(folder, description, options)
    : checkMachine(folder, description, options);
}

/** A board with its folder's contents, greeted, for the time of `use`. */
async function withBoard<Result>(
  description: BoardDescription,
  { port, patience = PATIENCE }: HostOptions,
  use: (link: FrameLink) => Promise<Result>,
): Promise<Result> {
  const line = typeof port === "string" ? await openSerialPort(port, description.baud) : port;
  try {
    const link = new FrameLink(line, 1000 * patience);
    await greet(link, description);
    return await use(link);
  } finally {
    if (typeof port === "string") await line.close();
  }
}

const checkMachine = (folder: string, description: MachineBoard, options: HostOptions): Promise<MachineBoardCheck> =>
  withBoard(description, options, async (link) => {
    const { constants, runs: prompts, onRun: onPrompt } = options;
    const checked = await sendPrompts(folder, serialBus(link), { constants, prompts, onPrompt });
    return { holds: "machine", ...checked, repeated: link.repeated };
  });

async function checkEngine(folder: string, description: EngineBoard, options: HostOptions): Promise<BoardCheck> {
  const [runs, inputs, outputs] = await Promise.all(
    ["runs.hex", "inputs.hex", "outputs.hex"].map((name) => readLines(folder, name)),
  );
  const { onRun = () => {} } = options;
  return withBoard(description, options, async (link) => {
    const wanted = Math.min(runs.length, options.runs ?? runs.length);
    let columns = 0;
    for (let run = 0; run < wanted; run++) {
      const steps = Number.parseInt(runs[run].slice(0, 4), 16);
      const last = columns + steps * description.dimension;
      const expected = outputs.slice(columns, last);
      const payload = [steps, ...bytesOfHex(runs[run].slice(4))];
      for (const digits of inputs.slice(columns, last)) payload.push(...bytesOfHex(digits));
      const bytes = bytesOfHex(expected[0]).length;
      const reply = await link.ask(REQUEST.run, Uint8Array.from(payload), {
        kind: "spikes",
        length: bytes * expected.length,
      });
      compare(reply, expected, description, run);
      columns = last;
      onRun(run + 1, wanted);
    }
    const bits = columns * description.heads * description.tokens;
    return { holds: "engine", runs: wanted, columns, bits, repeated: link.repeated };
  });
}

/** Throws PlatformError when the board holds something else than the folder. */
async function greet(link: FrameLink, { fingerprint, board, holds }: BoardDescription): Promise<void> {
  await link.resynchronise();
  const identity = await link.ask(REQUEST.identify, new Uint8Array(), { kind: "identity", length: 4 });
  const found = Array.from(identity.toReversed(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found === fingerprint) return;
  throw new PlatformError(
    "board",
    `The ${board} runs ${holds} ${found}, but the vectors of the folder are for ${fingerprint}. Load this folder's bitstream, or name the folder of that ${holds}.`,
  );
}

/** Throws PlatformError at the first column that differs. */
function compare(
  reply: Uint8Array,
  expected: readonly string[],
  { tokens, dimension }: EngineBoard,
  run: number,
): void {
  const columns = expected.map(bytesOfHex);
  const bytes = columns[0].length;
  const differs = columns.map((column, n) => column.some((byte, at) => reply[n * bytes + at] !== byte));
  const first = differs.indexOf(true);
  if (first === -1) return;
  const at = columns[first].findIndex((byte, n) => reply[first * bytes + n] !== byte);
  const [is, wanted] = [reply[first * bytes + at], columns[first][at]];
  const bit = 31 - Math.clz32((is ^ wanted) & -(is ^ wanted));
  const place = 8 * at + bit;
  throw new PlatformError(
    "board",
    `Run ${run}, step ${Math.floor(first / dimension)}, feature ${first % dimension}: A of head ${Math.floor(place / tokens)}, token ${place % tokens} is ${(is >> bit) & 1}, but the cycle model gives ${(wanted >> bit) & 1}. ` +
      `${differs.filter(Boolean).length} of ${columns.length} columns of this run differ. Check the folder with xpike rtl verify, and rebuild the bitstream.`,
  );
}

async function readDescription(folder: string): Promise<BoardDescription> {
  const path = join(folder, BOARD_FILE);
  const text = new TextDecoder().decode(await readFileChecked(path, DESCRIPTION_BYTES));
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const result = descriptionSchema.safeParse(parsed);
  if (result.success) return result.data;
  throw new FileError(
    path,
    "This file does not describe a board. Write the folder again: xpike rtl EXPERIMENT --board ulx3s-85f.",
  );
}

async function readLines(folder: string, name: string): Promise<string[]> {
  const path = join(folder, name);
  const lines = new TextDecoder()
    .decode(await readFileChecked(path, VECTOR_BYTES))
    .trim()
    .split("\n");
  if (lines.every((line) => /^[0-9a-f]+$/.test(line))) return lines;
  throw new FileError(
    path,
    "A line is not a hexadecimal number. Write the folder again: xpike rtl EXPERIMENT --board.",
  );
}
