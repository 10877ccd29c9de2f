/**
 * What a layout or a circuit designer needs of the analog macros, for those with converters: timing (`.lib`), size and pins (`.lef`), when
 * lines must have settled (`macros.sdc`), and a column for ngspice.
 *
 *   lines_i    stable for settling and a conversion, less what registers and wires outside take of a clock
 *   select_i   stable for a conversion, likewise
 *   others     a setup of that share of a clock; `codes_o` comes as much after the edge
 *
 * Sizes are the cost model's, at its node; layers, capacitances and shares of a clock are placeholders for those of a process. Left out:
 * power, blockages, antenna rules.
 */
import { invariant } from "../../errors.ts";
import { unitOf } from "../../hardware/integer-arithmetic.ts";
import type { Timing } from "../../hardware/timing.ts";
import type { SourceFiles } from "../design.ts";
import type { MachineDesign } from "../machine/design.ts";
import { INPUT_FILE, type MachineVectors } from "../machine/vectors.ts";
import type { Module, Port } from "../syntax.ts";
import { columnNetlist } from "./column-netlist.ts";
import { OUTER_SHARE } from "./project-files.ts";

export const [MACRO_CONSTRAINTS, COLUMN_NETLIST] = ["macros.sdc", "crossbar_column.sp"];
/** Picofarads of a pin: our choice. */
const PIN_CAPACITANCE = 0.005;
/** Micrometres: width and length of a pin, and the layer that it is on. */
const [PIN_WIDTH, PIN_LENGTH, PIN_LAYER] = [0.14, 0.5, "metal4"];
/** Vectors of the column's read. */
const READS = 8;

/** Square metres of a crossbar with its converters. */
export type MacroArea = (rows: number, columns: number, lanes: number) => number;

/** Files of the machine's macros; none where crossbars are memories. */
export function macroViews(design: MachineDesign, vectors: MachineVectors, areaOf: MacroArea): SourceFiles {
  const { plan, modules } = design;
  if (plan.fabric.kind !== "macros") return {};
  const files: Record<string, string> = {};
  const macros: Module[] = [];
  for (const module of modules) {
    const size = /^aimc_macro_(\d+)x(\d+)_m(\d+)$/.exec(module.name);
    if (!size) continue;
    const [rows, columns, steps] = size.slice(1).map(Number);
    const metres2 = areaOf(rows, columns, Math.ceil(columns / steps));
    files[`${module.name}.lib`] = libertyText(module, plan.timing, metres2);
    files[`${module.name}.lef`] = lefText(module, metres2);
    macros.push(module);
  }
  if (macros.length === 0) return {};
  files[MACRO_CONSTRAINTS] = constraintsText(plan.timing, macros);
  if (plan.layers[0].windows === null) files[COLUMN_NETLIST] = firstColumn(design, vectors);
  return files;
}

/** Clocks after which lines, and after which multiplexers, must have settled. */
const settled = ({ settle, conversion }: Timing): Readonly<Record<string, number>> => ({
  lines_i: settle + conversion,
  select_i: conversion,
});

/** A path into a macro may take several clocks. */
const constraintsText = (timing: Timing, macros: readonly Module[]): string =>
  `# Lines and multiplexers settle for several clocks. Macros: ${macros.map(({ name }) => name).join(", ")}.
${Object.entries(settled(timing))
  .filter(([pin, clocks]) => clocks > 1 && macros.some(({ ports }) => ports.some(({ name }) => name === pin)))
  .flatMap(([pin, clocks]) => [
    `set_multicycle_path -setup ${clocks} -to [get_pins -hierarchical u_crossbar_*/${pin}*]`,
    `set_multicycle_path -hold ${clocks - 1} -to [get_pins -hierarchical u_crossbar_*/${pin}*]`,
  ])
  .join("\n")}
`;

const isBus = ({ width }: Port) => width > 1;

