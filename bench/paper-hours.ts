/**
 * `npm run paper-hours`: how long training the paper's networks takes. Three kinds of numbers, apart:
 *
 *   measured    seconds of CPU time of a micro-batch, forward and backward, on one thread (`--measure`; kept in `paper-hours.json`)
 *   counted     steps of the recipe, and the work of a step, from the passes and the optimiser that train (`counting-ops.ts`)
 *   arithmetic  hours from both: on cores, and on a GPU whose rates come from its data sheet. No GPU was run.
 *
 *   npm run paper-hours
 *   npm run paper-hours -- --measure                      # on this CPU; minutes
 *   npm run paper-hours -- --gpu 67,3350 --share 0.3      # TFLOP/s in f32 and GB/s, and the share of both that you expect to reach
 *   npm run paper-hours -- --epochs 300 --cores 16
 */
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { parseExperiment } from "../src/experiment/parse.ts";
import { presets } from "../src/experiment/presets.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import type { StepWork } from "./counting-ops.ts";
import { describeMachine, median } from "./harness.ts";
import { timeMicroBatch, workOfStep } from "./step-work.ts";

export interface Measurement {
  readonly cpu: string;
  readonly node: string;
  readonly commit: string | null;
  readonly day: string;
  /** Average load of the machine at the start, in processes: others' work makes CPU time longer, too. */
  readonly load: number;
  /** By preset: prompts of the micro-batch, and its seconds of CPU time. */
  readonly microBatches: Readonly<Record<string, { readonly prompts: number; readonly seconds: number }>>;
}

export interface Choices {
  /** Of images. */
  readonly epochs: number;
  readonly cores: number;
  /** Operations in f32 and bytes per second of a data sheet, and the share of both that is reached. */
  readonly gpu: { readonly flops: number; readonly bandwidth: number };
  readonly share: number;
}

/**
 * Epochs of the first author's code (`szh1456/xpikeformer_cifar10`, 2024). The paper prints none; links take the 4,000 steps of the
 * defaults. NVIDIA A100 80GB SXM, data sheet 1758950-r4: 19.5 TFLOP/s in f32 without tensor cores, 2,039 GB/s.
 */
export const CHOICES: Choices = { epochs: 200, cores: 8, gpu: { flops: 19.5e12, bandwidth: 2039e9 }, share: 1 };

/** Training images that are published: 50,000 of CIFAR-10 (Krizhevsky 2009), 1,281,167 of ImageNet-1K (Russakovsky et al. 2015). */
const IMAGES = { cifar10: 50_000, imagenet: 1_281_167 } as const;

const SECONDS_PER_HOUR = 3600;

export const paperExperiments = () =>
  presets()
    .filter(({ name }) => name.startsWith("paper-"))
    .map(({ name, document }) => ({ name, experiment: parseExperiment(document) }));

type Experiment = ReturnType<typeof paperExperiments>[number]["experiment"];

/** Steps of the recipe, of 128 prompts or images each. */
export function stepsOf(name: string, { training }: Experiment, epochs: number): number {
  const set = name.split("-").at(-1);
  if (set !== "cifar10" && set !== "imagenet") return training.stages.reduce((sum, { steps }) => sum + steps, 0);
  return Math.ceil((epochs * IMAGES[set]) / training.batch);
}

export interface Hours {
  readonly name: string;
  readonly steps: number;
  readonly work: StepWork;
  /** Null where none was measured. */
  readonly microBatch: { readonly prompts: number; readonly seconds: number } | null;
  readonly onCores: number | null;
  /** If the GPU only computed, or only moved bytes, at this share of its rates. */
  readonly byRate: number;
  readonly byBandwidth: number;
}

export async function paperHours(
  { microBatches }: Pick<Measurement, "microBatches">,
  { epochs, cores, gpu, share }: Choices,
): Promise<Hours[]> {
  return Promise.all(
    paperExperiments().map(async ({ name, experiment }) => {
      const steps = stepsOf(name, experiment, epochs);
      const work = await workOfStep(experiment);
      const microBatch = microBatches[name] ?? null;
      const seconds = microBatch && (steps * experiment.training.batch * microBatch.seconds) / microBatch.prompts;
      return {
        ...{ name, steps, work, microBatch },
        onCores: seconds && seconds / cores / SECONDS_PER_HOUR,
        byRate: (steps * operationsOf(work)) / (gpu.flops * share) / SECONDS_PER_HOUR,
        byBandwidth: (steps * work.bytes) / (gpu.bandwidth * share) / SECONDS_PER_HOUR,
      };
    }),
  );
}

