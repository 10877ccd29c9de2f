/**
 * A mapped design as structural Verilog, for tools that read little more than that (OpenSTA 2.0.17): instances without parameters, one name
 * on the left of an assignment. Black boxes are left out.
 */
import type { Bit, JsonDesign, JsonModule } from "./mapped-netlist.ts";

/** A module and all below it. */
export function structuralVerilog({ modules }: JsonDesign, top: string): string {
  const reached = new Set([top]);
  for (const name of reached) {
    for (const { type } of Object.values(modules[name].cells)) if (Object.hasOwn(modules, type)) reached.add(type);
  }
  return [...reached]
    .flatMap((name) => (modules[name].attributes?.blackbox === undefined ? [moduleText(name, modules[name])] : []))
    .join("\n");
}

function moduleText(name: string, { ports, cells }: JsonModule): string {
  const names = new Map<Bit, string>();
  const assigned: string[] = [];
  const entries = Object.entries(ports);
  // Inputs name their nets first; an output that shares a net follows by assignment.
  for (const direction of ["input", "output"]) {
    for (const [port, { direction: own, bits }] of entries) {
      if (own !== direction) continue;
      for (const [n, bit] of bits.entries()) {
        const select = bits.length === 1 ? safe(port) : `${safe(port)}[${n}]`;
        if (typeof bit === "number" && !names.has(bit)) names.set(bit, select);
        else if (direction === "output") assigned.push(`  assign ${select} = ${names.get(bit) ?? constant(bit)};`);
      }
    }
  }
  const wires: string[] = [];
  const nameOf = (bit: Bit) => {
    const known = names.get(bit);
    if (known !== undefined) return known;
    if (typeof bit === "string") return constant(bit);
    const fresh = `_net${bit}_`;
    names.set(bit, fresh);
    wires.push(`  wire ${fresh};`);
    return fresh;
  };
  const instances = Object.entries(cells).map(([cell, { type, connections }]) => {
    const pins = Object.entries(connections).map(([pin, bits]) => {
      const all = bits.toReversed().map(nameOf);
      return `.${safe(pin)}(${all.length > 1 ? `{${all.join(", ")}}` : all.join("")})`;
    });
    return `  ${safe(type)} ${safe(cell)} (${pins.join(", ")});`;
  });
  const declared = entries.map(
    ([port, { direction, bits }]) =>
      `  ${direction} ${bits.length === 1 ? "" : `[${bits.length - 1}:0] `}${safe(port)};`,
  );
  const lines = [
    `module ${safe(name)}(${entries.map(([port]) => safe(port)).join(", ")});`,
    ...[...declared, ...wires, ...assigned, ...instances],
    "endmodule",
  ];
  return `${lines.join("\n")}\n`;
}

/** Undefined bits were set to 0. */
const constant = (bit: Bit) => `1'b${bit === "1" ? 1 : 0}`;
/** An escaped name ends at a space. */
const safe = (name: string) => (/^[A-Za-z_][\w$]*$/.test(name) ? name : `\\${name} `);
