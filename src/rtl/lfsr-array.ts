/** Generator of the LFSR array, the random bytes of a tile or of the whole engine (`hardware/lfsr.ts`). */
import type { LfsrSetup } from "../hardware/draws.ts";
import {
  binary,
  choose,
  clocked,
  concat,
  hex,
  type Item,
  input,
  logic,
  loop,
  type Module,
  name,
  output,
  part,
  repeat,
  set,
  sized,
  slice,
  times,
  wire,
} from "./syntax.ts";

export function lfsrArray({ mask, shiftsPerClock }: LfsrSetup, count: number): Module {
  const shifts: Item[] = [];
  let state = "state_q";
  for (let shift = 1; shift <= shiftsPerClock; shift++) {
    const next = shift === shiftsPerClock ? "state_d" : `state_${shift}`;
    const feedback = binary(repeat(32, slice(name(state), 0, 0)), "&", hex(32, mask));
    const moved = concat(sized(1, 0), slice(name(state), 31, 1));
    shifts.push(logic(32, next), wire(name(next), binary(moved, "^", feedback)));
    state = next;
  }
  const lane = (signal: string) => part(name(signal), times(32, "r"), 32);
  return {
    name: "ssa_lfsr_array",
    header: [
      `${count} Galois LFSRs of 32 bits, shifting right by ${shiftsPerClock} per clock, feedback mask 0x${mask.toString(16)} (a primitive ` +
        "polynomial: period 2^32 - 1). All four bytes of each are tapped.",
      "load_i takes the seeds, which must not be 0; they appear in the next clock. Otherwise every register shifts at every clock. Before a load the contents are undefined.",
    ],
    ports: [input("clk_i"), input("load_i"), input("seed_i", 32 * count), output("bytes_o", 32 * count)],
    items: [
      loop("r", count, "gen_register", [
        logic(32, "state_q"),
        ...shifts,
        clocked(set(name("state_q"), choose(name("load_i"), lane("seed_i"), name("state_d")))),
        wire(lane("bytes_o"), name("state_q")),
      ]),
    ],
  };
}
