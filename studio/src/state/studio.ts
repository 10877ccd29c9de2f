/** What the page shows, as signals. Everything else is computed from these, by the page or by the workers. */
import { batch, computed, effect, signal } from "@preact/signals";
import type { ChipState, Experiment, Report } from "xpikeformer";
import { type Backend, type ItemisedEnergy, kitOf, type WavePlace } from "xpikeformer/internal";
import type { ComputedOn } from "../workers/backend.ts";
import { type Failure, failureOf, memoryOf } from "../workers/calls.ts";
import type { Asked, Cause, ChipFunctions, ChipView } from "../workers/chip.ts";
import type { Reached } from "../workers/evaluation.ts";
import type { Materials } from "../workers/materials.ts";
import type { Offers } from "../workers/offers.ts";
import { allAnswered, following } from "./ask.ts";
import { loadData, loadExample, loadNetwork, networkNamed } from "./files.ts";
import { hasPlace, NETWORK, place } from "./place.ts";
import { chipWorker, evaluationWorker } from "./started.ts";
import { note, tried } from "./tried.ts";

/** Null until it is loaded. */
export const experiment = signal<Experiment | null>(null);
/** The experiment as it was opened, before anyone turned a knob. */
export const opened = signal<Experiment | null>(null);
/** A report that was opened with it. */
export const openedReport = signal<Report | null>(null);
/** The last error; null when there is none. */
export const failure = signal<Failure | null>(null);

/** The evaluation prompt that the chip works on, from 0. */
export const promptIndex = signal(0);
/** The user's own image instead. */
export const ownImage = signal<Uint8Array | null>(null);
/** The class that the user sends on a link instead of the prompt's own; null: none. */
export const ownSymbol = signal<number | null>(null);
/** The prompt that the chip works on. A link takes no image, even if the user draws one while the link is opening. */
export const asked = computed(() => ({
  index: promptIndex.value,
  image: opened.value?.task.kind === "image-classification" ? ownImage.value : null,
  symbol: opened.value?.task.kind === "symbol-detection" ? ownSymbol.value : null,
}));
/** The time step asked for, from 0; infinite: the last. */
export const step = signal(Number.POSITIVE_INFINITY);
/** The token shown; null: the query. */
export const token = signal<number | null>(null);

/** The programmed chip; null before the first. */
export const chip = signal<ChipView | null>(null);
/** The experiment that was open when it was programmed. */
const chipOf = signal<Experiment | null>(null);

/** The last experiment whose chip could be set up, and of which everything on view was computed. */
export const lastGood = signal<Experiment | null>(null);
/** The experiment whose chip could not be set up last. */
const lastBad = signal<Experiment | null>(null);
/** The experiment to go back to from one that has no chip; null while there is nothing to take back. */
export const wayBack = computed(() =>
  lastBad.value === experiment.value && isProgramming.value ? lastGood.value : null,
);
/** Whether anything on view is still that of another experiment. */
export const isProgramming = computed(() => lastGood.value !== experiment.value);
/** Values that knobs cannot take on the machine `of`; null before they are known. */
export const offersOf = signal<{ readonly of: Experiment; readonly offers: Offers } | null>(null);
/** The machine that was shown before this one; null for the first. */
export const previous = signal<Experiment | null>(null);
/** Whether changes are told against the previous machine, instead of the one that was opened. */
export const againstPrevious = signal(false);
/** The machine that the shown one is compared with. */
export const reference = computed(() => (againstPrevious.value ? (previous.value ?? opened.value) : opened.value));
/** Number of prompts. */
export const promptCount = signal(1);
/** The figures so far, and the experiment that they belong to; null before the first. */
export const reached = signal<(Reached & { readonly of: Experiment }) | null>(null);
/** The receipts of the energy among these figures, and the experiment that they belong to. */
export const itemised = signal<(ItemisedEnergy & { readonly of: Experiment }) | null>(null);
/** Share of the whole evaluation that is done. */
export const progress = signal(0);
/** Why the experiment's ANN is missing; null if it has none, or if it is there. */
const annNotFound = signal<string | null>(null);
/** Why there is no rate of the experiment's ANN; null if it has none, or if it answers. */
export const annMissing = computed(() => annNotFound.value ?? reached.value?.annFailure ?? null);
/** Why there are no rates of classical receivers; null if there are, or if the task has none. */
export const receiversMissing = computed(() => reached.value?.receiverFailure ?? null);
/** Whether machines are evaluated; a frame that shows a chip at work alone needs no figures. */
export const evaluates = signal(true);
/** What trains networks, and simulates the chips of the next evaluation. */
export const backend = signal<Backend>("auto");
/** Where the chips of the evaluation are simulated; null before the first. */
export const computedOn = signal<ComputedOn | null>(null);
/** Threads of the evaluation, and the reason if there is only one. */
export const threads = signal<{ readonly threads: number; readonly note: string | null } | null>(null);

