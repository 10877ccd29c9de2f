/**
 * Figures of a coded link: block error rates over Eb/N0, where they reach 10 %, the bits that get through, and what one of them costs.
 *
 * Energy per bit of payload is that of a slot over the payload bits that arrive at 10 % block errors: of the detector, of the decoder with
 * the iterations that it took there, and of both. Networks are priced as in the run's cost, classical receivers from counted operations.
 */
import type { CodedPoint } from "../evaluation/coded.ts";
import {
  type Curve,
  crossing,
  crossingGap,
  isResolved,
  LEAST_BLOCK_ERRORS,
  type Measured,
  type Weights,
  weightsOf,
} from "../evaluation/crossing.ts";
import { meanInterval, wilson } from "../numeric/statistics.ts";
import type { CodedLink } from "../task/coded-slots.ts";
import type { ChartDraft, FigureDraft } from "./build-report.ts";
import { onLogAxis, pointAt } from "./study.ts";

/** One detector over Eb/N0. */
export interface CodedDetector {
  /** In ids of figures: `lmmse.joint`, `ann`, `xpikeformer`. */
  readonly id: string;
  readonly name: string;
  readonly points: readonly CodedPoint[];
  readonly dashed?: boolean;
}

export interface CodedRun {
  readonly link: CodedLink;
  readonly detectors: readonly CodedDetector[];
  /** Chips at other ages than the experiment's, for a chart of their own. */
  readonly aged: readonly CodedDetector[];
  readonly costs: CodedCosts;
}

/** What a slot costs besides one pass of its network, joules. */
export interface CodedCosts {
  /** Of the decoder, after so many iterations of a code block. */
  decoder(iterations: number): number;
  /** Of channel estimate and detection. The known channel is left out: no circuit knows it. */
  readonly receivers: readonly { readonly id: string; readonly name: string; readonly joules: number }[];
  /** Of both passes of decision feedback; null without it. */
  readonly feedback: FeedbackCost | null;
}

/** Machines whose energy per bit is given: Xpikeformer, and the int8 ANN on each of its engines. */
export type PricedMachine = "xpikeformer" | (typeof ENGINES)[number];

/** Engines of the int8 ANN. */
const ENGINES = ["annTrees", "annDigital"] as const;

export interface FeedbackCost {
  /** Joules. */
  readonly energies: Readonly<Record<PricedMachine, number>>;
  /** Seconds. */
  readonly latency: number;
}

/** A detector with decision feedback, after the one without. */
export const fedId = (id: string): string => `${id}.feedback`;
export const fedName = (name: string): string => `${name}, decision feedback`;

/** The block error rate at which detectors are compared. */
const LEVEL = 0.1;

/** Figures of the run; `costs` are those of its cost section. */
export function codedFigures(run: CodedRun, costs: readonly FigureDraft[]): FigureDraft[] {
  const { link, detectors, aged } = run;
  const all = [...detectors, ...aged];
  const weights = weightsOf(Math.max(...all.flatMap(({ points }) => points.map(({ failed }) => failed.length))));
  return [
    ...all.flatMap((detector) => detector.points.flatMap((point) => pointFigures(detector, point, link))),
    ...all.flatMap((detector) => crossingFigure(detector, weights)),
    ...gapFigures(run, weights),
    { id: "coded.payload", label: "Payload of a slot", value: link.block.payloadBits, unit: "bits" },
    { id: "coded.bits", label: "Coded bits of a slot", value: link.block.codedBits, unit: "bits" },
    ...latencyFigures(run, costs),
    ...energyFigures(run, costs),
  ];
}

function pointFigures({ id, name }: CodedDetector, point: CodedPoint, link: CodedLink): FigureDraft[] {
  const { ebN0Decibels: ebN0, errors, failed } = point;
  const trials = failed.length;
  const at = (what: string) => `${what}: ${name}, Eb/N0 ${ebN0} dB`;
  const { low, high } = wilson(errors, trials);
  const efficiency = link.rates.spectralEfficiency;
  const kind = "95 % Wilson, blocks";
  return [
    {
      id: `bler.${id}.ebn0.${ebN0}`,
      label: at("Block error rate"),
      value: errors / trials,
      unit: "1",
      interval: { low, high, kind },
      trials,
    },
    uncodedFigure(`ber.${id}.ebn0.${ebN0}`, at("Bit error rate before the decoder"), point, link),
    {
      id: `goodput.${id}.ebn0.${ebN0}`,
      label: `Goodput: ${name}, SNR ${point.snrDecibels.toFixed(2)} dB`,
      value: efficiency * (1 - errors / trials),
      unit: "bit/s/Hz",
      interval: { low: efficiency * (1 - high), high: efficiency * (1 - low), kind },
      trials,
    },
  ];
}

