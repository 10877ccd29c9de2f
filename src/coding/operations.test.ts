/** Operations of the decoder, held against a decoder written out in counted arithmetic that decides as `ldpcDecoder` does. */
import { expect, test } from "vitest";
import { exponential } from "../numeric/exponential.ts";
import { operations } from "../numeric/operations.ts";
import { naturalLog, stream } from "../numeric/stream.ts";
import { type LdpcCode, ldpcCode } from "./code.ts";
import { ldpcDecoder } from "./decode.ts";
import { encodeBlock } from "./encode.ts";
import { decoderOperations, decoderWords, edgesOf } from "./operations.ts";
import { type CheckRule, checksOf } from "./reference-decode.ts";

const f = (x: number) => naturalLog(1 + exponential(-x));

/** A layered decoder whose memory, arithmetic and gates count. */
function countedDecode(code: LdpcCode, llrs: Float32Array, rule: CheckRule, iterations: number) {
  const count = { ...operations({}) };
  const add = (a: number, b: number) => {
    count.additions++;
    return a + b;
  };
  const less = (a: number, b: number) => {
    count.comparisons++;
    return a < b;
  };
  const xor = (a: boolean, b: boolean) => {
    count.gates++;
    return a !== b;
  };
  const memory = (size: number) => {
    const values = new Float64Array(size);
    return {
      values,
      read: (i: number) => {
        count.reads++;
        return values[i];
      },
      write: (i: number, value: number) => {
        count.writes++;
        values[i] = value;
      },
    };
  };
  const checks = checksOf(code);
  const totals = memory(code.columns * code.lifting);
  const input = memory(llrs.length);
  input.values.set(llrs);
  // Filler bits are 0 with certainty.
  totals.values.forEach((_, bit) => {
    const isFiller = bit >= code.informationBits && bit < code.informationBits + code.fillerBits;
    totals.write(bit, isFiller ? 10_000 : 0);
  });
  llrs.forEach((_, i) => void totals.write(code.places[i], add(totals.read(code.places[i]), input.read(i))));

  const answers = checks.map((bits) => memory(bits.length));
  const isDone = () => {
    const odd = checks.map((bits) => bits.map((bit) => totals.values[bit] < 0).reduce(xor, false));
    return !odd.includes(true) && !totals.values.includes(0);
  };
  let done = 0;
  while (!isDone() && done < iterations) {
    checks.forEach((bits, check) => {
      const heard = bits.map((bit, k) => add(totals.read(bit), -answers[check].read(k)));
      (rule === "min-sum" ? minSum : beliefs)(heard).forEach((answer, k) => {
        totals.write(bits[k], add(heard[k], answer));
        answers[check].write(k, answer);
        count.rotations++;
      });
    });
    done++;
  }
  return {
    bits: Uint8Array.from(totals.values.subarray(0, code.informationBits), (t) => (t < 0 ? 1 : 0)),
    done,
    count,
  };

  function minSum(heard: readonly number[]): number[] {
    const sizes = heard.map(Math.abs);
    let [at, second] = [0, Number.POSITIVE_INFINITY];
    for (let k = 1; k < sizes.length; k++) {
      // The first two are ordered by one comparison; each further one is compared with both.
      const isLeast = less(sizes[k], sizes[at]);
      const isSecond = k === 1 || less(sizes[k], second);
      if (isLeast) [at, second] = [k, sizes[at]];
      else if (isSecond) second = sizes[k];
    }
    const [scaled, other] = [sizes[at], second].map((size) => add(size / 2, size / 4));
    const odd = heard.map((value) => value < 0).reduce(xor);
    return heard.map((value, k) => (xor(odd, value < 0) ? -1 : 1) * (k === at ? other : scaled));
  }

  /** [+] of all others, from the left and from the right. */
  function beliefs(heard: readonly number[]): number[] {
    const lookup = (x: number) => {
      // Two neighbours: their difference, times a fraction, added to the first.
      count.lookups++;
      count.multiplications++;
      count.additions += 2;
      return f(x);
    };
    const combine = (a: number, b: number) => {
      const [x, y] = [Math.abs(a), Math.abs(b)];
      const least = less(x, y) ? x : y;
      const apart = lookup(Math.abs(add(x, -y)));
      const size = add(add(least, -apart), lookup(add(x, y)));
      return xor(a < 0, b < 0) ? -size : size;
    };
    const last = heard.length - 1;
    const after = [...heard];
    for (let k = last - 1; k > 0; k--) after[k] = combine(heard[k], after[k + 1]);
    let before = heard[0];
    const out = [after[1]];
    for (let k = 1; k < last; k++) {
      out.push(combine(before, after[k + 1]));
      before = combine(before, heard[k]);
    }
    return [...out, before];
  }
}

const random = stream(58).fork("operations");

/** A block in noise of this deviation, as log-likelihood ratios. */
function received(code: LdpcCode, deviation: number): Float32Array {
  const bits = Uint8Array.from({ length: code.informationBits }, () => random.word() >>> 31);
  return Float32Array.from(
    encodeBlock(code, bits),
    (bit) => (2 * (1 - 2 * bit + deviation * random.normal())) / deviation ** 2,
  );
}

test.each(["min-sum", "belief-propagation"] as const)("%s: operations are those of the arithmetic", (rule) => {
  const seen = new Set<number>();
  for (const [sizes, deviation] of [
    [{ informationBits: 40, codedBits: 100 }, 0.9],
    [{ informationBits: 100, codedBits: 200, bitsPerSymbol: 2 }, 0.8],
    [{ informationBits: 292, codedBits: 330 }, 0.5],
    [{ informationBits: 12, codedBits: 400 }, 2],
  ] as const) {
    const code = ldpcCode(sizes);
    const decoder = ldpcDecoder(code, { rule, iterations: 4 });
    for (let block = 0; block < 3; block++) {
      const llrs = received(code, deviation);
      const { bits, done, count } = countedDecode(code, llrs, rule, 4);
      const { bits: decided, work } = decoder.decode(llrs);
      expect(bits).toEqual(decided);
      expect(done).toBe(work.iterations);
      expect(count).toEqual(decoderOperations(code, rule, done));
      seen.add(done);
    }
  }
  expect(seen.size).toBeGreaterThan(2);
});

test("edges are the entries of the used rows, and memory holds a word for each and for each bit", () => {
  const code = ldpcCode({ informationBits: 1024, codedBits: 2048, bitsPerSymbol: 2 });
  expect(edgesOf(code)).toBe(checksOf(code).flat().length);
  expect(decoderWords(code)).toBe(code.columns * code.lifting + edgesOf(code));
});
