/** Constraints of the two tops. */
import { expect, test } from "vitest";
import { TEST_MODE } from "../reset-synchroniser.ts";
import * as sv from "../syntax.ts";
import { constraints } from "./project-files.ts";

const ports = [...sv.CLOCKED, sv.input("data_i", 8), sv.input("valid_i"), sv.output("valid_o")];

test("delays belong to every port but the clock and the reset, and registers see an uncertain clock", () => {
  expect(constraints(200e6, ports).split("\n").slice(1)).toEqual([
    "create_clock -name clk -period 5.000 [get_ports clk_i]",
    "set_clock_uncertainty -setup 0.250 [get_clocks clk]",
    "set_clock_uncertainty -hold 0.100 [get_clocks clk]",
    "set_input_delay 1.500 -clock clk [get_ports {data_i valid_i}]",
    "set_output_delay 1.500 -clock clk [get_ports {valid_o}]",
    "set_false_path -from [get_ports rst_ni]",
    "",
  ]);
});

test("a top with test mode is timed in operation, and its pin of test mode has no delay", () => {
  const text = constraints(200e6, [TEST_MODE, ...ports]);
  expect(text).toContain("set_case_analysis 0 [get_ports test_mode_i]\n");
  expect(text).toContain("[get_ports {data_i valid_i}]");
});
