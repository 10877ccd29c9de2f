/**
 * Energies of cells beside those of OpenSTA's report_power, for gates and for a flip-flop whose tables tell no states apart. OpenSTA 2.0.17
 * charges both edges at every transition, so half of its internal power is compared. States of a flip-flop it weighs as if its pins were
 * independent of each other, which they are not: `rtl/power/energies.test.ts` adds those up by hand.
 */
import { expect, test } from "vitest";
import { knownLiberty } from "../../test/support/known-liberty.ts";
import { netEdges } from "../rtl/power/edges.ts";
import { cellEnergies } from "../rtl/power/energies.ts";
import { readLibrary } from "../rtl/power/library.ts";
import { flattenMapped, type JsonDesign } from "../rtl/power/mapped-netlist.ts";
import { structuralVerilog } from "../rtl/power/structural-verilog.ts";
import { findSta, runSta } from "./opensta.ts";
import { findYosys } from "./yosys.ts";

const tools = await Promise.all([findSta(), findYosys("system")]).then(
  (both) => both,
  () => null,
);

const SOURCE = `module u_add(input a_i, input b_i, output y_o);
  wire n0, n1, n2;
  NAND2 _0_ (.A(a_i), .B(b_i), .Y(n0));
  NAND2 _1_ (.A(a_i), .B(n0), .Y(n1));
  NAND2 _2_ (.A(n0), .B(b_i), .Y(n2));
  NAND2 _3_ (.A(n1), .B(n2), .Y(y_o));
endmodule
module top(input clk_i, input rst_ni, input a_i);
  wire first, second, sum, held, same, other, kept, left;
  PLAIN _r0_ (.CK(clk_i), .RN(rst_ni), .D(a_i), .Q(first));
  PLAIN _r1_ (.CK(clk_i), .RN(rst_ni), .D(first), .Q(second));
  u_add \\gen[0].u_add (.a_i(first), .b_i(second), .y_o(sum));
  PLAIN _r2_ (.CK(clk_i), .RN(rst_ni), .D(sum), .Q(held));
  BUF _4_ (.A(held), .Y(same));
  INV _5_ (.A(held), .Y(other));
  PLAIN _r3_ (.CK(clk_i), .RN(rst_ni), .D(same), .Q(kept));
  PLAIN _r4_ (.CK(clk_i), .RN(rst_ni), .D(other), .Q(left));
endmodule
`;

/** Share by which one may differ: OpenSTA prints seven digits. */
const BOUND = 1e-5;

test.skipIf(tools === null)("energies are those of OpenSTA's report_power for the same transitions", async () => {
  const [sta, yosys] = tools!;
  const script = [
    "read_liberty -lib cells.lib",
    "read_verilog top.v",
    "write_json mapped.json",
    "design -reset",
    "read_liberty cells.lib",
    "write_json library.json",
  ];
  const { files } = await yosys.run(script.join("\n"), { "top.v": SOURCE, "cells.lib": knownLiberty }, [
    "mapped.json",
    "library.json",
  ]);
  const read = (name: string) => JSON.parse(files.get(name)!) as JsonDesign;
  const all = read("mapped.json");
  const mapped = { modules: { top: all.modules.top, u_add: all.modules.u_add } };
  const netlist = flattenMapped({ top: "top", mapped, registers: mapped, library: read("library.json") });
  const library = readLibrary(knownLiberty, "known.lib");
  const nets = netEdges(netlist, library);
  const own = cellEnergies(netlist, { ofNets: new Float64Array(netlist.nets).fill(1) }, nets, library);

  // One transition of every net per second, so watts are joules.
  const { text, errors } = await runSta(
    sta,
    [
      "read_liberty cells.lib",
      "read_verilog netlist.v",
      "link_design top",
      "set_cmd_units -time ns",
      "create_clock -name clk -period 1e9 [get_ports clk_i]",
      "set_clock_transition 0.05 [get_clocks clk]",
      "set_input_transition 0.05 [all_inputs]",
      "set_power_activity -input -activity 1 -duty 0.5",
      "set_power_activity -global -activity 1 -duty 0.5",
      "report_power -instances [get_cells -hierarchical *] -digits 6",
    ],
    { "cells.lib": knownLiberty, "netlist.v": structuralVerilog(mapped, "top") },
  );
  expect(errors).toEqual([]);
  const lines = text.matchAll(/^((?: *[-+.\de]+){4}) +(\S+) *$/gm);
  const reported = new Map(
    [...lines].map(([, watts, path]) => [path.replaceAll("\\", ""), watts.trim().split(/ +/).map(Number)]),
  );
  expect(netlist.cells.length).toBe(11);
  for (const [c, { path, isRegister }] of netlist.cells.entries()) {
    const [internal, switching, leakage] = reported.get(path)!;
    const { clock, ...energy } = own[c];
    const pairs = {
      internal: [energy.internal + (isRegister ? clock : 0), internal / 2],
      switching: [energy.switching, switching],
      leakage: [energy.leakage, leakage],
    };
    for (const [kind, [ours, theirs]] of Object.entries(pairs)) {
      expect(Math.abs(ours - theirs), `${kind} of ${path}`).toBeLessThanOrEqual(BOUND * theirs);
    }
  }
});