/** As a GPU computes them: a sum at a bit is a product and a sum, whether the bit is set or not. */
export const operationsOf = ({ dense, spikes, attention }: StepWork): number => dense + 2 * spikes + 2 * attention;

/** The table of `docs/performance.md`. */
export function printHours(hours: readonly Hours[], { cpu, day, load }: Measurement, choices: Choices): string {
  const { epochs, cores, gpu, share } = choices;
  const kinds = ["", "measured", "", "counted", "", "", "", "", "hours by arithmetic", "", ""];
  const names = [
    ...["preset", "prompts", "CPU s", "steps", "dense", "spikes", "attention", "GB"],
    ...[`${cores} cores`, "GPU, f32", "GPU, bytes"],
  ];
  const lines = hours.map(({ name, microBatch, steps, work, onCores, byRate, byBandwidth }) => [
    ...[name.replace("paper-", ""), `${microBatch?.prompts ?? ""}`, `${microBatch?.seconds ?? ""}`],
    steps.toLocaleString("en"),
    ...[work.dense, work.spikes, work.attention].map((count) => figure(count / 1e12)),
    ...[work.bytes / 1e9, onCores, byRate, byBandwidth].map((value) => (value === null ? "" : figure(value))),
  ]);
  const rows = [names, ...lines];
  const widths = names.map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  const table = rows.map((row) =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join("  "),
  );
  /** The kinds stand above the first of their columns. */
  const head = kinds.reduce((line, kind, c) => {
    const from = widths.slice(0, c).reduce((sum, width) => sum + width + 2, 0);
    return kind === "" ? line : line.padEnd(from) + kind;
  }, "");
  return [
    head,
    ...table,
    "",
    `measured  a fresh network's micro-batch of prompts or images, forth and back: CPU time of a thread of ${cpu}, ${day}, load ${load}`,
    `counted   steps of 128: ${epochs} epochs of images, 4,000 steps for links. In a step: 10^12 operations of dense products,`,
    "          10^12 sums at spikes, and at pairs of attention, if every bit were set; bytes that arrays take",
    `hours     CPU time / ${cores}, without waiting; (dense + 2 spikes + 2 attention) / ${figure(gpu.flops / 1e12)} TFLOP/s, and bytes / ${figure(gpu.bandwidth / 1e9)} GB/s,`,
    `          at ${figure(100 * share)} % of a data sheet's rates (NVIDIA A100 80GB SXM unless you choose). No GPU was run.`,
  ].join("\n");
}

/** Three digits. */
const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3)).toString();

const RECORD = new URL("../../bench/paper-hours.json", import.meta.url);

/** Prompts whose rows over all steps fill the tiles of kernels: about a thousand. */
function promptsOf({ model }: Experiment, tokens: number): number {
  const steps = model.kind === "ann" ? 1 : model.steps;
  return Math.max(1, Math.round(1200 / (steps * tokens)));
}

function measureAll(): Measurement {
  const { cpu, node, commit } = describeMachine();
  const load = Number(loadavg()[0].toFixed(1));
  const microBatches: Record<string, { prompts: number; seconds: number }> = {};
  for (const { name, experiment } of paperExperiments()) {
    const prompts = promptsOf(experiment, networkGeometry(experiment, createTask(experiment)).tokens);
    const seconds = Number(median(timeMicroBatch(experiment, prompts, 3)).toPrecision(3));
    microBatches[name] = { prompts, seconds };
    process.stderr.write(`${name}: ${prompts} prompts, ${seconds} s\n`);
  }
  return { cpu, node, commit, day: new Date().toISOString().slice(0, 10), load, microBatches };
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      measure: { type: "boolean", default: false },
      epochs: { type: "string", default: `${CHOICES.epochs}` },
      cores: { type: "string", default: `${CHOICES.cores}` },
      gpu: { type: "string", default: `${CHOICES.gpu.flops / 1e12},${CHOICES.gpu.bandwidth / 1e9}` },
      share: { type: "string", default: `${CHOICES.share}` },
      json: { type: "boolean", default: false },
    },
  });
  if (values.measure) writeFileSync(RECORD, `${JSON.stringify(measureAll(), null, 2)}\n`);
  const measured = JSON.parse(readFileSync(RECORD, "utf8")) as Measurement;
  const [teraflops, gigabytes] = values.gpu.split(",").map(Number);
  const choices: Choices = {
    epochs: Number(values.epochs),
    cores: Number(values.cores),
    gpu: { flops: teraflops * 1e12, bandwidth: gigabytes * 1e9 },
    share: Number(values.share),
  };
  const hours = await paperHours(measured, choices);
  process.stdout.write(
    `${values.json ? JSON.stringify({ measured, choices, hours }, null, 2) : printHours(hours, measured, choices)}\n`,
  );
}
