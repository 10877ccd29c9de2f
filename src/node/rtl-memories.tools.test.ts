// @module-tag program
/** What Yosys makes of the memories of a machine without macros, for an ECP5. */
import { expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { machineBundle } from "../rtl/kit/bundle.ts";
import { fitOf, SMALL_MEMORY } from "../rtl/machine/fit.ts";
import { MACHINE } from "../rtl/machine/top.ts";
import { readVerilog } from "./rtl-synthesis.ts";
import { findYosys } from "./yosys.ts";

const testInYosys = await testWith("yosys");

interface Cell {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

testInYosys(
  "no memory of more than 4 kbit becomes flip-flops, and block memories are those that were counted",
  async () => {
    const { design, vectors } = tinyMachine(
      {
        readOut: "mean",
        tokens: 20,
        steps: 2,
        model: { width: 32, heads: 2, depth: 1, expansion: 2 },
        hardware: {
          crossbar: { rows: 128, columns: 32 },
          adc: { sharing: 8 },
          timing: { clock: 5e7, settle: 2, conversion: 32 },
        },
      },
      1,
      { kind: "memories", conductanceBits: null },
    );
    const files = machineBundle(design, vectors, madeInTests);
    const sources = Object.fromEntries(design.modules.map(({ name }) => [`${name}.sv`, files[`${name}.sv`]]));
    const script = [
      readVerilog(sources),
      `synth_ecp5 -no-rw-check -top ${MACHINE} -run begin:map_ffram`,
      "write_json memories.json",
    ];
    const yosys = await findYosys("system");
    const { text, files: written } = await yosys.run(script.join("\n"), { ...sources, ...design.constants }, [
      "memories.json",
    ]);
    const json = written.get("memories.json");
    expect(json, text).toBeDefined();
    const { modules } = JSON.parse(json!) as { modules: Record<string, { cells: Record<string, Cell> }> };
    const cells = Object.entries(modules[MACHINE].cells);
    const bits = (value: string) => Number.parseInt(value, 2);
    // What is left of memories here becomes flip-flops.
    const large = cells.filter(
      ([, { type, parameters }]) => type === "$mem_v2" && bits(parameters.WIDTH) * bits(parameters.SIZE) > SMALL_MEMORY,
    );
    expect(large.map(([name]) => name)).toEqual([]);
    const blocks = cells.filter(([, { type }]) => type === "DP16KD" || type === "PDPW16KD").length;
    expect(blocks).toBe(fitOf(design).memories.reduce((sum, memory) => sum + memory.count * memory.blocks, 0));
    expect(blocks).toBeGreaterThan(4);
  },
  400_000,
);
