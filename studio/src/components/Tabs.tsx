import { EXAMPLES, experiment, failure, startWith } from "../state/studio.ts";

/** What the chip is to do: each opens an experiment with a trained network. */
export function Tabs() {
  const name = experiment.value?.name;
  return (
    <nav aria-label="Tasks" class="tabs">
      {EXAMPLES.map(({ file, label }) => (
        <button
          type="button"
          key={file}
          aria-current={name === file ? "page" : undefined}
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
