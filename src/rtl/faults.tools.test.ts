/** Deliberate faults in the generated tree: the testbench must notice each of them. */
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { ssaSpec } from "../experiment/hardware.ts";
import { ssaParameters } from "../hardware/ssa-parameters.ts";
import { compileEngine } from "../node/rtl-stream.ts";
import { stream } from "../numeric/stream.ts";
import { ssaDesign } from "./design.ts";
import { lfsrArray } from "./lfsr-array.ts";
import { randomRun, runOfSteps } from "./simulated-run.ts";
import { ssaCell, valueFifo } from "./ssa-cell.ts";
import { ssaColumnFoot } from "./ssa-column-foot.ts";
import { MAX_STEPS, STEP_BITS, ssaEngine } from "./ssa-engine.ts";
import { ssaTile } from "./ssa-tile.ts";
import { binary, concat, decimal, type Expression, type Module, not, set, sized, slice, wire } from "./syntax.ts";

const testInIcarus = await testWith("iverilog");

// Odd tokens are attended to by later ones: neither open nor causal, so the mask is a table in the RTL.
const mask = Uint8Array.from({ length: 25 }, (_, at) => (at % 5 < Math.floor(at / 5) && at % 2 === 1 ? 1 : 0));
const parameters = ssaParameters(ssaSpec.parse({ random: "lfsr" }), {
  tokens: 5,
  dimension: 8,
  mask,
  scoreGain: 2,
  valueGain: 2,
  draws: "stratified",
});
const design = ssaDesign(parameters, 1);
const { dimension, lfsr } = parameters;

/** The design with one module replaced by another of the same name. */
const withModule = (module: Module) => {
  expect(design.modules.map((original) => original.name)).toContain(module.name);
  return { ...design, modules: design.modules.map((original) => (original.name === module.name ? module : original)) };
};

/** The module with nodes replaced: `change` gives the new node, or null to look inside. */
function edited(module: Module, change: (node: Record<string, unknown>) => unknown): Module {
  let changes = 0;
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== "object" || node === null) return node;
    // A signal is the one that its declaration made.
    if ("kind" in node && node.kind === "signal") return node;
    const changed = change(node as Record<string, unknown>);
    if (changed !== null) {
      changes++;
      return changed;
    }
    return Object.fromEntries(Object.entries(node).map(([field, value]) => [field, visit(value)]));
  };
  const result = visit(module) as Module;
  expect(changes, "places that were changed").toBe(1);
  return result;
}

/** The encoder's `draw < gain count` compared another way. */
const comparing = (module: Module, compare: (draw: Expression, count: Expression) => Expression) =>
  edited(module, (node) =>
    node.kind === "binary" && node.operator === "<" ? compare(node.left as Expression, node.right as Expression) : null,
  );
const isSignal = (node: unknown, wanted: string) => (node as { name?: string }).name === wanted;
const isStartOfRun = (node: unknown) => {
  const { target, value } = node as { target?: unknown; value?: unknown };
  return isSignal(target ?? {}, "busy_o") && isDeepStrictEqual(value, sized(1, 1));
};
const isWireOf = (node: Record<string, unknown>, target: string) =>
  node.kind === "wire" && isSignal(node.target, target);
type Binary = Extract<Expression, { kind: "binary" }>;
const inverted = ({ left, operator, right }: Binary): Expression => binary(not(left), operator, right);
const swappedMask = mask.map((open, at) => (at === 21 ? mask[22] : at === 22 ? mask[21] : open));
const tooLate = (draw: Expression, count: Expression) => binary(binary(draw, "+", decimal(1)), "<", count);
const tooEarly = (draw: Expression, count: Expression) => binary(draw, "<=", count);

