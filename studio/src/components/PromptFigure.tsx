import { experiment, prompt, promptIndex } from "../state/studio.ts";
import { bitsOfClass, plural } from "../words.ts";
import { Constellation } from "./Constellation.tsx";
import { Logits } from "./Logits.tsx";

/** One prompt: what was received, and how sure the chip is of each symbol. */
export function PromptFigure() {
  const view = prompt.value;
  const task = experiment.value?.task;
  const count = experiment.value?.evaluation.prompts ?? 1;
  if (!view || task?.kind !== "symbol-detection") return <figure class="prompt" />;
  const { labels, snrDecibels, classes } = view;
  const sent = bitsOfClass(labels[labels.length - 1], classes);
  return (
    <figure class="prompt">
      <div class="bar">
        <h2>One received symbol</h2>
        <div class="stepper">
          <button
            type="button"
            onClick={() => promptIndex.value--}
            disabled={promptIndex.value === 0}
            aria-label="Prompt before"
          >
            ‹
          </button>
          <span>
            prompt {promptIndex.value + 1} of {count}
          </span>
          <button
            type="button"
            onClick={() => promptIndex.value++}
            disabled={promptIndex.value === count - 1}
            aria-label="Next prompt"
          >
            ›
          </button>
        </div>
      </div>
      <div class="panels">
        {Array.from({ length: task.receiveAntennas }, (_, antenna) => (
          <Constellation key={antenna} view={view} antenna={antenna} antennas={task.receiveAntennas} />
        ))}
        <Logits view={view} />
      </div>
      <figcaption>
        {plural(task.transmitAntennas, "antenna")} sent {sent} at {snrDecibels.toFixed(1)} dB. Dots are the{" "}
        {labels.length - 1} pilots, whose bits the chip is told; filled ones carried the bits that it now decides. The
        ring is the symbol that is asked for.
      </figcaption>
    </figure>
  );
}
