import { expect, vi } from "vitest";
import { smallDesign } from "../../test/support/engine-runs.ts";
import { testWith } from "../../test/support/hardware-tools.ts";
import { sourceFiles } from "../rtl/design.ts";
import { synthesiseSources } from "./rtl-synthesis.ts";

// The first run of the bundled Yosys compiles 30 MB of WebAssembly, which takes a minute on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const sources = sourceFiles(smallDesign({ tokens: 2, dimension: 4, isCausal: true, draws: "stratified" }).modules);
const testInYosys = await testWith("yosys");

testInYosys("both Yosys count the same registers, whose number needs no synthesis", async () => {
  const [system, bundled] = await Promise.all(
    (["system", "bundled"] as const).map((yosys) => synthesiseSources(sources, { yosys })),
  );
  const registers = ({ blocks }: typeof system) => blocks.map((of) => [of.module, of.instances, of.registers]);
  expect(registers(bundled)).toEqual(registers(system));
});
