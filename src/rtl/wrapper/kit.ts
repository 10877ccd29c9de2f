/**
 * What the wrapper of a system needs, and what it gives: the kit of each kind in `wrappers.ts`. The command line offers the names, so this
 * file imports only types.
 */
import type { MachineFacts } from "../axi/register-map.ts";
import type { SourceFiles } from "../design.ts";

export const WRAPPER_NAMES = ["litex", "zynq"] as const;
export type WrapperName = (typeof WRAPPER_NAMES)[number];

/** What a wrapper is written from. */
export interface Wrapped {
  readonly facts: MachineFacts;
  /** Bits of the streams at the bus. */
  readonly bits: number;
  /** Clocks per second of the experiment's machine. */
  readonly clock: number;
  /** Sources in order, leaves first, and files that they read. */
  readonly sources: readonly string[];
  readonly contents: readonly string[];
  /** First lines of every file, without comment marks. */
  readonly origin: string;
}

/** Files beside the sources, and how to use them, for the README. */
export interface WrapperKit {
  readonly title: string;
  files(wrapped: Wrapped): SourceFiles;
  readme(wrapped: Wrapped): string;
}
