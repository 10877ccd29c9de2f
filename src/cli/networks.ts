/** The trained networks that an experiment names in `checkpoints`, and their training. */
import { isXpikeError, SpecError } from "../errors.ts";
import { isHardwareAware } from "../experiment/hardware-aware.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { TrainingSpec } from "../experiment/training.ts";
import { decodeCheckpoint } from "../model/checkpoint.ts";
import type { Network } from "../model/network.ts";
import { readFileChecked } from "../node/files.ts";
import { isBundled, networkFile, readNamed, whereAbsent } from "../node/networks.ts";
import { validatedSteps } from "../node/validated-steps.ts";
import type { LoadedExperiment } from "./options.ts";

/** Largest checkpoint that is read. */
export const CHECKPOINT_BYTES = 2 ** 31;

/** Networks for comparison with the one on the hardware; reports omit those that are not named. */
export type ComparedRole = "ann" | "spiking" | "conventional";

const NO_CONVENTIONAL =
  "No network from conventional training is named (checkpoints.conventional): its curves are left out. The stages before the " +
  "hardware-aware ones train it.";

export interface LoadedNetworks<R extends ComparedRole> {
  readonly networks: { readonly network: Network } & Readonly<Partial<Record<R, Network>>>;
  /** Time steps at which the network on the hardware was checked on validation prompts, beyond those of its training. */
  readonly validatedSteps: readonly number[];
  /** Whether the network on the hardware was trained with device noise. */
  readonly hardwareAware: boolean;
  /** What is left out of the comparison. */
  readonly notes: readonly string[];
}

/**
 * The network for the hardware, and those of `roles` that the experiment names; bundled ones that are not here are left out, with a note.
 * Throws  SpecError when no network is named for the hardware; FileError, at the field, for one that cannot be read
 */
export async function loadNetworks<R extends ComparedRole>(
  { experiment, directory, source }: LoadedExperiment,
  roles: readonly R[],
): Promise<LoadedNetworks<R>> {
  const { checkpoints, training } = experiment;
  if (checkpoints.network === undefined) {
    throw new SpecError(
      "checkpoints.network",
      `The experiment names no trained network. Train one with \`xpike train ${source} --out DIR\` and set checkpoints.network to ` +
        "DIR/network.safetensors.",
    );
  }
  const notes: string[] = [];
  const read = async (path: string, field: string) => {
    const found = await readCheckpoint(directory, path, field);
    if (!found.isChecked && !isBundled(path)) notes.push(unchecked(path, field));
    return found;
  };
  const { network, metadata } = await read(checkpoints.network, "checkpoints.network");
  const compared: Partial<Record<ComparedRole, Network>> = {};
  for (const role of roles) {
    const path = checkpoints[role];
    const elsewhere = path === undefined ? null : whereAbsent(path);
    if (path === undefined) {
      // Without an ANN or a digital SNN, the report itself says which ratios it does not give.
      if (role === "conventional") notes.push(NO_CONVENTIONAL);
    } else if (elsewhere !== null) notes.push(leftOut(`checkpoints.${role}`, path, elsewhere));
    else compared[role] = (await read(path, `checkpoints.${role}`)).network;
  }
  return {
    networks: { network, ...(compared as Partial<Record<R, Network>>) },
    validatedSteps: await validatedSteps(networkFile(checkpoints.network, directory)),
    hardwareAware: isHardwareAware(trainingOf(metadata) ?? training),
    notes,
  };
}

const leftOut = (field: string, path: string, elsewhere: string): string =>
  `${field}: ${path} is left out of the comparison. ${elsewhere}`;

const unchecked = (path: string, field: string): string =>
  `${field}: ${path} has no checksums, like files of earlier versions. Damaged numbers would go unnoticed.`;

/** The network that `field` of an experiment in `directory` names. Throws FileError at the field. */
export async function readNetwork(directory: string, path: string, field: string): Promise<Network> {
  return (await readCheckpoint(directory, path, field)).network;
}

const readCheckpoint = (directory: string, path: string, field: string) =>
  readNamed(field, path, directory, async (file) =>
    decodeCheckpoint(await readFileChecked(file, CHECKPOINT_BYTES), file),
  );

/** The training spec that `xpike train` stores with a network; other networks have none. */
function trainingOf({ experiment }: Readonly<Record<string, string>>): TrainingSpec | undefined {
  if (experiment === undefined) return undefined;
  try {
    return parseExperiment(experiment).training;
  } catch (error) {
    // Written by another version with other fields, so the training is unknown.
    if (isXpikeError(error)) return undefined;
    throw error;
  }
}
