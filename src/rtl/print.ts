/**
 * Prints a module as SystemVerilog text in the manner of the lowRISC style guide: two-space indent, one port per line, lines of
 * at most 100 characters where a line can be broken. The same tree always gives the same text.
 */
import type { BinaryOperator, Declaration, Expression, Item, Module, Port, Statement, Variable } from "./syntax.ts";

const LINE_WIDTH = 100;

/** One source file: the module with its header. */
export function printModule(module: Module): string {
  const header = module.header.flatMap((paragraph, i) => [...(i > 0 ? ["//"] : []), ...wrap(paragraph)]);
  const ports = alignPorts(module.ports);
  const list = separated(ports.map((port) => `  ${port}`));
  const settings = (module.parameters ?? []).map(([name, value]) => `  parameter ${name} = ${print(value)}`);
  const head =
    settings.length > 0
      ? [`module ${module.name} #(`, ...separated(settings), ") ("]
      : [`module ${module.name}${list.length > 0 ? " (" : ";"}`];
  const open = list.length > 0 ? [...head, ...list, ");"] : head;
  const body: readonly Item[] = module.isBlackBox ? [{ kind: "simulation", body: module.items }] : module.items;
  const attribute = module.isBlackBox ? ["(* blackbox *)"] : [];
  return [...header, "", ...attribute, ...open, ...indent(items(body)), "endmodule", ""]
    .flatMap((line) => broken(line))
    .join("\n");
}

