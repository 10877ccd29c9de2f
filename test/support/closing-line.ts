/**
 * The last line of a test run: how many tests passed, failed and were skipped. If tools are missing, it names them and the
 * command that installs them.
 */

import type { Reporter, TestModule, Vitest } from "vitest/node";
import { queueServer } from "./queue-server.ts";
import { isRoot, missingSlurm } from "./slurm-cluster.ts";

const INSTALL =
  "Debian, Ubuntu: apt-get install verilator iverilog yosys opensta valkey-server slurm-wlm munge g++ make ccache; macOS: brew install verilator icarus-verilog yosys valkey";

export default class ClosingLine implements Reporter {
  /** The reason for skipped tests that give none themselves. */
  #unsaid = "this system lacks what they test";
  /** Whether tests tagged `nightly` are left out. */
  #isByDay = false;

  onInit({ config }: Vitest): void {
    if (config.testNamePattern) this.#unsaid = "their names were not asked for";
    this.#isByDay = config.tagsFilter?.includes("!nightly") === true;
    if (config.tagsFilter && !this.#isByDay)
      this.#unsaid = "they take longer or start programs, and `npm test` runs them";
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: "passed" | "failed" | "skipped") => tests.filter((test) => test.result().state === state);
    // A file that does not load, or a hook that fails, does not count as a failed test.
    const broken = modules.filter((module) => !module.ok() && [...module.children.allTests("failed")].length === 0);
    const [passed, failed, skipped] = [inState("passed"), inState("failed"), inState("skipped")];
    const noteOf = (test: (typeof skipped)[number]) => (test.result() as { note?: string }).note;
    const isLeftToNight = ({ tags }: (typeof skipped)[number]) => this.#isByDay && tags.includes("nightly");
    const ofTools = skipped.filter(
      (test) => test.project.name === "tools" && noteOf(test) === undefined && !isLeftToNight(test),
    );
    const others = skipped
      .filter((test) => !ofTools.includes(test))
      .map((test) => (isLeftToNight(test) ? "the nightly job runs them" : noteOf(test)));
    const reasons = [...new Set(others)].map((note) => {
      const count = others.filter((other) => other === note).length;
      return `${count} because ${note ?? this.#unsaid}`;
    });
    if (ofTools.length > 0) reasons.push(`${ofTools.length} because ${await missingTools()}`);
    const line = [
      `${passed.length} passed, ${failed.length + broken.length} failed, ${skipped.length} skipped`,
      ...reasons,
    ];
    process.stdout.write(`${line.join(", ")}\n`);
  }
}

async function missingTools(): Promise<string> {
  // Loaded only if something is missing.
  const { hasTool } = await import("../../src/node/rtl-simulators.ts");
  const tools = ["verilator", "iverilog", "yosys"] as const;
  const found = await Promise.all(tools.map(hasTool));
  const missing: string[] = tools.filter((_, n) => !found[n]);
  const { findSta } = await import("../../src/node/opensta.ts");
  await findSta().catch(() => missing.push("opensta"));
  if (queueServer() === undefined) missing.push("valkey-server");
  missing.push(...missingSlurm());
  if (missing.length === 0 && !isRoot()) return "a cluster of Slurm is started by root alone";
  const list = new Intl.ListFormat("en-GB").format(missing);
  return `${list} ${missing.length === 1 ? "is" : "are"} not installed. ${INSTALL}`;
}
