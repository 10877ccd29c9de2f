/** `xpike train`: trains the network of an experiment, in a folder from which it can resume. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError, SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { teachersNamed, totalSteps } from "../experiment/training.ts";
import { requireFree } from "../node/folder-lock.ts";
import { experimentText, type FolderEvent, type FolderResult, RUN_FILES, trainToFolder } from "../node/training.ts";
import { openNodeGpu } from "../node/webgpu.ts";
import { formatText } from "../report/format.ts";
import { kitOf } from "../task/catalogue.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { guessOf } from "../task/guessing.ts";
import type { TaskMetric } from "../task/kit.ts";
import type { Metric } from "../task/task.ts";
import { gpuBackend, requireGpuTraining } from "../train/gpu-training.ts";
import { chooseBackend } from "../webgpu/gpu.ts";
import type { TrainCommandOptions } from "./arguments.ts";
import { listenForInterruption } from "./interruption.ts";
import { asTyped } from "./invocation.ts";
import { readNetwork } from "./networks.ts";
import { commandLine, loadExperiment, openLoaded, quote, readDocument } from "./options.ts";
import { outputFolder } from "./output.ts";
import { formatTime, type Progress, startProgress } from "./progress.ts";
import { say, type Terminal } from "./terminal.ts";

/**
 * Trains, and prints the result. Ctrl-C (or a cluster's SIGTERM, or a closed terminal) finishes the step, saves, and ends the process by
 * the same signal, so that a shell reports 130; a second signal ends it at once.
 * Throws  XpikeError for input that cannot be trained
 */
export async function trainCommand(source: string, options: TrainCommandOptions, terminal: Terminal): Promise<void> {
  const loaded = await loadExperiment(source, options);
  const { experiment, directory } = loaded;
  const folder = outputFolder(experiment, options);
  await requireFree(folder);
  const { initial } = experiment.training;
  const teachers = teachersNamed(experiment.training);
  const { opened, notes } = await openLoaded(loaded, options, "training");
  await requireOwnExperiment(folder, opened.experiment);
  for (const note of notes) say(terminal, note);
  const classes = networkGeometry(experiment, createTask(experiment)).classes;
  const advice = readOutAdvice(experiment, classes);
  if (advice !== null) say(terminal, advice);
  const { fastMath = false } = options;
  if (fastMath && options.backend !== "wasm") {
    throw new SpecError("fastMath", "--fast-math is for the kernels of --backend wasm. Leave one of the two out.");
  }
  const { gpu, choice } = await chooseBackend(options.backend, openNodeGpu, () =>
    requireGpuTraining(opened.experiment),
  );
  if (choice !== null && !options.json) terminal.err(`Backend: ${choice}\n`);
  const where = [...(gpu === null ? [] : ["--backend", "webgpu"]), ...(fastMath ? ["--fast-math"] : [])];
  const command = commandLine("train", source, options, where);
  const interruption = listenForInterruption(terminal, "Finishing this step, then saving.");
  const show = showProgress(experiment, classes, options.json === true, terminal);
  try {
    const result = await trainToFolder(opened, folder, {
      threads: options.threads,
      resume: options.resume === true,
      force: options.force === true,
      acceptBuild: options.acceptBuild ?? [],
      command,
      ...(gpu && { backend: await gpuBackend(gpu) }),
      fastMath,
      ...(initial !== undefined && { initial: await readNetwork(directory, initial, "training.initial") }),
      teacher: await Promise.all(teachers.map(({ path, field }) => readNetwork(directory, path, field))),
      onEvent: show.event,
      onNote: (note) => say(terminal, note),
      signal: interruption.signal,
    });
    show.end();
    terminal.out(options.json ? asJson(result, folder) : describe(result, experiment, folder));
    if (!result.finished) {
      terminal.err(asTyped(`Continue with:\n  ${command} --out ${quote(folder)} --resume\n`, terminal.program));
    }
  } finally {
    interruption.stop();
    gpu?.close();
  }
  interruption.endProcess();
}

/** Above this, a joint read-out learns little, because each class sees little of the gradient. */
const MOST_JOINT_CLASSES = 256;

