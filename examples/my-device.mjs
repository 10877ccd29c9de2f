// A memory device of one's own. my-device.json names this file: xpike run examples/my-device.json
// It is the built-in kind "state-independent", written out for one device after another; change what you like.
// Conductances are in microsiemens, times in seconds. These functions have the same bits on every machine, Math.log has not.
import { exponential, naturalLog } from "xpikeformer";

const MAX_CONDUCTANCE = 25;
const REFERENCE_TIME = 20;
const READ_DURATION = 250e-9;

export default {
  name: "a memory of my own",
  source: "where its numbers come from, for reports",
  maxConductance: MAX_CONDUCTANCE,

  /** Once per chip: an error of 0.2 uS, and an exponent for the drift of every device. */
  program(targets, random) {
    const [errors, exponents] = [random.fork("programming noise"), random.fork("drift exponent")];
    return {
      conductances: targets.map((target) => Math.max(0, target + 0.2 * errors.normal())),
      driftExponents: targets.map(() => Math.abs(0.1 + 0.05 * exponents.normal())),
    };
  },

  /** At every read: what drift has left after `time` seconds, and read noise. */
  read({ conductances, driftExponents }, time, random) {
    const age = naturalLog((time + REFERENCE_TIME) / REFERENCE_TIME);
    const integral = Math.sqrt(naturalLog((time + REFERENCE_TIME + READ_DURATION) / (2 * READ_DURATION)));
    return conductances.map((programmed, i) => {
      const drift = time > 0 ? exponential(-(driftExponents?.[i] ?? 0) * age) : 1;
      return Math.max(0, programmed * drift * (1 + (integral / MAX_CONDUCTANCE) * random.normal()));
    });
  },
};
