/**
 * Classical receivers of a link in fixed-point arithmetic of 16 bits: counted operations, and their energy. They decide as `detect` does
 * (`task/receivers.ts`), and are told what networks are not: the noise variance v and the constellation.
 *
 *   symbols  antenna a sends x_a = d s_a, where parts of s_a are odd numbers. Channels are G = d H, so y = G s + n, and a product with a
 *            part takes one addition (3 = 2 + 1, 5 = 4 + 1, 7 = 8 - 1), or none if parts are +-1
 *   pilots   G = Y S^H (S S^H + v / d^2 I)^-1, once per set of pilots
 *   ml       once per channel, all products of an element of G with a symbol. For each vector an exhaustive search, antenna by antenna:
 *            subtract the products, square, add, keep the smallest. With many classes a sphere decoder needs fewer operations
 *   mmse     once per channel, W = (G^H G + v d^2 I)^-1 G^H, and thresholds at 2, 4, 6 times the gain (W G)_aa for more than two levels.
 *            For each vector W y, whose signs are bits; each further bit is a comparison
 *
 * Hermitian systems are solved by A = L D L^H, which needs no roots: one division for each row. A division subtracts and shifts 16 times.
 * Every result is written into flip-flops once. Left out: memories for pilots and products, control, wires, leakage.
 */
import { type LinkSizes, modulationOf } from "../../task/link.ts";
import type { Receiver } from "../../task/receivers.ts";
import type { Technology } from "../parameters.ts";
import { adder, comparator, multiplier, register } from "../prices/logic.ts";
import type { Breakdown } from "../unit-energies.ts";

/** Bits of every number. */
const BITS = 16;

/** Real operations. */
export interface ReceiverOperations {
  readonly multiplications: number;
  readonly additions: number;
  readonly comparisons: number;
  readonly divisions: number;
}

/** Operations for a set of pilots, or for a new channel if it is known, and for each received data vector. */
export function receiverOperations(
  link: LinkSizes,
  { kind, channel }: Receiver,
): { readonly perChannel: ReceiverOperations; readonly perVector: ReceiverOperations } {
  const { perChannel, perVector } = kind === "ml" ? search(link) : filter(link);
  return { perChannel: channel === "pilots" ? sum(estimation(link), perChannel) : perChannel, perVector };
}

/**
 * Joules per received data vector, by operation.
 *
 * @param vectors data vectors that share a set of pilots, or a known channel; default 1, as in a prompt
 */
export function receiverEnergy(link: LinkSizes, receiver: Receiver, technology: Technology, vectors = 1): Breakdown {
  const { perChannel, perVector } = receiverOperations(link, receiver);
  return arithmeticEnergy(sum(times(1 / vectors, perChannel), perVector), BITS, technology);
}

/** Joules of operations on numbers of `bits` bits, by operation. */
export function arithmeticEnergy(
  { multiplications, additions, comparisons, divisions }: ReceiverOperations,
  bits: number,
  technology: Technology,
): Breakdown {
  const size = { bits };
  const subtractions = bits * divisions;
  const written = multiplications + additions + comparisons + subtractions;
  return {
    multiplications: multiplications * multiplier({ a: bits, b: bits }, technology).energy,
    additions: additions * adder(size, technology).energy,
    comparisons: comparisons * comparator(size, technology).energy,
    divisions: subtractions * adder(size, technology).energy,
    registers: written * register(size, technology).energy,
  };
}

const operations = (
  multiplications: number,
  additions: number,
  comparisons = 0,
  divisions = 0,
): ReceiverOperations => ({ multiplications, additions, comparisons, divisions });

const sum = (...all: readonly ReceiverOperations[]): ReceiverOperations => {
  const of = (name: keyof ReceiverOperations) => all.reduce((total, one) => total + one[name], 0);
  return operations(of("multiplications"), of("additions"), of("comparisons"), of("divisions"));
};

const times = (count: number, one: ReceiverOperations): ReceiverOperations =>
  operations(count * one.multiplications, count * one.additions, count * one.comparisons, count * one.divisions);

const pairsOf = (n: number): number => (n * (n - 1)) / 2;

/** G from the pilots. */
function estimation({ transmitAntennas: nt, receiveAntennas: nr, pilots, ...link }: LinkSizes): ReceiverOperations {
  const { parts, bits } = modulationOf(link);
  const byPart = bits === 1 ? 0 : 1;
  // The products of a symbol's parts with those of a number, and their sums.
  const withNumber = 2 * parts * byPart + 2 * (parts - 1);
  const withSymbol = parts ** 2 * byPart + 2 * (parts - 1);
  // Two levels give every symbol the same square.
  const square = bits === 1 ? 0 : parts * byPart + (parts - 1) + 1;
  const perPilot = nr * nt * (withNumber + 2) + pairsOf(nt) * (withSymbol + parts) + nt * square;
  return sum(operations(0, pilots * perPilot + nt), solution(nt, nr));
}

/** A = L D L^H for `n` rows, and A X = B for `columns` columns. */
function solution(n: number, columns: number): ReceiverOperations {
  const triples = (n * (n - 1) * (n - 2)) / 6;
  return sum(
    // Off the diagonal: a product of L and U = L D for each column before, then U over D; on it, the real part of one.
    operations(4 * triples + 4 * pairsOf(n), 4 * triples + 2 * pairsOf(n), 0, n),
    // Forwards, over D, and backwards.
    times(columns, operations(8 * pairsOf(n) + 2 * n, 8 * pairsOf(n))),
  );
}

/** Maximum likelihood by exhaustive search. */
function search({ transmitAntennas: nt, receiveAntennas: nr, modulation }: LinkSizes) {
  const { parts, bits } = modulationOf({ modulation });
  const levels = 2 ** bits;
  // Odd multiples of both parts; then their sums and differences, half of which are the other half with a minus.
  const products = 2 * (levels / 2 - 1) + (parts === 2 ? levels ** 2 / 2 : 0);
  const classes = 2 ** (bits * parts * nt);
  let differences = 0;
  for (let decided = 1; decided <= nt; decided++) differences += 2 * nr * 2 ** (bits * parts * decided);
  return {
    perChannel: operations(0, nr * nt * products),
    perVector: operations(2 * nr * classes, differences + (2 * nr - 1) * classes, classes - 1),
  };
}

/** Linear MMSE. */
function filter({ transmitAntennas: nt, receiveAntennas: nr, modulation }: LinkSizes) {
  const { parts, bits } = modulationOf({ modulation });
  // A real part of an inner product over the receive antennas.
  const inner = operations(2 * nr, 2 * nr - 1);
  // Of 2, 4 and 6 times the gain, only the last takes an addition.
  const gains = bits === 1 ? 0 : nt;
  const thresholds = bits === 3 ? nt : 0;
  return {
    perChannel: sum(
      times(nt + 2 * pairsOf(nt), inner),
      solution(nt, nr),
      times(gains, inner),
      operations(0, nt + thresholds),
    ),
    perVector: sum(times(nt * parts, inner), operations(0, 0, nt * parts * (bits - 1))),
  };
}
