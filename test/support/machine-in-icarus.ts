/** A small machine in Icarus, unchanged or with a replacement for one of its sources. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { FILE_LIST, TESTBENCH_LIST } from "../../src/rtl/bundle.ts";
import { machineBundle } from "../../src/rtl/kit/bundle.ts";
import type { MachineDesign } from "../../src/rtl/machine/design.ts";
import { MACHINE_TESTBENCH } from "../../src/rtl/machine/testbench.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "./tiny-machine.ts";

export interface MachineInIcarus {
  readonly design: MachineDesign;
  readonly files: Readonly<Record<string, string>>;
  /** The output of a testbench, by default the machine's, with a text replacing one of the sources. */
  readonly printed: (
    source: string,
    text: string,
    options?: { readonly plusargs?: readonly string[]; readonly testbench?: string },
  ) => Promise<string>;
  readonly remove: () => void;
}

const run = promisify(execFile);

export function machineInIcarus(setting: MachineSetting, prompts: number, isInFlight = false): MachineInIcarus {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-icarus-"));
  const { design, vectors } = tinyMachine(setting, prompts, undefined, isInFlight);
  const files = machineBundle(design, vectors, madeInTests);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return {
    design,
    files,
    printed: async (source, text, { plusargs = [], testbench = MACHINE_TESTBENCH } = {}) => {
      const [program, changed] = ["tb.vvp", "changed.sv"].map((name) => join(folder, name));
      writeFileSync(changed, text);
      const list = (files[FILE_LIST] + files[TESTBENCH_LIST]).trim().split("\n");
      const sources = list.map((name) => (name === source ? changed : join(folder, name)));
      await run("iverilog", ["-g2012", "-s", testbench, "-o", program, ...sources]);
      const { stdout } = await run("vvp", ["-n", program, ...plusargs], { cwd: folder });
      return stdout;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
