/**
 * Energies of a library's cells, from OpenSTA: energy per transition, energy per clock, leakage.
 *
 * OpenSTA runs twice, once with all pins still and once with one transition per clock, at a clock of one second, so watts equal
 * joules. It is not asked to propagate activities from registers through gates: OpenSTA 2.0.17 has no command to set them at a
 * register's output, and treats a gate's inputs as independent of each other, which those of adders are not.
 *
 * OpenSTA 2.0.17 charges the energies of both a rising and a falling output for every transition; other versions may not. It is
 * therefore first asked about two cells with a known answer, and its answers are divided by the factor by which it overstates.
 */
import { PlatformError } from "../errors.ts";
import { runSta } from "./opensta.ts";

export interface CellEnergies {
  /** Joules inside a register in every clock, for the clock edges only. */
  readonly clock: number;
  /** Joules inside the cell per transition of its output; the mean of rising and falling. */
  readonly internal: number;
  /** Joules for the pins that the output drives, C V^2 / 2 per transition. */
  readonly switching: number;
  /** Watts. */
  readonly leakage: number;
}

const [STILL, MOVING] = ["still.txt", "moving.txt"];
/** Nanoseconds. */
const A_SECOND = 1e9;

/**
 * By path of the cell, with slashes between instances.
 *
 * @param tool as named by `findSta`
 * Throws  PlatformError when OpenSTA refuses a file, does not finish, or fails the question with the known answer
 */
export async function cellEnergies(
  tool: string,
  netlist: string,
  liberty: string,
  top: string,
): Promise<Map<string, CellEnergies>> {
  const known = (await ask(tool, KNOWN_NETLIST, KNOWN_LIBRARY, "known")).get("first");
  const ratio = (of: keyof CellEnergies) => (known?.[of] ?? Number.NaN) / KNOWN[of];
  const isRight = (of: keyof CellEnergies) => Math.abs(ratio(of) - 1) < 1e-3;
  if (!isRight("switching") || !isRight("leakage") || !(ratio("clock") > 0) || !(ratio("internal") > 0)) {
    const said = JSON.stringify(known ?? null);
    throw new PlatformError(
      "opensta",
      `${tool} reports wrong energies for a known cell (${said}), so its power cannot be used. Leave --power out, or try another version.`,
    );
  }
  const energies = await ask(tool, netlist, liberty, top);
  for (const [path, energy] of energies) {
    const { clock, internal } = energy;
    energies.set(path, { ...energy, clock: clock / ratio("clock"), internal: internal / ratio("internal") });
  }
  return energies;
}

/** In OpenSTA's words. */
async function ask(tool: string, netlist: string, liberty: string, top: string): Promise<Map<string, CellEnergies>> {
  const report = (activity: number, file: string) => [
    // Cells that no clock reaches, after memories, have the activity of inputs.
    `set_power_activity -input -activity ${activity} -duty 0.5`,
    `set_power_activity -global -activity ${activity} -duty 0.5`,
    `report_power -instances [get_cells -hierarchical *] -digits 6 > ${file}`,
  ];
  const script = [
    "read_liberty cells.lib",
    "read_verilog netlist.v",
    `link_design ${top}`,
    "set_cmd_units -time ns",
    `create_clock -name clk -period ${A_SECOND} [get_ports clk_i]`,
    ...report(0, STILL),
    ...report(1, MOVING),
  ];
  const { text, errors, files } = await runSta(tool, script, { "cells.lib": liberty, "netlist.v": netlist }, [
    STILL,
    MOVING,
  ]);
  const still = new Map(readReport(files[0]));
  if (errors.length > 0 || still.size === 0) {
    throw new PlatformError(
      "opensta",
      `${tool} gives no power for the gates of ${top} with this library:\n${errors.join("\n") || text}`,
    );
  }
  const energies = new Map<string, CellEnergies>();
  for (const [path, [internal, switching, leakage]] of readReport(files[1])) {
    const clock = still.get(path)?.[0] ?? Number.NaN;
    energies.set(path, { clock, internal: internal - clock, switching, leakage });
  }
  return energies;
}

/** Lines of four numbers and a path: internal, switching, leakage, and their sum. */
function* readReport(text: string): Generator<[path: string, watts: readonly number[]]> {
  for (const [, numbers, path] of text.matchAll(/^((?: *[-+.\de]+){4}) +(\S+) *$/gm)) {
    // Some versions escape brackets in names.
    yield [path.replaceAll("\\", ""), numbers.trim().split(/ +/).map(Number)];
  }
}

/** For the first of two consecutive registers: 4 and 2 pJ for the clock edges, 3 and 1 pJ for the output's, 1 pF at 1 V, 5 nW. */
const KNOWN: CellEnergies = { clock: 6e-12, internal: 2e-12, switching: 0.5e-12, leakage: 5e-9 };
const KNOWN_NETLIST = `module known(clk_i, rst_ni, a_i, y_o);
  input clk_i, rst_ni, a_i;
  output y_o;
  wire between;
  FLOP first (.CK(clk_i), .RN(rst_ni), .D(a_i), .Q(between));
  FLOP second (.CK(clk_i), .RN(rst_ni), .D(between), .Q(y_o));
endmodule
`;
const known = (kind: string, template: string, value: number) => {
  const isTable = template !== "edge";
  const values = isTable ? `"${value}, ${value}", "${value}, ${value}"` : `"${value}, ${value}"`;
  return `${kind} (${template}) { index_1 ("0.01, 1"); ${isTable ? 'index_2 ("0.01, 10");' : ""} values (${values}); }`;
};
const threshold = (edge: string) =>
  `input_threshold_pct_${edge} : 50; output_threshold_pct_${edge} : 50; slew_lower_threshold_pct_${edge} : 20; slew_upper_threshold_pct_${edge} : 80;`;
const KNOWN_LIBRARY = `library (known) {
  time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V"; current_unit : "1mA"; pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW";
  delay_model : table_lookup; nom_voltage : 1.0; nom_temperature : 25.0; nom_process : 1.0;
  operating_conditions (typical) { process : 1; voltage : 1.0; temperature : 25; }
  default_operating_conditions : typical;
  ${threshold("rise")}
  ${threshold("fall")}
  lu_table_template (delay) { variable_1 : input_net_transition; variable_2 : total_output_net_capacitance; index_1 ("0.01, 1"); index_2 ("0.01, 10"); }
  power_lut_template (energy) { variable_1 : input_transition_time; variable_2 : total_output_net_capacitance; index_1 ("0.01, 1"); index_2 ("0.01, 10"); }
  power_lut_template (edge) { variable_1 : input_transition_time; index_1 ("0.01, 1"); }
  cell (FLOP) { area : 1; cell_leakage_power : 5;
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; clear : "!RN"; }
    pin (CK) { direction : input; clock : true; capacitance : 1; internal_power () { ${known("rise_power", "edge", 4)} ${known("fall_power", "edge", 2)} } }
    pin (RN) { direction : input; capacitance : 1; }
    pin (D) { direction : input; capacitance : 1; }
    pin (Q) { direction : output; function : "IQ";
      timing () { related_pin : "CK"; timing_type : rising_edge;
        ${["cell_rise", "cell_fall", "rise_transition", "fall_transition"].map((kind) => known(kind, "delay", 0.1)).join(" ")} }
      internal_power () { related_pin : "CK"; ${known("rise_power", "energy", 3)} ${known("fall_power", "energy", 1)} } }
  }
}
`;
