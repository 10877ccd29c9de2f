/**
 * One column of a crossbar as a netlist for ngspice: what its macro's model adds up, as currents of resistors.
 *
 *   line r at V or 0 ──[ 1 / g+_r ]──┐            I+ = V sum of g+_r over driven lines, and I- likewise
 *                                    plus ──► foot held at 0 V
 *
 * Each vector of spikes lasts as long as the machine takes for it, and the difference of both currents is measured at its end, in code
 * steps: a converter's code is that number, rounded and clipped.
 *
 * Wires of the column may have resistance, as in `hardware/wires.ts`; lines have none, which a single column cannot show. Left out:
 * capacitance, selectors, drivers, noise, and the converter.
 */

/** Volts of a driven line: our choice. Conductances are the same at any. */
const READ_VOLTAGE = 0.2;
/** Share of a vector's time that its lines take to change, and at which currents are measured. */
const [EDGE, LATE] = [0.01, 0.9];

export interface Column {
  /** Microsiemens of the devices of the two signs, by row. */
  readonly plus: ArrayLike<number>;
  readonly minus: ArrayLike<number>;
  /** Microsiemens of a code step. */
  readonly step: number;
  /** Ohms from a cell of the column to the next, and from the last to the foot; default 0. */
  readonly ohms?: number;
}

/** Name of the measurement of a vector, in code steps. */
export const stepsName = (vector: number): string => `steps_${vector}`;

/**
 * @param title   first line
 * @param vectors driven rows, 0 or 1, by vector
 * @param period  seconds of a vector
 */
export function columnNetlist(
  title: string,
  { plus, minus, step, ohms = 0 }: Column,
  vectors: readonly (readonly number[])[],
  period: number,
): string {
  const rows = Array.from({ length: plus.length }, (_, r) => r);
  const lines = rows.map(
    (r) =>
      `Vline_${r} line_${r} 0 PWL(${waveform(
        vectors.map((vector) => vector[r]),
        period,
      )})`,
  );
  const side = (name: string, conductances: ArrayLike<number>) => {
    const node = (r: number) => (ohms === 0 ? `${name}` : `${name}_${r}`);
    return [
      // A device that conducts nothing is not there.
      ...rows.flatMap((r) =>
        conductances[r] > 0 ? [`R${name}_${r} line_${r} ${node(r)} ${resistance(conductances[r])}`] : [],
      ),
      ...(ohms === 0
        ? []
        : rows.map((r) => `Rwire_${name}_${r} ${node(r)} ${r === rows.length - 1 ? name : node(r + 1)} ${ohms}`)),
      `V${name} ${name} 0 0`,
    ];
  };
  const measured = vectors.map(
    (_, v) => `.meas tran ${stepsName(v)} find par('(i(Vplus)-i(Vminus))/istep') at=${seconds((v + LATE) * period)}`,
  );
  return `${[
    `* ${title}`,
    `.param vread=${READ_VOLTAGE} istep=${(step * 1e-6 * READ_VOLTAGE).toExponential(12)}`,
    ...lines,
    ...side("plus", plus),
    ...side("minus", minus),
    `.tran ${seconds(period / 10)} ${seconds(vectors.length * period)}`,
    ...measured,
    ".end",
  ].join("\n")}\n`;
}

const resistance = (microsiemens: number): string => (1e6 / microsiemens).toExponential(12);
const seconds = (time: number): string => time.toExponential(6);

/** Levels held for a period each. */
function waveform(levels: readonly number[], period: number): string {
  const level = (bit: number) => (bit === 1 ? "{vread}" : "0");
  return levels
    .flatMap((bit, v) => [
      ...(v === 0 ? [`0 ${level(bit)}`] : [`${seconds((v + EDGE) * period)} ${level(bit)}`]),
      `${seconds((v + 1) * period)} ${level(bit)}`,
    ])
    .join(" ");
}
