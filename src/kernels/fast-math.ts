/**
 * Kernels whose products add with relaxed SIMD: a CPU with fused multiply-add rounds once where the others round twice. Results are as
 * exact, but not the same bits on every machine, so that only training uses them, on request, and its folder says so.
 *
 * Source: WebAssembly relaxed SIMD proposal, `f32x4.relaxed_madd`.
 */
import { PlatformError } from "../errors.ts";

/** A module of one function that returns `f32x4.relaxed_madd` of its three parameters. */
const PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0], // magic and version
  ...[1, 8, 1, 96, 3, 123, 123, 123, 1, 123], // type (v128, v128, v128) -> v128
  ...[3, 2, 1, 0], // a function of that type
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11], // its code
);

/**
 * The fast binary as text, for `instantiateKernels`.
 * Throws  PlatformError where WebAssembly has no relaxed SIMD
 */
export async function loadFastBinary(): Promise<string> {
  if (!WebAssembly.validate(PROBE)) {
    throw new PlatformError(
      "fastMath",
      "This platform has no relaxed SIMD for WebAssembly, which Node has from version 21 and browsers have since 2024. Leave --fast-math out.",
    );
  }
  return (await import("./fast-binary.generated.ts")).FAST_BINARY;
}
