import { describe, expect, test } from "vitest";
import { lookUp, readLibrary } from "./library.ts";

const text = `/* A library. */
library ("small") {
  time_unit : "1ns"; capacitive_load_unit (1, ff); leakage_power_unit : "1nW"; voltage_unit : "1V"; nom_voltage : 1.1;
  default_wire_load : "near";
  lu_table_template (by_edge) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance; index_1 ("0.1, 0.2"); index_2 ("1, 3"); }
  power_lut_template (by_load) { variable_1 : total_output_net_capacitance; variable_2 : input_transition_time; index_1 ("1, 3"); index_2 ("0.1, 0.2"); }
  wire_load ("near") { capacitance : 0.5; slope : 4; fanout_length (1, 2); fanout_length (3, 8); }
  wire_load ("far") { capacitance : 9; slope : 4; fanout_length (1, 2); }
  cell (BUF) { area : 2; leakage_power () { when : "A"; value : 1; } leakage_power () { when : "!A"; value : 4; }
    pin (A) { direction : input; capacitance : 1.5; }
    pin (Y) { direction : output; max_capacitance : 60; function : "A";
      timing () { related_pin : "A"; timing_sense : positive_unate; rise_transition (by_edge) { values ("1, 2", \\
        "3, 4"); } fall_transition (by_edge) { index_2 ("1, 5"); values ("1, 2", "3, 4"); } }
      internal_power () { related_pin : "A"; rise_power (by_load) { values ("1, 2", "3, 4"); } fall_power (scalar) { values ("0.5"); } } }
  }
}
`;

describe("a library", () => {
  const { name, voltage, wire, cells } = readLibrary(text, "small.lib");
  const { pins, area, leakage, isBuffer, clocked } = cells.get("BUF")!;
  const [arc] = pins.get("Y")!.edges;
  const [energy] = pins.get("Y")!.energies;

  test("has SI units", () => {
    expect({ name, voltage, area, isBuffer, clocked }).toEqual({
      name: "small",
      voltage: 1.1,
      area: 2,
      isBuffer: true,
      clocked: null,
    });
    expect(leakage).toBeCloseTo(2.5e-9, 20);
    expect(pins.get("A")!.capacitance).toBeCloseTo(1.5e-15, 25);
    expect(pins.get("Y")!.most).toBeCloseTo(60e-15, 25);
    expect(arc.sense).toBe("positive");
  });

  test("interpolates between points, and extends beyond them", () => {
    const at = (edge: number, load: number) => lookUp(arc.rise, edge * 1e-9, load * 1e-15) * 1e9;
    expect(at(0.1, 1)).toBeCloseTo(1, 12);
    expect(at(0.2, 3)).toBeCloseTo(4, 12);
    expect(at(0.15, 2)).toBeCloseTo(2.5, 12);
    expect(at(0.3, 1)).toBeCloseTo(5, 12);
    expect(at(0.1, 0)).toBeCloseTo(0.5, 12);
    expect(lookUp(arc.fall, 0.1e-9, 3e-15) * 1e9).toBeCloseTo(1.5, 12);
  });

  test("takes variables in the order of the template", () => {
    // Loads are rows: 3 fF at the fast edge.
    expect(lookUp(energy.rise, 0.1e-9, 3e-15)).toBeCloseTo(3e-15, 25);
    expect(lookUp(energy.rise, 0.2e-9, 1e-15)).toBeCloseTo(2e-15, 25);
    expect(lookUp(energy.fall, 1, 1)).toBeCloseTo(0.5e-15, 25);
  });

  test("adds its default wire", () => {
    expect([0, 1, 2, 3, 5].map((count) => wire(count) * 1e15)).toEqual(
      [0, 1, 2.5, 4, 8].map((f) => expect.closeTo(f, 12)),
    );
  });
});

test("a damaged file is refused with its line", () => {
  expect(() => readLibrary(text.replace("area : 2", "area = 2"), "cut.lib")).toThrow(
    "Line 9 is not in liberty format: = 2",
  );
  expect(() => readLibrary("library (x) { time_unit : 1ns; }", "bare.lib")).toThrow("no capacitive_load_unit");
});
