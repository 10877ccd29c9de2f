/** A driver's bus to a server of co-simulation, over TCP. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PlatformError } from "../errors.ts";
import type { Bus } from "../rtl/host/accelerator.ts";
import {
  decodeReply,
  encodeRequest,
  FRAME_BYTES,
  type Reply,
  type Request,
  STATUS,
} from "../rtl/host/cosim-protocol.ts";

export interface CosimBus extends Bus {
  /** Clocks since the reset, and whether `irq_o` is 1. */
  clocks(): Promise<{ readonly clocks: number; readonly interrupt: boolean }>;
  /** The same connection with another limit of clocks per packet. */
  within(limit: number): CosimBus;
  /** Ends the server. */
  quit(): Promise<void>;
  close(): void;
}

/** Clocks per packet until the driver knows the machine's schedule. */
const FIRST_LIMIT = 1_000_000;
const EVERY_STROBE = 0b1111;

/** Throws PlatformError when no server answers at this port of the host, later when it ends or breaks the protocol. */
export async function connectCosim(port: number, host = "127.0.0.1"): Promise<CosimBus> {
  const socket = connect({ port, host });
  socket.setNoDelay(true);
  await once(socket, "connect").catch((error: Error) => {
    throw new PlatformError(
      "cosim",
      `No co-simulation at ${host}, port ${port}: ${error.message}. Start one with xpike rtl cosim FOLDER --serve.`,
    );
  });
  return busWithin(linkOf(socket), FIRST_LIMIT);
}

interface Link {
  /** Sends a request; resolves to its reply, and `payload` bytes for each of the reply's first word. */
  ask(request: Request, payload?: number): Promise<{ readonly reply: Reply; readonly payload: Uint8Array }>;
  close(): void;
}

function busWithin(link: Link, limit: number): CosimBus {
  const done = async (what: string, request: Request, payload?: number) => {
    const answer = await link.ask(request, payload);
    requireDone(answer.reply, what, limit);
    return answer;
  };
  return {
    read: async (address) =>
      (await done(`a read of 0x${address.toString(16)}`, { kind: "read", first: address })).reply.first,
    write: async (address, word) => {
      const request = { kind: "write", flags: EVERY_STROBE, first: address, second: word } as const;
      await done(`a write to 0x${address.toString(16)}`, request);
    },
    send: async (payload, count) => {
      await done("sending vectors", { kind: "send", first: count, second: limit, payload });
    },
    receive: async (count, bytes) =>
      (await done("receiving answers", { kind: "receive", first: count, second: limit }, bytes)).payload,
    clocks: async () => {
      const { reply } = await done("clocks", { kind: "clocks" });
      return { clocks: reply.second * 2 ** 32 + reply.first, interrupt: reply.interrupt };
    },
    within: (clocks) => busWithin(link, clocks),
    quit: async () => {
      await done("quit", { kind: "quit" });
      link.close();
    },
    close: () => link.close(),
  };
}

function requireDone({ status, first }: Reply, what: string, limit: number): void {
  if (status === STATUS.done) return;
  const reasons: Readonly<Record<number, string>> = {
    [STATUS.refused]: "was refused (SLVERR). Read ERROR and STATUS: seeds and starts are refused while busy.",
    [STATUS.late]: `was not done in ${limit} clocks: ${first} came through. Clear the machine, and check the length of prompts.`,
    [STATUS.damaged]: "is no request of this server. Use the driver of the same version.",
  };
  throw new PlatformError(
    "accelerator",
    `${what} ${reasons[status] ?? `is answered by the unknown status ${status}.`}`,
  );
}

function linkOf(socket: Socket): Link {
  const takes = reader(socket);
  return {
    ask: async (request, each = 0) => {
      socket.write(encodeRequest(request));
      const reply = decodeReply(await takes(FRAME_BYTES));
      if (reply === null || (each > 0 && reply.first > (request.first ?? 0))) {
        socket.destroy();
        throw new PlatformError(
          "cosim",
          "The server sent something else than a reply. Is another program at this port?",
        );
      }
      return { reply, payload: await takes(each * (each > 0 ? reply.first : 0)) };
    },
    close: () => socket.destroy(),
  };
}

/** Reads exactly the bytes asked for; one request waits at a time. */
function reader(socket: Socket): (bytes: number) => Promise<Uint8Array> {
  let waiting: (() => void) | null = null;
  let ended = false;
  const wake = () => {
    waiting?.();
    waiting = null;
  };
  socket.on("readable", wake);
  // A failed connection also closes.
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
    wake();
  });
  return async (bytes) => {
    const parts: Buffer[] = [];
    for (let missing = bytes; missing > 0; ) {
      const part: Buffer | null =
        socket.readableLength > 0 ? socket.read(Math.min(missing, socket.readableLength)) : null;
      if (part !== null) {
        parts.push(part);
        missing -= part.length;
        continue;
      }
      if (ended || socket.readableEnded) throw new PlatformError("cosim", "The co-simulation ended the connection.");
      await new Promise<void>((go) => {
        waiting = go;
        // Asks for more to be read; what has come since wakes at once.
        if (socket.readableLength === 0) socket.read(0);
        else wake();
      });
    }
    return new Uint8Array(Buffer.concat(parts));
  };
}
