/**
 * The last line of a run of tests: how many passed, failed and were skipped. Where tools are missing it says which, and the command
 * that installs them.
 */
import type { Reporter, TestModule } from "vitest/node";

const INSTALL =
  "Debian, Ubuntu: apt-get install verilator iverilog yosys g++ make; macOS: brew install verilator icarus-verilog yosys";

export default class ClosingLine implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: "passed" | "failed" | "skipped") => tests.filter((test) => test.result().state === state);
    // A file that does not load, and a hook that fails, fails no test.
    const broken = modules.filter((module) => !module.ok() && [...module.children.allTests("failed")].length === 0);
    const [passed, failed, skipped] = [inState("passed"), inState("failed"), inState("skipped")];
    const ofTools = skipped.filter(({ project }) => project.name === "tools");
    const line = `${passed.length} passed, ${failed.length + broken.length} failed, ${skipped.length} skipped`;
    const share = ofTools.length === skipped.length ? "" : `, ${ofTools.length} of them`;
    const reason = ofTools.length > 0 ? `${share} because ${await missingTools()}` : "";
    process.stdout.write(`${line}${reason}\n`);
  }
}

async function missingTools(): Promise<string> {
  // Loaded only where something is missing.
  const { hasTool } = await import("../../src/node/rtl-tools.ts");
  const tools = ["verilator", "iverilog", "yosys"] as const;
  const found = await Promise.all(tools.map(hasTool));
  const missing = tools.filter((_, n) => !found[n]);
  const list = new Intl.ListFormat("en-GB").format(missing);
  return `${list} ${missing.length === 1 ? "is" : "are"} not installed. ${INSTALL}`;
}
