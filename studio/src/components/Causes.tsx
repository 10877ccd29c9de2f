import {
  asked,
  causes,
  causesFailure,
  causesFor,
  experiment,
  findCauses,
  isProgramming,
  prompt,
} from "../state/studio.ts";
import { className } from "../words.ts";
import type { Cause, PromptView } from "../workers/chip.ts";
import { Failed } from "./Notice.tsx";

/** Which noise source caused this answer: the same prompt on chips with one source each, and on chips without it. */
export function Causes() {
  const view = prompt.value;
  if (!view) return null;
  const found = causesFor.value?.asked === asked.value && causesFor.value.experiment === experiment.value;
  return (
    <div class="causes">
      <h3>Which noise caused this answer?</h3>
      <p>
        The same prompt on chips with one noise source each, otherwise exact, and on chips with all but one.{" "}
        <button type="button" onClick={findCauses} disabled={isProgramming.value}>
          Ask
        </button>
      </p>
      {found && causesFailure.value && <Failed failure={causesFailure.value} />}
      {found && <Found view={view} all={causes.value} />}
    </div>
  );
}

function Found({ view, all }: { view: PromptView; all: readonly Cause[] }) {
  const exact = all.find(({ source }) => source === null);
  const alone = all.filter(({ source, without }) => source !== null && !without);
  const without = new Map(all.filter((cause) => cause.without).map((cause) => [cause.source!.id, cause]));
  const isDone = alone.length > 0 && without.size === alone.length;
  // The most harmful first, once all are known; before, rows would jump.
  const ranked = isDone ? alone.toSorted((a, b) => (a.margin ?? 0) - (b.margin ?? 0)) : alone;
  const mark = (wrong: number) => (wrong > 0 ? "wrong" : "");
  return (
    <>
      <p class="verdict" aria-live="polite">
        {isDone && exact
          ? explain(view, exact, ranked, [...without.values()])
          : causesFailure.value
            ? ""
            : "Programming a chip for each source …"}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Noise source</th>
            <th scope="col">Alone</th>
            <th scope="col">Lead</th>
            <th scope="col">Without it</th>
          </tr>
        </thead>
        <tbody>
          {exact && (
            <tr class={mark(exact.wrong)}>
              <th scope="row">none: exact arithmetic</th>
              <td>{className(exact.decision, view)}</td>
              <td>{lead(exact.margin)}</td>
              <td />
            </tr>
          )}
          {ranked.map(({ source, decision, wrong, margin }) => {
            const others = without.get(source!.id);
            return (
              <tr key={source!.id} class={mark(wrong)}>
                <th scope="row">{source!.label}</th>
                <td>{className(decision, view)}</td>
                <td>{lead(margin)}</td>
                <td class={others ? (others.wrong > 0 ? "bad" : "good") : ""}>
                  {others ? className(others.decision, view) : "…"}
                </td>
              </tr>
            );
          })}
          <tr class={mark(view.wrong)}>
            <th scope="row">all: this chip</th>
            <td>{className(view.decisions[view.decisions.length - 1], view)}</td>
            <td />
            <td />
          </tr>
        </tbody>
      </table>
      <p class="quiet">
        Lead: the logit of the right answer less the largest of the others. The smallest lead is first.
      </p>
    </>
  );
}

const lead = (margin: number | null): string => (margin === null ? "–" : margin.toFixed(2));

/** What the decisions say together, in a sentence or two. */
function explain(view: PromptView, exact: Cause, alone: readonly Cause[], without: readonly Cause[]): string {
  if (view.label === null) return "The right answer is unknown; compare the decisions.";
  const names = (causes: readonly Cause[]) => causes.map(({ source }) => source!.label).join("; ");
  const flips = alone.filter(({ wrong }) => wrong > 0);
  const repairs = without.filter(({ wrong }) => wrong === 0);
  if (view.wrong === 0) {
    if (exact.wrong > 0) return "The chip is right by luck: exact arithmetic gets this prompt wrong.";
    if (flips.length === 0) return "Right with every source alone, and with all of them together.";
    return `Right, although alone these would flip it: ${names(flips)}.`;
  }
  if (exact.wrong > 0) {
    return "Not the chip's noise: exact arithmetic gets this prompt wrong, too. The channel or the network's training decides.";
  }
  const first =
    flips.length > 0
      ? `Alone, these flip the answer: ${names(flips)}.`
      : "Every source alone leaves the answer right; together they flip it.";
  if (repairs.length === 0) return `${first} Removing any one of them does not repair it.`;
  return `${first} It is right again without one of these: ${names(repairs)}.`;
}
