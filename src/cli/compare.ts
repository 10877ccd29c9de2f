/** `xpike compare`: two experiments, or two runs, side by side. */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import picocolors from "picocolors";
import { SpecError } from "../errors.ts";
import { nodeExecutor } from "../node/threads.ts";
import { formatQuantity, formatText } from "../report/format.ts";
import { signedWithInterval } from "../report/study.ts";
import { clean, grid, noteLines } from "../report/table.ts";
import { type Comparison, compareRuns } from "../runs/compare.ts";
import type { CompareCommandOptions } from "./arguments.ts";
import { loadNetworks } from "./networks.ts";
import { type LoadedExperiment, loadExperiment, openLoaded, wordsOf } from "./options.ts";
import { REPORT_FILES } from "./output.ts";
import { startProgress } from "./progress.ts";
import { readReport } from "./report-run.ts";
import type { Terminal } from "./terminal.ts";

/** Throws XpikeError for experiments that cannot be compared. */
export async function compareCommand(
  first: string,
  second: string,
  options: CompareCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const open = async (source: string) => {
    const loaded = await loadRun(source, options);
    const { networks, validatedSteps } = await loadNetworks(loaded, []);
    return { opened: (await openLoaded(loaded, options)).opened, network: networks.network, validatedSteps };
  };
  const runs = [await open(first), await open(second)];
  const executor = nodeExecutor(options.threads);
  try {
    const { chips, prompts, json } = options;
    let progress: ReturnType<typeof startProgress> | undefined;
    const comparison = await compareRuns(runs[0], runs[1], {
      executor,
      ...(chips !== undefined && { chips }),
      ...(prompts !== undefined && { prompts }),
      onProgress: (done, total) => {
        progress ??= startProgress(terminal, { label: "compare", total, unit: "chips", quiet: json === true });
        progress.update(done);
      },
    });
    progress?.end();
    terminal.out(json ? `${JSON.stringify(comparison, null, 2)}\n` : describe(comparison, terminal));
  } finally {
    await executor.close();
  }
}

/** The experiment of a file, a preset, or the report in a folder; paths in a report are relative to where the run was started. */
async function loadRun(source: string, options: CompareCommandOptions): Promise<LoadedExperiment> {
  if (!existsSync(source) || !statSync(source).isDirectory()) return loadExperiment(source, options);
  const report = await readReport(source);
  if (!report.experiment)
    throw new SpecError(
      join(source, REPORT_FILES.json),
      "The report does not belong to an experiment. Name the experiment itself.",
    );
  const started = wordsOf(report.command)[2] ?? "";
  const directory = started.startsWith("preset:") ? "." : dirname(started);
  const { seed = report.experiment.seed } = options;
  return { experiment: { ...report.experiment, seed }, directory, source };
}

function describe(
  { fields, measures, chips, prompts, steps, result, notes }: Comparison,
  { color, width }: Terminal,
): string {
  const { bold, dim } = picocolors.createColors(color);
  const changed = fields.map(({ field, first, second }) => `  ${field}: ${clean(first)} → ${clean(second)}`);
  const value = (figure: Comparison["measures"][number][0]) => {
    const { value, unit } = formatQuantity(figure);
    const text = unit ? `${value} ${unit}` : value;
    if (figure.id !== "energy" || result.perInference === 1) return text;
    return `${formatText({ ...figure, value: figure.value / result.perInference })} (${text})`;
  };
  const label = ({ id, label }: Comparison["measures"][number][0]) =>
    id !== "energy" ? label : `Energy per ${result.name}${result.perInference === 1 ? "" : " (per inference)"}`;
  const rows = measures.map(([first, second, change]) => [
    clean(label(first)),
    value(first),
    value(second),
    change.interval ? signedWithInterval(change) : percent(change.value / first.value),
  ]);
  const parts = [
    bold(
      fields.length === 0
        ? "The experiments are the same."
        : `${fields.length} ${fields.length === 1 ? "field differs" : "fields differ"}.`,
    ),
    ...changed,
    "",
    grid([[stepsOf(steps), "first", "second", "second minus first"], ...rows], ["left", "right", "right", "left"], {
      dim,
      width,
    }),
    dim(
      `${chips} ${chips === 1 ? "chip" : "chips"} x ${prompts} prompts, the same in both. The difference of the error rates is paired, with its 95 % interval.`,
    ),
  ];
  return `${[...parts, ...noteLines(notes, { color, width })].join("\n")}\n`;
}

/** The common T, or the T of each side. */
const stepsOf = ([first, second]: Comparison["steps"]): string =>
  first === second ? `At T = ${first}` : `first at T = ${first}, second at T = ${second}`;

const percent = (share: number): string =>
  `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(100 * share).toPrecision(3)} %`;
