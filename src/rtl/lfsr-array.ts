/** Generator of the LFSR array, the random bytes of a tile or of the whole engine (`hardware/lfsr.ts`). */
import type { LfsrSetup } from "../hardware/draws.ts";
import * as sv from "./syntax.ts";

export function lfsrArray({ mask, shiftsPerClock }: LfsrSetup, count: number): sv.Module {
  const ports = [sv.CLOCK, sv.input("load_i"), sv.input("seed_i", 32 * count), sv.output("bytes_o", 32 * count)];
  const s = sv.signals(ports, [sv.logic(32, "state_q")]);
  const shifts: sv.Item[] = [];
  let state = s.state_q;
  for (let shift = 1; shift <= shiftsPerClock; shift++) {
    const next = sv.signal(shift === shiftsPerClock ? "state_d" : `state_${shift}`, 32);
    const feedback = sv.binary(sv.repeat(32, sv.slice(state, 0, 0)), "&", sv.hex(32, mask));
    const moved = sv.concat(sv.sized(1, 0), sv.slice(state, 31, 1));
    shifts.push(sv.declare(next), sv.wire(next, sv.binary(moved, "^", feedback)));
    state = next;
  }
  const lane = (signal: sv.Signal) => sv.part(signal, sv.times(32, "r"), 32);
  return {
    name: "ssa_lfsr_array",
    header: [
      `${count} Galois LFSRs of 32 bits, shifting right by ${shiftsPerClock} per clock, feedback mask 0x${mask.toString(16)} (a primitive ` +
        "polynomial: period 2^32 - 1). All four bytes of each are tapped.",
      "load_i takes the seeds, which must not be 0; they appear in the next clock. Otherwise every register shifts at every clock. Before a load the contents are undefined.",
    ],
    ports,
    items: [
      sv.loop("r", count, "gen_register", [
        sv.declare(s.state_q),
        ...shifts,
        sv.clocked(sv.set(s.state_q, sv.choose(s.load_i, lane(s.seed_i), state))),
        sv.wire(lane(s.bytes_o), s.state_q),
      ]),
    ],
  };
}
