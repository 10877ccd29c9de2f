/** An invented library with constant delays and energies, so that slack and power can be added up by hand. Not from any process. */

/** Nanoseconds: delay of a NAND, clock-to-output delay of a flip-flop, and its set-up time. */
export const DELAYS = { nand: 3, output: 0.2, setup: 0.1 } as const;

/** Picojoules of a rising and a falling output; for a register also of its clock edges. */
export const ENERGIES = {
  buffer: [0.5, 0.7],
  inverter: [0.1, 0.3],
  nand: [0.2, 0.6],
  nor: [0.4, 0.8],
  register: [2, 1],
  clock: [0.7, 0.5],
} as const;
/** Nanowatts. */
export const LEAKAGE = { gate: 3, register: 40 } as const;
/** Capacitance of every input pin, in picofarads, and volts. */
export const CAPACITANCE = 0.001;
export const VOLTAGE = 0.8;

const table = (kind: string, nanoseconds: number, template = "delay") =>
  `${kind} (${template}) { index_1 ("0.01, 1"); index_2 ("0.001, 1"); values ("${nanoseconds}, ${nanoseconds}", "${nanoseconds}, ${nanoseconds}"); }`;
const arc = (head: string, delay: number) =>
  `timing () { ${head} ${["cell_rise", "cell_fall"].map((kind) => table(kind, delay)).join(" ")} ` +
  `${["rise_transition", "fall_transition"].map((kind) => table(kind, 0.01)).join(" ")} }`;
const inputPin = (name: string, more = "") =>
  `    pin (${name}) { direction : input; capacitance : ${CAPACITANCE}; ${more} }`;
const energies = (pin: string, [rise, fall]: readonly [number, number]) =>
  `internal_power () { related_pin : "${pin}"; ${table("rise_power", rise, "energy")} ${table("fall_power", fall, "energy")} }`;
const edges = ([rise, fall]: readonly [number, number]) =>
  `internal_power () { ${Object.entries({ rise_power: rise, fall_power: fall })
    .map(([kind, energy]) => `${kind} (edge) { index_1 ("0.01, 1"); values ("${energy}, ${energy}"); }`)
    .join(" ")} }`;

function gate(
  name: string,
  inputs: readonly string[],
  value: string,
  sense: string,
  delay: number,
  energy: readonly [number, number],
): string {
  const arcs = inputs.map((pin) => arc(`related_pin : "${pin}"; timing_sense : ${sense};`, delay));
  const output = `    pin (Y) { direction : output; function : "${value}"; ${[...arcs, ...inputs.map((pin) => energies(pin, energy))].join("\n      ")} }`;
  return `  cell (${name}) { area : 1; cell_leakage_power : ${LEAKAGE.gate};\n${[...inputs.map((pin) => inputPin(pin)), output].join("\n")}\n  }`;
}

const setup = ["rise_constraint", "fall_constraint"].map((kind) => table(kind, DELAYS.setup, "setup")).join(" ");
const FLIP_FLOP = `  cell (DFFR) { area : 10; cell_leakage_power : ${LEAKAGE.register};
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; clear : "!RN"; }
${inputPin("CK", `clock : true; ${edges(ENERGIES.clock)}`)}
${inputPin("RN")}
${inputPin("D", `timing () { related_pin : "CK"; timing_type : setup_rising; ${setup} }`)}
    pin (Q) { direction : output; function : "IQ"; ${arc('related_pin : "CK"; timing_type : rising_edge;', DELAYS.output)} ${energies("CK", ENERGIES.register)} }
  }`;

const template = (name: string, first: string, second: string, kind = "lu_table_template") =>
  `  ${kind} (${name}) { variable_1 : ${first}; variable_2 : ${second}; index_1 ("0.01, 1"); index_2 ("0.001, 1"); }`;
const thresholds = ["rise", "fall"].flatMap((edge) => [
  `  input_threshold_pct_${edge} : 50; output_threshold_pct_${edge} : 50;`,
  `  slew_lower_threshold_pct_${edge} : 20; slew_upper_threshold_pct_${edge} : 80;`,
]);

export const timedLiberty = `library (timed) {
  time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V"; current_unit : "1mA"; pulling_resistance_unit : "1kohm";
  leakage_power_unit : "1nW"; operating_conditions (typical) { process : 1; voltage : ${VOLTAGE}; temperature : 25; } default_operating_conditions : typical;
  delay_model : table_lookup; nom_voltage : 1.0; nom_temperature : 25.0; nom_process : 1.0;
${[
  ...thresholds,
  template("delay", "input_net_transition", "total_output_net_capacitance"),
  template("setup", "related_pin_transition", "constrained_pin_transition"),
  template("energy", "input_transition_time", "total_output_net_capacitance", "power_lut_template"),
  '  power_lut_template (edge) { variable_1 : input_transition_time; index_1 ("0.01, 1"); }',
  // ABC fails at once without a buffer.
  gate("BUF", ["A"], "A", "positive_unate", 0.6, ENERGIES.buffer),
  gate("INV", ["A"], "!A", "negative_unate", 0.5, ENERGIES.inverter),
  gate("NAND2", ["A", "B"], "!(A B)", "negative_unate", DELAYS.nand, ENERGIES.nand),
  gate("NOR2", ["A", "B"], "!(A+B)", "negative_unate", 1.25, ENERGIES.nor),
  FLIP_FLOP,
].join("\n")}
}
`;