/** The task's metric: ids of its figures, the name of its rate, which for images is the accuracy, and that of its errors. */
export const metric = computed(() => {
  const task = experiment.value?.task;
  const { name: result, perInference } = task ? kitOf(task).result(task) : { name: "symbol", perInference: 2 };
  const { id, name: errors } = task ? kitOf(task).metric : { id: "ber", name: "bit error rate" };
  const isLink = id === "ber";
  return {
    rate: isLink ? "ber.xpikeformer" : "accuracy.xpikeformer",
    energy: perInference === 1 ? "cost.xpikeformer.energy" : `cost.xpikeformer.${result}`,
    name: isLink ? errors : "accuracy",
    errors,
    result,
  };
});

/** Figures of the evaluation by id. */
export const figures = computed(() => byId(reached.value));
const byId = (from: Reached | null) => new Map(from?.figures.map((figure) => [figure.id, figure]));

/** The control that changed the machine last, where messages about the machine belong; null for one without a place for them. */
export const touched = signal<string | null>(null);

export function fail(error: unknown): void {
  touched.value = null;
  failMachine(error);
}

/** Shows an error of the machine, next to the control that changed it. */
export function failMachine(error: unknown): void {
  failure.value = failureOf(error);
}

/** The network and data that the workers hold. */
let given: Materials | null = null;
/** For a worker that starts later. */
export const materialsNow = (): Materials | null => given;
/** The ANN that chips are compared with, as the experiment names it. */
let rival: string | undefined;
/** The chip that its worker holds, and the number of chips on their way to it. */
let held: ChipView | null = null;
let awaited = 0;

/**
 * The first chip of an experiment, and a function that lets the threads answer its prompts, once the page has computed what is on view.
 * A chip of the same machine only ages. Another machine's chip is programmed on the threads of the evaluation.
 */
async function programChip(next: Experiment, prompts: number): Promise<readonly [chip: ChipView, go: () => void]> {
  awaited++;
  try {
    evaluationWorker("stop", undefined).catch(fail);
    const aged = await chipWorker("age", next);
    if (aged) {
      held = aged;
      return [held, () => evaluate(next, prompts, false).catch(() => {})];
    }
    const state = await evaluate(next, prompts, true);
    held = await chipWorker("open", { experiment: next, state: state! }, undefined, memoryOf(state));
    return [held, () => evaluationWorker("proceed", undefined).catch(fail)];
  } finally {
    awaited--;
  }
}

/** The newest figures against those of `reference`; null where nothing can be paired. */
export const changed = following(
  () => (reached.value && reference.value ? { before: reference.value, after: reached.value } : null),
  async ({ before, after }) => {
    const change = await evaluationWorker("change", { before, after: after.of });
    return change && { ...change, before, after: after.of };
  },
  fail,
  false,
);

/** Asks the worker about the chip shown. Null where it already holds another chip, which may lack the place in question. */
export async function askChip<K extends keyof ChipFunctions>(
  name: K,
  question: Parameters<ChipFunctions[K]>[0],
): Promise<Awaited<ReturnType<ChipFunctions[K]>> | null> {
  const isHeld = awaited === 0 && held === chip.peek();
  try {
    return await chipWorker(name, question);
  } catch (error) {
    if (isHeld) throw error;
    return null;
  }
}

/** The chip's answer to the prompt. While a new experiment's chip is programmed, the previous chip gets none of its prompts. */
export const prompt = following(
  () => (chipOf.value === opened.value ? chip.value && asked.value : undefined),
  (question) => askChip("prompt", question),
  fail,
);