const faults: readonly (readonly [string, () => Module])[] = [
  [
    "an inverted bit of Q",
    () =>
      edited(ssaCell(parameters), (node) =>
        isWireOf(node, "hit") ? wire(node.target as Expression, inverted(node.value as Binary)) : null,
      ),
  ],
  ["a FIFO one stage short", () => valueFifo({ ...parameters, dimension: dimension - 1 })],
  ["a FIFO one stage long", () => valueFifo({ ...parameters, dimension: dimension + 1 })],
  ["a wrong tap of the LFSRs", () => lfsrArray({ ...lfsr, mask: (lfsr.mask ^ 0x4) >>> 0 }, 4)],
  ["an LFSR that shifts twice", () => lfsrArray({ ...lfsr, shiftsPerClock: 2 }, 4)],
  ["two swapped bits of the mask", () => ssaTile({ ...parameters, mask: swappedMask })],
  [
    "a counter that is not cleared at the end of a window",
    () =>
      edited(ssaCell(parameters), (node) =>
        node.kind === "choice" && isSignal(node.condition, "last_i") ? node.no : null,
      ),
  ],
  ["r < count instead of r <= count, in the cells", () => comparing(ssaCell(parameters), tooLate)],
  ["r <= count + 1 in the cells", () => comparing(ssaCell(parameters), tooEarly)],
  ["r < sum instead of r <= sum, at the feet", () => comparing(ssaColumnFoot(parameters), tooLate)],
  ["r <= sum + 1 at the feet", () => comparing(ssaColumnFoot(parameters), tooEarly)],
  ["a gain of scores one shift too large", () => ssaCell({ ...parameters, scoreGain: 4 })],
  ["a gain of scores one shift too small", () => ssaCell({ ...parameters, scoreGain: 1 })],
  ["a gain of outputs one shift too large", () => ssaColumnFoot({ ...parameters, valueGain: 4 })],
  ["a gain of outputs one shift too small", () => ssaColumnFoot({ ...parameters, valueGain: 1 })],
  ["a window one clock short", () => ssaEngine({ ...parameters, dimension: dimension - 1 }, 1)],
  [
    "bits 3 and 4 swapped in the bit reversal of a step, which matters from 9 steps on",
    () =>
      edited(ssaEngine(parameters, 1), (node) => {
        if (!isWireOf(node, "score_offset")) return null;
        const { parts } = node.value as { parts: Expression[] };
        const [a, b, c, d, e, ...rest] = parts;
        return wire(node.target as Expression, concat(a, b, c, e, d, ...rest));
      }),
  ],
  [
    "the top bit of the number of steps lost, which matters at 64 steps",
    () =>
      edited(ssaEngine(parameters, 1), (node) =>
        node.kind === "assign" && isSignal(node.value, "steps_i")
          ? set(node.target as Expression, concat(sized(1, 0), slice(node.value as Expression, STEP_BITS - 2, 0)))
          : null,
      ),
  ],
  [
    "a start that is taken during a run",
    () =>
      edited(ssaEngine(parameters, 1), (node) =>
        node.kind === "if" && isStartOfRun((node.yes as unknown[])[0])
          ? { ...node, condition: (node.condition as Binary).left }
          : null,
      ),
  ],
];

async function check(faulty: typeof design) {
  const root = stream(1);
  const short = Array.from({ length: 12 }, (_, run) => randomRun(design, 4, root.fork(run)));
  const runs = [...short, ...[20, MAX_STEPS].map((steps) => runOfSteps(design, steps, root.fork("long", steps)))];
  const engine = await compileEngine(faulty, "iverilog");
  try {
    return await engine.check(runs);
  } finally {
    await engine.close();
  }
}

testInIcarus("without a fault the testbench passes, so what fails below fails for its fault", async () => {
  expect(await check(design)).toMatchObject({ result: "pass", runs: 14 });
});

testInIcarus.each(faults)("caught: %s", async (_title, faulty) => {
  const { result, detail } = await check(withModule(faulty()));
  expect(result).toBe("fail");
  // The testbench speaks, or an assertion of the engine: the sources were compiled and run.
  expect(detail).toMatch(/^FAIL \d+ errors in 1[1-4] runs|Assertion failed|valid_o is|busy_o is/m);
});
