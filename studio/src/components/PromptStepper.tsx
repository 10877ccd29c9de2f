import { batch } from "@preact/signals";
import { useState } from "preact/hooks";
import { chip, nextWrong, ownImage, ownSymbol, promptCount, promptIndex } from "../state/studio.ts";
import { type Failure, failureOf } from "../workers/calls.ts";
import { Failed } from "./Notice.tsx";

/** The evaluation prompts, one after another, or from one that the chip gets wrong to the next. */
export function PromptStepper() {
  const [search, setSearch] = useState<"none" | "searching" | "all right">("none");
  const [failure, setFailure] = useState<Failure | null>(null);
  const index = promptIndex.value;
  const count = promptCount.value;
  const go = (to: number) => () =>
    batch(() => {
      ownImage.value = null;
      ownSymbol.value = null;
      promptIndex.value = to;
      setSearch("none");
    });
  const find = () => {
    const from = promptIndex.peek();
    setSearch("searching");
    setFailure(null);
    nextWrong().then(
      (found) => {
        if (promptIndex.peek() !== from) return;
        if (found === null) setSearch("all right");
        else go(found)();
      },
      (error) => {
        setSearch("none");
        setFailure(failureOf(error));
      },
    );
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
      <button type="button" onClick={find} disabled={search === "searching" || chip.value === null}>
        {search === "searching" ? "Searching …" : search === "all right" ? "No wrong prompt" : "Next wrong prompt"}
      </button>
      {failure && <Failed failure={failure} />}
    </div>
  );
}
