/**
 * A second opinion on sources, from their text alone: names that stand before the line that declares them, which IEEE 1800-2017
 * (clause 6.5) forbids and neither Verilator 5.032 nor Icarus 12 reports. It knows the forms that the printer writes, and takes all
 * names of a module as one scope.
 */

const KEYWORDS = new Set(
  (
    "always_comb always_ff assert assign automatic begin else end endfunction endmodule error final for forever function genvar if " +
    "initial input int localparam logic module negedge or output parameter posedge real repeat signed string unsigned wait while"
  ).split(" "),
);
const TYPES = new Set(["logic", "int", "real", "genvar", "parameter", "localparam", "function", "string"]);
const WORD = /^[A-Za-z_]\w*$/;

/** `module.name` of each name used early, or never declared. */
export function earlyNames(source: string): string[] {
  const code = source
    .replace(/\/\/.*|`(ifndef|ifdef) \w+|`\w+|\(\*.*?\*\)/g, " ")
    .replace(/"[^"]*"/g, '""')
    .replace(/\b\d*'s?[bdh][\da-f]+|'[01]|\b\d+'/g, "0");
  const tokens = code.match(/\$?[A-Za-z_]\w*|\d[\d.e-]*|\S/g) ?? [];
  const early: string[] = [];
  let module = "";
  let declared = new Set<string>();
  /** Of a declaration: its names follow until the end of the list, outside of brackets and values. */
  let listing = false;
  let depth = 0;
  let isValue = false;
  for (const [at, token] of tokens.entries()) {
    const [before, next] = [tokens[at - 1], tokens[at + 1]];
    if ("([{".includes(token)) depth++;
    if (")]}".includes(token)) depth--;
    if (token === "module") {
      module = next;
      declared = new Set([next]);
      listing = false;
      depth = 0;
    } else if (TYPES.has(token) || token === "input" || token === "output") {
      listing = true;
      isValue = false;
      depth = 0;
    } else if (token === ";" || token === "(") {
      if (depth <= 1) listing = token === "(" && listing && isValue;
    } else if (token === "=") isValue = true;
    else if (token === "," && depth <= 0) isValue = false;
    if (!WORD.test(token) || KEYWORDS.has(token) || token === module) continue;
    // Pins of an instance and paths below one; a system task.
    if (before === "." || next === ".") continue;
    const isInstanceOf = WORD.test(next ?? "") && !KEYWORDS.has(next);
    if (isInstanceOf || next === "#") continue;
    const isInstance = (WORD.test(before) && !KEYWORDS.has(before)) || (before === ")" && next === "(");
    const isLabel = before === ":" && tokens[at - 2] === "begin";
    if (isInstance || isLabel || (listing && !isValue && depth <= 0)) declared.add(token);
    else if (!declared.has(token)) early.push(`${module}.${token}`);
  }
  return [...new Set(early)];
}
