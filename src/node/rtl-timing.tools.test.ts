/** Slack by OpenSTA, against hand-computed sums of the delays of an invented library. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { DELAYS, timedLiberty } from "../../test/support/timed-liberty.ts";
import { findSta } from "./opensta.ts";
import { worstPath } from "./rtl-timing.ts";

// The first run of the bundled Yosys, if none is installed, takes a minute on a busy machine.

const hasSta = await findSta().then(
  () => true,
  () => false,
);
const testInSta = test.skipIf(!hasSta);

let folder: string;
let liberty: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-timing-"));
  liberty = join(folder, "timed.lib");
  await writeFile(liberty, timedLiberty);
  await writeFile(join(folder, "files.f"), "ssa_engine.sv\n");
  await writeFile(join(folder, "ssa_engine.sv"), BLOCK);
});
afterAll(() => rm(folder, { recursive: true }));

/** Two registers, a NAND, a register. */
const BLOCK = `module ssa_engine (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic [1:0] pair_i,
  output logic value_o
);
  logic [1:0] pair_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pair_q <= 2'd0;
      value_o <= 1'd0;
    end else begin
      pair_q <= pair_i;
      value_o <= ~(&pair_q);
    end
  end
endmodule
`;

testInSta.each([200, 400])("what a NAND between two registers leaves of a clock of %d MHz", async (clock) => {
  const { code, out, err } = await runCommand(
    ...["rtl", "synth", folder, "--liberty", liberty, "--clock", String(clock), "--json"],
  );
  expect([code, err]).toEqual([0, ""]);
  const { worstPath: path } = JSON.parse(out);
  const left = 1e3 / clock - (DELAYS.output + DELAYS.nand + DELAYS.setup);
  expect(path).toEqual({
    ...{ tool: await findSta(), clock: clock * 1e6, slack: expect.closeTo(left * 1e-9, 13) },
    ...{ from: expect.stringMatching(/^_\d+_$/), to: expect.stringMatching(/^_\d+_$/) },
  });
});

testInSta("the same gates in other conditions, and a module alone", async () => {
  const slow = join(folder, "slow.lib");
  const later = 0.5;
  await writeFile(
    slow,
    timedLiberty
      .replace("library (timed)", "library (slow)")
      .replaceAll(`"${DELAYS.nand}, ${DELAYS.nand}"`, `"${DELAYS.nand + later}, ${DELAYS.nand + later}"`),
  );
  const { code, out, err } = await runCommand(
    ...[
      "rtl",
      "synth",
      folder,
      "--liberty",
      liberty,
      "--clock",
      "200",
      "--corner",
      slow,
      "--timed",
      "ssa_engine",
      "--json",
    ],
  );
  expect([code, err]).toEqual([0, ""]);
  const { worstPath: typical, modulePaths, corners } = JSON.parse(out);
  expect(corners).toMatchObject([
    { library: "slow", worstPath: { slack: expect.closeTo(typical.slack - later * 1e-9, 13) } },
  ]);
  // The path is inside the module, so what is outside does not matter.
  expect(modulePaths.ssa_engine.slack).toBeCloseTo(typical.slack, 13);
  const stray = await runCommand("rtl", "synth", folder, "--liberty", liberty, "--corner", slow);
  expect(stray).toMatchObject({ code: 2, err: expect.stringContaining("SpecError at --corner") });
  const unknown = ["rtl", "synth", folder, "--liberty", liberty, "--clock", "200", "--timed", "other"];
  expect(await runCommand(...unknown)).toMatchObject({ code: 2, err: expect.stringContaining("no module other") });
});

testInSta("ports have three tenths of a clock outside, and what the library lacks has no path", async () => {
  const outward = (cell: string) => `module top(clk_i, rst_ni, a_i, y_o);
  input clk_i, rst_ni, a_i;
  output y_o;
  ${cell} register (.CK(clk_i), .RN(rst_ni), .D(a_i), .Q(y_o));
endmodule
`;
  const path = await worstPath(await findSta(), outward("DFFR"), timedLiberty, "top", 200e6);
  expect(path).toMatchObject({ from: "register", to: "y_o", slack: expect.closeTo(3.3e-9, 13) });
  const alone = await worstPath(await findSta(), outward("DFFR"), timedLiberty, "top", 200e6, "none");
  expect(alone.slack).toBeCloseTo(4.8e-9, 13);
  await expect(worstPath(await findSta(), outward("UNKNOWN"), timedLiberty, "top", 200e6)).rejects.toMatchObject({
    path: "opensta",
    message: expect.stringContaining("No paths were found."),
  });
  await expect(worstPath(await findSta(), outward("DFFR"), "library (cut) {", "top", 200e6)).rejects.toMatchObject({
    path: "opensta",
    message: expect.stringMatching(/cannot time the gates of top with this library:\nError/),
  });
});
