/** A host's end of the protocol (`protocol.ts`): requests and replies over a line of bytes that may lose or change some. */
import { PlatformError } from "../../errors.ts";
import { encodeFrame, type Frame, FrameReader, REFUSAL, REPLY } from "./protocol.ts";

/** A byte stream in both directions. */
export interface ByteLine {
  write(bytes: Uint8Array): Promise<void>;
  /** The bytes received, after at most a tenth of a second; empty if there are none. */
  read(): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface Asked {
  readonly kind: keyof typeof REPLY;
  /** Bytes of its payload. */
  readonly length: number;
  /** Whether the board may do it twice, so that a request whose reply is lost is sent again. Default: yes. */
  readonly isRepeatable?: boolean;
}

/** Times that a request is sent before it is abandoned. */
const ATTEMPTS = 3;

export class FrameLink {
  /** Requests that were sent again. */
  repeated = 0;
  private readonly frames = new FrameReader();
  private readonly line: ByteLine;
  private readonly patience: number;

  /** @param patience milliseconds without a byte after which a request is abandoned */
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
   * Sends a request until its reply arrives intact. Throws PlatformError after `ATTEMPTS`, or when the board does not know the request or
   * refuses it.
   */
  async ask(
    kind: number,
    payload: Uint8Array,
    { kind: reply, length, isRepeatable = true }: Asked,
  ): Promise<Uint8Array> {
    let last: Frame | null | "silence" = "silence";
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) {
        this.repeated++;
        await this.resynchronise();
      }
      await this.line.write(encodeFrame(kind, payload));
      last = await this.reply();
      if (last !== "silence" && last !== null) {
        if (last.kind === REPLY[reply] && last.payload.length === length) return last.payload;
        const why = refusalOf(last);
        if (why !== null && why !== "damaged") throw new PlatformError("board", REASONS[why]);
        if (why === "damaged") continue;
      }
      if (isRepeatable) continue;
      throw new PlatformError(
        "board",
        "The reply to a write or to vectors was lost, so the board may have done it or not. Clear the machine, and send the prompt again.",
      );
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

type Refusal = keyof typeof REFUSAL;

function refusalOf({ kind, payload }: Frame): Refusal | null {
  if (kind !== REPLY.refused || payload.length !== 1) return null;
  return (Object.keys(REFUSAL) as Refusal[]).find((why) => REFUSAL[why] === payload[0]) ?? null;
}

const REASONS: Readonly<Record<Exclude<Refusal, "damaged">, string>> = {
  unknown: "The board does not know the request: it holds something else. Load this folder's bitstream.",
  length: "The board expects a request of another length: it holds something else. Load this folder's bitstream.",
  slave: "The access was refused (SLVERR). Read ERROR and STATUS: seeds and starts are refused while busy.",
  closed: "Vectors were refused: no start admits them. Write start to CONTROL when STATUS is idle.",
  idle: "Answers were requested before any vectors. Send a prompt.",
};

function unanswered(last: Frame | null | "silence", patience: number): string {
  if (last === "silence") {
    return (
      `No answer came within ${patience / 1000} s, ${ATTEMPTS} times. Load the bitstream, name the board's port, and see that nothing else has it open; ` +
      "the rate of the line is that of board.json."
    );
  }
  const why =
    last === null
      ? "a damaged answer"
      : refusalOf(last) === "damaged"
        ? "a refusal of a damaged request"
        : `an answer of kind 0x${last.kind.toString(16)} with ${last.payload.length} bytes`;
  return `The board gave ${why}, ${ATTEMPTS} times. Take a shorter cable or a lower rate: xpike rtl --baud 115200.`;
}