function uncodedFigure(id: string, label: string, { wrongBits }: CodedPoint, { block }: CodedLink): FigureDraft {
  const rates = Array.from(wrongBits, (wrong) => wrong / block.codedBits);
  const trials = rates.length;
  if (trials < 2) return { id, label, value: rates[0], unit: "1", trials };
  const { mean, low, high } = meanInterval(rates);
  const kind = `95 % Student, ${trials} blocks`;
  return {
    id,
    label,
    value: mean,
    unit: "1",
    interval: { low: Math.max(0, low), high: Math.min(1, high), kind },
    trials,
  };
}

const curveOf = ({ points }: Pick<CodedDetector, "points">): Curve =>
  points.map(({ ebN0Decibels, failed }) => ({ decibels: ebN0Decibels, failed }));

/** Below `coded.`: the figure, or in its place, below `coded.unresolved.`, the block errors that are too few to resolve it. */
function measuredFigure(id: string, name: string, measured: Measured | null): FigureDraft[] {
  if (measured === null) return [];
  const { value, interval, errors } = measured;
  if (interval === null || !isResolved(measured)) {
    const label = `Eb/N0 at 10 % block errors, not resolved: ${name}`;
    return [{ id: `coded.unresolved.${id}`, label, value: errors, unit: "block errors" }];
  }
  const label = `Eb/N0 at 10 % block errors: ${name}`;
  // Percentiles of replicates need not hold the value itself.
  const ends = { low: Math.min(interval.low, value), high: Math.max(interval.high, value) };
  return [{ id: `coded.${id}`, label, value, unit: "dB", interval: { ...ends, kind: "95 % bootstrap over blocks" } }];
}

/** Why some figures are not resolved, and what resolves them; empty if all are. */
export const codedNotes = (figures: readonly FigureDraft[]): string[] =>
  figures.some(({ id }) => id.startsWith("coded.unresolved."))
    ? [
        `Eb/N0 at 10 % block errors is not resolved where a point beside it has fewer than ${LEAST_BLOCK_ERRORS} block errors, or where its 95 % ` +
          "interval leaves the points. Send more blocks (evaluation.coded.blocks and errors), or choose other evaluation.coded.ebN0Decibels.",
      ]
    : [];

/** None if the block errors do not fall to 10 % within the points. */
export const crossingFigure = (detector: CodedDetector, weights: Weights): FigureDraft[] =>
  measuredFigure(`ebn0.${detector.id}`, detector.name, crossing(curveOf(detector), LEVEL, weights));

/** The chips minus every other detector, and aged chips minus the chips. */
function gapFigures({ detectors, aged }: CodedRun, weights: Weights): FigureDraft[] {
  const chips = detectors.find(({ id }) => id === CHIPS);
  if (!chips) return [];
  const gap = (id: string, one: CodedDetector, other: CodedDetector) =>
    measuredFigure(
      `gap.${id}`,
      `${one.name} minus ${other.name}`,
      crossingGap(curveOf(one), curveOf(other), LEVEL, weights),
    );
  return [
    ...detectors.filter((other) => other !== chips).flatMap((other) => gap(other.id, chips, other)),
    ...aged.flatMap((one) => gap(one.id, one, chips)),
  ];
}

/** The id of the experiment's chips. */
export const CHIPS = "xpikeformer";

/** Time for a slot on the machine, next to the slot itself and to 1 ms. */
function latencyFigures({ link: { rates }, costs: own }: CodedRun, costs: readonly FigureDraft[]): FigureDraft[] {
  const latency = costs.find(({ id }) => id === "cost.latency.alone");
  const duration: FigureDraft = { id: "coded.slot", label: "Duration of a slot", value: rates.duration, unit: "s" };
  if (!latency) return [duration];
  const over = (id: string, what: string, seconds: number): FigureDraft => ({
    id: `coded.latency.${id}`,
    label: `Latency of the machine over ${what}`,
    value: latency.value / seconds,
    unit: "1",
  });
  const fed: FigureDraft[] = own.feedback
    ? [
        {
          id: "coded.latency.feedback.slot",
          label: "Latency of both passes of decision feedback over the duration of a slot",
          value: own.feedback.latency / rates.duration,
          unit: "1",
        },
      ]
    : [];
  return [
    duration,
    over("slot", "the duration of a slot", rates.duration),
    over("halfMillisecond", "0.5 ms", 5e-4),
    over("millisecond", "1 ms", 1e-3),
    ...fed,
  ];
}

