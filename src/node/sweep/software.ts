/** Identifies the software that computes rows: rows of another version, or with other kernels, are not mixed. */
import { BINARY } from "../../kernels/binary.generated.ts";
import { contentHash } from "../content-hash.ts";
import { packageVersion } from "../version.ts";

export interface Software {
  readonly xpikeformer: string;
  /** SHA-256 of the WebAssembly module. */
  readonly kernels: string;
}

export const softwareOf = (): Software => ({
  xpikeformer: packageVersion(),
  kernels: contentHash([BINARY]),
});
