/**
 * Rejects a module whose signals are wrong, before its text is written: one that no declaration of the module introduces, one used
 * before its declaration, one with two drivers, and one of the wrong width. Each error names the module and the signal.
 *
 * Scopes, constants and widths are those of IEEE 1800-2017 (clauses 6.5, 10.3, 11.6 and 23.9), with one stricter rule: operands,
 * assignments and connections have equal widths, and only numbers without a width adapt. Drivers are followed bit by bit where an
 * index is constant, also through loops; any other index drives the whole signal. Left out: signals without a driver or a reader,
 * which Verilator's lint reports.
 */
import { constantOf, type Drive, drivenRanges, driverConflict, type Loop } from "./drivers.ts";
import { print } from "./print.ts";
import type { BinaryOperator, Expression, Item, Module, Signal, Statement, Variable } from "./syntax.ts";

/** What a name stands for. */
interface Entry {
  readonly name: string;
  readonly what: "input" | "output" | "signal" | "variable" | "constant" | "instance";
  /** Bits; of a memory, of one entry. Null: it adapts, like a number without a width. */
  readonly width: number | null;
  /** Of a memory. */
  readonly entries: number | null;
  readonly signal: Signal | null;
  /** Loops of the module around the declaration. */
  readonly depth: number;
  readonly drives: Drive[];
}

/** A place in the module: names in sight, loops around it, and the process that drives there. */
interface Place {
  readonly names: Map<string, Entry>;
  readonly outer: Place | null;
  readonly loops: readonly Loop[];
  /** Alternatives taken on the way: of several for the same item, only one is built. */
  readonly taken: ReadonlyMap<Item, string>;
  readonly process: Process | null;
  /** Loops of statements around it whose bounds are constant. */
  readonly rounds: readonly Loop[];
}
interface Process {
  readonly of: object;
  readonly isInitial: boolean;
  /** Whether it may be one of several ports of a memory: a macro's. */
  readonly isPort: boolean;
}

const ONE_BIT: readonly BinaryOperator[] = ["<", "<=", ">", ">=", "==", "!=", "!==", "&&", "||"];

/**
 * Checks modules, leaves first. `around` has modules that they use and that are checked elsewhere.
 * Throws  Error for the first wrong signal
 */
export function checkModules(modules: readonly Module[], around: readonly Module[] = []): void {
  const known = new Map(around.map((module) => [module.name, module]));
  for (const module of modules) {
    checkModule(module, known);
    known.set(module.name, module);
  }
}

