/**
 * Resistive memory (ReRAM) of the NeuRRAM chip: it does not drift, but the spread of its conductances grows with time.
 *
 * W. Wan, R. Kubendran, C. Schaefer et al., "A compute-in-memory chip based on resistive random-access memory", Nature 608,
 * 504-512 (2022), DOI 10.1038/s41586-022-04992-8. IBM's aihwkit read the deviation from the target off the published figures
 * and fitted it (`ReRamWan2022NoiseModel`, file src/aihwkit/inference/noise/reram.py at commit 4545f11, 2026-06-23). With x =
 * g_target / g_max, in microsiemens at g_max = 40 uS:
 *
 *   sigma(1 s) = 0.348 + 16.030 x - 43.853 x^2 + 45.393 x^3 - 16.815 x^4
 *   sigma(1 d) = 0.701 + 22.086 x - 50.773 x^2 + 47.095 x^3 - 16.458 x^4
 *   sigma(2 d) = 0.782 + 20.274 x - 43.507 x^2 + 37.062 x^3 - 11.934 x^4
 *   g(t)       = max(0, g_target + sigma(t) N)
 *
 * Our choices: between these times sigma is interpolated over log time, and N is drawn **once per device**, so a device keeps
 * its position in the distribution while the distribution widens: relaxation is never undone. aihwkit draws N again at every
 * read and allows only the three times; its pair handling (`pairs.ts`) keeps that redrawing. A different `maxConductance`
 * scales sigma by g_max / 40 uS, as aihwkit's documentation says but its code (read at commit 0c9de57) does not do. Programming
 * and reads before 1 s use the spread at 1 s. There are no data after 2 days, so later reads are refused. Read noise is not
 * published ("about 1 %") and left out.
 */
import { ValueError } from "../errors.ts";
import type { DeviceSpec } from "../experiment/device.ts";
import { scalarMath } from "../numeric/array-math.ts";
import { naturalLog } from "../numeric/stream.ts";
import { byValue } from "./by-value.ts";
import type { DeviceModel } from "./device.ts";
import { polynomial } from "./drifting.ts";

const DAY = 86_400;
/** Conductance in microsiemens that the polynomials refer to. */
const POLYNOMIAL_REFERENCE = 40;

const FITS = [
  { time: 1, coefficients: [0.348, 16.03, -43.853, 45.393, -16.815] },
  { time: DAY, coefficients: [0.701, 22.086, -50.773, 47.095, -16.458] },
  { time: 2 * DAY, coefficients: [0.782, 20.274, -43.507, 37.062, -11.934] },
] as const;

export function resistiveMemory(
  { maxConductance, noise }: Extract<DeviceSpec, { kind: "reram" }>,
  math = scalarMath,
): DeviceModel {
  const first = relaxation(0, maxConductance);
  const sigmaOf = byValue((target) => first(target / maxConductance));
  return {
    name: "resistive memory",
    source:
      "Wan, Kubendran, Schaefer et al.: A compute-in-memory chip based on resistive random-access memory. Nature 608, 2022",
    maxConductance,
    program: (targets, random) => {
      const deviates = new Float64Array(targets.length);
      math.normals(random.fork("deviation"), deviates);
      for (let i = 0; i < deviates.length; i++) deviates[i] *= noise;
      const conductances = targets.map((target, i) => target + sigmaOf(target) * deviates[i]);
      math.clamp(conductances, 0, Number.POSITIVE_INFINITY);
      return { conductances, targets: targets.slice(), deviates };
    },
    read: (
      { conductances, targets = conductances, deviates },
      time,
      random,
      out = new Float64Array(targets.length),
    ) => {
      const later = relaxation(time, maxConductance);
      if (!deviates) {
        const sigma = byValue((target) => later(target / maxConductance) * noise);
        math.normals(random, out);
        for (let i = 0; i < out.length; i++) out[i] = targets[i] + sigma(targets[i]) * out[i];
      } else {
        // Starts from the programmed conductance. A device kept at zero stays there, because the spread only grows.
        const growth = byValue((target) => later(target / maxConductance) - sigmaOf(target));
        for (let i = 0; i < out.length; i++) out[i] = conductances[i] + growth(targets[i]) * deviates[i];
      }
      math.clamp(out, 0, Number.POSITIVE_INFINITY);
      return out;
    },
  };
}

/**
 * Standard deviation from the target in microsiemens, `time` seconds after programming, as a function of x.
 * Throws  ValueError after 2 days
 */
export function relaxation(time: number, maxConductance: number): (x: number) => number {
  const last = FITS[FITS.length - 1];
  if (time > last.time) {
    throw new ValueError(
      "hardware.readTime",
      `The resistive memory was measured up to 2 days (${last.time} s) after programming, and ${time} s is later. Read it ` +
        "earlier, or choose a device with a drift model, such as kind pcm.",
    );
  }
  const unit = maxConductance / POLYNOMIAL_REFERENCE;
  if (time <= FITS[0].time) return (x) => unit * polynomial(FITS[0].coefficients, x);
  const next = FITS.findIndex((fit) => time <= fit.time);
  const [before, after] = [FITS[next - 1], FITS[next]];
  const share = naturalLog(time / before.time) / naturalLog(after.time / before.time);
  return (x) => unit * ((1 - share) * polynomial(before.coefficients, x) + share * polynomial(after.coefficients, x));
}
