// @module-tag program
/** What Yosys makes of the memories of a machine without macros, for ECP5 and series 7. */

import { expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { NIGHTLY } from "../../test/support/nightly.ts";
import { madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { machineBundle } from "../rtl/kit/bundle.ts";
import { fitOf } from "../rtl/machine/fit.ts";
import { SMALL_MEMORY } from "../rtl/machine/parts.ts";
import { readModule } from "./rtl-synthesis.ts";
import { findYosys } from "./yosys.ts";

const testInYosys = await testWith("yosys");

interface Cell {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Flags, and the block memories of 18 kbit in each cell. */
const FAMILIES = {
  ecp5: { flags: "synth_ecp5 -no-rw-check", blocks: { DP16KD: 1, PDPW16KD: 1 } },
  "series 7": { flags: "synth_xilinx -family xc7", blocks: { RAMB18E1: 1, RAMB36E1: 2 } },
} as const satisfies Readonly<Record<string, { flags: string; blocks: Readonly<Record<string, number>> }>>;

const COUNTED = "no memory of more than 4 kbit becomes flip-flops, and block memories are those that were counted";
testInYosys(`on ecp5, ${COUNTED}`, { timeout: 400_000 }, () => expectCounted("ecp5"));
testInYosys(`on series 7, ${COUNTED}`, { ...NIGHTLY, timeout: 400_000 }, () => expectCounted("series 7"));

async function expectCounted(family: keyof typeof FAMILIES) {
  const { flags, blocks: blocksOf }: { flags: string; blocks: Readonly<Record<string, number>> } = FAMILIES[family];
  const setting = {
    readOut: "mean",
    tokens: 40,
    steps: 4,
    model: { width: 32, heads: 2, depth: 1, expansion: 2, position: "learned" },
    hardware: {
      crossbar: { rows: 128, columns: 32 },
      adc: { sharing: 8 },
      timing: { clock: 5e7, settle: 2, conversion: 32 },
    },
  } as const;
  const { design, vectors } = tinyMachine(setting, 1, { kind: "memories", conductanceBits: null });
  const files = machineBundle(design, vectors, madeInTests);
  const counted = new Map<string, number>();
  for (const { name, blocks } of fitOf(design).memories) {
    const module = name.split(".")[0];
    counted.set(module, (counted.get(module) ?? 0) + blocks);
  }
  const contents = Object.fromEntries([...counted.keys()].map((module) => [`${module}.hex`, contentsFor(module)]));
  const script = [...counted.keys()].flatMap((module) => {
    const { items, parameters = [] } = design.modules.find(({ name }) => name === module)!;
    const boxes = new Set(items.flatMap((item) => (item.kind === "instance" ? [item.module] : [])));
    const [file] = parameters.filter(([name]) => name === "Cells" || name === "Contents");
    return [
      "design -reset",
      ...readModule(`${module}.sv`, [...boxes]),
      ...(file ? [`chparam -set ${file[0]} "${module}.hex" ${module}`] : []),
      `${flags} -top ${module} -run begin:map_ffram`,
      `json -o ${module}.json ${module}`,
    ];
  });
  const results = [...counted.keys()].map((module) => `${module}.json`);
  const yosys = await findYosys("system");
  const { ok, text, files: written } = await yosys.run(script.join("\n"), { ...files, ...contents }, results);
  expect(ok, text).toBe(true);
  const [blocks, large]: [Record<string, number>, string[]] = [{}, []];
  for (const module of counted.keys()) {
    const { modules } = JSON.parse(written.get(`${module}.json`)!) as Design;
    const cells = Object.values(modules).flatMap((one) => Object.values(one.cells));
    blocks[module] = cells.reduce((sum, { type }) => sum + (blocksOf[type] ?? 0), 0);
    // What is still a memory here becomes flip-flops.
    for (const { type, parameters } of cells) {
      if (type === "$mem_v2" && bits(parameters.WIDTH) * bits(parameters.SIZE) > SMALL_MEMORY) large.push(module);
    }
  }
  expect(large).toEqual([]);
  expect(blocks).toEqual(Object.fromEntries(counted));
  expect(Object.values(blocks).filter((count) => count > 0).length).toBeGreaterThan(4);

  /** Contents that no tool can shorten. */
  function contentsFor(module: string): string {
    const memory = fitOf(design).memories.find(({ name }) => name.startsWith(`${module}.`))!;
    const word = (n: number) =>
      ((BigInt(n + 1) * 0x9e3779b97f4a7c15n ** 12n) & ((1n << BigInt(memory.width)) - 1n)).toString(16);
    return Array.from({ length: memory.entries }, (_, n) => `${word(n)}\n`).join("");
  }
}

interface Design {
  readonly modules: Readonly<Record<string, { readonly cells: Readonly<Record<string, Cell>> }>>;
}

const bits = (value: string): number => Number.parseInt(value, 2);
