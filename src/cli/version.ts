/** Versions of the software, for a report. */
import { buildId } from "../node/build.ts";
import { packageVersion } from "../node/version.ts";

export function versions(): Record<string, string> {
  return { xpikeformer: packageVersion(), build: buildId(), node: process.versions.node };
}
