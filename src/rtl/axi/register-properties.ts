/**
 * What the AXI4-Lite slave guarantees its master, as a module for formal verification: the response to a write or a read,
 * including its contents, stays until it is taken. All other inputs are left free, so the guarantee holds for any of them.
 * `holds_o` is always 1.
 */

import { both } from "../machine/parts.ts";
import * as sv from "../syntax.ts";
import { AXI_REGISTERS, axiLitePorts } from "./registers.ts";

export const REGISTER_PROPERTIES = "register_properties";

const CHANNELS = [
  { label: "s_axil_b", payload: [["resp", 2]] },
  {
    label: "s_axil_r",
    payload: [
      ["data", 32],
      ["resp", 2],
    ],
  },
] as const;

/** The watched block as far as the monitor sees it. */
export const WATCHED_REGISTERS: sv.Module = {
  name: AXI_REGISTERS,
  header: [],
  ports: [...sv.CLOCKED, ...axiLitePorts(0)],
  items: [],
};

export function registerProperties(): sv.Module {
  const begun = sv.signal("begun_q");
  const holds = sv.output("holds_o");
  const channels = CHANNELS.map(({ label, payload }) => {
    const width = payload.reduce((sum, [, bits]) => sum + bits, 0);
    return {
      ready: sv.input(`${label}ready`),
      valid: sv.signal(`${label}valid`),
      waits: sv.signal(`${label}_waits_q`),
      fields: payload.map(([signal, bits]) => sv.signal(`${label}${signal}`, bits)),
      content: sv.signal(`${label}_content`, width),
      stood: sv.signal(`${label}_stood_q`, width),
    };
  });
  const pins = channels.flatMap(({ valid, ready, fields }) => [valid, ready, ...fields]);
  const kept = channels.map(({ waits, valid, stood, content }) =>
    sv.binary(sv.isFalse(waits), "|", both(valid, sv.binary(stood, "==", content))),
  );
  return {
    name: REGISTER_PROPERTIES,
    header: [`Guarantees of ${AXI_REGISTERS} for formal verification: holds_o is always 1.`],
    ports: [sv.CLOCK, ...channels.map(({ ready }) => ready), holds],
    items: [
      sv.declare(begun),
      ...channels.flatMap(({ valid, waits, fields, content, stood }) => [
        sv.declare(valid, waits),
        ...fields.map((field) => sv.declare(field)),
        sv.declare(content, stood),
        sv.wire(content, sv.concat(...fields)),
      ]),
      sv.instance(AXI_REGISTERS, "u_registers", {
        clk_i: sv.CLOCK,
        rst_ni: begun,
        ...Object.fromEntries(pins.map((pin) => [pin.name, pin])),
      }),
      sv.clocked(
        sv.set(begun, sv.sized(1, 1)),
        ...channels.flatMap(({ valid, ready, waits, content, stood }) => [
          sv.set(waits, both(begun, valid, sv.isFalse(ready))),
          sv.set(stood, content),
        ]),
      ),
      sv.wire(holds, sv.binary(sv.isFalse(begun), "|", both(...kept))),
    ],
  };
}