/** Advice against a joint read-out of many classes; null if none is needed. */
export function readOutAdvice({ model, task, training }: Experiment, classes: number): string | null {
  const ofBits = kitOf(task).metric.key === "bitErrorRate";
  if (!ofBits || (model.readOut ?? "joint") !== "joint" || classes <= MOST_JOINT_CLASSES) return null;
  const symbols = training.labels === "symbols" ? "" : ' and training.labels: "symbols"';
  return (
    `The joint read-out has ${formatText({ value: classes, unit: "1" })} classes, each of which sees little of the gradient. ` +
    `Try model.readOut: "bits"${symbols}.`
  );
}

/** `Random guessing: loss 2.773, bit error rate 0.500.` The level that training must beat. */
export function guessingText({ task }: Experiment, classes: number): string {
  const { name, rate, loss } = guessOf(task, classes);
  return `${name}: loss ${loss.toPrecision(4)}, ${kitOf(task).metric.name} ${rate.toPrecision(3)}.`;
}

/** Throws FileError if the completed experiment would overwrite a file that no training wrote. */
async function requireOwnExperiment(folder: string, experiment: Experiment): Promise<void> {
  const path = join(folder, RUN_FILES.experiment);
  const isOwn = [RUN_FILES.state, RUN_FILES.network, RUN_FILES.metrics].some((name) => existsSync(join(folder, name)));
  if (isOwn || !existsSync(path) || (await readDocument(path)) === experimentText(experiment)) return;
  throw new FileError(
    path,
    "This training would overwrite this file, which no training wrote, with the completed experiment. Choose another " +
      "folder (--out), or rename the file.",
  );
}

function showProgress(experiment: Experiment, classes: number, quiet: boolean, terminal: Terminal) {
  const { task, training } = experiment;
  let progress: Progress | undefined;
  const { metric } = kitOf(task);
  let [first, start, errors] = [0, 0, ""];
  return {
    event: (event: FolderEvent): void => {
      if (!progress) {
        if (!quiet) terminal.err(`${guessingText(experiment, classes)}\n`);
        [first, start] = [event.step, terminal.now()];
        progress = startProgress(terminal, { label: "train", total: event.steps, unit: "steps", quiet });
        progress.restore(first);
      }
      if (event.validation) errors = ` · ${metric.short} ${rateOf(event.validation, metric)}`;
      const seconds = (terminal.now() - start) / 1000;
      const rate =
        seconds >= 1 ? ` · ${Math.round(((event.step - first) * training.batch) / seconds)} ${metric.trial}s/s` : "";
      progress.update(event.step, `loss ${event.loss.toPrecision(3)}${errors}${rate}`);
    },
    end: (): void => progress?.end(),
  };
}

function describe({ finished, step, best, seconds }: FolderResult, experiment: Experiment, folder: string): string {
  const lines = [
    finished
      ? `Trained ${step} steps in ${formatTime(seconds)}.`
      : `Stopped at step ${step} of ${totalSteps(experiment.training)}, after ${formatTime(seconds)}. Everything is saved.`,
  ];
  if (best) {
    const { metric } = kitOf(experiment.task);
    lines.push(
      `Best validation at step ${best.step}: loss ${best.loss.toPrecision(4)}, ${metric.name} ${rateOf(best, metric)}.`,
    );
  }
  lines.push(join(folder, finished ? RUN_FILES.network : RUN_FILES.state));
  const [curves, table] = [RUN_FILES.curves, RUN_FILES.table].map((name) => join(folder, name));
  if (existsSync(curves)) lines.push(`Learning curves: ${curves}, and as a table ${table}`);
  return `${lines.join("\n")}\n`;
}

/** The error rate that the task counts. */
const rateOf = (numbers: Readonly<Partial<Record<Metric, number>>>, { key }: TaskMetric): string =>
  (numbers[key] ?? Number.NaN).toPrecision(3);

function asJson({ finished, step, best, seconds }: FolderResult, folder: string): string {
  const paths = Object.entries(RUN_FILES).map(([key, name]) => [key, join(folder, name)] as const);
  // A stopped training has no network yet, and no curves before the first measurement.
  const files = Object.fromEntries(paths.filter(([, path]) => existsSync(path)));
  return `${JSON.stringify({ finished, step, best, seconds, files }, null, 2)}\n`;
}
