/**
 * The host side of the board kit: streams the vectors of a folder from `xpike rtl --board` to the board, and compares A bit for bit.
 */
import { join } from "node:path";
import { z } from "zod";
import { FileError, PlatformError } from "../errors.ts";
import { BOARD_NAMES } from "../rtl/board/boards.ts";
import { BOARD_FILE, type BoardDescription } from "../rtl/board/project-files.ts";
import { bytesOfHex, encodeFrame, type Frame, FrameReader, REFUSAL, REPLY, REQUEST } from "../rtl/board/protocol.ts";
import { readFileChecked } from "./files.ts";
import { type ByteLine, openSerialPort } from "./serial-port.ts";

export interface HostOptions {
  /** Path of the serial port, or an open line. */
  readonly port: string | ByteLine;
  /** Seconds without a byte after which a request is abandoned. Default 2. */
  readonly patience?: number | undefined;
  /** Runs to send. Default: all in the folder. */
  readonly runs?: number | undefined;
  /** Called after each run. */
  readonly onRun?: (run: number, runs: number) => void;
}

export interface BoardCheck {
  readonly runs: number;
  /** Columns and bits of A that were compared. */
  readonly columns: number;
  readonly bits: number;
  /** Requests that were sent again because a byte was lost or changed in transit. */
  readonly repeated: number;
}

const DESCRIPTION_BYTES = 2 ** 16;
const VECTOR_BYTES = 2 ** 30;
const PATIENCE = 2;
/** Times that a request is sent before it is abandoned. */
const ATTEMPTS = 3;

const count = z
  .int()
  .min(1)
  .max(2 ** 20);
const descriptionSchema: z.ZodType<BoardDescription> = z.object({
  board: z.enum(BOARD_NAMES),
  baud: count.max(12_000_000),
  fingerprint: z.string().regex(/^[0-9a-f]{8}$/),
  heads: count,
  tokens: count,
  dimension: count,
});

/**
 * Sends every run and compares every bit of its answer. Lost or changed bytes are detected and sent again.
 *
 * Throws  FileError when the folder has no kit, or the port cannot be used; PlatformError when the board does not answer, holds
 *         another engine, or returns a different A from the cycle model
 */
export async function checkBoard(folder: string, options: HostOptions): Promise<BoardCheck> {
  const description = await readDescription(folder);
  const [runs, inputs, outputs] = await Promise.all(
    ["runs.hex", "inputs.hex", "outputs.hex"].map((name) => readLines(folder, name)),
  );
  const { port, patience = PATIENCE, onRun = () => {} } = options;
  const line = typeof port === "string" ? await openSerialPort(port, description.baud) : port;
  const link = new BoardLink(line, 1000 * patience);
  try {
    await greet(link, description);
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
        kind: REPLY.spikes,
        length: bytes * expected.length,
      });
      compare(reply, expected, description, run);
      columns = last;
      onRun(run + 1, wanted);
    }
    const bits = columns * description.heads * description.tokens;
    return { runs: wanted, columns, bits, repeated: link.repeated };
  } finally {
    if (typeof port === "string") await line.close();
  }
}

/** Throws PlatformError when the board holds another engine than the folder. */
async function greet(link: BoardLink, { fingerprint, board }: BoardDescription): Promise<void> {
  await link.resynchronise();
  const identity = await link.ask(REQUEST.identify, new Uint8Array(), { kind: REPLY.identity, length: 4 });
  const found = Array.from(identity.toReversed(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found === fingerprint) return;
  throw new PlatformError(
    "board",
    `The ${board} runs engine ${found}, but the vectors of the folder are for ${fingerprint}. Load this folder's bitstream, or name the folder of that engine.`,
  );
}

/** Throws PlatformError at the first column that differs. */
function compare(
  reply: Uint8Array,
  expected: readonly string[],
  { tokens, dimension }: BoardDescription,
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

/** Requests and replies over a line. */
class BoardLink {
  repeated = 0;
  private readonly frames = new FrameReader();
  private readonly line: ByteLine;
  private readonly patience: number;

  constructor(line: ByteLine, patience: number) {
    this.line = line;
    this.patience = patience;
  }

  /** Stops whatever the board is doing, and waits until the line is silent. */
  async resynchronise(): Promise<void> {
    await this.line.write(encodeFrame(0, new Uint8Array()).subarray(0, 1));
    const deadline = Date.now() + this.patience;
    while ((await this.line.read()).length > 0 && Date.now() < deadline);
    this.frames.reset();
  }

  /**
   * Sends a request until its reply arrives intact. Throws PlatformError after `ATTEMPTS`, or when the board does not know the request.
   */
  async ask(kind: number, payload: Uint8Array, wanted: { kind: number; length: number }): Promise<Uint8Array> {
    let last: Frame | null | "silence" = "silence";
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) {
        this.repeated++;
        await this.resynchronise();
      }
      await this.line.write(encodeFrame(kind, payload));
      last = await this.reply();
      if (last === "silence" || last === null) continue;
      if (last.kind === wanted.kind && last.payload.length === wanted.length) return last.payload;
    }
    throw new PlatformError("board", unanswered(last, this.patience));
  }

  /** The next frame; null when it is damaged. */
  private async reply(): Promise<Frame | null | "silence"> {
    for (let heard = Date.now(); Date.now() - heard < this.patience; ) {
      const bytes = await this.line.read();
      if (bytes.length > 0) heard = Date.now();
      const frames = this.frames.take(bytes);
      if (frames.length > 0) return frames[0];
    }
    return "silence";
  }
}

function unanswered(last: Frame | null | "silence", patience: number): string {
  if (last === "silence") {
    return (
      `No answer came within ${patience / 1000} s, ${ATTEMPTS} times. Load the bitstream, name the board's port, and see that nothing else has it open; ` +
      `the rate of the line is that of ${BOARD_FILE}.`
    );
  }
  const why =
    last === null
      ? "a damaged answer"
      : last.kind === REPLY.refused && last.payload[0] === REFUSAL.damaged
        ? "a refusal of a damaged request"
        : `an answer of kind 0x${last.kind.toString(16)} with ${last.payload.length} bytes`;
  return `The board gave ${why}, ${ATTEMPTS} times. Take a shorter cable or a lower rate: xpike rtl --baud 115200.`;
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
