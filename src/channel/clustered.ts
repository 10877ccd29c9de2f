/**
 * Clustered delay lines (3GPP TR 38.901, 7.7.1) between two uniform linear arrays of isotropic antennas.
 *
 * Each cluster has 20 rays around its four angles, at the offsets of table 7.5-3 times the profile's spreads. Departure and arrival,
 * azimuth and zenith are coupled at random (step 2), and each ray has random phases for each pair of polarisations (step 4). For the
 * antennas' fields F, positions d along the y axis and velocity v in the horizontal plane (equation 7.5-22, in which all clusters are
 * weak ones, as 7.7.1 says):
 *
 *   g_ra(t) = sqrt(P / 20) sum over rays of F_r^T [e^(j f1), k e^(j f2); k e^(j f3), e^(j f4)] F_a
 *             e^(j 2 pi (d_r sin(zoa) sin(aoa) + d_a sin(zod) sin(aod) + fD sin(zoa) cos(aoa - direction) t))
 *
 * with k^2 = 1 / XPR. The line of sight of D and E is one ray with [1, 0; 0, -1] and a random phase. Vertical antennas have F =
 * (1, 0), and XPR does not matter. Slanted ones have F = (cos, sin) of +-45 degrees, and gains are scaled so that the mean power over
 * the four pairs of slants is 1. Angles are those of the tables; scaling to another angular spread (7.7.5.1) is left out.
 */
import { ValueError } from "../errors.ts";
import type { ClusteredChannelSpec } from "../experiment/channel.ts";
import { cosineOfTurns, sineOfTurns, unitVector } from "../numeric/circle.ts";
import { fromDecibels } from "../numeric/exponential.ts";
import type { Stream } from "../numeric/stream.ts";
import { type Path, profileOf } from "./profiles.ts";
import { type ChannelModel, dopplerShift } from "./taps.ts";

/** Table 7.5-3; each offset stands for itself and its negative. The rays of a spread of 1 degree. */
const OFFSETS = [0.0447, 0.1413, 0.2492, 0.3715, 0.5129, 0.6797, 0.8844, 1.1481, 1.5195, 2.1551];
const RAY_OFFSETS = OFFSETS.flatMap((offset) => [offset, -offset]);

/** Sines of the angles of a path's rays, and what they see of the motion: one of each kind for each ray, before coupling. */
interface Rays {
  readonly aod: readonly number[];
  readonly aoa: readonly number[];
  readonly zod: readonly number[];
  readonly zoa: readonly number[];
  /** cos(aoa - direction). */
  readonly along: readonly number[];
}

