import { expect, test } from "vitest";
import { plainVerilog } from "./plain-verilog.ts";

const assigned = (...lines: string[]) => `module block(in_i, out_o);
  input [3:0] in_i;
  wire [3:0] in_i;
  output out_o;
  wire out_o;
  wire [1:0] \\gen[0].pair ;
${lines.join("\n")}
endmodule`;

test("an assignment to several names becomes one per bit, highest first", () => {
  const text = assigned("  assign { out_o, \\gen[0].pair , in_i[3:2] } = { in_i[0], 3'h5, \\gen[0].pair [1] };");
  expect(plainVerilog(text)).toBe(
    assigned(
      "  assign out_o = in_i[0];",
      "  assign \\gen[0].pair [1] = 1'h1;",
      "  assign \\gen[0].pair [0] = 1'h0;",
      "  assign in_i[3] = 1'h1;",
      "  assign in_i[2] = \\gen[0].pair [1];",
    ),
  );
});

test("parameters of black boxes are removed, and everything else stays", () => {
  const instance = (parameters: string) => `  memory ${parameters}u_words (\n    .data_o({ out_o, in_i[0] })\n  );`;
  const rest = assigned("  assign out_o = in_i[0];", "  assign in_i[2:1] = 2'h3;");
  expect(plainVerilog(`${instance('#(\n    .Contents("words.hex"),\n    .StepBits(32\'sd7)\n  ) ')}\n${rest}`)).toBe(
    `${instance("")}\n${rest}`,
  );
});
