/**
 * The folder of a run is a contract, the same for all long commands:
 *
 *   question.json    what was asked: command, experiment, options, and by their content networks and data
 *   units.jsonl      what is done of a run that is under way or was stopped (`unit-log.ts`); gone once it is over
 *   results          files that are whole or absent, those of one result together
 *   .xpike.lock      who writes there (`folder-lock.ts`)
 *
 * The folder is made when it is missing, and gone again when nothing came of the work. A run that was stopped, in whatever way, goes on
 * from its last unit, if the question is still the same.
 */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FileError, SpecError } from "../errors.ts";
import type { Keeper } from "../evaluation/keeper.ts";
import { firstDifference } from "../spec/difference.ts";
import type { Experiment } from "../spec/experiment.ts";
import { makeFolder, readFileChecked, removeEmptyFolders, TEMPORARY, writeFilesTogether } from "./files.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { openUnitLog, readUnitLog } from "./unit-log.ts";

export const QUESTION_FILE = "question.json";
export const UNITS_FILE = "units.jsonl";
/** What a training keeps in its folder: what it goes on from, and its network once it is over. */
export const STATE_FILE = "state.safetensors";
export const NETWORK_FILE = "network.safetensors";

/** Largest question that is read: an experiment with a table of a device for every age. */
const LARGEST_QUESTION = 2 ** 26;

/** What a run answers: two runs of the same question have the same results, byte for byte. */
export interface Question {
  readonly command: string;
  readonly experiment: Experiment;
  /** What else was asked for on the command line, as far as it decides the result. */
  readonly options: Readonly<Record<string, unknown>>;
  /** SHA-256 of the content of networks and data (`contentHash`), by the field that names them. */
  readonly contents: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
}

export interface RunChoice {
  /** Goes on with the run that the folder holds. */
  readonly resume?: boolean | undefined;
  /** Starts over although the folder holds a run that is not over. */
  readonly force?: boolean | undefined;
}

/** A run in its folder. */
export interface OpenRun {
  readonly keeper: Keeper;
  /** The run was over before, and the folder holds its results. */
  readonly isOver: boolean;
  /** Writes the results, with the question, and ends the run. */
  publish(files: Readonly<Record<string, string>>): Promise<void>;
  /** Has the folder say what is computed in it, also where no unit is done. */
  begin(): void;
}

/**
 * Works on a question in a folder, from where an earlier sitting stopped.
 *
 * Throws  FileError when there is a run that is not over and neither `resume` nor `force` is set, when there is a training that is not
 *         over, and when content differs from what the run to go on with was started with; SpecError at the first field that does; as
 *         `useFolder`
 */
export async function useRun<T>(
  folder: string,
  asked: Question,
  title: string,
  { resume = false, force = false }: RunChoice,
  work: (run: OpenRun) => Promise<T>,
): Promise<T> {
  if (resume) requireFolder(folder);
  return useFolder(folder, title, async ({ lock }) => {
    requireNoTraining(folder);
    const path = join(folder, UNITS_FILE);
    const question = JSON.parse(JSON.stringify(asked)) as Question;
    const found = force ? null : await readUnitLog(path);
    const before = found ? found.question : resume ? await readQuestion(folder) : null;
    if (resume && before !== null) requireSame(before, question, folder);
    if (found && !resume) throw unfinished(folder, [...found.units.values()].flat().length);
    const log = openUnitLog(path, question, found);
    try {
      return await work({
        keeper: log,
        isOver: !found && before !== null,
        publish: async (files) => {
          await lock.check();
          await writeFilesTogether(folder, { ...files, [QUESTION_FILE]: questionText(question) });
          await rm(path, { force: true });
        },
        begin: () => log.begin(),
      });
    } finally {
      log.close();
    }
  });
}

export const questionText = (question: Question): string => `${JSON.stringify(question, null, 2)}\n`;

