import { experiment, prompt } from "../state/studio.ts";
import { className, plural } from "../words.ts";
import { Constellation } from "./Constellation.tsx";
import { Logits } from "./Logits.tsx";
import { later } from "./later.tsx";
import { PromptStepper } from "./PromptStepper.tsx";
import { SaveSvg } from "./SaveSvg.tsx";
import { SymbolBoard } from "./SymbolBoard.tsx";

const ImageFigure = later(() => import("./ImageFigure.tsx").then((file) => file.ImageFigure));

/** One prompt: the input of the network, and the chip's logit of each answer. */
export function PromptFigure() {
  const view = prompt.value;
  const task = experiment.value?.task;
  if (view?.image) return <ImageFigure view={view} image={view.image} />;
  if (!view?.link || task?.kind !== "symbol-detection") return <figure class="prompt" />;
  const { labels, received, snrDecibels } = view.link;
  // Of the prompt on view: for a moment, the experiment may be a newer one.
  const antennas = received.length / (2 * labels.length);
  return (
    <figure class="prompt" data-saves="prompt">
      <div class="bar" data-unsaved>
        <h2>Received signal</h2>
        <PromptStepper />
      </div>
      <SaveSvg title="Received signal, and the logit of each answer" data={() => ({ ...view, rasters: undefined })} />
      <div class="panels">
        {Array.from({ length: antennas }, (_, antenna) => (
          <Constellation key={antenna} view={view} link={view.link!} antenna={antenna} antennas={antennas} />
        ))}
        <Logits view={view} />
      </div>
      <SymbolBoard view={view} antennas={task.transmitAntennas} />
      <figcaption>
        {plural(task.transmitAntennas, "antenna")} sent {className(view.label!, view)}, a symbol of{" "}
        {plural(className(view.label!, view).length / task.transmitAntennas, "bit")} each, at an SNR of{" "}
        {snrDecibels.toFixed(1)} dB. Dots are the {labels.length - 1} pilots, whose bits the chip knows. Filled dots
        carried the bits that the chip now decides. The ring is the query: the symbol that it must detect.
      </figcaption>
    </figure>
  );
}
