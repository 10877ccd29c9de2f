/** Labelled files in folders: the training and the test folder each hold one folder per class. */
import { type Dirent, existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { MOST_CLASSES } from "../data/images.ts";
import { FileError } from "../errors.ts";
import { fileError } from "./files.ts";

export interface ClassFile {
  readonly path: string;
  readonly label: number;
}

export interface ClassFiles {
  /** The folders of `train`, in the order of their names. */
  readonly classes: readonly string[];
  readonly train: readonly ClassFile[];
  readonly test: readonly ClassFile[];
  /** Files of other kinds, by name. */
  readonly ignored: number;
}

/** File extensions that count, in lower case, and what messages call the items and the files. */
interface FileKind {
  readonly extensions: readonly string[];
  readonly thing: string;
  readonly format: string;
}

/**
 * The files of the classes; a class may have none for testing.
 * Throws  FileError when there is no class, a class exists only in `test`, or a part has no file of this kind
 */
export async function listClassFolders(
  folders: { readonly train: string; readonly test: string },
  kind: FileKind,
): Promise<ClassFiles> {
  const classes = await namesOfFolders(folders.train);
  if (classes.length === 0 || classes.length > MOST_CLASSES) {
    throw new FileError(
      folders.train,
      `There are ${classes.length} folders here, one for each class. Give 1 to ${MOST_CLASSES}.`,
    );
  }
  const unknown = (await namesOfFolders(folders.test)).find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    const known = `those of ${basename(folders.train)}/ are ${classes.join(", ")}`;
    throw new FileError(join(folders.test, unknown), `No training ${kind.thing} is of this class; ${known}.`);
  }
  const train = await classFiles(folders.train, classes, kind);
  const test = await classFiles(folders.test, classes, kind);
  return { classes, train: train.files, test: test.files, ignored: train.ignored + test.ignored };
}

const namesOfFolders = async (folder: string): Promise<string[]> =>
  (await list(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => name);

async function classFiles(
  folder: string,
  classes: readonly string[],
  { extensions, format }: FileKind,
): Promise<{ files: ClassFile[]; ignored: number }> {
  const files: ClassFile[] = [];
  let ignored = 0;
  for (const [label, name] of classes.entries()) {
    const path = join(folder, name);
    for (const entry of existsSync(path) ? await list(path) : []) {
      if (extensions.includes(extname(entry.name).toLowerCase())) files.push({ path: join(path, entry.name), label });
      else ignored += 1;
    }
  }
  if (files.length === 0) throw new FileError(folder, `There is no ${format} in the folders here.`);
  return { files, ignored };
}

/** The non-hidden entries of a folder, sorted by code units: the same order on every system. */
async function list(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  } catch (error) {
    throw fileError(folder, error, "read");
  }
}