function libertyText({ name, ports }: Module, timing: Timing, metres2: number): string {
  const period = 1e9 / timing.clock;
  const outer = OUTER_SHARE * period;
  const clocks = settled(timing);
  const widths = [...new Set(ports.filter(isBus).map(({ width }) => width))];
  const scalar = (kind: string, value: number) => `${kind} (scalar) { values ("${value.toFixed(4)}"); }`;
  const arcs = ({ name: pin, direction }: Port) => {
    if (direction === "output") {
      const kinds = ["cell_rise", "cell_fall"].map((kind) => scalar(kind, outer));
      const slopes = ["rise_transition", "fall_transition"].map((kind) => scalar(kind, 0.05 * period));
      return `timing () { related_pin : "clk_i"; timing_type : rising_edge; ${[...kinds, ...slopes].join(" ")} }`;
    }
    const setup = pin in clocks ? clocks[pin] * period - outer : outer;
    const constraint = (type: string, value: number) =>
      `timing () { related_pin : "clk_i"; timing_type : ${type}; ${["rise_constraint", "fall_constraint"].map((kind) => scalar(kind, value)).join(" ")} }`;
    return `${constraint("setup_rising", setup)}\n      ${constraint("hold_rising", 0)}`;
  };
  const pinOf = (port: Port) => {
    const electrical = port.direction === "input" ? ` capacitance : ${PIN_CAPACITANCE};` : " max_capacitance : 0.5;";
    const head = `direction : ${port.direction};${electrical}`;
    if (port.name === "clk_i") return `    pin (clk_i) { ${head} clock : true; }`;
    const kind = isBus(port) ? `bus (${port.name}) { bus_type : bits_${port.width};` : `pin (${port.name}) {`;
    return `    ${kind} ${head}\n      ${arcs(port)}\n    }`;
  };
  const threshold = (edge: string) =>
    `  input_threshold_pct_${edge} : 50; output_threshold_pct_${edge} : 50; slew_lower_threshold_pct_${edge} : 20; slew_upper_threshold_pct_${edge} : 80;`;
  const type = (width: number) =>
    `  type (bits_${width}) { base_type : array; data_type : bit; bit_width : ${width}; bit_from : ${width - 1}; bit_to : 0; downto : true; }`;
  return `/* A black box: what the schedule leaves the macro, not what a circuit was measured to take. */
library (${name}) {
  delay_model : table_lookup; time_unit : "1ns"; capacitive_load_unit (1, pf); voltage_unit : "1V"; current_unit : "1mA";
  pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW"; nom_process : 1; nom_voltage : 1.1; nom_temperature : 25;
${threshold("rise")}
${threshold("fall")}
${widths.map(type).join("\n")}
  cell (${name}) { area : ${(metres2 * 1e12).toFixed(1)}; is_macro_cell : true; dont_touch : true; interface_timing : true;
${ports.map(pinOf).join("\n")}
  }
}
`;
}

/** Inputs are on the left edge, outputs on the lower one, from one corner on. */
function lefText({ name, ports }: Module, metres2: number): string {
  const side = Math.sqrt(metres2) * 1e6;
  const bits = (direction: Port["direction"]) =>
    ports
      .filter((port) => port.direction === direction)
      .flatMap((port) =>
        isBus(port) ? Array.from({ length: port.width }, (_, bit) => `${port.name}[${bit}]`) : [port.name],
      );
  const [inputs, outputs] = [bits("input"), bits("output")];
  const um = (value: number) => value.toFixed(3);
  const pin = (bit: string, direction: string, low: number, isLeft: boolean) => {
    const [along, across] = [
      [low, low + PIN_WIDTH],
      [0, PIN_LENGTH],
    ];
    const [x, y] = isLeft ? [across, along] : [along, across];
    const use = bit === "clk_i" ? "CLOCK" : "SIGNAL";
    return `  PIN ${bit}
    DIRECTION ${direction} ;
    USE ${use} ;
    PORT
      LAYER ${PIN_LAYER} ;
        RECT ${um(x[0])} ${um(y[0])} ${um(x[1])} ${um(y[1])} ;
    END
  END ${bit}`;
  };
  const placed = (all: readonly string[], direction: string, isLeft: boolean) => {
    const pitch = (side - 2 * PIN_LENGTH) / all.length;
    invariant(pitch > 2 * PIN_WIDTH, `${all.length} pins do not fit on ${side} um`);
    return all.map((bit, n) => pin(bit, direction, 2 * PIN_LENGTH + n * pitch, isLeft));
  };
  return `VERSION 5.8 ;
BUSBITCHARS "[]" ;
DIVIDERCHAR "/" ;
MACRO ${name}
  CLASS BLOCK ;
  ORIGIN 0 0 ;
  SIZE ${um(side)} BY ${um(side)} ;
${[...placed(inputs, "INPUT", true), ...placed(outputs, "OUTPUT", false)].join("\n")}
END ${name}
END LIBRARY
`;
}

/** Column 0 of the first crossbar, read by the first vectors of the first prompt. */
function firstColumn({ plan, crossbars }: MachineDesign, { files }: MachineVectors): string {
  const { settle, conversion, clock } = plan.timing;
  const [layer] = plan.layers;
  const { crossbar, rowStart, rows } = layer.groups[0].blocks[0];
  const whole = crossbars[crossbar];
  const unit = unitOf(whole.step, whole.stepBits);
  const of = (units: Float32Array) => Array.from({ length: rows }, (_, r) => units[r * whole.columns] * unit);
  const words = files[INPUT_FILE].trimEnd().split("\n").slice(0, READS);
  const vectors = words.map((word) => {
    const bits = BigInt(`0x${word}`) >> BigInt(rowStart);
    return Array.from({ length: rows }, (_, r) => Number((bits >> BigInt(r)) & 1n));
  });
  const title = `Column 0 of crossbar ${crossbar} (${layer.name}) in whole units of its cells: the first ${vectors.length} vectors of the first prompt`;
  const column = { plus: of(whole.plus), minus: of(whole.minus), step: whole.step };
  return columnNetlist(title, column, vectors, (settle + layer.multiplexerSteps * conversion) / clock);
}
