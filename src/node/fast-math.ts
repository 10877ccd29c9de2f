/** Node 20 knows relaxed SIMD, but only with a flag, which holds for all threads that start later. */
import { setFlagsFromString } from "node:v8";

export function allowRelaxedSimd(): void {
  // Later versions know no such flag: V8 prints a complaint about flags that it does not know.
  if (Number(process.versions.node.split(".")[0]) <= 20) setFlagsFromString("--experimental-wasm-relaxed-simd");
}
