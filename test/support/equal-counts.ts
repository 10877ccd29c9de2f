/** Whether a trace's counts match the machine and the trace's densities, operation by operation and action by action. */
import { expect } from "vitest";
import { ACTION_NAMES } from "../../src/hardware/actions.ts";
import type { OperationCounts } from "../../src/machine/counts.ts";
import type { Trace } from "../../src/simulation/trace.ts";

/** @param operations of one inference, each representing only itself */
export function requireEqualCounts(
  { prompts, operations: counted }: Trace,
  operations: readonly OperationCounts[],
): void {
  expect(operations.map(({ name, kind, repeat }) => [name, kind, repeat])).toEqual(
    counted.map(({ name, kind }) => [name, kind, 1]),
  );
  operations.forEach(({ name, kind, actions }, i) => {
    for (const action of ACTION_NAMES) {
      const expected = counted[i].actions[action];
      const found = prompts * actions[action];
      if (action === "bitsSent" && (kind === "attention" || name === "output")) {
        // Densities are those of q, k and v together, and of the tokens that the head reads.
        expect(Math.abs(found - expected), `${name}, ${action}`).toBeLessThanOrEqual(0.3 * expected);
        continue;
      }
      // Densities are quotients of integers; their products with integers are exact up to a few units in the last place.
      expect(Math.abs(found - expected), `${name}, ${action}: ${found}`).toBeLessThanOrEqual(1e-12 * expected);
      expect(Math.round(found) - expected, `${name}, ${action}`).toBe(0);
    }
  });
}
