import { formatQuantity } from "xpikeformer/report";
import { metrics } from "../state/served.ts";
import { chip, experiment, failure, figures, isProgramming, metric, prompt } from "../state/studio.ts";
import { className, plural } from "../words.ts";

/** The answer in a sentence: the chip's decision, its error rate and its energy. */
export function Answer() {
  const view = prompt.value;
  if (!experiment.value && metrics.value.length > 0) return <p class="summary">The network is still learning.</p>;
  if (failure.value && !chip.value) return <p class="summary">There is no chip yet.</p>;
  // While another task opens, the prompt of the previous task is still there.
  const isLink = experiment.value?.task.kind === "symbol-detection";
  if (!view || (view.link !== null) !== isLink) return <p class="summary">Programming a chip …</p>;
  const { asked, decisions, label, wrong } = view;
  const decided = className(decisions[decisions.length - 1], view);
  const right = label === null ? null : className(label, view);
  return (
    <p class="summary" aria-live="polite" aria-busy={isProgramming.value}>
      The chip {view.link ? "reads" : "sees"}{" "}
      <output id="decided" data-prompt={asked.index} data-wrong={wrong}>
        {decided}
      </output>
      {right === null && "."}
      {right !== null && wrong === 0 && (view.link ? <>, and {right} was sent.</> : <>, which is right.</>)}
      {right !== null && wrong > 0 && (
        <>, but {view.link ? `${right} was sent: ${plural(wrong, "wrong bit")}` : `it is ${right}`}.</>
      )}{" "}
      <Rate />
    </p>
  );
}

function Rate() {
  const { rate: id, energy: energyId, name, result } = metric.value;
  const rate = figures.value.get(id);
  const energy = figures.value.get(energyId);
  if (!rate || !energy) return null;
  const joules = formatQuantity(energy);
  return (
    <>
      Over many {result}s, the {name} is {formatQuantity(rate).value}, at {joules.value} {joules.unit} per {result}.
    </>
  );
}
