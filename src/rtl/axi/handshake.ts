/** The rule of every AXI channel, as an assertion: valid data stays unchanged until it is taken. */
import {
  binary,
  concat,
  type Expression,
  type Item,
  isFalse,
  logic,
  name,
  registers,
  set,
  text,
  zeros,
} from "../syntax.ts";

export interface Channel {
  /** As in its signal names: `s_axil_aw`. */
  readonly label: string;
  readonly valid: Expression;
  readonly ready: Expression;
  readonly payload: readonly Expression[];
  /** Bits of the payload. */
  readonly width: number;
  /** A condition under which a channel may be emptied. */
  readonly reset?: Expression;
}

/** Simulation only: an error if a channel that was valid but not ready in one clock has less, or different, data in the next. */
export function holdsUntilTaken({ label, valid, ready, payload, width, reset }: Channel): Item {
  const [waits, held, content] = [`${label}_waits_q`, `${label}_held_q`, `${label}_content`];
  const isWaiting = binary(valid, "&", isFalse(ready));
  const isHeld = reset ? binary(isWaiting, "&", isFalse(reset)) : isWaiting;
  const same = binary(binary(name(held), "==", name(content)), "&", valid);
  return {
    kind: "simulation",
    body: [
      logic(1, waits),
      logic(width, held, content),
      { kind: "wire", target: name(content), value: payload.length === 1 ? payload[0] : concat(...payload) },
      registers(
        [set(name(waits), zeros), set(name(held), zeros)],
        [
          set(name(waits), isHeld),
          set(name(held), name(content)),
          {
            kind: "assert",
            condition: binary(isFalse(name(waits)), "|", same),
            message: [text(`${label}: what stood there was taken back or changed before it was taken`)],
          },
        ],
      ),
    ],
  };
}
