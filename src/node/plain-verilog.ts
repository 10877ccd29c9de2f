/**
 * Yosys's structural Verilog for readers that support less of the language: OpenSTA 2.0.17 accepts neither parameters of
 * instances nor several names on the left of an assignment. Only macros and memories have parameters, and they are black boxes;
 * assignments become one per bit.
 */

const PARAMETERS = / #\(\n(?:\s+\.\w+\(.*\),?\n)+\s+\) /g;
const DECLARED = /^ {2}(?:input|output|wire)(?: \[(\d+):0\])? (\\\S+|[\w$]+) ?;$/;
const ASSIGNED = /^ {2}assign (.*) = (.*);$/;
/** A constant, or a name with bit selects; an escaped name ends at a space. */
const TERM = /(\d+)'([hb])([0-9a-f]+)|(\\\S+ |[\w$]+)\s*(?:\[(\d+)(?::(\d+))?\])?/g;

export function plainVerilog(text: string): string {
  let widths = new Map<string, number>();
  const lines = text.replace(PARAMETERS, " ").split("\n");
  const plain = lines.map((line) => {
    if (line.startsWith("module ")) widths = new Map();
    const [, highest, name] = DECLARED.exec(line) ?? [];
    if (name !== undefined) widths.set(name, highest === undefined ? 0 : Number(highest) + 1);
    const [, left, right] = ASSIGNED.exec(line) ?? [];
    if (left === undefined || !`${left}${right}`.includes("{")) return line;
    const [to, from] = [bitsOf(left, widths), bitsOf(right, widths)];
    return to.map((bit, n) => `  assign ${bit} = ${from[n]};`).join("\n");
  });
  return plain.join("\n");
}

/** Single bits, highest first. */
function bitsOf(terms: string, widths: ReadonlyMap<string, number>): string[] {
  return [...terms.matchAll(TERM)].flatMap(([, size, base, digits, name, first, last]) => {
    if (size !== undefined) {
      const value = BigInt(`0${base === "h" ? "x" : "b"}${digits}`);
      return downFrom(Number(size) - 1).map((bit) => `1'h${(value >> BigInt(bit)) & 1n}`);
    }
    const highest = first === undefined ? (widths.get(name.trim()) ?? 0) - 1 : Number(first);
    // A name declared without a range is one bit.
    if (highest < 0) return [name];
    return downFrom(highest, Number(last ?? (first === undefined ? 0 : first))).map((bit) => `${name}[${bit}]`);
  });
}

const downFrom = (highest: number, lowest = 0): number[] =>
  Array.from({ length: highest - lowest + 1 }, (_, n) => highest - n);
