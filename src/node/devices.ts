/** The device module that an experiment names: found relative to it, hashed, and loaded. */
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadDevice } from "../device/module.ts";
import { FileError, SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { sha256Of } from "./content-hash.ts";
import { readFileChecked } from "./files.ts";

/** Largest module that is read. */
const MODULE_BYTES = 2 ** 24;

/**
 * Loads the device module and returns the experiment with the module's SHA-256 and facts; unchanged if it names no module.
 *
 * @param directory folder of the experiment, to which the module's path is relative
 * Throws  FileError when the module cannot be read or imported, or exports no device; SpecError when its content or facts
 *         do not match the experiment's
 */
export async function loadExperimentDevice<E extends Experiment>(experiment: E, directory = "."): Promise<E> {
  const { crossbar } = experiment.hardware;
  const { device: written } = crossbar;
  if (written.kind !== "module") return experiment;
  const file = resolve(directory, written.path);
  const sha256 = sha256Of(await readModule(file));
  if (written.sha256 !== undefined && written.sha256 !== sha256) {
    throw new SpecError(
      "hardware.crossbar.device.sha256",
      `The device module ${written.path} has SHA-256 ${sha256}, but the experiment expects ${written.sha256}: the module has ` +
        "changed. Restore the old module, or leave sha256 out.",
    );
  }
  // The query string distinguishes versions of one file: a module is imported once per URL.
  const url = pathToFileURL(file);
  url.searchParams.set("sha256", sha256);
  const device = await loadDevice(url, { ...written, sha256 }).catch((error: unknown) => {
    throw withWayToPackage(error, file);
  });
  return { ...experiment, hardware: { ...experiment.hardware, crossbar: { ...crossbar, device } } };
}

/** A module that imports this package from a folder where Node does not find it is told how to have it found: the one that runs. */
function withWayToPackage(error: unknown, file: string): unknown {
  if (!(error instanceof FileError) || !String(error.cause).includes("Cannot find package 'xpikeformer'")) return error;
  const [packages, own] = [join(dirname(file), "node_modules"), fileURLToPath(new URL("../..", import.meta.url))];
  const [link, target] = [join(packages, "xpikeformer"), own.replace(/[/\\]$/, "")].map((path) => JSON.stringify(path));
  const message =
    "The device module imports xpikeformer, which Node looks for in node_modules of the module's folder and of those above it. Link the " +
    `package that runs there, then repeat the command:\n  mkdir -p ${JSON.stringify(packages)} && ln -s ${target} ${link}`;
  return new FileError(error.path, message, { cause: error });
}

async function readModule(file: string): Promise<Uint8Array> {
  try {
    return await readFileChecked(file, MODULE_BYTES);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const message = `The device module ${relative("", file)}: ${error.message} Paths are relative to the experiment.`;
    throw new FileError("hardware.crossbar.device.path", message, { cause: error });
  }
}
