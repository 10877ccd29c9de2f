/** Versions of the software, for a report. */
import { packageVersion } from "../node/version.ts";

export function versions(): Record<string, string> {
  return { xpikeformer: packageVersion(), node: process.versions.node };
}
