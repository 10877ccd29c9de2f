/**
 * `xpike eval`: bit error rates over the age of the chips (`--drift`), over one field of the experiment (`--sweep`), or over the field
 * at several ages (both).
 */
import type { Command } from "commander";
import { SpecError } from "../errors.ts";
import { type EvaluatedNetworks, type EvaluationOptions, evaluateDrift, evaluateSweep } from "../evaluate.ts";
import { nodeExecutor } from "../node/threads.ts";
import { terminalCurves } from "../report/table.ts";
import { parseDurations } from "../spec/duration.ts";
import type { Experiment } from "../spec/experiment.ts";
import { parseSweep } from "../spec/sweep.ts";
import { type CommandOptions, commandLine, loadExperiment, loadImages, readNetwork, wholeNumber } from "./options.ts";
import { deliverReport } from "./output.ts";
import { type Progress, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

export interface EvalCommandOptions extends CommandOptions {
  readonly drift?: string;
  readonly sweep?: string;
  readonly chips?: number;
  readonly reads?: number;
  readonly prompts?: number;
}

/** From a second to a year, as the paper's Table V and its figure of drift. */
const AGES = "1s,1m,1h,1d,1mo,1y";

export function withEvalOptions(command: Command): Command {
  return command
    .option("--drift <ages>", `ages at which chips are read, such as 90s,12h,1mo (default without --sweep: ${AGES})`)
    .option(
      "--sweep <field=values>",
      "a field of hardware, or steps, such as adc.bits=4..8 or crossbar.pairs=physical,aihwkit",
    )
    .option("--chips <n>", "chips to program, instead of the experiment's", wholeNumber(1, 1000))
    .option(
      "--reads <n>",
      "reads of each chip, to tell their spread from that of chips (default: 1)",
      wholeNumber(1, 1000),
    )
    .option("--prompts <n>", "prompts of each read, instead of the experiment's", wholeNumber(1, 10_000_000));
}

/** Throws XpikeError for input that cannot be evaluated. */
export async function evalCommand(source: string, options: EvalCommandOptions, terminal: Terminal): Promise<void> {
  const { experiment, directory } = await loadExperiment(source, options);
  const sweep = options.sweep === undefined ? null : parseSweep(options.sweep, experiment);
  const drift = options.drift ?? (sweep ? undefined : AGES);
  const ages = drift === undefined ? [] : parseDurations(drift, "drift");
  const { networks, notes } = await loadNetworks(experiment, directory, source);
  const loaded = await loadImages(experiment, options);
  const executor = nodeExecutor(options.threads);
  let progress: Progress | undefined;
  try {
    const settings: EvaluationOptions = {
      executor,
      command: commandLine("eval", source, options, repeated(options)),
      versions: versions(),
      notes: [...notes, ...loaded.notes],
      images: loaded.images,
      ...(options.chips ? { chips: options.chips } : {}),
      ...(options.reads ? { reads: options.reads } : {}),
      ...(options.prompts ? { prompts: options.prompts } : {}),
      onProgress: (done, total) => {
        progress ??= startProgress(terminal, {
          label: "eval",
          total,
          unit: loaded.images ? "images" : "prompts",
          quiet: options.json === true,
        });
        progress.update(done);
      },
    };
    const report = sweep
      ? await evaluateSweep(experiment, networks, sweep, ages, settings)
      : await evaluateDrift(experiment, networks, ages, settings);
    progress?.end();
    await deliverReport(report, options, terminal, terminalCurves);
  } finally {
    await executor.close();
  }
}

/** The options that change results, as typed. */
const repeated = (options: EvalCommandOptions): string[] =>
  (["drift", "sweep", "chips", "reads", "prompts"] as const).flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}`, String(options[name])],
  );

async function loadNetworks(
  { checkpoints }: Experiment,
  directory: string,
  source: string,
): Promise<{ networks: EvaluatedNetworks; notes: string[] }> {
  if (checkpoints.network === undefined) {
    throw new SpecError(
      "checkpoints.network",
      `No trained network is named. Train one with \`xpike train ${source} --out DIR\` and set checkpoints.network to ` +
        "DIR/network.safetensors.",
    );
  }
  const network = await readNetwork(directory, checkpoints.network);
  if (checkpoints.conventional !== undefined) {
    return { networks: { network, conventional: await readNetwork(directory, checkpoints.conventional) }, notes: [] };
  }
  const note =
    "No network from conventional training is named (checkpoints.conventional): its curves are left out. The stages before the " +
    "hardware-aware ones train it.";
  return { networks: { network }, notes: [note] };
}
