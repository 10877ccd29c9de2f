/**
 * `xpike eval`: bit error rates over the age of the chips (`--drift`), over one field of the experiment (`--sweep`), or over the field
 * at several ages (both).
 */
import { parseDurations } from "../experiment/duration.ts";
import { parseSweep, requireOneAge, STEPS_FIELD } from "../experiment/sweep.ts";
import { requireFree } from "../node/folder-lock.ts";
import { terminalCurves } from "../report/table.ts";
import { evaluateDrift } from "../runs/drift.ts";
import type { EvaluationOptions } from "../runs/study.ts";
import { evaluateSweep } from "../runs/sweep.ts";
import { DEFAULT_AGES, EVAL_SUFFIX, type EvalCommandOptions } from "./arguments.ts";
import { describeWork, expectedStudy } from "./estimate.ts";
import { measureSlowness } from "./machine-speed.ts";
import { loadNetworks } from "./networks.ts";
import { commandLine, loadExperiment, openLoaded, repeated } from "./options.ts";
import { outputFolder, requireTable } from "./output.ts";
import { contentsOf, runToReport } from "./report-run.ts";
import type { Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

/** Throws XpikeError for invalid input. */
export async function evalCommand(source: string, options: EvalCommandOptions, terminal: Terminal): Promise<void> {
  requireTable(options, source);
  const loaded = await loadExperiment(source, options);
  const { experiment } = loaded;
  const sweep = options.sweep === undefined ? null : parseSweep(options.sweep, experiment);
  const drift = options.drift ?? (sweep ? undefined : DEFAULT_AGES);
  const ages = drift === undefined ? [] : parseDurations(drift, "drift");
  if (sweep) requireOneAge(sweep, ages);
  const out = outputFolder(experiment, options, EVAL_SUFFIX);
  await requireFree(out);
  const { networks, validatedSteps, hardwareAware, notes } = await loadNetworks(loaded, ["conventional"]);
  const { opened, notes: dataNotes } = await openLoaded(loaded, options);
  if (!options.json) {
    const curves = (networks.conventional ? 2 : 1) * Math.max(1, ages.length);
    const work = expectedStudy(experiment, networks.network, {
      // One run covers all time steps; drift is evaluated with and without compensation.
      conditions: curves * (sweep === null ? 2 : sweep.field === STEPS_FIELD ? 1 : sweep.points.length),
      chips: options.chips ?? experiment.hardware.chips,
      reads: options.reads ?? 1,
      prompts: options.prompts ?? experiment.evaluation.prompts,
    });
    terminal.err(`${describeWork(work, options.threads, measureSlowness())}\n`);
  }
  const typed = repeated(options, ["drift", "sweep", "chips", "reads", "prompts"]);
  const title = commandLine("eval", source, options, typed);
  const { chips, reads, prompts } = options;
  const question = {
    command: "eval",
    experiment,
    options: { drift, sweep: options.sweep, chips, reads, prompts, hardwareAware },
    contents: contentsOf(networks, opened),
    versions: versions(),
  };
  const next = { command: commandLine("cost", source, {}), shows: "what an answer costs, here and on other machines" };
  await runToReport(
    question,
    { ...options, out },
    terminal,
    { title, full: terminalCurves, next, network: networks.network },
    (making) => {
      const settings: EvaluationOptions = {
        ...making,
        command: title,
        notes: [...notes, ...dataNotes],
        hardwareAware,
        ...(chips && { chips }),
        ...(reads && { reads }),
        ...(prompts && { prompts }),
      };
      return sweep
        ? evaluateSweep(opened, { ...networks, validatedSteps }, sweep, ages, settings)
        : evaluateDrift(opened, { ...networks, validatedSteps }, ages, settings);
    },
  );
}
