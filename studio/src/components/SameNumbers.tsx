import type { FigureName } from "../state/address.ts";
import { addressed } from "../state/link.ts";
import { experiment, opened, reached, subjectOf } from "../state/studio.ts";
import { AGES, CHIPS, PROMPTS } from "../state/year.ts";

/** The command that prints the numbers of a figure in a frame, for as many chips and prompts as it shows now. */
export function SameNumbers({ of }: { readonly of: FigureName }) {
  const command = commandOf(of);
  return command && <p class="quiet command">{command}</p>;
}

function commandOf(figure: FigureName) {
  const file = fileNow();
  const saved = file === SAVED && " with the experiment saved";
  switch (figure) {
    case "prompt":
    case "panel":
    case "schedule":
      return null;
    case "year":
      return (
        <>
          The same rates{saved}:{" "}
          <code>
            xpike eval {file} --drift {AGES.map(({ text }) => text).join(",")} --chips {CHIPS} --prompts {PROMPTS}
          </code>
        </>
      );
    case "overview":
    case "plane":
    case "energy":
      if (!reached.value || reached.value.of !== experiment.value) return null;
      return (
        <>
          The same numbers{saved}:{" "}
          <code>
            xpike run {file} --chips {reached.value.chips} --prompts {reached.value.prompts}
          </code>
        </>
      );
  }
}

const SAVED = "experiment.json";

/** The example that a frame opened, as long as nothing in it was changed. Of image sets, examples take slices here. */
function fileNow(): string {
  const { example, view } = addressed.value;
  const isExample = view === null && experiment.value === opened.value;
  if (!isExample || !experiment.value || subjectOf(experiment.value) !== "symbol-detection") return SAVED;
  return `examples/${example ?? "wireless-2x2"}.json`;
}
