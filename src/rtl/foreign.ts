/**
 * Verilog can run programs and write files: with `$system`, with `$fopen`, and through imported C functions. The contents of a
 * folder are therefore checked against what `print.ts` writes before any tool reads them.
 */
import { FileError } from "../errors.ts";

/** System tasks and functions used by our modules and testbenches: none of them starts a program or writes a file. */
const TASKS = [
  "$bitstoreal",
  "$display",
  "$error",
  "$finish",
  "$floor",
  "$fopen",
  "$fscanf",
  "$itor",
  "$readmemh",
  "$realtobits",
  "$rtoi",
  "$urandom",
  "$value$plusargs",
];
const DIRECTIVE = /^`(ifndef SYNTHESIS|endif)$/;
const READS = /^\$fopen\((\w+|"\w+(\.\w+)*"), "r"\)/;

/** A string or a comment within one line, or else anything that could run something or hide where a string or comment ends. */
const TOKEN = /"""|"(?:\\[^\n]|[^"\\\n])*"|\/\/[^\n]*|\$[\w$]*|`[^\n]*|\b(?:import|export)\b|\/\*|["\\]/g;

/** Throws FileError for a source with a system task, directive or import that `xpike rtl` does not write; `path` is its file. */
export function refuseForeign(source: string, path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: tools differ in what they take for the end of a line.
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/.exec(source);
  if (control) throw foreign(source, path, control.index, "a control character");
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    if (token !== '"""' && /^("[\s\S]|\/\/)/.test(token)) continue;
    if (token === "$fopen" && !READS.test(source.slice(index, index + 200))) {
      throw foreign(source, path, index, 'a $fopen that does more than read, with "r", a file of this folder');
    }
    if (!TASKS.includes(token) && !DIRECTIVE.test(token)) throw foreign(source, path, index, token);
  }
}

function foreign(source: string, path: string, at: number, what: string): FileError {
  const line = source.slice(0, at).split("\n").length;
  return new FileError(
    path,
    `Line ${line} has ${what}, which the generator never writes. Verilog can run programs, so no tool was started. Write the folder ` +
      `again with xpike rtl. Allowed are ${TASKS.join(", ")}.`,
  );
}
