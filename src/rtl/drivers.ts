/**
 * Which bits of a signal a process drives, and whether two processes drive the same bit (IEEE 1800-2017, clauses 6.5 and 9.2.2.4).
 * Indices are followed where they are constant or count a loop; any other index drives all bits.
 */
import type { Expression, Item } from "./syntax.ts";

/** A loop around a driver: a variable from 0 to `below` - 1. */
export interface Loop {
  readonly variable: string;
  readonly below: number;
}

/** Places of a signal: bits of a vector, or entries of a memory. */
export interface Range {
  readonly low: number;
  readonly high: number;
  /** Values of the module's loops around the driver: each is a process of its own. */
  readonly turn: string;
}

export interface Drive extends Range {
  readonly process: object;
  /** Processes that run once may share a variable, and so may the ports of a macro's memory. */
  readonly sharing: "initial" | "port" | null;
  /** Alternatives of the module that lead here: of the two of an item, only one is built. */
  readonly taken: ReadonlyMap<Item, string>;
  /** The target, for the message. */
  readonly text: string;
}

/** Two drivers of the same place as text, or null. */
export function driverConflict(drives: readonly Drive[]): string | null {
  let active: Drive[] = [];
  for (const drive of drives.toSorted((a, b) => a.low - b.low)) {
    active = active.filter(({ high }) => high >= drive.low);
    const other = active.find((one) => !mayShare(one, drive));
    if (other) return `by ${other.text} and ${drive.text}`;
    active.push(drive);
  }
  return null;
}

function mayShare(a: Drive, b: Drive): boolean {
  if (a.sharing !== null && a.sharing === b.sharing) return true;
  if (a.turn !== b.turn) return false;
  return a.process === b.process || [...a.taken].some(([item, arm]) => b.taken.has(item) && b.taken.get(item) !== arm);
}

/**
 * The places that a target drives.
 *
 * @param select the first index after the signal's name, if any
 * @param loops of the module, inside the scope of the signal
 * @param rounds loops of statements
 */
export function drivenRanges(
  select: Expression | undefined,
  loops: readonly Loop[],
  rounds: readonly Loop[] = [],
): Range[] {
  const counted = select ? rounds.filter(({ variable }) => mentions(select, variable)) : [];
  const ranges: Range[] = [];
  const values = new Map<string, number>();
  const visit = (left: readonly Loop[]): void => {
    if (left.length === 0) {
      ranges.push({ ...rangeOf(select, values), turn: loops.map(({ variable }) => values.get(variable)).join() });
      return;
    }
    const [{ variable, below }, ...rest] = left;
    for (let value = 0; value < below; value++) {
      values.set(variable, value);
      visit(rest);
    }
  };
  visit([...loops, ...counted]);
  return ranges;
}

function rangeOf(select: Expression | undefined, values: ReadonlyMap<string, number>): { low: number; high: number } {
  if (select?.kind === "slice") return { low: select.low, high: select.high };
  const low =
    select?.kind === "bit"
      ? constantOf(select.index, values)
      : select?.kind === "part"
        ? constantOf(select.base, values)
        : null;
  if (low === null) return { low: 0, high: Number.POSITIVE_INFINITY };
  return { low, high: select?.kind === "part" ? low + select.width - 1 : low };
}

const mentions = (expression: Expression, variable: string): boolean => {
  const visit = (node: unknown): boolean =>
    typeof node === "object" &&
    node !== null &&
    (("kind" in node && node.kind === "name" && "name" in node && node.name === variable) ||
      Object.values(node).some(visit));
  return visit(expression);
};

/** The value of an index for given values of loop variables; null if it depends on anything else. */
export function constantOf(expression: Expression, values: ReadonlyMap<string, number> = new Map()): number | null {
  switch (expression.kind) {
    case "number":
      return Number(expression.value);
    case "name":
      return values.get(expression.name) ?? null;
    case "cast":
      return constantOf(expression.operand, values);
    case "binary": {
      const [left, right] = [constantOf(expression.left, values), constantOf(expression.right, values)];
      const compute = ARITHMETIC[expression.operator];
      return left === null || right === null || !compute ? null : compute(left, right);
    }
    default:
      return null;
  }
}

const ARITHMETIC: Readonly<Partial<Record<string, (left: number, right: number) => number>>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => Math.floor(left / right),
  "%": (left, right) => left % right,
  "&": (left, right) => left & right,
};