/** Throws FileError: a run that is to go on has a folder. */
export function requireFolder(folder: string): void {
  if (existsSync(folder)) return;
  throw new FileError(
    folder,
    "There is no such folder, so there is no run to resume. Check the path, or start without --resume.",
  );
}

/** Throws FileError: a training goes on only beside its own question, which the results of another run would replace. */
export function requireNoTraining(folder: string): void {
  const isThere = (name: string) => existsSync(join(folder, name));
  if (!isThere(STATE_FILE) || isThere(NETWORK_FILE)) return;
  throw new FileError(
    folder,
    `The folder holds an unfinished training (${STATE_FILE}, but no ${NETWORK_FILE}), which could not be resumed ` +
      "after this. Finish it first (`xpike train` with --resume), or choose another folder (--out).",
  );
}

/** The question of the results in a folder; null where there is none. Throws FileError for a file that is no question. */
export async function readQuestion(folder: string): Promise<Question | null> {
  const path = join(folder, QUESTION_FILE);
  if (!existsSync(path)) return null;
  const text = new TextDecoder().decode(await readFileChecked(path, LARGEST_QUESTION));
  const question = parseQuestion(text);
  if (question !== null) return question;
  throw new FileError(
    path,
    "The file is damaged: it does not describe a run. Remove it and repeat the command: a training then continues, " +
      "and any other run starts over.",
  );
}

function parseQuestion(text: string): Question | null {
  try {
    const question = JSON.parse(text) as Question | null;
    const parts = [question?.experiment, question?.options, question?.contents, question?.versions];
    const isTable = (part: unknown) => typeof part === "object" && part !== null && !Array.isArray(part);
    return parts.every(isTable) ? question : null;
  } catch {
    return null;
  }
}

/** Throws FileError at the first content that differs from that of the run in `folder`, SpecError at any other field. */
export function requireSame(before: unknown, now: unknown, folder: string): void {
  const found = firstDifference(before, now);
  if (found === null) return;
  const rest = "Restore the original, start over (--force), or choose another folder (--out).";
  const [part, field] = [/^\w*/.exec(found.field)![0], found.field.replace(/^(experiment|options|contents)\.?/, "")];
  if (part === "contents") {
    const name = field.replace(/^\["(.*)"\]$/, "$1");
    throw new FileError(
      name,
      `The run in ${folder} was started with a different ${name}: its SHA-256 was ${found.first} and is now ` +
        `${found.second}. ${rest}`,
    );
  }
  throw new SpecError(
    field,
    `The run in ${folder} was started with ${field} ${found.first}, which is now ${found.second}. ${rest}`,
  );
}

function unfinished(folder: string, units: number): FileError {
  return new FileError(
    folder,
    `The folder holds an unfinished run (finished units of work: ${units}). Continue it (--resume), start over ` +
      "(--force), or choose another folder (--out).",
  );
}

/** What work in a folder may want to know of it. */
export interface OpenFolder {
  readonly lock: FolderLock;
  /** The folder was not there before. */
  readonly isNew: boolean;
}

/**
 * Works in a folder that nobody else may write meanwhile. Temporary files of processes that were killed there are removed first.
 *
 * @param command what errors call the work to whoever wants the folder too
 * Throws  FileError when the folder is in use, or cannot be made or written; as `work`. Folders that were made are removed then,
 *         unless something lies in them
 */
export async function useFolder<T>(
  folder: string,
  command: string,
  work: (open: OpenFolder) => Promise<T>,
): Promise<T> {
  const made = await makeFolder(folder);
  let done = false;
  try {
    const lock = await lockFolder(folder, command);
    try {
      await removeTemporaries(folder);
      const result = await work({ lock, isNew: made.length > 0 });
      done = true;
      return result;
    } finally {
      await lock.release();
    }
  } finally {
    if (!done) await removeEmptyFolders(made);
  }
}

/** Nobody is writing them: the folder is ours. Who tries for the lock meanwhile tries again. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true });
}
