import { experiment, failure, lastGood, threads } from "../state/studio.ts";

/** What went wrong, with the way out, and what makes the page slower than it could be. */
export function Notice() {
  const error = failure.value;
  const note = threads.value?.note;
  return (
    <>
      {error && (
        <div class="notice failed" role="alert">
          {error.path && <strong>{error.path}: </strong>}
          {error.message}
          {lastGood.value && lastGood.value !== experiment.value && (
            <button
              type="button"
              onClick={() => {
                failure.value = null;
                experiment.value = lastGood.value;
              }}
            >
              Take the change back
            </button>
          )}
        </div>
      )}
      {note && <p class="notice">{note}</p>}
    </>
  );
}
