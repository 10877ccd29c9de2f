/** Generator of the release of a reset: it falls at any time, and rises two clock edges after it is given up, in step with the clock. */
import * as sv from "./syntax.ts";

export const RESET_SYNCHRONISER = "reset_synchroniser";
/** Clock edges from the pin's release to that of the reset behind it. */
export const RELEASE_CLOCKS = 2;

/** For scan tests, which must control every reset from a pin: tops that pins or a bus face have it. */
export const TEST_MODE = sv.input("test_mode_i");

export function resetSynchroniser(): sv.Module {
  const ports = [...sv.CLOCKED, TEST_MODE, sv.output("rst_no")];
  const declared = [sv.logic(RELEASE_CLOCKS, "released_q")];
  const s = sv.signals(ports, declared);
  return {
    name: RESET_SYNCHRONISER,
    header: [
      `Asynchronous reset with a synchronised release: rst_no falls with rst_ni, and rises ${RELEASE_CLOCKS} clock edges after it. With test_mode_i it is rst_ni.`,
      "The first flip-flop may be metastable; a layout keeps both side by side.",
    ],
    ports,
    items: [
      ...declared,
      sv.registers(sv.cleared(s.released_q), [
        sv.set(s.released_q, sv.concat(sv.slice(s.released_q, RELEASE_CLOCKS - 2, 0), sv.sized(1, 1))),
      ]),
      sv.wire(s.rst_no, sv.choose(s.test_mode_i, s.rst_ni, sv.bit(s.released_q, RELEASE_CLOCKS - 1))),
    ],
  };
}

/** An instance whose output is `reset`. */
export const synchronised = (reset: sv.Signal, testMode: sv.Expression): sv.Item =>
  sv.instance(RESET_SYNCHRONISER, "u_reset", {
    clk_i: sv.CLOCKS.clk_i,
    rst_ni: sv.CLOCKS.rst_ni,
    test_mode_i: testMode,
    rst_no: reset,
  });
