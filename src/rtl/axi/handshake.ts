/** The rule of every AXI channel, as an assertion: valid data stays unchanged until it is taken. */
import * as sv from "../syntax.ts";

export interface Channel {
  /** As in its signal names: `s_axil_aw`. */
  readonly label: string;
  readonly valid: sv.Expression;
  readonly ready: sv.Expression;
  readonly payload: readonly sv.Signal[];
  /** A condition under which a channel may be emptied. */
  readonly reset?: sv.Expression;
}

/** Simulation only: an error if a channel that was valid but not ready in one clock has less, or different, data in the next. */
export function holdsUntilTaken({ label, valid, ready, payload, reset }: Channel): sv.Item {
  const width = payload.reduce((sum, one) => sum + one.width!, 0);
  const waits = sv.signal(`${label}_waits_q`);
  const [held, content] = [sv.signal(`${label}_held_q`, width), sv.signal(`${label}_content`, width)];
  const isWaiting = sv.binary(valid, "&", sv.isFalse(ready));
  const isHeld = reset ? sv.binary(isWaiting, "&", sv.isFalse(reset)) : isWaiting;
  const same = sv.binary(sv.binary(held, "==", content), "&", valid);
  return sv.simulation(
    sv.declare(waits),
    sv.declare(held, content),
    sv.wire(content, payload.length === 1 ? payload[0] : sv.concat(...payload)),
    sv.registers(
      [sv.set(waits, sv.zeros), sv.set(held, sv.zeros)],
      [
        sv.set(waits, isHeld),
        sv.set(held, content),
        sv.assert(
          sv.binary(sv.isFalse(waits), "|", same),
          `${label}: what stood there was taken back or changed before it was taken`,
        ),
      ],
    ),
  );
}
