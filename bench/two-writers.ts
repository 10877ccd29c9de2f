/** Two commands that want one folder: one gets it and ends as if it were alone, the other is told who has it. */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Stream } from "../src/numeric/stream.ts";
import { contentsOf, differences, type KillOptions, launch } from "./kills.ts";

/** Before the second writer starts: from together with the first to well within its work. */
const LATEST = 1500;

export interface WriterCounts {
  readonly tries: number;
  /** Most milliseconds of the second's process from its start to its end, and those of the starting of Node alone. */
  readonly slowest: number;
  readonly faults: readonly string[];
}

type Options = Pick<KillOptions, "folder" | "xpike" | "threads"> & { readonly tries: number; readonly random: Stream };

export async function tryTwoWriters(options: Options): Promise<WriterCounts> {
  const { folder, random } = options;
  const faults: string[] = [];
  let slowest = 0;
  let whole: Map<string, string> | undefined;
  let tries = 0;
  for (; tries < options.tries && faults.length === 0; tries++) {
    const name = `writers-${tries}`;
    mkdirSync(join(folder, name));
    const writers = [start(name, options)];
    await new Promise((resolve) => setTimeout(resolve, random.integer(LATEST)));
    writers.push(start(name, options));
    const ended = await Promise.all(writers.map(({ end }) => end));
    const refused = ended.filter(({ code, text }) => code === 2 && text.includes("The folder is in use by"));
    const done = ended.filter(({ code }) => code === 0);
    if (refused.length !== 1 || done.length !== 1) {
      faults.push(`${name}: ${ended.map(({ code, text }) => `${code}: ${text}`).join("\n")}`);
      continue;
    }
    slowest = Math.max(slowest, refused[0].milliseconds);
    const found = await contentsOf(join(folder, name));
    whole ??= found;
    faults.push(...differences(name, whole, found));
  }
  return { tries, slowest, faults };
}

function start(name: string, options: Options) {
  const begun = performance.now();
  const { child, printed } = launch("run", name, options);
  const end = once(child, "close").then(([code]) => ({
    code: code as number | null,
    text: printed(),
    milliseconds: performance.now() - begun,
  }));
  return { end };
}
