/** A host's link over a line that is scripted: a request, and what comes back. */
import { expect, test } from "vitest";
import { encodeFrame, REFUSAL, REPLY, REQUEST } from "./protocol.ts";
import { serialBus } from "./serial-bus.ts";
import { type ByteLine, FrameLink } from "./serial-line.ts";

const PATIENCE = 20;

/** A line that answers each frame with the next of the replies, and records what was sent. */
function scripted(...replies: Uint8Array[]) {
  const sent: Uint8Array[] = [];
  const waiting: Uint8Array[] = [];
  const line: ByteLine = {
    write: async (bytes) => {
      // A single END asks for nothing.
      if (bytes.length === 1) return;
      sent.push(bytes);
      const reply = replies.shift();
      if (reply) waiting.push(reply);
    },
    read: async () => {
      await new Promise((go) => setTimeout(go, 1));
      return waiting.shift() ?? new Uint8Array();
    },
    close: async () => {},
  };
  return { link: new FrameLink(line, PATIENCE), sent };
}

const refused = (why: keyof typeof REFUSAL) => encodeFrame(REPLY.refused, Uint8Array.of(REFUSAL[why]));
const done = encodeFrame(REPLY.done, new Uint8Array());
const word = encodeFrame(REPLY.word, Uint8Array.of(4, 3, 2, 0x81));
const damaged = word.with(2, 0x55);

test("addresses and words go with their low byte first", async () => {
  const { link, sent } = scripted(word, done);
  const bus = serialBus(link);
  expect(await bus.read(0x1004)).toBe(0x8102_0304);
  await bus.write(0x10, 0xfedc_ba98);
  expect(sent).toEqual([
    encodeFrame(REQUEST.read, Uint8Array.of(4, 0x10, 0, 0)),
    encodeFrame(REQUEST.write, Uint8Array.of(0x10, 0, 0, 0, 0x98, 0xba, 0xdc, 0xfe)),
  ]);
});

test("a read is repeated until its reply arrives, and a write only if the board did not get it", async () => {
  const reading = scripted(damaged, refused("damaged"), word);
  expect(await serialBus(reading.link).read(0)).toBe(0x8102_0304);
  expect(reading.link.repeated).toBe(2);
  const writing = scripted(refused("damaged"), done);
  await serialBus(writing.link).write(0, 0);
  expect([writing.link.repeated, writing.sent.length]).toEqual([1, 2]);
  for (const lost of [[damaged], []]) {
    const { link, sent } = scripted(...lost);
    await expect(serialBus(link).write(0, 0)).rejects.toThrow("The reply to a write or to vectors was lost");
    expect(sent).toHaveLength(1);
  }
});

test("a refusal is not repeated, and says why", async () => {
  for (const [why, said] of [
    ["slave", "SLVERR"],
    ["closed", "no start admits them"],
    ["idle", "before any vectors"],
    ["unknown", "holds something else"],
  ] as const) {
    const { link, sent } = scripted(refused(why));
    await expect(serialBus(link).read(0)).rejects.toThrow(said);
    expect(sent).toHaveLength(1);
  }
});
