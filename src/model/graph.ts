/**
 * A network as a graph: values and the operations that compute them, in the order in which they run. Training, folding, mapping,
 * machine, schedule, counts and RTL iterate over it.
 *
 *   input -> windows -> linear -> neurons -> ... -> attention -> ... -> read-out
 *
 * `transformer.ts` and `listed.ts` build the graph of a model. `graphOfOperations` checks one: every operation reads values that the
 * input or an earlier operation gives, in shapes that fit; every value is read; the last one is the answer.
 */
import { SpecError } from "../errors.ts";
import type { Value, ValueShape } from "./operation.ts";
import { type Operation, type OperationKind, operationKit } from "./operations.ts";

export interface Graph {
  /** `input` first, then what each operation writes. */
  readonly values: ReadonlyMap<string, Value>;
  readonly operations: readonly Operation[];
}

export const INPUT = "input";

/** What every operation has, in a graph and as an experiment lists it. */
type Step = Pick<Operation, "name" | "reads" | "writes"> & { readonly kind: string };

/**
 * Checks operations, and gives their values shapes.
 *
 * Throws  SpecError that names the operation: as `requireFlow`, and for shapes that do not fit
 */
export function graphOfOperations(input: ValueShape, operations: readonly Operation[]): Graph {
  requireFlow(operations);
  const values = new Map<string, Value>([[INPUT, { name: INPUT, ...input }]]);
  for (const operation of operations) {
    const { reads, writes } = operation;
    const read = reads.map((name) => values.get(name) as Value);
    values.set(writes, { name: writes, ...operationKit(operation).shape(operation, read) });
  }
  return { values, operations };
}

/**
 * Throws  SpecError that names the operation: for a value that is unknown, written twice, read before it is written, or never read
 */
export function requireFlow(steps: readonly Step[]): void {
  const written = new Set([INPUT]);
  const used = new Set(steps.flatMap(({ reads }) => reads));
  for (const step of steps) {
    const { kind, name, reads, writes } = step;
    const unknown = reads.find((value) => !written.has(value));
    if (unknown !== undefined) refuseRead(unknown, step, steps);
    if (written.has(writes)) {
      throw new SpecError(
        `model.operations.${name}`,
        `The ${kind} ${name} writes ${writes}, which exists already. Give its result a name of its own.`,
      );
    }
    written.add(writes);
  }
  const answer = steps.at(-1)?.writes;
  for (const { kind, name, writes } of steps) {
    if (used.has(writes) || writes === answer) continue;
    throw new SpecError(
      `model.operations.${name}`,
      `Nobody reads ${writes}, which the ${kind} ${name} writes. Read it in a later operation, or leave ${name} out.`,
    );
  }
}

function refuseRead(value: string, { kind, name }: Step, steps: readonly Step[]): never {
  const later = steps.find(({ writes }) => writes === value);
  const reason = later
    ? `which ${later.name} writes only afterwards. A graph has no cycles: list ${later.name} before ${name}`
    : `but no operation writes it. Values are \`${INPUT}\` and what operations write`;
  throw new SpecError(`model.operations.${name}`, `The ${kind} ${name} reads ${value}, ${reason}.`);
}

/** Values that depend on the input alone, before the first layer, through which no gradient has to pass. */
export function givenValues({ operations }: Graph): ReadonlySet<string> {
  const given = new Set([INPUT]);
  for (const { kind, reads, writes } of operations) {
    const learnsNothing = kind === "windows" || kind === "rounding" || kind === "pool";
    if (learnsNothing && reads.every((value) => given.has(value))) given.add(writes);
  }
  return given;
}

/** Operations of a kind. */
export const operationsOf = <K extends OperationKind>(
  { operations }: Graph,
  kind: K,
): Extract<Operation, { kind: K }>[] =>
  operations.filter((operation): operation is Extract<Operation, { kind: K }> => operation.kind === kind);

/** The values that an operation reads. */
export const readsOf = ({ values }: Graph, { reads }: Operation): Value[] =>
  reads.map((name) => values.get(name) as Value);

/** The operation that writes a value; null for the input. */
export const writerOf = ({ operations }: Graph, value: string): Operation | null =>
  operations.find(({ writes }) => writes === value) ?? null;

/** The operations that read a value. */
export const readersOf = ({ operations }: Graph, value: string): Operation[] =>
  operations.filter(({ reads }) => reads.includes(value));
