/** Generator of the top level of a board with an attention engine: a serial line, frames, control, one SSA engine. */
import type { SsaDesign } from "../design.ts";
import { resetSynchroniser } from "../reset-synchroniser.ts";
import { ENGINE, STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { BOARD_LINK, boardLink, linkSizes } from "./link.ts";
import { lineModules, serialTop } from "./serial-top.ts";
import { CLOCKS_PER_BIT } from "./uart.ts";

export const BOARD_TOP = "xpike_board";

/**
 * Modules of the board around an engine, leaves first.
 *
 * @param fingerprint 32 bits that identify this engine
 * @param clocks per bit of the serial line
 */
export const boardModules = (design: SsaDesign, fingerprint: number, clocks: number): sv.Module[] => [
  resetSynchroniser(),
  ...lineModules(),
  boardLink(design, fingerprint),
  boardTop(design, clocks),
];

function boardTop(design: SsaDesign, clocks: number): sv.Module {
  const { spikeBits, seedBytes } = linkSizes(design);
  const declared = [
    sv.logic(1, "start", "busy", "take", "spikes_valid"),
    sv.logic(STEP_BITS, "steps"),
    sv.logic(8 * seedBytes, "seed"),
    sv.logic(spikeBits, "query", "key", "value", "spike"),
  ];
  const s = sv.signals([], declared);
  return serialTop({
    name: BOARD_TOP,
    header: [
      `Board with an SSA engine of ${design.heads} heads behind a serial line: 8 data bits, no parity, one stop bit, ${CLOCKS_PER_BIT} clocks per bit.`,
      "Columns of Q, K and V arrive in frames, and columns of A are sent back. The reset button is low when pressed; its release is synchronised to the clock.",
      "LEDs: receiving a request, sending a reply, engine running, last request refused.",
    ],
    clocks,
    declared,
    link: {
      module: BOARD_LINK,
      pins: {
        start_o: s.start,
        steps_o: s.steps,
        seed_o: s.seed,
        query_o: s.query,
        key_o: s.key,
        value_o: s.value,
        busy_i: s.busy,
        take_i: s.take,
        spikes_valid_i: s.spikes_valid,
        spike_i: s.spike,
      },
    },
    served: (clocked) =>
      sv.instance(ENGINE, "u_engine", {
        ...clocked,
        start_i: s.start,
        steps_i: s.steps,
        seed_i: s.seed,
        query_i: s.query,
        key_i: s.key,
        value_i: s.value,
        busy_o: s.busy,
        take_o: s.take,
        valid_o: s.spikes_valid,
        spike_o: s.spike,
      }),
    busy: s.busy,
  });
}
