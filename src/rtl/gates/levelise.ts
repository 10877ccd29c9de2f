/** Orders gates so that each follows those it reads from. */
import { GATES, type Gate, type GateType } from "./cells.ts";

const TYPES = Object.keys(GATES) as GateType[];

/**
 * Level 1 reads only registers, ports and constants; level k + 1 reads something of level k. Within a level, gates of one type
 * are adjacent. Gates in a loop have no level: the name of one of them is returned.
 */
export function levelise(
  gates: readonly Gate[],
  nets: number,
): { readonly gates: readonly Gate[]; readonly depth: number } | { readonly loop: string } {
  const driver = new Int32Array(nets).fill(-1);
  gates.forEach((gate, g) => {
    driver[gate.output] = g;
  });
  const waiting = new Int32Array(gates.length);
  const readers: number[][] = gates.map(() => []);
  gates.forEach((gate, g) => {
    for (const net of gate.inputs) {
      if (driver[net] < 0) continue;
      waiting[g]++;
      readers[driver[net]].push(g);
    }
  });
  const level = new Int32Array(gates.length);
  const ready = gates.flatMap((_, g) => (waiting[g] === 0 ? [g] : []));
  for (const g of ready) level[g] = 1;
  for (let next = 0; next < ready.length; next++) {
    const g = ready[next];
    for (const reader of readers[g]) {
      level[reader] = Math.max(level[reader], level[g] + 1);
      if (--waiting[reader] === 0) ready.push(reader);
    }
  }
  if (ready.length < gates.length) return { loop: gates[waiting.findIndex((count) => count > 0)].name };
  const rank = (g: number) => level[g] * TYPES.length + TYPES.indexOf(gates[g].type);
  const order = ready.toSorted((a, b) => rank(a) - rank(b) || a - b);
  return { gates: order.map((g) => gates[g]), depth: level.reduce((most, of) => Math.max(most, of), 0) };
}
