import { formatQuantity } from "xpikeformer";
import { experiment, failure, figures, prompt } from "../state/studio.ts";
import { bitsOfClass, plural } from "../words.ts";

/** The answer in a sentence: what the chip decided, how often it is wrong, what it costs. */
export function Answer() {
  const { kind } = experiment.value?.task ?? {};
  if (failure.value && !prompt.value) return <p class="summary">The chip could not be set up.</p>;
  if (!prompt.value || kind !== "symbol-detection") return <p class="summary">Programming a chip …</p>;
  const { index, labels, decisions, classes, wrongBits } = prompt.value;
  const decided = bitsOfClass(decisions[decisions.length - 1], classes);
  const sent = bitsOfClass(labels[labels.length - 1], classes);
  return (
    <p class="summary" aria-live="polite">
      The chip reads{" "}
      <output id="decided" data-prompt={index} data-wrong-bits={wrongBits}>
        {decided}
      </output>
      {wrongBits === 0 ? (
        <>, and {sent} was sent.</>
      ) : (
        <>
          , but {sent} was sent: {plural(wrongBits, "wrong bit")}.
        </>
      )}{" "}
      <Rate />
    </p>
  );
}

function Rate() {
  const rate = figures.value.get("ber.xpikeformer");
  const energy = figures.value.get("cost.xpikeformer.symbol");
  if (!rate || !energy) return null;
  const joules = formatQuantity(energy);
  return (
    <>
      Over many prompts the bit error rate is {formatQuantity(rate).value}, for {joules.value} {joules.unit} a symbol.
    </>
  );
}
