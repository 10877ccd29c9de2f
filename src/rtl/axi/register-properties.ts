/**
 * What the AXI4-Lite slave guarantees its master, as a module for formal verification: the response to a write or a read,
 * including its contents, stays until it is taken. All other inputs are left free, so the guarantee holds for any of them.
 * `holds_o` is always 1.
 */

import { both } from "../machine/parts.ts";
import {
  binary,
  clocked,
  concat,
  type Expression,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  output,
  set,
  sized,
  wire,
} from "../syntax.ts";
import { AXI_REGISTERS } from "./registers.ts";

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

export function registerProperties(): Module {
  const holds = CHANNELS.map(({ label }) =>
    binary(
      isFalse(name(`${label}_waits_q`)),
      "|",
      both(name(`${label}valid`), binary(name(`${label}_stood_q`), "==", name(`${label}_content`))),
    ),
  );
  return {
    name: REGISTER_PROPERTIES,
    header: [`Guarantees of ${AXI_REGISTERS} for formal verification: holds_o is always 1.`],
    ports: [input("clk_i"), ...CHANNELS.map(({ label }) => input(`${label}ready`)), output("holds_o")],
    items: [
      logic(1, "begun_q"),
      ...CHANNELS.flatMap(({ label, payload }) => {
        const width = payload.reduce((sum, [, bits]) => sum + bits, 0);
        return [
          logic(1, `${label}valid`, `${label}_waits_q`),
          ...payload.map(([signal, bits]) => logic(bits, `${label}${signal}`)),
          logic(width, `${label}_content`, `${label}_stood_q`),
          wire(name(`${label}_content`), concat(...payload.map(([signal]) => name(`${label}${signal}`)))),
        ];
      }),
      instance(AXI_REGISTERS, "u_registers", {
        clk_i: name("clk_i"),
        rst_ni: name("begun_q"),
        ...Object.fromEntries(
          CHANNELS.flatMap(({ label, payload }) =>
            ["valid", "ready", ...payload.map(([signal]) => signal)].map((signal): [string, Expression] => [
              `${label}${signal}`,
              name(`${label}${signal}`),
            ]),
          ),
        ),
      }),
      clocked(
        set(name("begun_q"), sized(1, 1)),
        ...CHANNELS.flatMap(({ label }) => [
          set(name(`${label}_waits_q`), both(name("begun_q"), name(`${label}valid`), isFalse(name(`${label}ready`)))),
          set(name(`${label}_stood_q`), name(`${label}_content`)),
        ]),
      ),
      wire(name("holds_o"), binary(isFalse(name("begun_q")), "|", both(...holds))),
    ],
  };
}
