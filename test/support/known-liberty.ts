/**
 * An invented library whose edges and energies grow with the edge at the input and the load, and whose flip-flop tells states apart, so
 * that a table's reading matters. Not from any process. In nanoseconds, femtofarads and femtojoules; 1 V.
 */
const [EDGES, LOADS] = [[0.01, 0.11] as const, [1, 51] as const];
const rows = (of: (edge: number, load: number) => number) =>
  EDGES.map((edge) => `"${LOADS.map((load) => of(edge, load)).join(", ")}"`).join(", ");
const table = (kind: string, template: string, of: (edge: number, load: number) => number) =>
  `${kind} (${template}) { values (${rows(of)}); }`;
const line = (kind: string, of: (edge: number) => number) =>
  `${kind} (line) { values ("${EDGES.map(of).join(", ")}"); }`;

/** Of an output with a load: its edge and the energies of both edges. */
export const edgeOf = (edge: number, load: number): number => 0.02 + 0.1 * edge + 0.002 * load;
export const riseOf = (base: number, edge: number, load: number): number => base + 10 * edge + 0.01 * load;
export const fallOf = (base: number, edge: number, load: number): number => base / 2 + 20 * edge + 0.02 * load;
/** Of the clock's edges, by data and state, at the edge of 0.05 ns that `IDEAL_EDGE` is. */
export const CLOCK = {
  "!D & !Q": { rise: 3, fall: 4 },
  "D & Q": { rise: 3.5, fall: 3.9 },
  "D & !Q": { rise: 0, fall: 6.8 },
  "!D & Q": { rise: 0, fall: 7.4 },
} as const;
/** Of the data pin, by the clock's level. */
export const DATA = { CK: { rise: 0.1, fall: 0.3 }, "!CK": { rise: 4, fall: 5 } } as const;
export const STORED = 9;

const states = (energies: Readonly<Record<string, { readonly rise: number; readonly fall: number }>>) =>
  Object.entries(energies)
    .map(([when, { rise, fall }]) => {
      const at = (kind: string, value: number) => line(kind, (edge) => value * (0.5 + 10 * edge));
      return `internal_power () { when : "${when}"; ${at("rise_power", rise)} ${at("fall_power", fall)} }`;
    })
    .join("\n");
const energy = (pin: string, base: number) =>
  `internal_power () { related_pin : "${pin}"; ${table("rise_power", "energy", (e, l) => riseOf(base, e, l))} ${table("fall_power", "energy", (e, l) => fallOf(base, e, l))} }`;
const arc = (pin: string, more: string) =>
  `timing () { related_pin : "${pin}"; ${more} ${["cell_rise", "cell_fall", "rise_transition", "fall_transition"].map((kind) => table(kind, "delay", edgeOf)).join(" ")} }`;
const input = (name: string, capacitance: number, more = "") =>
  `pin (${name}) { direction : input; capacitance : ${capacitance}; ${more} }`;
const gate = (name: string, of: string, sense: string, bases: Readonly<Record<string, number>>) =>
  `cell (${name}) { area : 1; cell_leakage_power : 2; ${Object.keys(bases)
    .map((pin) => input(pin, 2))
    .join(" ")}
    pin (Y) { direction : output; max_capacitance : 100; function : "${of}"; ${Object.entries(bases)
      .map(([pin, base]) => `${arc(pin, `timing_sense : ${sense};`)} ${energy(pin, base)}`)
      .join("\n")} } }`;
const flop = (name: string, clock: string, data: string) => `cell (${name}) { area : 5; cell_leakage_power : 7;
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; clear : "!RN"; }
    ${input("CK", 1, `clock : true; ${clock}`)} ${input("RN", 1)} ${input("D", 1.5, data)}
    pin (Q) { direction : output; max_capacitance : 100; function : "IQ"; ${arc("CK", "timing_type : rising_edge; timing_sense : non_unate;")} ${energy("CK", STORED)} } }`;
const threshold = (edge: string) =>
  `input_threshold_pct_${edge} : 50; output_threshold_pct_${edge} : 50; slew_lower_threshold_pct_${edge} : 20; slew_upper_threshold_pct_${edge} : 80;`;
const template = (kind: string, name: string, first: string) =>
  `${kind} (${name}) { variable_1 : ${first}; variable_2 : total_output_net_capacitance; index_1 ("${EDGES.join(", ")}"); index_2 ("${LOADS.join(", ")}"); }`;

export const knownLiberty = `library (known) {
  time_unit : "1ns"; capacitive_load_unit (1, ff); voltage_unit : "1V"; current_unit : "1mA"; pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW";
  delay_model : table_lookup; nom_voltage : 1.0; nom_temperature : 25.0; nom_process : 1.0;
  operating_conditions (typical) { process : 1; voltage : 1.0; temperature : 25; } default_operating_conditions : typical;
  ${threshold("rise")} ${threshold("fall")}
  wire_load ("short") { capacitance : 0.5; resistance : 0; slope : 3; fanout_length (1, 2); fanout_length (2, 5); }
  default_wire_load : "short"; default_wire_load_mode : top;
  ${template("lu_table_template", "delay", "input_net_transition")}
  ${template("power_lut_template", "energy", "input_transition_time")}
  power_lut_template (line) { variable_1 : input_transition_time; index_1 ("${EDGES.join(", ")}"); }
  ${gate("BUF", "A", "positive_unate", { A: 1 })}
  ${gate("INV", "!A", "negative_unate", { A: 0.8 })}
  ${gate("NAND2", "!(A & B)", "negative_unate", { A: 1.2, B: 1.6 })}
  ${flop("FLOP", states(CLOCK), states(DATA))}
  ${flop("PLAIN", `internal_power () { ${line("rise_power", () => 4)} ${line("fall_power", () => 2)} }`, "")}
}
`;