/** The number of the time step shown. While another machine is on its way, the chip on view may have fewer steps than asked for. */
export const shownStep = computed(() => Math.min(step.value, (chip.value?.model.steps ?? 1) - 1));

/** The number of the token shown. */
export const shownToken = computed(() => {
  const tokens = chip.value?.tokens ?? 1;
  return Math.min(token.value ?? tokens - 1, tokens - 1);
});

/** Experiments to start from, one per tab. */
export const EXAMPLES = [
  { file: "wireless-2x2", label: "Radio symbols", subject: "symbol-detection" },
  { file: "fashion-tiny", label: "Clothes", subject: "fashion-mnist" },
  { file: "mnist", label: "Digits", subject: "mnist" },
] as const;

/** The subject of an experiment, as the tabs name it: its published image set without `-slice`, or the kind of its task. */
export const subjectOf = ({ task }: Experiment): string =>
  task.kind === "image-classification" && typeof task.data === "string" ? task.data.replace(/-slice$/, "") : task.kind;

/** The experiment to work on. Of several changes during programming, only the newest waits. */
function wanted(): Experiment | null {
  if (experiment.value !== null) progress.value = 0;
  return experiment.value;
}

/** Has the workers follow what is opened. */
export function start(): void {
  evaluationWorker("threads", undefined).then((value) => {
    threads.value = value;
  }, fail);
  following(wanted, work, fail, false);
}

/** Opens an experiment of the server. An earlier error stays visible: that of a damaged link, say, which opened nothing. */
export async function startWith(example: string): Promise<void> {
  try {
    const given = await loadExample(example);
    openedReport.value = null;
    open(given);
  } catch (error) {
    fail(error);
  }
}

/** Shows another experiment from its start. */
export function open(given: Experiment): void {
  batch(() => {
    touched.value = null;
    opened.value = given;
    experiment.value = given;
    reached.value = null;
    tried.value = [];
    promptIndex.value = 0;
    ownImage.value = null;
    ownSymbol.value = null;
    step.value = Number.POSITIVE_INFINITY;
    token.value = null;
    place.value = NETWORK;
  });
}

/** The decisions with each noise source alone, the prompt that they belong to, and why there are no more; null if there will be. */
export const causes = signal<readonly Cause[]>([]);
export const causesFailure = signal<Failure | null>(null);
export const causesFor = signal<{ readonly experiment: Experiment; readonly asked: Asked } | null>(null);

export function findCauses(): void {
  const question = { experiment: experiment.peek()!, asked: asked.peek() };
  causesFor.value = question;
  causes.value = [];
  causesFailure.value = null;
  chipWorker("causes", question.asked, (cause) => {
    if (causesFor.peek() === question) causes.value = [...causes.peek(), cause];
  }).catch((error) => {
    if (causesFor.peek() === question) causesFailure.value = failureOf(error);
  });
}

/** The next prompt that the chip shown gets wrong; null if it gets all right. */
export const nextWrong = (): Promise<number | null> =>
  chipWorker("nextWrong", { from: promptIndex.peek(), count: promptCount.peek() });

/** Prompts with test vectors in the RTL: the default of `xpike rtl`. */
const RTL_PROMPTS = 4;

/** SystemVerilog of the chip shown, by file name, and notes on what is left out. Rejects with a `Failure` where it cannot be generated. */
export const rtlOfChip = () => chipWorker("rtl", RTL_PROMPTS);

/** The waveform of a head's tile on the prompt shown; null where the worker holds another chip. */
export const wavesOf = (question: { readonly asked: Asked; readonly place: WavePlace }) => askChip("waves", question);

/** Hands a network and data to the workers. Both are large, so they are copied only when they change. */
function give(materials: Materials): void {
  if (given?.checkpoint === materials.checkpoint && given.data === materials.data) return;
  given = materials;
  chipWorker("hold", materials).catch(fail);
  evaluationWorker("hold", materials).catch(fail);
}

