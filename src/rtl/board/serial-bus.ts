/** The bus of the TypeScript driver (`host/accelerator.ts`) to a machine on a board, over its serial line. `c-uart.ts` is its twin. */
import type { Bus } from "../host/accelerator.ts";
import { REQUEST } from "./protocol.ts";
import type { FrameLink } from "./serial-line.ts";

/** Throws PlatformError for an access that is refused, or not answered within the link's patience. */
export function serialBus(link: FrameLink): Bus {
  return {
    read: async (address) => {
      const word = await link.ask(REQUEST.read, wordsOf(address), { kind: "word", length: 4 });
      return new DataView(word.buffer, word.byteOffset).getUint32(0, true);
    },
    write: async (address, word) => {
      await link.ask(REQUEST.write, wordsOf(address, word), { kind: "done", length: 0, isRepeatable: false });
    },
    send: async (vectors) => {
      await link.ask(REQUEST.vectors, vectors, { kind: "done", length: 0, isRepeatable: false });
    },
    receive: (count, bytes) => link.ask(REQUEST.answers, new Uint8Array(), { kind: "answers", length: count * bytes }),
  };
}

/** 32 bits each, low byte first. */
function wordsOf(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  for (const [n, word] of words.entries()) view.setUint32(4 * n, word, true);
  return bytes;
}
