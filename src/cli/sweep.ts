/** `xpike sweep`: runs a design space and shows its front, both kept in a folder. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { SpecError } from "../errors.ts";
import { parseDesign } from "../experiment/design.ts";
import { parseJsonWithComments, plainValue } from "../experiment/json.ts";
import { totalSteps } from "../experiment/training.ts";
import { buildNotes, joinBuilds } from "../node/build.ts";
import { writeFileAtomic } from "../node/files.ts";
import { requireFree } from "../node/folder-lock.ts";
import { useFolder } from "../node/run-folder.ts";
import { writeTable } from "../node/sweep/duckdb.ts";
import { loadDuckDb } from "../node/sweep/duckdb-package.ts";
import { readQuestion, readRows, SWEEP_FILES } from "../node/sweep/folder.ts";
import { type PlannedSweep, planSweep } from "../node/sweep/plan.ts";
import { describeBroken } from "../node/sweep/row-lines.ts";
import { buildsOfSweep, type Software } from "../node/sweep/software.ts";
import { runSweep } from "../node/sweep/sweep.ts";
import type { FolderEvent } from "../node/training.ts";
import { formatText } from "../report/format.ts";
import { sweepHtml } from "../sweep/page.ts";
import type { OpenedDesign } from "../sweep/points.ts";
import { effortOf, isAdaptive, lastRows } from "../sweep/rounds.ts";
import { sweepScreen } from "../sweep/screen.ts";
import { sweepTable } from "../sweep/table.ts";
import type { Row } from "../sweep/unit.ts";
import type { SweepCommandOptions, SweepShowOptions } from "./arguments.ts";
import { commandLine, quote, readDocument } from "./options.ts";
import { outputFolder } from "./output.ts";
import { type Progress, startProgress } from "./progress.ts";
import { hidePassword, openEngine, shownEngine } from "./sweep-engine.ts";
import { say, type Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

const PRESET = "preset:";

/**
 * Runs or continues a design, and shows its front. Ctrl-C stops it at once, or after array jobs are cancelled; finished rows are kept.
 * Throws  XpikeError for a design that cannot be run
 */
export async function sweepCommand(source: string, options: SweepCommandOptions, terminal: Terminal): Promise<void> {
  hidePassword(options.engine);
  const { design, directory } = await loadDesign(source);
  const folder = outputFolder(design, options);
  await requireFree(folder);
  await loadDuckDb();
  const place = { directory, ...(options.data !== undefined && { data: options.data }) };
  const plan = await planSweep(design, place);
  const command = commandLine("sweep", source, {});
  const tell = (text: string) => options.json || say(terminal, text);
  for (const note of plan.notes) tell(note);
  tell(`${describePoints(plan)}. Rows are saved in ${folder} as they arrive.`);
  if (plan.trainings.length > 0) {
    const steps = plan.trainings.map(({ experiment }) => totalSteps(experiment.training));
    tell(
      `${plan.trainings.length} networks are trained first, ${Math.min(...steps)} to ${Math.max(...steps)} steps each. To use a trained network, ` +
        "name it in checkpoints.network.",
    );
  }
  tell(`Stop with Ctrl-C; continue with:\n  ${command} --out ${quote(folder)}${shownEngine(options)} --resume`);
  const opened = await useFolder(folder, command, async () => {
    const engine = await openEngine(options, { folder, place, say: tell, terminal });
    try {
      const { threads } = options;
      const show = showProgress(options.json === true, terminal);
      const { batch, resume = false, acceptBuild = [] } = options;
      let isLeft = false;
      const rows = await runSweep(plan, folder, {
        engine,
        threads,
        resume,
        acceptBuild,
        ...(batch !== undefined && { batch }),
        ...show,
        onNote: (note) => say(terminal, note),
        onLeft: () => {
          isLeft = true;
        },
      });
      show.end();
      if (isLeft) return engine;
      const result = await foundSweep(folder, design, rows, command);
      await writeResults(folder, result);
      print(folder, result, options, terminal);
    } catch (error) {
      if (!engine.isInterrupted()) throw error;
    } finally {
      await engine.close();
    }
    return engine;
  });
  opened.endProcess();
}

/** "240 points", "At most 200 points, 24 at a time". */
function describePoints({ design: { sampling, budget }, points: { length }, repeated }: PlannedSweep): string {
  const listed =
    sampling.kind === "search"
      ? `At most ${sampling.points} points, ${sampling.population} at a time`
      : `${length} ${length === 1 ? "point" : "points"}${repeated === 0 ? "" : `, and ${repeated} that repeat one of them`}`;
  return budget ? `${listed}, each on few chips and prompts first` : listed;
}

/** One line per trained network, then one for points. */
function showProgress(quiet: boolean, terminal: Terminal) {
  let [shown, progress]: [string, Progress | undefined] = ["", undefined];
  const show = (label: string, unit: string, done: number, total: number) => {
    // Every round of an adaptive sweep adds to the total.
    const name = `${label} of ${total}`;
    if (name !== shown) {
      progress?.end();
      progress = startProgress(terminal, { label, total, unit, quiet });
      // Done earlier, so not part of the rate.
      progress.restore(done);
      shown = name;
    }
    progress?.update(done);
  };
  return {
    onTraining: (number: number, of: number, { step, steps }: FolderEvent) =>
      show(`train ${number} of ${of}`, "steps", step, steps),
    onProgress: (done: number, total: number) => show("sweep", "points", done, total),
    end: () => progress?.end(),
  };
}

