/**
 * A run's folder is a contract, the same for all long commands:
 *
 *   question.json    the question: command, experiment, options, and the content hashes of networks and data
 *   units.jsonl      finished units of a run in progress or interrupted (`unit-log.ts`); removed when the run is finished
 *   results          files that are complete or absent, those of one result together
 *   .xpike.lock      the current writer (`folder-lock.ts`)
 *
 * The folder is created if missing, and removed again if the work produced nothing. A run that was stopped in any way resumes
 * from its last unit, if the question is still the same.
 */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FileError, SpecError } from "../errors.ts";
import type { Keeper } from "../evaluation/keeper.ts";
import { firstDifference } from "../experiment/difference.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { buildId, joinBuilds, requireBuild, splitBuilds, UNKNOWN_BUILD } from "./build.ts";
import {
  makeFolder,
  readFileChecked,
  removeEmptyFolders,
  requireFolder,
  TEMPORARY,
  writeFilesTogether,
} from "./files.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { type FoundLog, openUnitLog, readUnitLog } from "./unit-log.ts";

export const QUESTION_FILE = "question.json";
export const UNITS_FILE = "units.jsonl";
/** What a training keeps in its folder: its state and, when finished, its network. */
export const STATE_FILE = "state.safetensors";
export const NETWORK_FILE = "network.safetensors";

/** Name of a unit that names another build than the question's, in front of its first unit. */
const BUILD_UNIT = "build";

/** Largest question that is read: an experiment with a table of a device for every age. */
const LARGEST_QUESTION = 2 ** 26;

/** What a run answers: two runs of the same question give identical results, byte for byte. */
export interface Question {
  readonly command: string;
  readonly experiment: Experiment;
  /** Other command-line options that affect the result. */
  readonly options: Readonly<Record<string, unknown>>;
  /** SHA-256 of the content of networks and data (`contentHash`), by the field that names them. */
  readonly contents: Readonly<Record<string, string>>;
  /** Of the software; `build` names all builds that computed a part (`joinBuilds`). */
  readonly versions: Readonly<Record<string, string>>;
}

export interface RunChoice {
  /** Resumes the run that the folder holds. */
  readonly resume?: boolean | undefined;
  /** Starts over even if the folder holds an unfinished run. */
  readonly force?: boolean | undefined;
  /** Other builds with whose units the run may continue. */
  readonly acceptBuild?: readonly string[] | undefined;
}

/** A run in its folder. */
export interface OpenRun {
  readonly keeper: Keeper;
  /** Those of the question, with all builds that computed a part. */
  readonly versions: Readonly<Record<string, string>>;
  /** The run was finished before, and the folder holds its results. */
  readonly isOver: boolean;
  /** Writes the results with the question, and finishes the run. */
  publish(files: Readonly<Record<string, string>>): Promise<void>;
  /** Records in the folder what is computed in it, even if no unit is done. */
  begin(): void;
}

/**
 * Works on a question in a folder, from where an earlier run stopped.
 *
 * Throws  FileError when there is an unfinished run and neither `resume` nor `force` is set, when there is an unfinished training,
 *         and when content, or a build that is not accepted, differs from that of the run to resume; SpecError at the first field that
 *         differs; as `useFolder`
 */
export async function useRun<T>(
  folder: string,
  asked: Question,
  title: string,
  { resume = false, force = false, acceptBuild }: RunChoice,
  work: (run: OpenRun) => Promise<T>,
): Promise<T> {
  if (resume) requireRun(folder);
  return useFolder(folder, title, async ({ lock }) => {
    requireNoTraining(folder);
    const path = join(folder, UNITS_FILE);
    const found = force ? null : await readUnitLog(path);
    const before = found ? found.question : resume ? await readQuestion(folder) : null;
    const builds = before === null ? [] : [...buildsOf(before), ...(found ? buildUnits(path, found) : [])];
    const versions = { ...asked.versions, build: joinBuilds([...builds, buildId()]) };
    const question = JSON.parse(JSON.stringify({ ...asked, versions })) as Question;
    if (resume && before !== null) {
      // First, because another build may fill in other defaults.
      requireBuild(folder, "run", builds, acceptBuild);
      requireSame(withoutProgram(before), withoutProgram(question), folder);
    }
    if (found && !resume) throw unfinished(folder, found);
    const log = openUnitLog(path, question, found);
    let isNamed = !found || builds.includes(buildId());
    try {
      return await work({
        keeper: {
          kept: log.kept,
          keep: (name, value) => {
            if (!isNamed) log.keep(BUILD_UNIT, buildId());
            isNamed = true;
            log.keep(name, value);
          },
        },
        versions,
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

/** The builds of a question, which a program of any time may have written. */
export const buildsOf = (question: unknown): string[] => splitBuilds((question as Partial<Question>).versions?.build);

/** Other builds that have added units to a log. */
const buildUnits = (path: string, found: FoundLog): string[] =>
  openUnitLog(path, null, found).kept(BUILD_UNIT) as string[];

/** The question without the program, whose build is compared instead. */
function withoutProgram(question: unknown): unknown {
  const { versions: { build: _, xpikeformer: __, ...versions } = {}, ...rest } = question as Partial<Question>;
  return { ...rest, versions };
}

export const questionText = (question: Question): string => `${JSON.stringify(question, null, 2)}\n`;

/** Throws FileError: a run to resume must have a folder. */
export const requireRun = (folder: string): void =>
  requireFolder(folder, "there is no run to resume", "Check the path, or start without --resume.");

/** Throws FileError: a training resumes only with its own question, which the results of another run would replace. */
export function requireNoTraining(folder: string): void {
  const isThere = (name: string) => existsSync(join(folder, name));
  if (!isThere(STATE_FILE) || isThere(NETWORK_FILE)) return;
  throw new FileError(
    folder,
    `The folder holds an unfinished training (${STATE_FILE}, but no ${NETWORK_FILE}), which could not be resumed ` +
      "after this. Finish it first (`xpike train` with --resume), or choose another folder (--out).",
  );
}

/** The question of the results in a folder; null if there is none. Throws FileError for an invalid file. */
export async function readQuestion(folder: string): Promise<Question | null> {
  const path = join(folder, QUESTION_FILE);
  if (!existsSync(path)) return null;
  const text = new TextDecoder().decode(await readFileChecked(path, LARGEST_QUESTION));
  const question = parseQuestion(text);
  if (question !== null) return question;
  throw new FileError(
    path,
    "The file is damaged: it does not describe a run. Remove it and repeat the command: a training then continues with " +
      `--accept-build ${UNKNOWN_BUILD}, and any other run starts over.`,
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

function unfinished(folder: string, found: FoundLog): FileError {
  const units = [...found.units].flatMap(([name, values]) => (name === BUILD_UNIT ? [] : values)).length;
  return new FileError(
    folder,
    `The folder holds an unfinished run (finished units of work: ${units}). Continue it (--resume), start over ` +
      "(--force), or choose another folder (--out).",
  );
}

/** What work in a folder may need to know about it. */
export interface OpenFolder {
  readonly lock: FolderLock;
  /** The folder did not exist before. */
  readonly isNew: boolean;
}

/**
 * Works in a folder that no one else may write meanwhile. Temporary files of killed processes are removed first.
 *
 * @param command what errors call the work, for others that want the folder
 * Throws  FileError when the folder is in use, or cannot be created or written; as `work`. Folders that were created are then
 *         removed, unless they are not empty
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

/** No one is writing them: the folder is ours. Others that try for the lock meanwhile will try again. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true });
}