function checkModule(module: Module, known: ReadonlyMap<string, Module>): void {
  const functions = new Map(
    allItems(module.items).flatMap((item) => (item.kind === "function" ? [[item.name, item] as const] : [])),
  );
  const instances = new Set(allItems(module.items).flatMap((item) => (item.kind === "instance" ? [item.name] : [])));
  const declaredSomewhere = new Set(allItems(module.items).flatMap((item) => signalsOf(item).map(({ name }) => name)));
  const everything: Entry[] = [];

  const top: Place = { names: new Map(), outer: null, loops: [], taken: new Map(), process: null, rounds: [] };
  for (const [parameter] of module.parameters ?? []) declare(top, parameter, "constant", null);
  for (const port of module.ports) declare(top, port.name, port.direction, port.width, port);
  checkItems(module.items, top);
  for (const { name, what, drives } of everything) {
    const clash = driverConflict(drives);
    if (clash !== null) fail(name, `is driven twice: ${clash}`);
    if (what === "input" && drives.length > 0) fail(name, "is driven twice: it is an input");
  }

  function fail(signal: string, problem: string): never {
    throw new Error(`Module ${module.name}: ${signal} ${problem}.`);
  }

  function declare(
    place: Place,
    name: string,
    what: Entry["what"],
    width: number | null,
    signal: Signal | null = null,
  ): void {
    if (place.names.has(name)) fail(name, "is declared twice");
    const { length: depth } = place.loops;
    const entry = { name, what, width, entries: signal?.entries ?? null, signal, depth, drives: [] };
    place.names.set(name, entry);
    everything.push(entry);
  }

  function inside(place: Place, more: Partial<Place> = {}): Place {
    return { ...place, names: new Map(), outer: place, ...more };
  }

  /** The declaration that a name or a signal refers to. */
  function find(place: Place, wanted: Signal | string): Entry {
    const isName = typeof wanted === "string";
    const entry = lookUp(place, isName ? wanted : wanted.name);
    if (isName && entry.signal !== null) fail(wanted, "is a signal, but goes by its name");
    if (!isName && entry.signal !== wanted) fail(wanted.name, "is a signal of another declaration with the same name");
    return entry;
  }

  function lookUp(place: Place, name: string): Entry {
    for (let at: Place | null = place; at !== null; at = at.outer) {
      const entry = at.names.get(name);
      if (entry) return entry;
    }
    return fail(name, declaredSomewhere.has(name) ? "is used before its declaration" : "is not declared");
  }

  function checkItems(items: readonly Item[], place: Place): void {
    for (const item of items) checkItem(item, place);
  }

  function checkItem(item: Item, place: Place): void {
    switch (item.kind) {
      case "comment":
      case "gap":
        return;
      case "declaration":
        for (const signal of item.signals) {
          declare(place, signal.name, item.value ? "constant" : "signal", signal.width, signal);
        }
        return;
      case "wire":
        checkDriven(item.target, item.value, withProcess(place, item));
        return;
      case "registers":
        checkStatements([...item.reset, ...item.next], withProcess(place, item, "clk_i", item.resetBy));
        return;
      case "clocked":
        checkStatements(item.body, withProcess(place, item, "clk_i"));
        return;
      case "combinational":
        checkStatements(item.body, withProcess(place, item));
        return;
      case "initial":
        checkStatements(item.body, inside(place, { process: { of: item, isInitial: true, isPort: false } }));
        return;
      case "clock":
        drive(item.signal, inside(place, { process: { of: item, isInitial: true, isPort: false } }));
        return;
      case "function":
        checkFunction(item, place);
        return;
      case "simulation":
        checkItems(item.body, place);
        return;
      case "loop": {
        const loop = { variable: item.variable, below: item.below };
        const body = inside(place, { loops: [...place.loops, loop] });
        declare(body, item.variable, "constant", null);
        checkItems(item.body, body);
        return;
      }
      case "when": {
        isOneBit(item.condition, place);
        for (const arm of ["yes", "no"] as const) {
          checkItems(item[arm], inside(place, { taken: new Map([...place.taken, [item, arm]]) }));
        }
        return;
      }
      case "instance":
        checkInstance(item, place);
        return;
    }
  }

  function withProcess(place: Place, of: Item, ...clocks: readonly string[]): Place {
    for (const clock of clocks) lookUp(place, clock);
    const isPort = module.isBlackBox === true && of.kind === "clocked";
    return inside(place, { process: { of, isInitial: false, isPort } });
  }

  function checkFunction(item: Extract<Item, { kind: "function" }>, place: Place): void {
    const body = inside(place, { process: { of: item, isInitial: false, isPort: false } });
    const own: readonly Variable[] = [...item.arguments, ...item.variables, item];
    for (const { name, width } of own) declare(body, name, "variable", width === "real" ? null : width);
    checkStatements(item.body, body);
  }

  function checkInstance(item: Extract<Item, { kind: "instance" }>, place: Place): void {
    const used = known.get(item.module);
    if (!used) fail(item.name, `is an instance of ${item.module}, which is not among the modules before`);
    for (const [name, value] of item.parameters) {
      if (!used.parameters?.some(([parameter]) => parameter === name)) fail(`${item.name}.${name}`, "is no parameter");
      widthOf(value, place);
    }
    for (const [name, value] of item.ports) {
      const port = used.ports.find((one) => one.name === name);
      if (!port) fail(`${item.name}.${name}`, `is no port of ${item.module}`);
      const width = widthOf(value, place);
      if (width !== null && width !== port.width) {
        fail(`${item.name}.${name}`, `has ${bits(port.width)}, ${print(value)} has ${width}`);
      }
      if (port.direction === "output")
        drive(value, inside(place, { process: { of: value, isInitial: false, isPort: false } }));
    }
    declare(place, item.name, "instance", null);
  }

  function checkStatements(statements: readonly Statement[], place: Place): void {
    for (const statement of statements) checkStatement(statement, place);
  }

  function checkStatement(statement: Statement, place: Place): void {
    switch (statement.kind) {
      case "comment":
      case "delay":
        return;
      case "assign":
        checkDriven(statement.target, statement.value, place);
        return;
      case "if":
        isOneBit(statement.condition, place);
        checkStatements(statement.yes, place);
        checkStatements(statement.no, place);
        return;
      case "for": {
        widthOf(statement.below, place);
        const below = constantOf(statement.below);
        const round = below === null ? [] : [{ variable: statement.variable, below }];
        const body = inside(place, { rounds: [...place.rounds, ...round] });
        declare(body, statement.variable, "variable", null);
        checkStatements(statement.body, body);
        return;
      }
      case "while":
        isOneBit(statement.condition, place);
        checkStatements(statement.body, place);
        return;
      case "assert":
        isOneBit(statement.condition, place);
        for (const part of statement.message) widthOf(part, place);
        return;
      case "edge":
        widthOf(statement.signal, place);
        return;
      case "task":
        for (const part of statement.arguments) widthOf(part, place, true);
    }
  }

  function checkDriven(target: Expression, value: Expression, place: Place): void {
    const [to, from] = [widthOf(target, place), widthOf(value, place)];
    if (to !== null && from !== null && to !== from) {
      fail(print(target), `has ${bits(to)}, but is driven by ${print(value)} of ${from}`);
    }
    drive(target, place);
  }

  /** Records what the process of a place drives. */
  function drive(target: Expression, place: Place): void {
    if (target.kind === "concat") {
      for (const part of target.parts) drive(part, place);
      return;
    }
    const selects: Expression[] = [];
    let base: Expression = target;
    while (base.kind === "bit" || base.kind === "slice" || base.kind === "part") {
      selects.unshift(base);
      base = base.of;
    }
    if (base.kind !== "signal" && base.kind !== "name") fail(print(target), "cannot be driven");
    const entry = find(place, base.kind === "signal" ? base : base.name);
    if (entry.what === "constant" || entry.what === "instance") fail(entry.name, "is constant, but driven");
    if (entry.what === "variable") return;
    const { process, taken } = place;
    const { of, isInitial, isPort } = process!;
    const around = place.loops.slice(entry.depth);
    const sharing = isInitial ? "initial" : isPort && entry.entries !== null ? "port" : null;
    for (const range of drivenRanges(selects[0], around, isInitial ? [] : place.rounds)) {
      entry.drives.push({ ...range, process: of, sharing, taken, text: print(target) });
    }
  }

  /** Bits of an expression, null if it adapts; checks everything in it. A task may take a whole memory. */
  function widthOf(expression: Expression, place: Place, isTask = false): number | null {
    switch (expression.kind) {
      case "text":
      case "real":
      case "fill":
        return null;
      case "number": {
        const { value, width } = expression;
        if (width !== null && (value < 0n || value >> BigInt(width) > 0n)) fail(print(expression), "does not fit");
        return width;
      }
      case "signal":
      case "name": {
        if (expression.kind === "name" && expression.name.includes(".")) {
          const [instance] = expression.name.split(".");
          return instances.has(instance) ? null : fail(expression.name, "is not declared");
        }
        const { name, entries, width } = find(place, expression.kind === "signal" ? expression : expression.name);
        if (entries !== null && !isTask) fail(name, "is a memory without an index");
        return width;
      }
      case "unary": {
        const width = widthOf(expression.operand, place);
        if (expression.operator === "!") isOneBit(expression.operand, place);
        return expression.operator === "~" ? width : 1;
      }
      case "binary":
        return widthOfBinary(expression, place);
      case "choice":
        isOneBit(expression.condition, place);
        return agreed(expression.yes, "and", expression.no, place);
      case "concat":
        return expression.parts.reduce((sum, part) => sum + ownWidth(part, place), 0);
      case "repeat":
        return expression.times * ownWidth(expression.part, place);
      case "bit":
      case "slice":
      case "part":
        return widthOfSelect(expression, place);
      case "cast":
        widthOf(expression.operand, place);
        return expression.width;
      case "call":
        return widthOfCall(expression, place);
    }
  }

  function widthOfBinary(expression: Extract<Expression, { kind: "binary" }>, place: Place): number | null {
    const { operator, left, right } = expression;
    if (operator === "<<" || operator === ">>>") {
      widthOf(right, place);
      return widthOf(left, place);
    }
    if (operator === "&&" || operator === "||") {
      isOneBit(left, place);
      isOneBit(right, place);
      return 1;
    }
    const width = agreed(left, operator, right, place);
    return ONE_BIT.includes(operator) ? 1 : width;
  }

  function widthOfSelect(
    expression: Extract<Expression, { kind: "bit" | "slice" | "part" }>,
    place: Place,
  ): number | null {
    const { of } = expression;
    const base = of.kind === "signal" || of.kind === "name" ? find(place, of.kind === "signal" ? of : of.name) : null;
    const whole = base ? base.width : widthOf(of, place);
    const isEntry = base !== null && base.entries !== null;
    const most = isEntry ? base.entries : whole;
    if (expression.kind === "bit") widthOf(expression.index, place);
    if (expression.kind === "part") widthOf(expression.base, place);
    const [range] = drivenRanges(expression, []);
    if (most !== null && range.high !== Number.POSITIVE_INFINITY && (range.low < 0 || range.high >= most)) {
      fail(print(expression), `is outside ${print(of)}, which has ${isEntry ? `${most} entries` : bits(most)}`);
    }
    if (expression.kind === "bit") return isEntry ? whole : 1;
    if (isEntry) fail(print(expression), "takes several entries of a memory");
    return expression.kind === "part" ? expression.width : expression.high - expression.low + 1;
  }

  function widthOfCall(expression: Extract<Expression, { kind: "call" }>, place: Place): number | null {
    const widths = expression.arguments.map((argument) => widthOf(argument, place));
    if (expression.name.startsWith("$")) return null;
    const called = functions.get(expression.name);
    if (!called) return fail(expression.name, "is not declared");
    for (const [n, { name, width }] of called.arguments.entries()) {
      if (width === null || width === "real" || widths[n] === null || widths[n] === width) continue;
      fail(`${called.name}.${name}`, `has ${bits(width)}, ${print(expression.arguments[n])} has ${widths[n]}`);
    }
    return called.width === "real" ? null : called.width;
  }

  /** The common width of two operands. */
  function agreed(left: Expression, operator: string, right: Expression, place: Place): number | null {
    const [a, b] = [widthOf(left, place), widthOf(right, place)];
    if (a !== null && b !== null && a !== b) {
      fail(print(left), `has ${bits(a)}, ${print(right)} has ${b}, at "${operator}"`);
    }
    return a ?? b;
  }

  /** In a concatenation an integer has 32 bits, and nothing else adapts. */
  function ownWidth(part: Expression, place: Place): number {
    const width = widthOf(part, place);
    return (
      width ?? (part.kind === "name" || part.kind === "signal" ? 32 : fail(print(part), "has no width of its own"))
    );
  }

  function isOneBit(condition: Expression, place: Place): void {
    const width = widthOf(condition, place);
    if (width !== null && width !== 1) fail(print(condition), `has ${width} bits, where one decides`);
  }
}

const bits = (count: number): string => `${count} ${count === 1 ? "bit" : "bits"}`;

const signalsOf = (item: Item): readonly Signal[] => (item.kind === "declaration" ? item.signals : []);

/** Items with those inside them. */
const allItems = (items: readonly Item[]): Item[] =>
  items.flatMap((item) => {
    if (item.kind === "loop" || item.kind === "simulation") return [item, ...allItems(item.body)];
    return item.kind === "when" ? [item, ...allItems([...item.yes, ...item.no])] : [item];
  });
