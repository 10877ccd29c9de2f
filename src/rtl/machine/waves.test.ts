import { expect, test } from "vitest";
import { tinyMachine } from "../../../test/support/tiny-machine.ts";
import { printModule } from "../print.ts";
import { waveGroups, wavesView } from "./waves.ts";

test("waveforms have a group for every layer and for attention, with signals declared in their sources, and steps and tokens as numbers", () => {
  const { design } = tinyMachine({ steps: 2, model: { width: 8, heads: 2, depth: 1 } }, 1);
  const groups = waveGroups(design);
  const modules = groups.map(({ module }) => module);
  for (const { module } of design.plan.layers) expect(modules).toContain(module);
  const text = new Map(design.modules.map((module) => [module.name, printModule(module)]));
  for (const { module, signals } of groups) {
    for (const { name, width } of signals) {
      const range = width === 1 ? "" : ` \\[${width - 1}:0\\]`;
      expect(text.get(module), `${module}.${name}`).toMatch(new RegExp(`logic${range} [^;\\n]*\\b${name}\\b`));
    }
  }
  const view = wavesView(design);
  for (const signal of ["token_q[2:0]", "token_step_q"]) {
    expect(view).toContain(`@24\nxpike_waves.u_tb.u_machine.u_attention.${signal}`);
  }
  expect(view.match(/@800200/g)).toHaveLength(groups.length);
  expect(view.match(/@1000200/g)).toHaveLength(groups.length);
});
