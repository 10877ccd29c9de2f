import { EXAMPLES, experiment, failure, startWith, subjectOf } from "../state/studio.ts";

/** The tasks: each tab opens an experiment with a trained network. */
export function Tabs() {
  const shown = experiment.value && subjectOf(experiment.value);
  return (
    <nav aria-label="Tasks" class="tabs">
      {EXAMPLES.map(({ file, label, subject }) => (
        <button
          type="button"
          key={file}
          aria-current={shown === subject ? "page" : undefined}
          onClick={() => {
            failure.value = null;
            startWith(file);
          }}
        >
          {label}
        </button>
      ))}
    </nav>
  );
}