/** Has the evaluation compare chips with the ANN that an experiment names, as soon as its file has arrived. */
async function compare({ checkpoints: { ann } }: Experiment): Promise<void> {
  if (ann === rival) return;
  rival = ann;
  evaluationWorker("compare", null).catch(fail);
  annNotFound.value = null;
  if (ann === undefined) return;
  try {
    const checkpoint = await networkNamed(ann);
    if (rival === ann) await evaluationWorker("compare", checkpoint);
  } catch (error) {
    if (rival === ann) annNotFound.value = failureOf(error).message;
  }
}

/** Programs the chip of an experiment, shows it, and evaluates from the start. */
async function work(next: Experiment): Promise<void> {
  const isCurrent = () => experiment.peek() === next;
  const beginning = opened.peek();
  try {
    const [checkpoint, data] = await Promise.all([loadNetwork(next), loadData(next)]);
    if (opened.peek() !== beginning) return;
    give({ checkpoint, data });
    compare(next);
    const prompts = Math.min(next.evaluation.prompts, data?.test.count ?? Number.POSITIVE_INFINITY);
    const [programmed, go] = await programChip(next, prompts);
    // A chip that a knob has made obsolete is shown until the next chip arrives, so that the machine moves with the knob.
    if (opened.peek() !== beginning) return;
    batch(() => {
      showChip(programmed);
      promptCount.value = prompts;
    });
    await allAnswered();
    lastGood.value = next;
    if (!isCurrent() || !evaluates.value) return;
    go();
    offerAfterFigures(next, beginning!).catch(fail);
  } catch (error) {
    if (!isCurrent()) return;
    if (lastGood.peek() !== next) lastBad.value = next;
    failMachine(error);
  }
}

/** Asks which values knobs can take once the machine has figures, which would come later otherwise. */
async function offerAfterFigures(next: Experiment, beginning: Experiment): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = effect(() => {
      if (reached.value?.of !== next && failure.value === null && experiment.value === next) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
  if (experiment.peek() !== next) return;
  const offers = await evaluationWorker("offers", { experiment: next, opened: beginning });
  if (offers !== null && experiment.peek() === next) offersOf.value = { of: next, offers };
}

/** Evaluates an experiment, after ending any evaluation under way. Resolves with the first chip, or at once if none is wanted. */
const evaluate = (next: Experiment, prompts: number, wantsChip: boolean): Promise<ChipState | null> =>
  new Promise((resolve, reject) => {
    if (!wantsChip) resolve(null);
    const asked = {
      experiment: next,
      chips: next.hardware.chips,
      prompts,
      wantsChip,
      backend: backend.peek(),
    };
    evaluationWorker("evaluate", asked, (news) => {
      if ("chip" in news) return resolve(news.chip);
      if ("on" in news) {
        computedOn.value = news.on;
        return;
      }
      if (experiment.peek() !== next) return;
      if ("reached" in news) {
        reached.value = { ...news.reached, of: next };
        note(next, news.reached);
      } else if ("itemised" in news) itemised.value = { ...news.itemised, of: next };
      else progress.value = news.done / news.of;
    }).catch((error) => {
      reject(error);
      if (experiment.peek() === next) failMachine(error);
    });
  });

/** What the first chip of a machine reaches on a few prompts; null if another evaluation took the threads, as this one does. */
export const tryMachine = (tryout: Experiment, prompts: number): Promise<Reached | null> =>
  new Promise((resolve, reject) => {
    const asked = { experiment: tryout, chips: 1, prompts, wantsChip: false, backend: backend.peek() };
    evaluationWorker("evaluate", asked, (news) => {
      if ("reached" in news && news.reached.prompts === prompts) resolve(news.reached);
    }).then(() => resolve(null), reject);
  });

/** Goes on with the evaluation of the experiment shown, where something else took its threads. */
export function evaluateOn(): void {
  if (progress.peek() < 1) evaluate(experiment.peek()!, promptCount.peek(), false).catch(() => {});
}

/** Shows a chip; the whole network where the machine lacks the current place. */
function showChip(programmed: ChipView): void {
  if (!hasPlace(programmed.mapping, programmed.model.depth, place.peek())) place.value = NETWORK;
  step.value = Math.min(step.peek(), programmed.model.steps - 1);
  chip.value = programmed;
  chipOf.value = opened.peek();
}
