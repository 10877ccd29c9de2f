/** The definition of a fuzzer's reader, and what all readers share. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isXpikeError } from "../src/errors.ts";
import type { Stream } from "../src/numeric/stream.ts";
import { tinyExperiment } from "../test/support/tiny-training.ts";

export type Input = Uint8Array | string;

export interface Reader {
  /** Inputs per million: readers that decode images or write files are far slower than others. */
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

/** A small experiment, the source of files for readers. */
export const experiment = tinyExperiment();

/** For inputs that several readers examine, in turn. Throws any error that is not meant for users. */
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
