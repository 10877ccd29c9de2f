import { ownImage, promptCount, promptIndex } from "../state/studio.ts";

/** The evaluation prompts, one after another. */
export function PromptStepper() {
  const index = promptIndex.value;
  const count = promptCount.value;
  const go = (to: number) => () => {
    ownImage.value = null;
    promptIndex.value = to;
  };
  return (
    <div class="stepper">
      <button type="button" onClick={go(index - 1)} disabled={index === 0} aria-label="Previous prompt">
        ‹
      </button>
      <span>
        prompt {index + 1} of {count}
      </span>
      <button type="button" onClick={go(index + 1)} disabled={index >= count - 1} aria-label="Next prompt">
        ›
      </button>
    </div>
  );
}
