/** The file of a trained network as `xpike train` writes it: its parameters and their origin. */
import type { Experiment } from "../experiment/experiment.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { bestNumbers } from "./state.ts";
import type { TrainResult } from "./train.ts";

/**
 * The bytes of `network.safetensors`. Its metadata holds the experiment, the seed, the number of steps, the best validation, and
 * the command that reproduces the network. Of a training that several builds of the program continued, it also holds
 * `builds`; of one that did not only run in WebAssembly, `backends`.
 * Throws  ValueError at a number that is not finite
 */
export function encodeTrained(
  { network, state: { step, best } }: Pick<TrainResult, "network" | "state">,
  experiment: Experiment,
  command = "",
  { builds = null, backends = null }: { readonly builds?: string | null; readonly backends?: string | null } = {},
): Uint8Array {
  return encodeCheckpoint(network, {
    experiment: JSON.stringify(experiment),
    command,
    ...(builds !== null && { builds }),
    ...(backends !== null && { backends }),
    seed: String(experiment.seed),
    steps: String(step),
    ...(best && { validation: JSON.stringify(bestNumbers(best)) }),
  });
}
