/**
 * Measures speed: warm-up, repeats, median and quartiles of wall time and of CPU time, with the machine named.
 *
 * CPU time is summed over all threads of the process. On an idle machine a single-threaded benchmark shows the same in both
 * columns; next to other programs, CPU time is more reliable, because it excludes waiting for a core.
 */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import Table from "cli-table3";

export interface BenchOptions {
  /** A short version: fewer sizes and repeats, without peers. */
  readonly quick: boolean;
  /** For the record of `docs/performance.md`: one thread beside a peer, and no profiles. */
  readonly record?: boolean;
}

/** Milliseconds of each repeat; none where a column was not measured. */
export interface Samples {
  readonly wall: readonly number[];
  readonly cpu: readonly number[];
}

/** One line of a benchmark: what ran, how long it took, and derived figures, in column order. */
export interface Row {
  readonly name: string;
  readonly samples: Samples;
  readonly figures: Readonly<Record<string, number | string>>;
}

export interface Section {
  readonly name: string;
  /** What was measured, in a sentence or two. */
  readonly about: string;
  readonly rows: readonly Row[];
  /** Remarks needed to interpret the figures. */
  readonly notes: readonly string[];
}

type Measured = Section | readonly Section[];
export type Benchmark = (options: BenchOptions) => Measured | Promise<Measured>;

export interface Summary {
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
}

/** Times `work` after warming up; each sample is the mean of as many calls as last `minimumMilliseconds`. */
export async function measure(
  work: () => unknown,
  {
    repeats = 9,
    warmUp = 2,
    minimumMilliseconds = 20,
  }: { repeats?: number; warmUp?: number; minimumMilliseconds?: number } = {},
): Promise<Samples> {
  for (let i = 0; i < warmUp; i++) await work();
  const once = await time(work, 1);
  const calls = Math.max(1, Math.ceil(minimumMilliseconds / Math.max(once.wall, 1e-3)));
  const samples: { wall: number; cpu: number }[] = [];
  for (let i = 0; i < repeats; i++) samples.push(await time(work, calls));
  return { wall: samples.map(({ wall }) => wall), cpu: samples.map(({ cpu }) => cpu) };
}

async function time(work: () => unknown, calls: number): Promise<{ wall: number; cpu: number }> {
  const elapsed = startClock();
  for (let i = 0; i < calls; i++) {
    const pending = work();
    // Awaiting only pending promises keeps the event loop out of the timing of synchronous work.
    if (pending instanceof Promise) await pending;
  }
  const { wall, cpu } = elapsed();
  return { wall: wall / calls, cpu: cpu / calls };
}

/** Samples of two turns of the same work: with another program's turn in between, a busy minute affects both. */
export const joinSamples = (first: Samples, second: Samples): Samples => ({
  wall: [...first.wall, ...second.wall],
  cpu: [...first.cpu, ...second.cpu],
});

/** Returns a function that gives the milliseconds since. */
export function startClock(): () => { wall: number; cpu: number } {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  return () => {
    const wall = performance.now() - start;
    const { user, system } = process.cpuUsage(cpuStart);
    return { wall, cpu: (user + system) / 1000 };
  };
}

export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) => {
    const place = q * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.ceil(place);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return { lowerQuartile: at(0.25), median: at(0.5), upperQuartile: at(0.75) };
}

export const median = (values: readonly number[]): number => summarise(values).median;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Short commit, with `+` if the working tree differs from it; null outside a git checkout. */
  readonly commit: string | null;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    commit: commit(),
  };
}

function commit(): string | null {
  const git = (...words: string[]) =>
    execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const hash = git("rev-parse", "--short", "HEAD");
    return git("status", "--porcelain", "--untracked-files=no") === "" ? hash : `${hash}+`;
  } catch {
    return null;
  }
}

export function printMachine(machine: Machine): string {
  const { cpu, cores, memoryGigabytes, system, node, v8 } = machine;
  return `${cpu}, ${cores} cores, ${memoryGigabytes} GiB; ${system}; Node ${node}, V8 ${v8}; commit ${machine.commit ?? "unknown"}`;
}

/** A section as text: a table of medians with quartiles, then its notes. */
export function printSection({ name, about, rows, notes }: Section): string {
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const table = new Table({
    head: ["", "wall ms", "quartiles", "CPU ms", ...columns],
    colAligns: ["left", ...Array.from({ length: 3 + columns.length }, () => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, samples, figures } of rows) {
    const wall = summarise(samples.wall);
    const ifAny = (values: readonly number[], text: string) => (values.length > 0 ? text : "");
    table.push([
      name,
      ifAny(samples.wall, printNumber(wall.median)),
      ifAny(samples.wall, `${printNumber(wall.lowerQuartile)} - ${printNumber(wall.upperQuartile)}`),
      ifAny(samples.cpu, printNumber(median(samples.cpu))),
      ...columns.map((column) => printFigure(figures[column])),
    ]);
  }
  return `${name}: ${about}\n${table.toString()}\n${notes.map((note) => `  ${note}\n`).join("")}`;
}

const printFigure = (value: number | string | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : printNumber(value);

/** Three significant digits. */
export function printNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}
