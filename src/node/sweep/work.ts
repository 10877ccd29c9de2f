/** What is sent to remote workers: points and the sweep they belong to, validated, and the data that they need. */
import { z } from "zod";
import type { ModuleSpec } from "../../device/module.ts";
import { FileError, SpecError } from "../../errors.ts";
import { designSpec } from "../../experiment/design.ts";
import { deviceSpec } from "../../experiment/device.ts";
import { experimentAt, type OpenedDesign } from "../../sweep/points.ts";
import { shareData } from "../../threads/shared-data.ts";
import { contentHash } from "../content-hash.ts";
import { type DataLocation, loadTaskData } from "../task-data.ts";
import type { PlannedPoint } from "./plan.ts";
import { samplesSpec } from "./row-spec.ts";

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const pointSpec = z.strictObject({
  point: z.int().min(0),
  hash: sha256,
  values: z.record(z.string(), z.unknown()),
  network: sha256.nullable(),
  data: sha256.nullable(),
  device: z.custom<ModuleSpec>((value) => deviceSpec.safeParse(value).data?.kind === "module").exactOptional(),
  earlier: samplesSpec.exactOptional(),
});

export const manifestSpec = z.strictObject({
  /** The build of the program that asks, so that no other build's rows are taken for its own. */
  build: z.string(),
  design: designSpec.extend({ experiment: z.record(z.string(), z.unknown()) }),
  /** SHA-256 of the file of each network, by the name that points use for it. */
  networks: z.record(sha256, sha256),
});

export type Manifest = z.infer<typeof manifestSpec>;

/** A module is a program, which a sweep does not carry to other machines. A price needs only what its points state about it. */
export function requireNoModules(points: readonly PlannedPoint[]): void {
  const simulated = points.find(({ device, network }) => device && network !== null);
  if (!simulated) return;
  throw new SpecError(
    "hardware.crossbar.device",
    `Point ${simulated.point} is simulated with the device module ${simulated.device!.path}, but modules run only on the machine of ` +
      "the sweep. Leave out --engine, choose another kind of device, or sweep prices alone.",
  );
}

/**
 * The data of the points, by name, from the folders of this machine.
 * Throws  FileError when its content differs from the requester's; as `loadTaskData`
 */
export async function readData(
  design: OpenedDesign,
  points: readonly PlannedPoint[],
  location: DataLocation,
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { data, values } of points) {
    if (data === null || data in found) continue;
    const { task } = experimentAt(design, values);
    const loaded = await loadTaskData({ task }, location);
    const hash = contentHash(loaded.data);
    if (hash !== data) {
      throw new FileError(
        "task.data",
        `This machine's data differ from the sweep's: SHA-256 ${hash.slice(0, 16)} instead of ${data.slice(0, 16)}. ` +
          "Fetch the same data (`xpike data fetch`), or name its folder with --data.",
      );
    }
    found[data] = shareData(loaded.data);
  }
  return found;
}
