import { causes, causesFor, experiment, findCauses, prompt, promptIndex } from "../state/studio.ts";
import { bitsOfClass } from "../words.ts";

/** Which noise caused this answer: the same prompt on chips with one source each. */
export function Causes() {
  const view = prompt.value;
  if (!view) return null;
  const found = causesFor.value?.index === promptIndex.value && causesFor.value.experiment === experiment.value;
  return (
    <div class="causes">
      <h3>Which noise caused this answer?</h3>
      <p>
        The same prompt, on chips that have one source alone and are exact otherwise.{" "}
        <button type="button" onClick={findCauses}>
          Ask
        </button>
      </p>
      {found && (
        <table>
          <thead>
            <tr>
              <th scope="col">At work</th>
              <th scope="col">Decided</th>
              <th scope="col">Wrong bits</th>
            </tr>
          </thead>
          <tbody>
            {causes.value.map(({ source, decision, wrongBits }) => (
              <tr key={source?.id ?? "none"} class={wrongBits > 0 ? "wrong" : ""}>
                <th scope="row">{source?.label ?? "nothing: exact arithmetic"}</th>
                <td>{bitsOfClass(decision, view.classes)}</td>
                <td>{wrongBits}</td>
              </tr>
            ))}
            <tr class={view.wrongBits > 0 ? "wrong" : ""}>
              <th scope="row">all together: this chip</th>
              <td>{bitsOfClass(view.decisions[view.decisions.length - 1], view.classes)}</td>
              <td>{view.wrongBits}</td>
            </tr>
          </tbody>
        </table>
      )}
    </div>
  );
}