/**
 * Shows the front of the rows in a folder. For a finished sweep it rewrites table and page, if the folder is writable.
 * Throws  FileError without a sweep
 */
export async function sweepShowCommand(folder: string, options: SweepShowOptions, terminal: Terminal): Promise<void> {
  const { design, points, rows: all } = await readQuestion(folder);
  const { rows, broken } = await readRows(folder);
  const command = `xpike sweep show ${quote(folder)}`;
  const result = await foundSweep(folder, design, rows, command);
  // The number of rows of an adaptive sweep is known only when it is finished.
  const count = all ?? (isAdaptive(design) ? null : points);
  const done = broken.length === 0 && rows.length === count;
  if (broken.length > 0) {
    say(
      terminal,
      `${describeBroken(broken)}. They are left out; \`xpike sweep\` with --resume measures their points again.`,
    );
  }
  if (!done) {
    const of = count === null ? `${rows.length} points` : `${rows.length} of ${count} points`;
    if (!options.json) terminal.err(`${of} have a row so far.\n`);
  } else if (await isWritable(folder)) await useFolder(folder, result.command, () => writeResults(folder, result));
  else if (!options.json) say(terminal, "The folder cannot be written: its table and page are left as they are.");
  print(folder, result, options, terminal);
}

const isWritable = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );

interface Sweep {
  readonly design: OpenedDesign;
  /** The last row of each point. */
  readonly rows: readonly Row[];
  readonly effort: ReturnType<typeof effortOf>;
  readonly command: string;
  readonly software: Software;
  /** All builds of the program that had a part in it. */
  readonly builds: readonly string[];
}

/** The sweep in a folder, with all its rows. */
async function foundSweep(folder: string, design: OpenedDesign, all: readonly Row[], command: string): Promise<Sweep> {
  const { software } = await readQuestion(folder);
  const rows = lastRows(all, design);
  const builds = await buildsOfSweep(software.build, rows, join(folder, SWEEP_FILES.networks));
  return { design, rows, effort: effortOf(all, design), command, software, builds };
}

async function writeResults(folder: string, { design, rows, command, software, builds }: Sweep): Promise<void> {
  await writeTable(folder, sweepTable(rows, design, software.build));
  const of = { ...versions(), ...software, build: joinBuilds(builds) };
  const page = sweepHtml({ design, rows, command, versions: of });
  await writeFileAtomic(join(folder, SWEEP_FILES.page), page);
}

function print(
  folder: string,
  { design, rows, effort, software, builds }: Sweep,
  { json, all }: SweepShowOptions,
  terminal: Terminal,
): void {
  if (json) {
    const { columns, rows: lines } = sweepTable(rows, design, software.build);
    const records = lines.map((cells) => Object.fromEntries(cells.map((cell, i) => [columns[i].name, cell])));
    terminal.out(`${JSON.stringify(records, null, 2)}\n`);
    return;
  }
  const [page, ...files] = [SWEEP_FILES.page, SWEEP_FILES.database, SWEEP_FILES.parquet, SWEEP_FILES.csv].map((name) =>
    join(folder, name),
  );
  const text = sweepScreen(rows, design, { ...terminal, ...(all && { all }) });
  const { spent, full, programmed, again } = effort;
  const count = (value: number) => formatText({ value, unit: "1" });
  const spared = design.budget
    ? `Prompts on chips: ${count(spent)}, compared with ${count(full)} if every point had been measured in full.\n` +
      `Chips programmed: ${count(programmed)} (${count(again)} of them again, for more prompts).\n`
    : "";
  const notes = buildNotes(builds).map((note) => `${note}\n`);
  terminal.out(`${text}\n${spared}${notes.join("")}Front: ${page}\nTable: ${files.join(", ")}\n`);
}

/**
 * The design in a file, with its experiment, and the folder for the experiment's relative paths.
 * Throws  FileError if a file cannot be read; SpecError if it is not a design
 */
export async function loadDesign(source: string): Promise<{ design: OpenedDesign; directory: string }> {
  const design = parseDesign(await readDocument(source), source);
  const { experiment } = design;
  if (typeof experiment !== "string") return { design: { ...design, experiment }, directory: dirname(source) };
  if (experiment.startsWith(PRESET)) {
    return { design: { ...design, experiment: { preset: experiment.slice(PRESET.length) } }, directory: "." };
  }
  const path = resolve(dirname(source), experiment);
  const document = plainValue(parseJsonWithComments(await readDocument(path), path), path);
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new SpecError("experiment", `${path} does not hold an experiment: it is not an object.`);
  }
  return { design: { ...design, experiment: document as Record<string, unknown> }, directory: dirname(path) };
}
