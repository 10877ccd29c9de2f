/** What software computes rows: rows of another version, or of other kernels, are not mixed with them. */
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