/** Breaks a long line after commas and before operators; continuation lines are indented by four more. */
function broken(line: string, inside = false): string[] {
  if (line.length <= LINE_WIDTH || /^\s*\/\//.test(line)) return [line];
  const margin = /^ */.exec(line)![0].length;
  const places = Array.from(line.matchAll(/"[^"]*"|(, )|( (?:[-+*&|^?:]|&&|\|\|) )/g))
    .flatMap((match) => (match[1] ? [match.index + 2] : match[2] ? [match.index + 1] : []))
    .filter((place) => place <= LINE_WIDTH && place > margin + 4);
  const place = places.at(-1);
  if (place === undefined) return [line];
  const rest = " ".repeat(inside ? margin : margin + 4) + line.slice(place);
  return [line.slice(0, place).trimEnd(), ...broken(rest, true)];
}

const separated = (lines: readonly string[]): string[] =>
  lines.map((line, i) => (i < lines.length - 1 ? `${line},` : line));

function alignPorts(ports: readonly Port[]): string[] {
  const types = ports.map(({ width }) => `logic${range(width)}`);
  const widest = Math.max(0, ...types.map((type) => type.length));
  return ports.map(({ direction, name }, i) => `${direction.padEnd(6)} ${types[i].padEnd(widest)} ${name}`);
}

const range = (width: number): string => (width === 1 ? "" : ` [${width - 1}:0]`);

const indent = (lines: readonly string[]): string[] =>
  lines.map((line) => (line === "" || line.startsWith("`") ? line : `  ${line}`));

const wrap = (paragraph: string): string[] =>
  paragraph.split("\n").flatMap((line) => {
    const words = line.split(" ");
    const lines: string[] = [];
    let current = "//";
    for (const word of words) {
      if (current.length + 1 + word.length > LINE_WIDTH) {
        lines.push(current);
        current = "//";
      }
      current += ` ${word}`;
    }
    return [...lines, current.trimEnd()];
  });

/** Read by Yosys, Vivado and others; those for memories with and without writes differ. */
const IN_BLOCKS = '(* ram_style = "block", rom_style = "block" *)';

const items = (list: readonly Item[]): string[] => list.flatMap(printItem);

function printItem(item: Item): string[] {
  switch (item.kind) {
    case "comment":
      return wrap(item.text);
    case "gap":
      return [""];
    case "declaration":
      return [...(item.inBlocks ? [IN_BLOCKS] : []), printDeclaration(item)];
    case "wire":
      return [`assign ${print(item.target)} = ${print(item.value)};`];
    case "registers":
      return [
        `always_ff @(posedge clk_i or negedge ${item.resetBy}) begin`,
        `  if (!${item.resetBy}) begin`,
        ...indent(indent(statements(item.reset))),
        "  end else begin",
        ...indent(indent(statements(item.next))),
        "  end",
        "end",
      ];
    case "clocked":
      return ["always_ff @(posedge clk_i) begin", ...indent(statements(item.body)), "end"];
    case "combinational":
      return ["always_comb begin", ...indent(statements(item.body)), "end"];
    case "function":
      return [
        `function automatic ${typeOf(item.width)} ${item.name}(`,
        ...separated(item.arguments.map((argument) => `  input ${declared(argument)}`)),
        ");",
        ...indent(item.variables.map((variable) => `${declared(variable)};`)),
        ...indent(statements(item.body)),
        "endfunction",
      ];
    case "initial":
      return ["initial begin", ...indent(statements(item.body)), "end"];
    case "clock":
      return [
        "initial begin",
        `  ${item.signal.name} = 1'b0;`,
        "  forever begin",
        `    #${item.halfPeriod} ${item.signal.name} = ~${item.signal.name};`,
        "  end",
        "end",
      ];
    case "loop":
      return [
        `for (genvar ${item.variable} = 0; ${item.variable} < ${item.below}; ${item.variable}++) begin : ${item.label}`,
        ...indent(items(item.body)),
        "end",
      ];
    case "when":
      return [
        `if (${print(item.condition)}) begin : ${item.label}`,
        ...indent(items(item.yes)),
        ...(item.no.length > 0
          ? [`end else begin : gen_no_${item.label.replace(/^gen_/, "")}`, ...indent(items(item.no))]
          : []),
        "end",
      ];
    case "instance": {
      const widest = Math.max(...item.ports.map(([port]) => port.length));
      const lines = item.ports.map(([port, value]) => `  .${port.padEnd(widest)} (${print(value)})`);
      const settings = item.parameters.map(([name, value]) => `  .${name} (${print(value)})`);
      const head =
        settings.length > 0
          ? [`${item.module} #(`, ...separated(settings), `) ${item.name} (`]
          : [`${item.module} ${item.name} (`];
      return [...head, ...separated(lines), ");"];
    }
    case "simulation":
      return ["`ifndef SYNTHESIS", ...items(item.body), "`endif"];
  }
}

function printDeclaration({ signals, value }: Declaration): string {
  const names = signals.map(({ name }) => name).join(", ");
  const [{ width, signed, entries }] = signals;
  if (width === null) return `int ${names};`;
  if (value) return `localparam logic [${width - 1}:0] ${names} = ${print(value)};`;
  return `logic${signed ? " signed" : ""}${range(width)} ${names}${entries === null ? "" : ` [0:${entries - 1}]`};`;
}

const declared = ({ name, width }: Variable): string => `${typeOf(width)} ${name}`;

function typeOf(width: Variable["width"]): string {
  if (width === null) return "int";
  return width === "real" ? "real" : `logic${range(width)}`;
}

const statements = (list: readonly Statement[]): string[] => list.flatMap(printStatement);

function printStatement(statement: Statement): string[] {
  switch (statement.kind) {
    case "comment":
      return wrap(statement.text);
    case "assign":
      return [`${print(statement.target)} ${statement.blocking ? "=" : "<="} ${print(statement.value)};`];
    case "if": {
      const { condition, yes, no } = statement;
      const rest = no.length === 1 && no[0].kind === "if" ? printStatement(no[0]) : null;
      const otherwise = rest
        ? [`end else ${rest[0]}`, ...rest.slice(1)]
        : ["end else begin", ...indent(statements(no)), "end"];
      return [`if (${print(condition)}) begin`, ...indent(statements(yes)), ...(no.length > 0 ? otherwise : ["end"])];
    }
    case "for": {
      const { variable, below, body } = statement;
      return [
        `for (int ${variable} = 0; ${variable} < ${print(below)}; ${variable}++) begin`,
        ...indent(statements(body)),
        "end",
      ];
    }
    case "while":
      return [`while (${print(statement.condition)}) begin`, ...indent(statements(statement.body)), "end"];
    case "assert":
      return [
        `assert (${print(statement.condition)}) else $error(${statement.message.map((m) => print(m)).join(", ")});`,
      ];
    case "edge": {
      const wait = `@(${statement.edge} ${print(statement.signal)});`;
      return [statement.times === 1 ? wait : `repeat (${statement.times}) ${wait}`];
    }
    case "delay":
      return [`#${statement.units};`];
    case "task":
      return [
        `${statement.name}${statement.arguments.length > 0 ? `(${statement.arguments.map((a) => print(a)).join(", ")})` : ""};`,
      ];
  }
}

/** Binding strength, as in IEEE 1800-2017, table 11-2. */
const STRENGTH: Readonly<Record<BinaryOperator, number>> = {
  "*": 10,
  "/": 10,
  "%": 10,
  "+": 9,
  "-": 9,
  "<<": 8,
  ">>>": 8,
  "<": 7,
  "<=": 7,
  ">": 7,
  ">=": 7,
  "==": 6,
  "!=": 6,
  "!==": 6,
  "&": 5,
  "^": 4,
  "|": 3,
  "&&": 2,
  "||": 1,
};
const ASSOCIATIVE: ReadonlySet<string> = new Set(["+", "*", "&", "^", "|", "&&", "||"]);

/** An expression as text. */
export function print(expression: Expression): string {
  switch (expression.kind) {
    case "signal":
    case "name":
      return expression.name;
    case "number": {
      const { value, width, hex } = expression;
      if (width === null) return String(value);
      return hex ? `${width}'h${value.toString(16)}` : `${width}'d${value}`;
    }
    case "fill":
      return `'${expression.bit}`;
    case "real":
      return Number.isInteger(expression.value) ? `${expression.value}.0` : String(expression.value);
    case "text":
      return JSON.stringify(expression.text);
    case "unary": {
      const bare = ["signal", "name", "bit", "slice", "part", "concat", "call"].includes(expression.operand.kind);
      return `${expression.operator}${bare ? print(expression.operand) : `(${print(expression.operand)})`}`;
    }
    case "binary": {
      const { operator, left, right } = expression;
      const isLow = (side: Expression, isRight: boolean) => {
        if (side.kind === "choice") return true;
        if (side.kind !== "binary") return false;
        if (side.operator === operator && ASSOCIATIVE.has(operator)) return false;
        // Parentheses also where two kinds of bit or logic operators meet, because nobody remembers their precedence.
        if (STRENGTH[operator] <= 5 && STRENGTH[side.operator] <= 5) return true;
        return (
          STRENGTH[side.operator] < STRENGTH[operator] || (isRight && STRENGTH[side.operator] === STRENGTH[operator])
        );
      };
      const wrapSide = (side: Expression, isRight: boolean) =>
        isLow(side, isRight) ? `(${print(side)})` : print(side);
      return `${wrapSide(left, false)} ${operator} ${wrapSide(right, true)}`;
    }
    case "choice": {
      const { condition, yes, no } = expression;
      const side = (part: Expression) =>
        part.kind === "choice" || part.kind === "binary" ? `(${print(part)})` : print(part);
      return `${side(condition)} ? ${side(yes)} : ${side(no)}`;
    }
    case "concat":
      return `{${expression.parts.map(print).join(", ")}}`;
    case "repeat":
      return `{${expression.times}{${print(expression.part)}}}`;
    case "bit":
      return `${print(expression.of)}[${print(expression.index)}]`;
    case "slice":
      return expression.high === expression.low
        ? `${print(expression.of)}[${expression.high}]`
        : `${print(expression.of)}[${expression.high}:${expression.low}]`;
    case "part":
      return `${print(expression.of)}[${print(expression.base)} +: ${expression.width}]`;
    case "cast":
      return `${expression.width}'(${print(expression.operand)})`;
    case "call":
      return `${expression.name}(${expression.arguments.map(print).join(", ")})`;
  }
}
