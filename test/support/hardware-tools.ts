/**
 * Tests of hardware tools, which are in files `*.tools.test.ts`, vitest's project `tools`. Without their tool they are skipped; the last
 * line of a run says so (`closing-line.ts`).
 */
import { test } from "vitest";
import { hasTool, type RtlTool } from "../../src/node/rtl-simulators.ts";

/** Milliseconds in which Verilator's program must be compiled, also on a busy machine. */
export const COMPILATION = 180_000;

/** Vitest's `test`, which skips where the tool is not installed. */
export async function testWith(tool: RtlTool): Promise<ReturnType<typeof test.skipIf>> {
  return test.skipIf(!(await hasTool(tool)));
}
