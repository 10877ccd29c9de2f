import { experiment, prompt } from "../state/studio.ts";
import { className, plural } from "../words.ts";
import { Constellation } from "./Constellation.tsx";
import { ImageFigure } from "./ImageFigure.tsx";
import { Logits } from "./Logits.tsx";
import { PromptStepper } from "./PromptStepper.tsx";

/** One prompt: what the network is given, and how sure the chip is of each answer. */
export function PromptFigure() {
  const view = prompt.value;
  const task = experiment.value?.task;
  if (view?.image) return <ImageFigure view={view} image={view.image} />;
  if (!view?.link || task?.kind !== "symbol-detection") return <figure class="prompt" />;
  const { labels, snrDecibels } = view.link;
  return (
    <figure class="prompt">
      <div class="bar">
        <h2>What was received</h2>
        <PromptStepper />
      </div>
      <div class="panels">
        {Array.from({ length: task.receiveAntennas }, (_, antenna) => (
          <Constellation
            key={antenna}
            view={view}
            link={view.link!}
            antenna={antenna}
            antennas={task.receiveAntennas}
          />
        ))}
        <Logits view={view} />
      </div>
      <figcaption>
        {plural(task.transmitAntennas, "antenna")} sent {className(view.label!, view)} together, a symbol of{" "}
        {className(view.label!, view).length / task.transmitAntennas} bits each, {snrDecibels.toFixed(1)} dB above the
        noise. Dots are the {labels.length - 1} pilots, whose bits the chip is told; filled ones carried the bits that
        it now decides. The ring is what it is asked for.
      </figcaption>
    </figure>
  );
}
