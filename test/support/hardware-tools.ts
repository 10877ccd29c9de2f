/**
 * For tests of hardware tools, which are in `*.tools.test.ts` files, vitest's project `tools`. They are skipped without their
 * tool; the last line of a run says so (`closing-line.ts`).
 */
import { test } from "vitest";
import { hasTool, type RtlTool } from "../../src/node/rtl-simulators.ts";

/** Vitest's `test`, skipped if the tool is not installed. */
export async function testWith(tool: RtlTool): Promise<ReturnType<typeof test.skipIf>> {
  return test.skipIf(!(await hasTool(tool)));
}
