import { expect, test } from "vitest";
import { structuralVerilog } from "./structural-verilog.ts";

const port = (direction: string, ...bits: (number | string)[]) => ({ direction, bits });

test("instances, one name on the left of an assignment, and no black box or module besides", () => {
  const modules = {
    unused: { ports: {}, cells: {}, netnames: {} },
    memory: { attributes: { blackbox: "1" }, ports: { data_o: port("output", 2) }, cells: {}, netnames: {} },
    block: { ports: { d_i: port("input", 2) }, cells: {}, netnames: {} },
    top: {
      ports: { d_i: port("input", 2, 3), q_o: port("output", 3, 4, "1", 4) },
      cells: {
        "gen[0].u": { type: "block", connections: { d_i: [5] } },
        _1_: { type: "CELL", connections: { A: [2], B: ["0", 5], Y: [4], Z: [] } },
        u_memory: { type: "memory", connections: { data_o: [5] } },
      },
      netnames: {},
    },
  };
  expect(structuralVerilog({ modules }, "top")).toBe(`module top(d_i, q_o);
  input [1:0] d_i;
  output [3:0] q_o;
  wire _net5_;
  assign q_o[0] = d_i[1];
  assign q_o[2] = 1'b1;
  assign q_o[3] = q_o[1];
  block \\gen[0].u  (.d_i(_net5_));
  CELL _1_ (.A(d_i[0]), .B({_net5_, 1'b0}), .Y(q_o[1]), .Z());
  memory u_memory (.data_o(_net5_));
endmodule

module block(d_i);
  input d_i;
endmodule
`);
});
