/** What the testbench of a board with a machine sends and expects back: whole prompts, and every refusal. */
import {
  CONTROL,
  ERROR,
  IDENTITY,
  type MachineFacts,
  type RegisterName,
  registerOf,
  seedBase,
} from "../axi/register-map.ts";
import { streamSizes } from "../axi/top.ts";
import { ANSWER_FILE, DECISION_FILE, INPUT_FILE, type MachineVectors, SEED_FILE } from "../machine/vectors.ts";
import { bytesOfHex, encodeFrame, REFUSAL, REPLY, REQUEST } from "./protocol.ts";
import type { Exchange } from "./testbench.ts";

const NOTHING = new Uint8Array();
/** Low byte first. */
const wordBytes = (...words: number[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(words, (word) => word >>> 0).buffer.slice(0));

/** @param prompts of the vectors that are sent; at least one */
export function machineExchanges(
  facts: MachineFacts,
  fingerprint: number,
  { files }: Pick<MachineVectors, "files">,
  prompts: number,
): Exchange[] {
  const { vectors, answers, seedWords, windowWords, clocks } = facts;
  const { input, output, decisionAt } = streamSizes(facts);
  const words = (file: string) =>
    files[file]
      .trim()
      .split("\n")
      .map((line) => line.split(" ").at(-1)!);
  const [seeds, inputs, totals, decisions] = [SEED_FILE, INPUT_FILE, ANSWER_FILE, DECISION_FILE].map(words);
  const each = (list: readonly string[], p: number, count: number) => list.slice(p * count, (p + 1) * count);
  const wide = (digits: string, bits: number) => {
    const bytes = new Uint8Array(bits / 8);
    bytes.set(bytesOfHex(digits));
    return [...bytes];
  };

  const refused = (why: keyof typeof REFUSAL) => encodeFrame(REPLY.refused, Uint8Array.of(REFUSAL[why]));
  const done = encodeFrame(REPLY.done, NOTHING);
  const identify: Exchange = {
    sent: encodeFrame(REQUEST.identify, NOTHING),
    reply: encodeFrame(REPLY.identity, wordBytes(fingerprint)),
  };
  const write = (address: number, word: number, reply = done): Exchange => ({
    sent: encodeFrame(REQUEST.write, wordBytes(address, word)),
    reply,
  });
  const readAt = (address: number, reply: Uint8Array): Exchange => ({
    sent: encodeFrame(REQUEST.read, wordBytes(address)),
    reply,
  });
  const read = (name: RegisterName, word: number) =>
    readAt(registerOf(name).offset, encodeFrame(REPLY.word, wordBytes(word)));
  const control = registerOf("CONTROL").offset;
  const start = (reply = done) => write(control, 2 ** CONTROL.start, reply);
  const vectorsOf = (p: number, reply = done): Exchange => ({
    sent: encodeFrame(REQUEST.vectors, Uint8Array.from(each(inputs, p, vectors).flatMap((word) => wide(word, input)))),
    reply,
  });
  const answersTo = (p: number): Exchange => {
    const decided = each(decisions, p, answers);
    const bytes = each(totals, p, answers).flatMap((word, n) => [
      ...wide(word, decisionAt),
      ...wide(decided[n], output - decisionAt),
    ]);
    return { sent: encodeFrame(REQUEST.answers, NOTHING), reply: encodeFrame(REPLY.answers, Uint8Array.from(bytes)) };
  };
  const seedsOf = (p: number) =>
    each(seeds, p, seedWords).map((word, n) => write(seedBase(windowWords) + 4 * n, Number.parseInt(word, 16)));
  const rest = (p: number) => [vectorsOf(p), answersTo(p), read("CLOCKS", clocks)];
  const promptOf = (p: number) => [...seedsOf(p), start(), ...rest(p)];
  /** The second prompt's number is submitted while the first runs. */
  const isQueued = prompts > 1;

  const short = vectorsOf(0).sent;
  return [
    identify,
    { sent: identify.sent.with(1, identify.sent[1] ^ 0x10), reply: refused("damaged") },
    { sent: encodeFrame(0x55, NOTHING), reply: refused("unknown") },
    { sent: encodeFrame(REQUEST.read, Uint8Array.of(0, 0, 0)), reply: refused("length") },
    { sent: encodeFrame(REQUEST.write, wordBytes(control, 1, 0)), reply: refused("length") },
    { sent: encodeFrame(REQUEST.vectors, Uint8Array.of(1)), reply: refused("length") },
    // One byte is missing.
    { sent: Uint8Array.from([...short.slice(0, 3), ...short.slice(4)]), reply: refused("damaged") },
    read("ID", IDENTITY),
    readAt(0xffff_fff0, refused("slave")),
    readAt(seedBase(windowWords), refused("slave")),
    write(registerOf("ID").offset, 0, refused("slave")),
    { sent: encodeFrame(REQUEST.answers, NOTHING), reply: refused("idle") },
    vectorsOf(0, refused("closed")),
    ...seedsOf(0),
    start(),
    start(refused("slave")),
    vectorsOf(0),
    vectorsOf(0, refused("closed")),
    ...(isQueued ? [write(registerOf("SUBMIT").offset, 1)] : []),
    answersTo(0),
    answersTo(0),
    read("ERROR", 2 ** ERROR.start),
    ...Array.from({ length: prompts - 1 }, (_, p) => (p === 0 && isQueued ? rest(1) : promptOf(p + 1))).flat(),
    ...(isQueued ? [read("ANSWERED", prompts === 2 ? 1 : 0)] : []),
    read("PROMPTS", prompts),
    identify,
  ];
}