/** Joules per bit of payload at 10 % block errors, for detectors that reach it: detector, decoder and sum. */
function energyFigures({ link, detectors, costs: own }: CodedRun, costs: readonly FigureDraft[]): FigureDraft[] {
  const bits = link.block.payloadBits * (1 - LEVEL);
  const figures = pricedDetectors(own, costs).flatMap(({ detector, id, name, joules, interval }): FigureDraft[] => {
    const points = detectors.find((one) => one.id === detector)?.points;
    const iterations = points && iterationsAt(points);
    if (iterations === undefined || iterations === null) return [];
    const decoder = own.decoder(iterations);
    const figure = (part: string, what: string, value: number, added: number): FigureDraft => ({
      id: `coded.energy.${id}${part}`,
      label: `Energy per bit of payload at 10 % block errors: ${name}${what}`,
      value: value / bits,
      unit: "J",
      ...(interval &&
        part !== ".decoder" && {
          interval: { ...interval, low: (interval.low + added) / bits, high: (interval.high + added) / bits },
        }),
    });
    return [
      figure("", "", joules, 0),
      figure(".decoder", ", decoder alone", decoder, 0),
      figure(".sum", " and decoder", joules + decoder, decoder),
    ];
  });
  return [...figures, ...ENGINES.flatMap((id) => ratioFigures(id, figures, costs))];
}

/** The ANN's energy per bit over Xpikeformer's on one engine, of the detectors and with their decoders; none where a run gives no ratio. */
function ratioFigures(
  engine: (typeof ENGINES)[number],
  figures: readonly FigureDraft[],
  costs: readonly FigureDraft[],
): FigureDraft[] {
  const found = (id: string) => figures.find((figure) => figure.id === `coded.energy.${id}`);
  const ratio = costs.find(({ id }) => id === `cost.ratio.${engine}`);
  const [ann, own] = [found(`${engine}.decoder`), found("xpikeformer.decoder")];
  const chips = found("xpikeformer");
  if (!ann || !own || !chips || !ratio) return [];
  const { name } = PRICED.find(({ machine }) => machine === engine)!;
  const label = `Energy per bit of payload at 10 % block errors: ${name}, over Xpikeformer`;
  const withDecoders = (times: number, detector: number) => (times * detector + ann.value) / (detector + own.value);
  const ends = ({ value, interval }: FigureDraft) => (interval ? [interval.low, interval.high] : [value]);
  // Between ends of the ratio and of the detector's energy, the ratio of the sums rises with the one and has no turning point in the other.
  const sums = ends(ratio).flatMap((times) => ends(chips).map((detector) => withDecoders(times, detector)));
  const kind = "ends of 5 to 95 % of the draws of both detectors' prices, decoders at their own";
  return [
    { ...ratio, id: `coded.energy.ratio.${engine}`, label },
    {
      id: `coded.energy.ratio.${engine}.sum`,
      label: `${label}, each with its decoder`,
      value: withDecoders(ratio.value, chips.value),
      unit: "1",
      ...(sums.length > 1 && { interval: { low: Math.min(...sums), high: Math.max(...sums), kind } }),
    },
  ];
}

interface PricedDetector extends Pick<FigureDraft, "interval"> {
  readonly detector: string;
  /** In ids of figures. */
  readonly id: string;
  readonly name: string;
  /** For a slot. */
  readonly joules: number;
}

function pricedDetectors({ receivers, feedback }: CodedCosts, costs: readonly FigureDraft[]): PricedDetector[] {
  const networks = PRICED.flatMap(({ detector, machine, name }): PricedDetector[] => {
    const energy = costs.find(({ id }) => id === `cost.${machine}.energy`);
    return [
      ...(energy ? [{ detector, id: machine, name, joules: energy.value, interval: energy.interval }] : []),
      ...(feedback
        ? [{ detector: fedId(detector), id: fedId(machine), name: fedName(name), joules: feedback.energies[machine] }]
        : []),
    ];
  });
  const classical = receivers.map(({ id, name, joules }) => ({ detector: id, id, name, joules }));
  return [...networks, ...classical];
}

const PRICED: readonly { readonly detector: string; readonly machine: PricedMachine; readonly name: string }[] = [
  { detector: CHIPS, machine: "xpikeformer", name: "Xpikeformer" },
  { detector: "ann", machine: "annTrees", name: "ANN, int8 in adder trees" },
  { detector: "ann", machine: "annDigital", name: "ANN, digital int8" },
];

