/** The device module that an experiment names: found relative to it, hashed with all that it imports, and loaded. */
import { resolve } from "node:path";
import { loadDevice, type ModuleSpec } from "../device/module.ts";
import { FileError, SpecError } from "../errors.ts";
import { firstDifference } from "../experiment/difference.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { type DeviceFiles, readDeviceFiles } from "./device-files.ts";

/**
 * Loads the device module and returns the experiment with the hashes of its files and its facts; unchanged if it names no module.
 *
 * @param directory folder of the experiment, to which the module's path is relative
 * Throws  FileError when the module cannot be read or imported, or exports no device; SpecError when its content or facts
 *         do not match the experiment's
 */
export async function loadExperimentDevice<E extends Experiment>(experiment: E, directory = "."): Promise<E> {
  const { crossbar } = experiment.hardware;
  const { device: written } = crossbar;
  if (written.kind !== "module") return experiment;
  const { url, sha256, imports } = await readModule(resolve(directory, written.path));
  requireContent(written, { sha256, imports });
  // Before the hash of everything, so that a difference is first found at the file.
  const { sha256: _, ...rest } = written;
  const hashes = { ...(Object.keys(imports).length > 0 && { imports }), sha256 };
  const device = await loadDevice(url, { ...rest, ...hashes });
  return { ...experiment, hardware: { ...experiment.hardware, crossbar: { ...crossbar, device } } };
}

async function readModule(file: string): Promise<DeviceFiles> {
  try {
    return await readDeviceFiles(file);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const message = `The device module ${error.path}: ${error.message}`;
    throw new FileError("hardware.crossbar.device.path", message, { cause: error });
  }
}

/** Throws SpecError at the first content that is not what the experiment expects. */
function requireContent(written: ModuleSpec, { sha256, imports }: Omit<DeviceFiles, "url">): void {
  const field = "hardware.crossbar.device";
  const difference = firstDifference(written.imports ?? imports, imports);
  if (difference !== null) {
    const name = difference.field.replace(/^\["(.*)"\]$/, "$1");
    throw new SpecError(
      `${field}.imports`,
      `The device module ${written.path} imports ${name} with SHA-256 ${difference.second}, but the experiment expects ` +
        `${difference.first}: the file has changed. Restore the old one, or leave imports and sha256 out.`,
    );
  }
  if ((written.sha256 ?? sha256) === sha256) return;
  const files = Object.keys(imports).join(", ");
  throw new SpecError(
    `${field}.sha256`,
    `The device module ${written.path}${files && `, with ${files},`} has SHA-256 ${sha256}, but the experiment expects ` +
      `${written.sha256}: the module ${files && "or one of these files "}has changed. Restore the old content, or leave sha256 out.`,
  );
}
