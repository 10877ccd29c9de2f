/** A made-up library with delays that depend on nothing, so that slack can be added up by hand. Of no process. */

/** Nanoseconds: of a NAND, from a flip-flop's clock to its output, and before its clock. */
export const DELAYS = { nand: 3, output: 0.2, setup: 0.1 } as const;

const table = (kind: string, nanoseconds: number, template = "delay") =>
  `${kind} (${template}) { index_1 ("0.01, 1"); index_2 ("0.001, 1"); values ("${nanoseconds}, ${nanoseconds}", "${nanoseconds}, ${nanoseconds}"); }`;
const arc = (head: string, delay: number) =>
  `timing () { ${head} ${["cell_rise", "cell_fall"].map((kind) => table(kind, delay)).join(" ")} ` +
  `${["rise_transition", "fall_transition"].map((kind) => table(kind, 0.01)).join(" ")} }`;
const inputPin = (name: string, more = "") => `    pin (${name}) { direction : input; capacitance : 0.001; ${more} }`;

function gate(name: string, inputs: readonly string[], value: string, sense: string, delay: number): string {
  const arcs = inputs.map((pin) => arc(`related_pin : "${pin}"; timing_sense : ${sense};`, delay));
  const output = `    pin (Y) { direction : output; function : "${value}"; ${arcs.join("\n      ")} }`;
  return `  cell (${name}) { area : 1;\n${[...inputs.map((pin) => inputPin(pin)), output].join("\n")}\n  }`;
}

const setup = ["rise_constraint", "fall_constraint"].map((kind) => table(kind, DELAYS.setup, "setup")).join(" ");
const FLIP_FLOP = `  cell (DFFR) { area : 10;
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; clear : "!RN"; }
${inputPin("CK", "clock : true;")}
${inputPin("RN")}
${inputPin("D", `timing () { related_pin : "CK"; timing_type : setup_rising; ${setup} }`)}
    pin (Q) { direction : output; function : "IQ"; ${arc('related_pin : "CK"; timing_type : rising_edge;', DELAYS.output)} }
  }`;

const template = (name: string, first: string, second: string) =>
  `  lu_table_template (${name}) { variable_1 : ${first}; variable_2 : ${second}; index_1 ("0.01, 1"); index_2 ("0.001, 1"); }`;
const thresholds = ["rise", "fall"].flatMap((edge) => [
  `  input_threshold_pct_${edge} : 50; output_threshold_pct_${edge} : 50;`,
  `  slew_lower_threshold_pct_${edge} : 20; slew_upper_threshold_pct_${edge} : 80;`,
]);

export const timedLiberty = `library (timed) {
  time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V"; current_unit : "1mA"; pulling_resistance_unit : "1kohm";
  delay_model : table_lookup; nom_voltage : 1.0; nom_temperature : 25.0; nom_process : 1.0;
${[
  ...thresholds,
  template("delay", "input_net_transition", "total_output_net_capacitance"),
  template("setup", "related_pin_transition", "constrained_pin_transition"),
  // ABC ends at once without a buffer.
  gate("BUF", ["A"], "A", "positive_unate", 0.6),
  gate("INV", ["A"], "!A", "negative_unate", 0.5),
  gate("NAND2", ["A", "B"], "!(A B)", "negative_unate", DELAYS.nand),
  gate("NOR2", ["A", "B"], "!(A+B)", "negative_unate", 1.25),
  FLIP_FLOP,
].join("\n")}
}
`;
