/** What software computes rows: rows of another version, or of other kernels, are not mixed with them. */
import { SHARED_BINARY, UNSHARED_BINARY } from "../../kernels/binary.generated.ts";
import { contentHash } from "../content-hash.ts";
import { packageVersion } from "../version.ts";

export interface Software {
  readonly xpikeformer: string;
  /** SHA-256 of the WebAssembly modules. */
  readonly kernels: string;
}

export const softwareOf = (): Software => ({
  xpikeformer: packageVersion(),
  kernels: contentHash([SHARED_BINARY, UNSHARED_BINARY]),
});
