/** What the page shows, as signals: everything else is computed from these, or answered by the workers about them. */
import { computed, effect, signal } from "@preact/signals";
import type { Experiment, Mapping } from "xpikeformer";
import { callerOf, type Failure, failureOf } from "../workers/calls.ts";
import type { ChipFunctions, PromptView } from "../workers/chip.ts";
import type { EvaluationFunctions, Reached } from "../workers/evaluation.ts";
import { loadExample, loadNetwork } from "./files.ts";

const chipWorker = callerOf<ChipFunctions>(
  new Worker(new URL("../workers/chip.ts", import.meta.url), { type: "module" }),
);
const evaluationWorker = callerOf<EvaluationFunctions>(
  new Worker(new URL("../workers/evaluation.ts", import.meta.url), { type: "module" }),
);

/** Null until it is loaded. */
export const experiment = signal<Experiment | null>(null);
/** What went wrong last; null when nothing did. */
export const failure = signal<Failure | null>(null);

/** Which evaluation prompt the chip works on, from 0. */
export const promptIndex = signal(0);
export const mapping = signal<Mapping | null>(null);
export const prompt = signal<PromptView | null>(null);
/** Which time step is looked at, from 0. */
export const step = signal(0);

/** How far the evaluation has come; null before its first answer. */
export const reached = signal<Reached | null>(null);
/** Share of the whole evaluation that is done. */
export const progress = signal(0);
/** Threads of the evaluation, and why there is only one. */
export const threads = signal<{ readonly threads: number; readonly note: string | null } | null>(null);

/** Figures of the evaluation by id. */
export const figures = computed(() => new Map(reached.value?.figures.map((figure) => [figure.id, figure])));

/** Opens the studio with an experiment of the server. */
export async function start(example: string): Promise<void> {
  evaluationWorker("threads", undefined).then((value) => {
    threads.value = value;
  }, fail);
  effect(followExperiment);
  effect(followPrompt);
  try {
    experiment.value = await loadExample(example);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  failure.value = failureOf(error);
}

/** A changed experiment programs the chip anew and evaluates from the start. */
function followExperiment(): void {
  const given = experiment.value;
  if (given === null) return;
  const isCurrent = () => experiment.peek() === given;
  failure.value = null;
  progress.value = 0;
  const work = async () => {
    const checkpoint = await loadNetwork(given);
    if (!isCurrent()) return;
    const opened = await chipWorker("open", { experiment: given, checkpoint });
    if (!isCurrent()) return;
    mapping.value = opened;
    await evaluationWorker("evaluate", { experiment: given, checkpoint, prompts: given.evaluation.prompts }, (news) => {
      if (!isCurrent()) return;
      if ("reached" in news) reached.value = news.reached;
      else progress.value = news.done / news.of;
    });
  };
  work().catch((error) => isCurrent() && fail(error));
}

/** The chip answers the prompt that is looked at. */
function followPrompt(): void {
  const index = promptIndex.value;
  const opened = mapping.value;
  if (opened === null) return;
  chipWorker("prompt", index).then((view) => {
    if (promptIndex.peek() !== index || mapping.peek() !== opened) return;
    prompt.value = view;
    step.value = Math.min(step.peek(), view.decisions.length - 1);
  }, fail);
}