/** Iterations of the decoder where the curve falls to the level, between those of the points beside; null if it does not. */
function iterationsAt(points: readonly CodedPoint[]): number | null {
  const at = crossing(curveOf({ points }), LEVEL, []);
  if (at === null) return null;
  const above = points.findIndex(({ ebN0Decibels }) => ebN0Decibels >= at.value);
  const [from, to] = [points[Math.max(0, above - 1)], points[above]];
  const share = above === 0 ? 1 : (at.value - from.ebN0Decibels) / (to.ebN0Decibels - from.ebN0Decibels);
  return from.iterations + share * (to.iterations - from.iterations);
}

export function codedCharts(run: CodedRun): ChartDraft[] {
  const { link, detectors, aged } = run;
  const { payloadBits, codedBits } = link.block;
  const size = `${payloadBits} bits of payload in ${codedBits} coded bits of a slot.`;
  const [chips] = detectors.filter(({ id }) => id === CHIPS);
  const eb = { label: "Eb/N0, dB", ticks: detectors[0].points.map(({ ebN0Decibels }) => ebN0Decibels) };
  const log = (label: string) => ({ label, scale: "log" as const });
  const series = (
    list: readonly CodedDetector[],
    of: (detector: CodedDetector, point: CodedPoint) => ReturnType<typeof pointAt>,
  ) =>
    list.map((detector) => ({
      name: detector.name,
      dashed: detector.dashed ?? false,
      points: detector.points.map((point) => of(detector, point)),
    }));
  const blocks = (_: CodedDetector, { ebN0Decibels, errors, failed }: CodedPoint) => {
    const { length } = failed;
    return onLogAxis({ x: ebN0Decibels, y: errors / length, ...wilson(errors, length) }, length);
  };
  const charts: ChartDraft[] = [
    {
      kind: "lines",
      id: "bler-ebn0",
      title: "Block error rate against Eb/N0",
      caption: `${size} The same blocks for every detector, until it has enough errors. Bars: 95 % interval. Dashed: classical receivers.`,
      x: eb,
      y: log("Block error rate"),
      series: series(detectors, blocks),
    },
    {
      kind: "lines",
      id: "ber-ebn0",
      title: "Bit error rate before the decoder against Eb/N0",
      caption: `Hard decisions on the ${codedBits} coded bits of the same blocks.`,
      x: eb,
      y: log("Bit error rate"),
      series: series(detectors, ({ id }, point) => {
        const figure = uncodedFigure(id, "", point, link);
        return onLogAxis(pointAt(point.ebN0Decibels, figure), point.failed.length * codedBits);
      }),
    },
    {
      kind: "lines",
      id: "goodput-snr",
      title: "Goodput against signal-to-noise ratio",
      caption: `Bits of payload in blocks without error, per second and hertz, after pilots, cyclic prefix, code and CRC: at most ${link.rates.spectralEfficiency.toFixed(3)}.`,
      x: { label: "SNR, dB" },
      y: { label: "Goodput, bit/s/Hz" },
      series: series(detectors, (detector, point) =>
        pointAt(point.snrDecibels, pointFigures(detector, point, link)[2]),
      ),
    },
  ];
  if (aged.length === 0 || !chips) return charts;
  return [
    ...charts,
    {
      kind: "lines",
      id: "bler-age",
      title: "Block error rate of aged chips against Eb/N0",
      caption: "The same chips and blocks at each age. Dashed: without drift compensation.",
      x: eb,
      y: log("Block error rate"),
      series: series([chips, ...aged], blocks),
    },
  ];
}

/** Rows of the short answer: where detectors reach 10 % block errors. */
export const codedRows = (figures: readonly FigureDraft[]) =>
  figures
    .filter(({ id }) => ROWS.test(id))
    .map(({ id, label }) => ({
      figure: id,
      label: SHORTER.reduce((text, [long, short]) => text.replaceAll(long, short), label),
    }));

/** Words of labels that are too long for a row. */
const SHORTER = [
  ["Eb/N0 at 10 % block errors", "Eb/N0 at 10 % BLER"],
  ["Energy per bit of payload at 10 % block errors", "Energy per payload bit"],
  ["Xpikeformer on hardware", "Xpikeformer"],
  [" detection, ", ", "],
  ["least squares, interpolated", "least squares"],
  ["decision feedback", "fed back"],
  [" and decoder", " + LDPC"],
] as const;

const ROWS =
  /^coded\.((unresolved\.)?ebn0\.(xpikeformer|ann|digital|spiking|lmmse\..*|known\..*)$|(unresolved\.)?gap\.(ann|xpikeformer\.feedback)$|energy\.(xpikeformer|annTrees|annDigital|lmmse\.(joint|k-best))\.sum$)/;
