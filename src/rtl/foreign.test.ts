import { describe, expect, test } from "vitest";
import { FileError } from "../errors.ts";
import { refuseForeign } from "./foreign.ts";

const inModule = (line: string): string => `module a;\n  ${line}\nendmodule\n`;

describe("sources that xpike rtl did not write", () => {
  test.each([
    ["a program", 'initial $system("touch owned");'],
    ["a program behind a string that looks like a comment", 'initial begin $display("//"); $system("true"); end'],
    ["a program behind an escaped name", 'logic \\a" ; initial $system("true"); //"'],
    ["a program between strings of three quotes", 'initial $display(""" " """); initial $system("""true""");'],
    ["a program behind a comment that ends at a carriage return", '// \r initial $system("true");'],
    ["C++ of Verilator", 'initial $c("abort();");'],
    ["a function of C", 'import "DPI-C" function int system(string command);'],
    ["a function of C, with a comment between", 'import // a\n "DPI-C" function int system(string command);'],
    ["another file", '`include "../outside.svh"'],
    ["a macro", "`define run(a) $``a"],
    ["a file that is written", 'initial file = $fopen("a.hex", "w");'],
    ["a file that is written, in the short form", 'initial file = $fopen("a.hex");'],
    ["a file of another folder", 'initial file = $fopen("../a.hex", "r");'],
    ["a comment of several lines", '/* " */ initial $finish; // "'],
    ["a quote without end", 'initial $display("'],
  ])("refuses %s, by line", (_, line) => {
    expect(() => refuseForeign(inModule(line), "a.sv")).toThrow(FileError);
    expect(() => refuseForeign(inModule(line), "a.sv")).toThrow(/^Line 2 has /);
  });

  test("takes names and comments as text", () => {
    const source = inModule('initial $display("$system \\" `include import"); // the experiment "$system`, import');
    expect(() => refuseForeign(source, "a.sv")).not.toThrow();
  });
});
