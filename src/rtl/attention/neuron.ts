/** Generator of an attention neuron (`hardware/attention/neurons.ts`): its arithmetic, without the registers of membranes. */
import { SpecError } from "../../errors.ts";
import type { AttentionNeurons } from "../../hardware/attention/neurons.ts";
import { unusedBits } from "../encoder.ts";
import * as sv from "../syntax.ts";

/** @param name of the module: one for each kind of neuron in a design */
export function attentionNeuron(name: string, neurons: AttentionNeurons, countBits: number): sv.Module {
  const { reset, threshold, fractionBits, membraneBits: bits, leakShift, steps } = neurons;
  const ports = [
    sv.input("rest_i"),
    sv.input("count_i", countBits),
    sv.input("membrane_i", bits),
    sv.output("fires_o"),
    sv.output("membrane_o", bits),
  ];
  const declared = [sv.logic(bits, "leaked", "potential")];
  const s = sv.signals(ports, declared);
  const kept = bits - Math.min(leakShift, bits);
  const shifted = kept === 0 ? sv.sized(bits, 0) : sv.widen(sv.slice(s.membrane_i, bits - 1, bits - kept), kept, bits);
  const current = sv.widen(sv.shifted(s.count_i, fractionBits), countBits + fractionBits, bits);
  const after = reset === "hard" ? sv.sized(bits, 0) : sv.binary(s.potential, "-", sv.sized(bits, threshold));
  return {
    name,
    header: [
      `Attention neuron: V = (V >> ${leakShift}) + count_i, so beta = ${2 ** -leakShift}; fires where V >= ${threshold}; then V ${reset === "hard" ? "= 0" : `decreases by ${threshold}`}. ` +
        `V and threshold are in units of 2^-${fractionBits} counts, without sign: ${bits} bits exceed nothing${steps === null ? "" : ` in ${steps} steps`}.`,
      "rest_i stands for a membrane of 0: the first time step.",
      "Latency: none, all is combinational. The user keeps membrane_o until the next step.",
    ],
    ports,
    items: [
      ...declared,
      sv.wire(s.leaked, sv.choose(s.rest_i, sv.sized(bits, 0), shifted)),
      sv.wire(s.potential, sv.binary(s.leaked, "+", current)),
      sv.wire(s.fires_o, sv.binary(s.potential, ">=", sv.sized(bits, threshold))),
      sv.wire(s.membrane_o, sv.choose(s.fires_o, after, s.potential)),
      ...unusedBits(s.membrane_i, (bit) => bit >= bits - kept),
    ],
  };
}

/** Throws SpecError for neurons whose membranes are no whole numbers. */
export function requireWhole({ whole }: AttentionNeurons): void {
  if (whole) return;
  throw new SpecError(
    "hardware.arithmetic",
    "Registers hold whole numbers, but with hardware.arithmetic null the membranes of this network's attention are none. Leave it out, and " +
      "the mapping says which neuron to use.",
  );
}

/** Membranes that take turns in a register: the first leaves at the top, and its successor enters at the bottom. */
export function membraneRegister(places: number, bits: number) {
  const register = sv.signal("membranes_q", places * bits);
  const [all, top] = [places * bits, (places - 1) * bits];
  return {
    register,
    first: sv.slice(register, all - 1, top),
    next: (value: sv.Expression): sv.Statement =>
      sv.set(register, places === 1 ? value : sv.concat(sv.slice(register, top - 1, 0), value)),
  };
}
