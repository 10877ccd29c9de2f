/**
 * The bundled networks: trained here, found by name from anywhere.
 *
 * An experiment names one as `bundled:NAME`, any other checkpoint as a path. Those of `examples/wireless-2x2.json` come with this package;
 * the others are many times its size, so they are a package of their own. In a clone all of them lie in `checkpoints/`, whose
 * README says how each was trained.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError } from "../errors.ts";
import { suggest } from "../spec/suggest.ts";

const SCHEME = "bundled:";

/** The package that has the networks which do not come with this one. */
const NETWORKS_PACKAGE = "xpikeformer-networks";

/** All bundled networks; the first four come with this package. */
export const BUNDLED_NETWORKS = [
  "wireless-2x2-xpikeformer",
  "wireless-2x2-ann-long",
  "wireless-2x2-spiking",
  "wireless-2x2-conventional",
  "wireless-2x2-deep-xpikeformer",
  "wireless-2x2-deep-spiking",
  "wireless-2x2-deep-conventional",
  "wireless-2x2-deep-two-steps-xpikeformer",
  "wireless-2x2-deep-64-xpikeformer",
  "wireless-2x2-one-step-xpikeformer",
  "wireless-2x2-deep-256-xpikeformer",
  "wireless-2x2-deep-256-two-steps-xpikeformer",
  "wireless-2x2-deep-256-six-blocks-xpikeformer",
  "wireless-2x2-ordered-xpikeformer",
  "wireless-2x2-ann",
  "wireless-2x2-ann-32",
  "wireless-2x2-ann-64",
  "wireless-2x2-ann-deep",
  "wireless-2x2-faults",
  "wireless-2x2-realistic",
  "wireless-2x2-256-xpikeformer",
  "wireless-2x2-256-realistic",
  "wireless-2x2-256-aware",
  "wireless-2x2-256-if",
  "wireless-2x2-256-ordered-xpikeformer",
  "wireless-4x4-bits-xpikeformer",
  "wireless-4x4-256-xpikeformer",
  "wireless-4x4-ann",
  "fashion-ann-8",
  "fashion-ann-8-long",
  "fashion-ann-16",
  "fashion-ann-16-long",
  "fashion-ann-32",
  "fashion-tiny-xpikeformer",
  "fashion-tiny-ann",
  "fashion-tiny-spiking",
  "mnist-64-xpikeformer",
  "mnist-ann-16",
  "mnist-ann-16-long",
  "mnist-ann-16-taught",
  "mnist-ann-32",
  "mnist-ann-32-long",
  "mnist-ann-32-taught",
  "mnist-ann-64",
  "mnist-ann-64-long",
  "mnist-ann-64-taught",
  "mnist-ann-128",
  "mnist-ann-128-long",
  "mnist-ann-128-taught",
  "mnist-one-step-xpikeformer",
  "mnist-stem-ann",
  "mnist-two-steps-xpikeformer",
  "mnist-two-steps-taught-xpikeformer",
  "mnist-tiny-xpikeformer",
  "mnist-tiny-ann",
  "cifar10-small-xpikeformer",
  "cifar10-small-ann",
  "cifar10-small-conventional",
  "cifar10-large-xpikeformer",
  "cifar10-large-ann",
  "cifar10-wide-xpikeformer",
  "cifar10-wide-strided-xpikeformer",
  "cifar10-graded-xpikeformer",
  "cifar10-fine-xpikeformer",
  "cifar10-four-xpikeformer",
  "cifar10-eight-xpikeformer",
  "cifar10-twice-xpikeformer",
  "cifar10-wide-ann",
  "fashion-fine-xpikeformer",
  "fashion-large-xpikeformer",
  "fashion-large-ann",
  "fashion-stem-xpikeformer",
  "fashion-stem-ann",
] as const;

/**
 * The file of a bundled network.
 * Throws  FileError for an unknown name, and when the network's package is not installed
 */
export function bundledNetwork(name: string): string {
  const names: readonly string[] = BUNDLED_NETWORKS;
  if (!names.includes(name)) {
    const nearest = suggest(name, names);
    const help = nearest ? `Did you mean ${SCHEME}${nearest}?` : `Known: ${names.join(", ")}.`;
    throw new FileError(`${SCHEME}${name}`, `There is no bundled network of this name. ${help}`);
  }
  const file = `${name}.safetensors`;
  const own = fileURLToPath(new URL(`../../checkpoints/${file}`, import.meta.url));
  if (existsSync(own)) return own;
  return join(networksFolder(name), file);
}

/** Whether a reference names a network that comes with a package. */
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
      ? `There is no such file: ${relative("", file)}. Paths are relative to the experiment; a bundled network is named bundled:NAME.`
      : error.message;
    throw new FileError(field, `${reference}: ${problem}`, { cause: error });
  }
}

/** Where the other package is: beside this one, or where the command runs. */
function networksFolder(name: string): string {
  const { resolve: find } = createRequire(import.meta.url);
  try {
    const paths = [dirname(fileURLToPath(import.meta.url)), process.cwd()];
    return dirname(find(`${NETWORKS_PACKAGE}/package.json`, { paths }));
  } catch (cause) {
    throw new FileError(
      `${SCHEME}${name}`,
      `This network is not installed: it is in a package of its own. Install it with \`npm install ${NETWORKS_PACKAGE}\`.`,
      { cause },
    );
  }
}
