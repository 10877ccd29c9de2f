import { promptCount } from "../state/studio.ts";
import type { ImageView, PromptView } from "../workers/chip.ts";
import { DrawingBoard } from "./DrawingBoard.tsx";
import { HeatMap } from "./HeatMap.tsx";
import { Logits } from "./Logits.tsx";
import { PromptStepper } from "./PromptStepper.tsx";
import { SaveSvg } from "./SaveSvg.tsx";

/** An image: a test image, or the user's own, drawn or dropped. */
export function ImageFigure({ view, image }: { view: PromptView; image: ImageView }) {
  const { height, width, channels, pixels } = image;
  const own = view.asked.image !== null;
  return (
    <figure class="prompt" data-saves="prompt">
      <div class="bar" data-unsaved>
        <h2>{own ? "Your image" : "A test image"}</h2>
        <PromptStepper />
      </div>
      <SaveSvg title="An image, and the logit of each answer" data={() => ({ ...view, rasters: undefined })} />
      <div class="panels">
        <DrawingBoard image={image} />
        <div class="panel">
          <p class="panel-name">
            network input, {width} × {height}
          </p>
          <HeatMap
            rows={height}
            columns={width}
            value={(row, column) => pixels[(row * width + column) * channels] / 255}
            positive="ink"
            label={own ? "Your image as the network receives it" : "A test image"}
          />
        </div>
        <Logits view={view} />
      </div>
      <figcaption>
        Draw with the pointer or drop a picture on the page. It is cropped and scaled to {width} × {height} pixels. The
        network was trained on other images, so it may misread a drawing. The {promptCount.value} test images are a
        slice of the published set.
      </figcaption>
    </figure>
  );
}
