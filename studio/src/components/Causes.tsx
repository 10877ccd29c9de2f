import { asked, causes, causesFor, experiment, findCauses, isProgramming, prompt } from "../state/studio.ts";
import { className } from "../words.ts";

/** Which noise source caused this answer: the same prompt on chips with one source each. */
export function Causes() {
  const view = prompt.value;
  if (!view) return null;
  const found = causesFor.value?.asked === asked.value && causesFor.value.experiment === experiment.value;
  return (
    <div class="causes">
      <h3>Which noise caused this answer?</h3>
      <p>
        The same prompt on chips with one noise source each, otherwise exact.{" "}
        <button type="button" onClick={findCauses} disabled={isProgramming.value}>
          Ask
        </button>
      </p>
      {found && (
        <table>
          <thead>
            <tr>
              <th scope="col">Noise source</th>
              <th scope="col">Decision</th>
              <th scope="col">{view.link ? "Wrong bits" : "Wrong"}</th>
            </tr>
          </thead>
          <tbody>
            {causes.value.map(({ source, decision, wrong }) => (
              <tr key={source?.id ?? "none"} class={wrong > 0 ? "wrong" : ""}>
                <th scope="row">{source?.label ?? "none: exact arithmetic"}</th>
                <td>{className(decision, view)}</td>
                <td>{wrong}</td>
              </tr>
            ))}
            <tr class={view.wrong > 0 ? "wrong" : ""}>
              <th scope="row">all: this chip</th>
              <td>{className(view.decisions[view.decisions.length - 1], view)}</td>
              <td>{view.wrong}</td>
            </tr>
          </tbody>
        </table>
      )}
    </div>
  );
}
