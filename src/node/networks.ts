/**
 * The bundled networks: trained here, found by name from anywhere.
 *
 * An experiment names one as `bundled:NAME`, any other checkpoint as a path. `networks/manifest.json` lists every network that was ever
 * bundled. A clone contains those that are kept, the package those that its examples need. The others are in the history, and are
 * used once they are brought back.
 */
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError, suggest } from "../errors.ts";

const SCHEME = "bundled:";

/** What the manifest says of a network, as far as the program reads it. */
interface Entry {
  readonly name: string;
  /** Its file in `networks/` of a clone; null where only the history has it. */
  readonly file: string | null;
  /** The commit that still has a dropped network, as `checkpoints/NAME.safetensors`. */
  readonly commit?: string;
}

const pathOf = (file: string): string => fileURLToPath(new URL(`../../networks/${file}`, import.meta.url));

const fileOf = (name: string): string => pathOf(`${name}.safetensors`);

let entries: readonly Entry[] | undefined;

/** Read when it is first needed, because a page or a bundle of this module may lack the file. */
function manifest(): readonly Entry[] {
  entries ??= (JSON.parse(readFileSync(pathOf("manifest.json"), "utf8")) as { readonly networks: readonly Entry[] })
    .networks;
  return entries;
}

/** The names of all networks that were ever bundled. */
export const networkNames = (): string[] => manifest().map(({ name }) => name);

/** The names of the bundled networks whose files are here. */
export function bundledNetworks(): string[] {
  return networkNames().filter((name) => existsSync(fileOf(name)));
}

/**
 * The file of a bundled network.
 * Throws  FileError for an unknown name, and for a network whose file is not here
 */
export function bundledNetwork(name: string): string {
  const entry = manifest().find((known) => known.name === name);
  if (!entry) {
    const nearest = suggest(name, networkNames());
    const help = nearest ? `Did you mean ${SCHEME}${nearest}?` : `Known: ${bundledNetworks().join(", ")}.`;
    throw new FileError(`${SCHEME}${name}`, `There is no bundled network with this name. ${help}`);
  }
  const file = fileOf(name);
  if (existsSync(file)) return file;
  throw new FileError(`${SCHEME}${name}`, whereItIs(entry));
}

/** Where a bundled network is whose file is not here, as in the installed package; null for any other reference. */
export function whereAbsent(reference: string): string | null {
  const entry = isBundled(reference) ? manifest().find(({ name }) => SCHEME + name === reference) : undefined;
  return entry === undefined || existsSync(fileOf(entry.name)) ? null : whereItIs(entry);
}

function whereItIs({ name, file, commit }: Entry): string {
  if (file !== null) {
    return `The package does not contain this network. A clone of the repository does: networks/${file}.`;
  }
  const object = `${commit}:checkpoints/${name}.safetensors`;
  return (
    "This network is kept in the repository's history only. To bring it back, run this in the root of a full clone: " +
    `git show ${object} > networks/${name}.safetensors`
  );
}

/** Whether a reference names a bundled network. */
export const isBundled = (reference: string): boolean => reference.startsWith(SCHEME);

/** The file of a checkpoint that an experiment in `directory` names. Throws FileError as `bundledNetwork`. */
export function networkFile(reference: string, directory = "."): string {
  return isBundled(reference) ? bundledNetwork(reference.slice(SCHEME.length)) : resolve(directory, reference);
}

/** What `read` makes of the file of the network that a field of an experiment names. Throws FileError at the field. */
export async function readNamed<T>(
  field: string,
  reference: string,
  directory: string,
  read: (file: string) => Promise<T>,
): Promise<T> {
  let file = reference;
  try {
    file = networkFile(reference, directory);
    return await read(file);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const isMissing = (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
    const problem = isMissing
      ? `There is no such file: ${relative("", file)}. Paths are relative to the experiment; write a bundled network as bundled:NAME.`
      : error.message;
    throw new FileError(field, `${reference}: ${problem}`, { cause: error });
  }
}
