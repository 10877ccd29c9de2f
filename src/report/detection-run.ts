/** A run that detects symbols, as its report takes it, and which of its detectors are compared. */
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { type Sample, sampleOf } from "../numeric/variance-components.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { DetectionErrors } from "../task/metrics.ts";
import type { ClaimDraft } from "./build-report.ts";
import type { CodedRun } from "./coded.ts";
import type { CostSection } from "./cost-run.ts";
import type { SoftBitsRun } from "./soft-bits.ts";
import { ratesOf } from "./study.ts";

/** Experiments that detect symbols. */
export type DetectionSpec = SymbolDetectionSpec | SlotDetectionSpec;
export type DetectionExperiment = Experiment<DetectionSpec>;

/** Results of one detector on the evaluation prompts. */
export interface DetectorResult {
  /** At the queries that count, where all pilots are known. */
  readonly errors: DetectionErrors;
  /** After 0, 1, ... pilots; empty where queries share their pilots. */
  readonly byContext: readonly DetectionErrors[];
  /** At each of `evaluation.snrDecibels`. */
  readonly bySnr: readonly DetectionErrors[];
}

/** `ann` and `spiking` are baselines; `digital` is the Xpikeformer network before it is mapped on hardware. */
export type NetworkRole = "ann" | "spiking" | "digital";

/** A classical receiver. */
export interface ReceiverResult extends DetectorResult {
  /** In ids of figures, such as `ml.pilots`. */
  readonly id: string;
  readonly name: string;
  /** Whether it is given the channel, which no network knows. */
  readonly knowsChannel: boolean;
}

/** What a task says of its run. */
export interface DetectionWords {
  /** In the title: "in-context symbol detection". */
  readonly subject: string;
  /** A sentence with the link and its receiver. */
  readonly link: string;
  /** The best receiver that knows no more than the networks, by id, and its name in a short table. */
  readonly best: { readonly id: string; readonly name: string };
  /** Published results next to ours. */
  claims(run: DetectionRun): readonly ClaimDraft[];
}

export interface DetectionRun {
  readonly experiment: DetectionExperiment;
  readonly command: string;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly receivers: readonly ReceiverResult[];
  readonly networks: Readonly<Partial<Record<NetworkRole, DetectorResult>>>;
  /** The digital spiking baseline, if any: after 1 .. T time steps. */
  readonly spikingBySteps?: readonly DetectionErrors[];
  /** One entry per programmed chip, all on the same prompts. */
  readonly chips: readonly ChipEvaluation<DetectionErrors>[];
  /** At each of `evaluation.snrDecibels`, an entry for every chip. */
  readonly chipsBySnr: readonly (readonly DetectionErrors[])[];
  /** After each of `evaluation.steps` time steps, one row per chip. */
  readonly chipBySteps: { readonly steps: readonly number[]; readonly errors: readonly (readonly DetectionErrors[])[] };
  /** With `evaluation.softBits`. */
  readonly softBits?: SoftBitsRun;
  /** With `evaluation.coded`. */
  readonly coded?: CodedRun;
  readonly mapping: Mapping;
  readonly cost: CostSection;
  /** Spike trains of one prompt on the first chip, by layer. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
}

export const NAMES: Record<NetworkRole, string> = {
  ann: "ANN transformer",
  spiking: "Digital spiking transformer",
  digital: "Xpikeformer network, exact arithmetic",
};

/** Bit error rates of every chip and prompt. */
export const chipRates = (errors: readonly DetectionErrors[], experiment: DetectionExperiment): Sample =>
  ratesOf(sampleOf(errors.map(({ wrong }) => wrong)), experiment);

export const roles = ({ networks }: DetectionRun) =>
  (["ann", "spiking", "digital"] as const).flatMap((role) => {
    const result = networks[role];
    return result ? [[role, result] as const] : [];
  });

/** Networks that are not Xpikeformer's. */
export const baselines = (run: DetectionRun) =>
  roles(run).flatMap(([role, result]) => (role === "digital" ? [] : [[role, result] as const]));

/** Receivers that know no more than the networks. */
export const fromPilots = ({ receivers }: DetectionRun) => receivers.filter(({ knowsChannel }) => !knowsChannel);
