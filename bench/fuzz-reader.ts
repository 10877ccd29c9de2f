/** What a reader of the fuzzer is, and what all have in common. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isXpikeError } from "../src/errors.ts";
import type { Stream } from "../src/numeric/stream.ts";
import { tinyExperiment } from "../test/support/tiny-training.ts";

export type Input = Uint8Array | string;

export interface Reader {
  /** Of a million inputs, so many: readers that decode pictures or write files are slower than others by far. */
  readonly share: number;
  readonly valid: readonly Input[];
  mutate(valid: never, random: Stream): Input;
  read(input: never): unknown;
}

const root = join(
  import.meta.dirname.replace(/dist-bench.*/, ""),
  import.meta.dirname.includes("dist-bench") ? "" : "..",
);

export const golden = (name: string) => new Uint8Array(readFileSync(join(root, "test/golden", name)));

export const json = (...documents: readonly unknown[]): string[] =>
  documents.map((document) => JSON.stringify(document));

/** A small experiment, whose files readers are given. */
export const experiment = tinyExperiment();

/** For inputs that several readers look at: each has its turn. Throws what is no error for people. */
export function attempt(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!isXpikeError(error)) throw error;
  }
}

export async function attemptLater(read: () => Promise<unknown>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!isXpikeError(error)) throw error;
  }
}
