/** Shared by `run` and `eval`: a report from many prompts, in a folder, that can be stopped at any time and resumed. */
import { join } from "node:path";
import { jobs } from "../evaluation/jobs.ts";
import type { Keeper } from "../evaluation/keeper.ts";
import type { Network } from "../model/network.ts";
import { buildNotes, splitBuilds } from "../node/build.ts";
import { contentHash } from "../node/content-hash.ts";
import { readFileChecked } from "../node/files.ts";
import { type Question, useRun } from "../node/run-folder.ts";
import { nodeExecutor } from "../node/threads.ts";
import { openNodeGpu } from "../node/webgpu.ts";
import { parseReport } from "../report/json.ts";
import type { Report } from "../report/report.ts";
import { requireGpuNetwork } from "../runs/gpu-chip.ts";
import { kitOf } from "../task/catalogue.ts";
import type { Given } from "../task/open.ts";
import { type Executor, withGpu } from "../threads/executor.ts";
import { chooseBackend } from "../webgpu/gpu.ts";
import type { BackendOption, ResumableOptions, TableOption } from "./arguments.ts";
import { listenForInterruption } from "./interruption.ts";
import { asTyped } from "./invocation.ts";
import { quote } from "./options.ts";
import { type Delivery, deliver, outputFolder, REPORT_FILES, reportFiles } from "./output.ts";
import { type Progress, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Largest report that is read. */
const LARGEST_REPORT = 2 ** 28;

/** Content hashes of networks and data, by the fields that name them. */
export const contentsOf = (networks: Readonly<Record<string, Network>>, { data }: Given): Record<string, string> =>
  Object.fromEntries([
    ...Object.entries(networks).map(([role, network]) => [`checkpoints.${role}`, contentHash(network)] as const),
    ...(data === null ? [] : [["data", contentHash(data)] as const]),
  ]);

/** The executor, keeper and progress of a report, and the versions of all software that computes it. */
export interface Making {
  readonly versions: Readonly<Record<string, string>>;
  readonly executor: Executor;
  readonly keeper: Keeper;
  readonly onProgress: (done: number, total: number, part?: string) => void;
}

/**
 * Makes, writes and prints the report. A signal ends the work at once; finished work is in the folder, and `--resume` continues.
 * Throws  as `useRun`, and as `make`
 */
export async function runToReport(
  question: Question,
  options: ResumableOptions & TableOption & BackendOption,
  terminal: Terminal,
  { title, network, ...delivery }: Delivery & { readonly title: string; readonly network: Network },
  make: (making: Making) => Promise<Report>,
): Promise<void> {
  const folder = outputFolder(question.experiment, options);
  const interruption = listenForInterruption(terminal, "Stopping.");
  try {
    await useRun(folder, question, title, options, async (run) => {
      if (run.isOver) return deliver(await readReport(folder), folder, options, terminal, delivery);
      const { gpu, choice } = await chooseBackend(options.backend, openNodeGpu, () =>
        requireGpuNetwork(question.experiment, network),
      );
      if (choice !== null && !options.json) terminal.err(`Backend: ${choice}\n`);
      const threads = nodeExecutor(options.threads);
      const executor = gpu === null ? threads : withGpu(threads, jobs, gpu);
      interruption.signal.addEventListener("abort", () => void executor.close());
      const progress = showProgress(question, options.json === true, terminal);
      const onProgress: Making["onProgress"] = (done, total, part) => {
        progress.update(done, total, part);
        // The rest is quick or blocks this thread, so a handler could not run: signals end the process at once.
        if (done >= total) interruption.stop();
      };
      const keeper = {
        ...run.keeper,
        kept: (name: string) => {
          const units = run.keeper.kept(name);
          for (const unit of units) progress.restore((unit as { prompts: number }).prompts);
          return units;
        },
      };
      try {
        const made = await make({ executor, keeper, onProgress, versions: run.versions });
        const report = { ...made, notes: [...made.notes, ...buildNotes(splitBuilds(run.versions.build))] };
        progress.end();
        const publish = async () => run.publish(await reportFiles(report));
        await deliver(report, folder, options, terminal, { ...delivery, publish });
      } catch (error) {
        if (!interruption.signal.aborted) throw error;
        run.begin();
        terminal.err(
          asTyped(`Stopped. Continue with:\n  ${title} --out ${quote(folder)} --resume\n`, terminal.program),
        );
      } finally {
        await executor.close();
        gpu?.close();
      }
    });
  } finally {
    interruption.stop();
  }
  interruption.endProcess();
}

/** The report of a run. Throws FileError and SpecError if it is not one. */
export const readReport = async (folder: string): Promise<Report> => {
  const path = join(folder, REPORT_FILES.json);
  return parseReport(new TextDecoder().decode(await readFileChecked(path, LARGEST_REPORT)), path);
};

/** Appears with the first prompts, when the total is known. */
function showProgress({ command, experiment: { task } }: Question, quiet: boolean, terminal: Terminal) {
  let progress: Progress | undefined;
  let restored = 0;
  const unit = `${kitOf(task).metric.trial}s`;
  return {
    restore: (prompts: number): void => {
      restored += prompts;
    },
    update: (done: number, total: number, part?: string): void => {
      progress ??= startProgress(terminal, { label: command, total, unit, quiet });
      progress.restore(restored);
      restored = 0;
      progress.update(done, part);
    },
    end: (): void => progress?.end(),
  };
}
