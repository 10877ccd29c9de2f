/** Two commands that compete for one folder: one gets it and ends as if it were alone, the other is told who holds it. */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Stream } from "../src/numeric/stream.ts";
import { contentsOf, differences, type KillOptions, launch } from "./kills.ts";

/** The second writer starts with the first, or later by up to this share of an undisturbed run's time. */
const LATEST = 0.6;
/** Enough prompts that a run takes several times as long as its start. */
const PROMPTS = 8000;

export interface WriterCounts {
  readonly tries: number;
  /** Milliseconds from start to end of the second process, for each try. */
  readonly times: readonly number[];
  readonly faults: readonly string[];
}

type Options = Pick<KillOptions, "folder" | "xpike" | "threads"> & { readonly tries: number; readonly random: Stream };

export async function tryTwoWriters(options: Options): Promise<WriterCounts> {
  const { folder, random } = options;
  const faults: string[] = [];
  mkdirSync(join(folder, "writers-whole"));
  const alone = await start("writers-whole", options).end;
  if (alone.code !== 0) return { tries: 0, times: [], faults: [`undisturbed: ${alone.text}`] };
  const whole = await contentsOf(join(folder, "writers-whole"));
  const latest = Math.ceil(LATEST * alone.milliseconds);
  const times: number[] = [];
  let tries = 0;
  for (; tries < options.tries && faults.length === 0; tries++) {
    const name = `writers-${tries}`;
    mkdirSync(join(folder, name));
    const writers = [start(name, options)];
    await new Promise((resolve) => setTimeout(resolve, random.integer(latest)));
    writers.push(start(name, options));
    const ended = await Promise.all(writers.map(({ end }) => end));
    const refused = ended.filter(({ code, text }) => code === 2 && text.includes("The folder is in use by"));
    const done = ended.filter(({ code }) => code === 0);
    if (refused.length !== 1 || done.length !== 1) {
      faults.push(`${name}: ${ended.map(({ code, text }) => `${code}: ${text}`).join("\n")}`);
      continue;
    }
    times.push(refused[0].milliseconds);
    faults.push(...differences(name, whole, await contentsOf(join(folder, name))));
  }
  return { tries, times, faults };
}

function start(name: string, options: Options) {
  const begun = performance.now();
  const { child, printed } = launch("run", name, options, ["--prompts", String(PROMPTS)]);
  const end = once(child, "close").then(([code]) => ({
    code: code as number | null,
    text: printed(),
    milliseconds: performance.now() - begun,
  }));
  return { end };
}
