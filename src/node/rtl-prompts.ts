/** The prompts in a folder of `xpike rtl --machine`, sent through a driver's bus, and the answers compared with the simulator's. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.ts";
import { bytesOfHex } from "../rtl/board/protocol.ts";
import {
  type Answer,
  type Bus,
  type Constants,
  clear,
  decodeAnswer,
  type HostPrompt,
  type Identity,
  identify,
  loadConstants,
  runPrompt,
  runQueue,
} from "../rtl/host/accelerator.ts";
import { CONSTANT_FILE } from "../rtl/machine/load-layout.ts";
import { ANSWER_FILE, DECISION_FILE, INPUT_FILE, SEED_FILE } from "../rtl/machine/vectors.ts";
import { readFileChecked } from "./files.ts";

const VECTOR_FILE_BYTES = 2 ** 30;

export interface PromptChoice {
  /**
   * Folder of another chip of the same machine, or of the same one at another age, whose constants are loaded first and whose prompts are
   * sent. Default: none.
   */
  readonly constants?: string | undefined;
  /** The first so many. Default: all in the folder. */
  readonly prompts?: number | undefined;
  /** Whether their numbers go through the machine's queue, instead of seeds and a start for each. Default: false. */
  readonly queue?: boolean | undefined;
  /** Called after each. */
  readonly onPrompt?: ((done: number, all: number) => void) | undefined;
}

export interface PromptCheck {
  readonly prompts: number;
  readonly answers: number;
  /** Answers of which a total, or the decision, is not the simulator's. */
  readonly differing: number;
}

/** Prompts of a folder, and the answers that the simulator gave. */
export interface FolderPrompts {
  readonly prompts: readonly HostPrompt[];
  readonly answers: readonly (readonly Answer[])[];
}

/**
 * Throws  FileError for a damaged folder; as the bus when the machine does not answer, or is another one
 */
export async function sendPrompts(
  folder: string,
  bus: Bus,
  { constants, prompts: wanted, queue = false, onPrompt = () => {} }: PromptChoice = {},
): Promise<PromptCheck> {
  const identity = await identify(bus);
  const given = await folderPrompts(constants ?? folder, identity);
  const prompts = given.prompts.slice(0, wanted);
  await clear(bus);
  if (constants !== undefined) await loadConstants(bus, identity, await folderConstants(constants));
  let differing = 0;
  let p = 0;
  for await (const answers of queue ? queued(bus, identity, prompts) : oneByOne(bus, identity, prompts)) {
    differing += answers.filter((answer, a) => !isSame(answer, given.answers[p][a])).length;
    onPrompt(++p, prompts.length);
  }
  return { prompts: prompts.length, answers: prompts.length * identity.answers, differing };
}

async function* oneByOne(bus: Bus, identity: Identity, prompts: readonly HostPrompt[]): AsyncGenerator<Answer[]> {
  for (const prompt of prompts) yield await runPrompt(bus, identity, prompt);
}

/** A folder's prompts are the first of their run. */
const queued = (bus: Bus, identity: Identity, prompts: readonly HostPrompt[]) =>
  runQueue(
    bus,
    identity,
    prompts.map(({ vectors }, number) => ({ number, vectors })),
  );

const isSame = (one: Answer, other: Answer) =>
  one.decision === other.decision && one.totals.every((total, n) => total === other.totals[n]);

/** Throws FileError when the files are not those of a machine with this identity. */
export async function folderPrompts(folder: string, identity: Identity): Promise<FolderPrompts> {
  const { seedWords, vectors, vectorBits, answers, totalBits, decisionBits } = identity;
  const [seeds, inputs, totals, decisions] = await Promise.all([
    readWords(folder, SEED_FILE, 32),
    readWords(folder, INPUT_FILE, vectorBits),
    readWords(folder, ANSWER_FILE, totalBits),
    readWords(folder, DECISION_FILE, decisionBits),
  ]);
  const count = seeds.length / seedWords;
  const expected = { [SEED_FILE]: seedWords, [INPUT_FILE]: vectors, [ANSWER_FILE]: answers, [DECISION_FILE]: answers };
  for (const [n, [name, each]] of Object.entries(expected).entries()) {
    const lines = [seeds, inputs, totals, decisions][n].length;
    if (Number.isInteger(count) && lines === count * each) continue;
    throw new FileError(
      join(folder, name),
      `${lines} lines, but the accelerator takes or gives ${each} per prompt. Serve the machine of this folder.`,
    );
  }
  const answerOf = (n: number): Answer => {
    const totalBytes = bytesOf(totals[n], totalBits);
    return decodeAnswer(identity, Uint8Array.from([...totalBytes, ...bytesOf(decisions[n], decisionBits)]));
  };
  const each = <Item>(size: number, p: number, make: (n: number) => Item) =>
    Array.from({ length: size }, (_, n) => make(p * size + n));
  return {
    prompts: Array.from({ length: count }, (_, p) => ({
      seeds: Uint32Array.from(each(seedWords, p, (n) => Number.parseInt(seeds[n], 16))),
      vectors: Uint8Array.from(each(vectors, p, (n) => [...bytesOf(inputs[n], vectorBits)]).flat()),
    })),
    answers: Array.from({ length: count }, (_, p) => each(answers, p, answerOf)),
  };
}

/** Throws FileError when the folder has none. */
export async function folderConstants(folder: string): Promise<Constants> {
  if (!existsSync(join(folder, CONSTANT_FILE))) {
    throw new FileError(
      join(folder, CONSTANT_FILE),
      "This folder has no constants to load. Write it with xpike rtl EXPERIMENT --machine --loadable.",
    );
  }
  const words = (await readWords(folder, CONSTANT_FILE, 32)).map((word) => Number.parseInt(word, 16));
  return { layout: words[0], words: Uint32Array.from(words.slice(1)) };
}

/** Low byte first. */
function bytesOf(digits: string, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  bytes.set(bytesOfHex(digits));
  return bytes;
}

/** The last word of each line, of at most so many bits in whole bytes. */
async function readWords(folder: string, name: string, bits: number): Promise<string[]> {
  const path = join(folder, name);
  const text = new TextDecoder().decode(await readFileChecked(path, VECTOR_FILE_BYTES));
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const word = /(?:^| )([0-9a-f]+)$/.exec(line)?.[1];
      if (word !== undefined && word.length <= 2 * Math.ceil(bits / 8)) return word;
      throw new FileError(
        path,
        `"${line.slice(0, 40)}" has no hexadecimal word of ${bits} bits. Write the folder again with xpike rtl.`,
      );
    });
}
