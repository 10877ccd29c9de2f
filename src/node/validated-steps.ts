/**
 * The numbers of time steps at which a network was checked on validation prompts.
 *
 * A network's own file keeps only the T of its last training stage. `manifest.json` in the folder of the file may list further validated
 * steps for each network, as `validatedSteps`. Without a manifest, or without that field, there are none.
 */
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { readFileChecked } from "./files.ts";

export const MANIFEST_FILE = "manifest.json";

/** Largest manifest that is read. */
const MANIFEST_BYTES = 2 ** 24;

/** The fields of a manifest that are read; it has more. */
const manifestSpec = z.looseObject({
  networks: z.array(
    z.looseObject({
      file: z.string().nullish(),
      validatedSteps: z.array(z.int().min(1).max(4096)).max(100).optional(),
    }),
  ),
});

/** The steps that the manifest beside `file` lists for it. Empty where the manifest cannot be read. */
export async function validatedSteps(file: string): Promise<readonly number[]> {
  try {
    const bytes = await readFileChecked(join(dirname(file), MANIFEST_FILE), MANIFEST_BYTES);
    const { networks } = manifestSpec.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return networks.find((network) => network.file === basename(file))?.validatedSteps ?? [];
  } catch {
    return [];
  }
}