export function clusteredChannel(spec: ClusteredChannelSpec, nt: number, nr: number): ChannelModel {
  const isCrossed = spec.polarisation === "cross";
  if (isCrossed && (nt % 2 === 1 || nr % 2 === 1)) {
    throw new ValueError(
      "channel.polarisation",
      `Crossed antennas come in pairs, but there are ${nt} transmit and ${nr} receive antennas. Choose even numbers, or polarisation \`single\`.`,
    );
  }
  const profile = profileOf("cdl", spec.profile);
  const ratio = 1 / fromDecibels(profile.crossPolarisation);
  const sight = profile.lineOfSight ? profile.paths[0].power : 0;
  // Mean power over four pairs of slants before scaling: half the line of sight, and (1 + ratio) / 2 of the rest.
  const scale = isCrossed ? Math.sqrt(2 / (sight + (1 + ratio) * (1 - sight))) : 1;
  const shift = dopplerShift(spec);
  const rays = profile.paths.map((path, i) =>
    raysOf(path, profile.raySpreads, spec.directionDegrees, profile.lineOfSight && i === 0),
  );
  const places = isCrossed ? 2 : 1;
  const unit = spec.delaySpreadNanoseconds * 1e-9;
  return {
    transmitAntennas: nt,
    receiveAntennas: nr,
    taps: profile.paths.map(({ delay, power }) => ({ delay: delay * unit, power })),
    gains(times, random) {
      const size = 2 * nr * nt * times.length;
      const gains = new Float64Array(rays.length * size);
      rays.forEach((own, tap) => {
        const amplitude = scale * Math.sqrt(profile.paths[tap].power / own.aoa.length);
        addRays(gains.subarray(tap * size, (tap + 1) * size), times, own, amplitude, tap, random.fork(tap));
      });
      return gains;
    },
    /** Over all couplings: the mean over every azimuth with every zenith. */
    autocorrelation(tap, lag) {
      const { along, zoa } = rays[tap];
      const turn = new Float64Array(2);
      let [re, im] = [0, 0];
      for (const zenith of zoa) {
        for (const azimuth of along) {
          unitVector(shift * lag * zenith * azimuth, turn, 0);
          re += turn[0];
          im += turn[1];
        }
      }
      return [re / zoa.length ** 2, im / zoa.length ** 2];
    },
  };

  /** Adds the rays of a tap, `[times, Nr, Nt]`. */
  function addRays(
    out: Float64Array,
    times: ArrayLike<number>,
    { aod, aoa, zod, zoa, along }: Rays,
    amplitude: number,
    tap: number,
    random: Stream,
  ): void {
    const isSight = profile.lineOfSight && tap === 0;
    const couplings = random.fork("coupling");
    const [ofAod, ofZod, ofZoa] = [aod, zod, zoa].map(({ length }) => shuffled(length, couplings));
    const turns = random.fork("phase");
    const steering = new Float64Array(2 * nr * nt);
    const turn = new Float64Array(2);
    const phases = new Float64Array(8);
    for (let ray = 0; ray < aoa.length; ray++) {
      drawPolarisation(phases, isSight, isCrossed, Math.sqrt(ratio), turns);
      const departure = spec.transmitSpacing * zod[ofZod[ray]] * aod[ofAod[ray]];
      const arrival = spec.receiveSpacing * zoa[ofZoa[ray]] * aoa[ray];
      const rayShift = shift * zoa[ofZoa[ray]] * along[ray];
      for (let r = 0; r < nr; r++) {
        for (let a = 0; a < nt; a++) {
          unitVector(Math.floor(r / places) * arrival + Math.floor(a / places) * departure, turn, 0);
          const [re, im] = field(phases, r, a);
          steering[2 * (r * nt + a)] = amplitude * (re * turn[0] - im * turn[1]);
          steering[2 * (r * nt + a) + 1] = amplitude * (re * turn[1] + im * turn[0]);
        }
      }
      for (let i = 0; i < times.length; i++) {
        unitVector(rayShift * times[i], turn, 0);
        for (let pair = 0; pair < nr * nt; pair++) {
          const [re, im] = [steering[2 * pair], steering[2 * pair + 1]];
          out[2 * (i * nr * nt + pair)] += re * turn[0] - im * turn[1];
          out[2 * (i * nr * nt + pair) + 1] += re * turn[1] + im * turn[0];
        }
      }
    }
  }

  /** F_r^T M F_a for antennas slanted by +45 and -45 degrees in turn, or vertical ones. */
  function field(matrix: Float64Array, r: number, a: number): [number, number] {
    if (!isCrossed) return [matrix[0], matrix[1]];
    const [p, q] = [r % 2 === 0 ? 0.5 : -0.5, a % 2 === 0 ? 1 : -1];
    const re = (matrix[0] + q * matrix[2]) / 2 + p * (matrix[4] + q * matrix[6]);
    const im = (matrix[1] + q * matrix[3]) / 2 + p * (matrix[5] + q * matrix[7]);
    return [re, im];
  }
}

function raysOf(path: Path, [aod, aoa, zod, zoa]: readonly number[], direction: number, isSight: boolean): Rays {
  const spread = (centre: number, by: number) =>
    (isSight ? [0] : RAY_OFFSETS).map((offset) => (centre + by * offset) / 360);
  const arrivals = spread(path.aoa, aoa);
  return {
    aod: spread(path.aod, aod).map(sineOfTurns),
    aoa: arrivals.map(sineOfTurns),
    zod: spread(path.zod, zod).map(sineOfTurns),
    zoa: spread(path.zoa, zoa).map(sineOfTurns),
    along: arrivals.map((azimuth) => cosineOfTurns(azimuth - direction / 360)),
  };
}

/** A random order of 0 .. length - 1. */
function shuffled(length: number, random: Stream): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Writes the polarisation matrix of a ray, `[2, 2]`, complex; vertical antennas need its first entry only. */
function drawPolarisation(
  matrix: Float64Array,
  isSight: boolean,
  isCrossed: boolean,
  leak: number,
  random: Stream,
): void {
  if (isSight) {
    matrix.fill(0);
    unitVector(random.uniform(), matrix, 0);
    matrix[6] = -matrix[0];
    matrix[7] = -matrix[1];
    return;
  }
  for (let i = 0; i < (isCrossed ? 4 : 1); i++) {
    unitVector(random.uniform(), matrix, 2 * i);
    if (i === 1 || i === 2) {
      matrix[2 * i] *= leak;
      matrix[2 * i + 1] *= leak;
    }
  }
}
