/** The cost of a chip before and during its answers, and the gain from several threads that share it. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type BenchOptions, printNumber, type Row, type Section } from "./harness.ts";

/** Milliseconds that a process reports for each part of its work. */
export interface ChipsRun {
  readonly times: Readonly<Record<string, { readonly wall: number; readonly cpu: number }>>;
  readonly residentMegabytes: number;
}

/** Prompts for calibrating a chip and then running it: as many as in `evaluateChips`, or one image. */
const LIVES = [
  ["paper-2x2-large", 32],
  ["paper-8-768-imagenet", 1],
] as const;
const EVALUATED = 64;

export function chips({ quick }: BenchOptions): Section {
  const rows: Row[] = [];
  for (const [preset, prompts] of quick ? ([["paper-2x2-small", 32]] as const) : LIVES) {
    const { times, residentMegabytes } = runProcess(preset, prompts);
    for (const [part, { wall, cpu }] of Object.entries(times)) {
      rows.push({ name: `${preset}, ${part}`, samples: { wall: [wall], cpu: [cpu] }, figures: {} });
    }
    rows[rows.length - 1] = { ...rows[rows.length - 1], figures: { "peak MB": residentMegabytes } };
  }
  const preset = quick ? "paper-2x2-small" : "paper-2x2-large";
  const notes: string[] = [];
  const runs = (availableParallelism() > 1 ? [1, 2] : [1]).map((threads) => {
    const run = runProcess(preset, EVALUATED, threads);
    const { wall, cpu } = run.times.evaluate;
    const name = `${preset}, ${EVALUATED} prompts on a chip, ${threads} thread${threads > 1 ? "s" : ""}`;
    rows.push({ name, samples: { wall: [wall], cpu: [cpu] }, figures: { "peak MB": run.residentMegabytes } });
    return { wall, cpu, memory: run.residentMegabytes };
  });
  if (runs.length > 1) {
    const [one, two] = runs;
    const ratio = (of: "wall" | "cpu" | "memory") => printNumber(two[of] / one[of]);
    notes.push(
      `Two threads take ${ratio("cpu")} of the CPU time, ${ratio("memory")} of the memory and ${ratio("wall")} of the time of one.`,
    );
  }
  const about =
    "chips of presets with fresh parameters, from programming to answers, once each: one thread on 32 prompts or one image of random " +
    "spikes, then an evaluation on one thread and on two.";
  return { name: "chips", about, rows, notes };
}

function runProcess(preset: string, prompts: number, threads: number | null = null): ChipsRun {
  const script = fileURLToPath(new URL("./chips-process.js", import.meta.url));
  const flags = [
    "--preset",
    preset,
    "--prompts",
    `${prompts}`,
    ...(threads === null ? [] : ["--threads", `${threads}`]),
  ];
  return JSON.parse(execFileSync(process.execPath, [script, ...flags], { encoding: "utf8" }));
}
