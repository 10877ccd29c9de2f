import { useState } from "preact/hooks";
import type { Experiment } from "xpikeformer";
import { saveFile } from "../state/files.ts";
import { place } from "../state/place.ts";
import { asked, experiment, isProgramming, shownStep, shownToken } from "../state/studio.ts";
import { type Failure, failureOf } from "../workers/calls.ts";
import { Failed } from "./Notice.tsx";

interface SaveSvgProps {
  readonly title: string;
  /** The numbers that the figure draws. */
  readonly data: () => object;
  /** The experiment that they belong to. Default: the one shown. */
  readonly of?: Experiment | null | undefined;
}

/** Saves the figure around it, an element with a name in `data-saves`, as an SVG with its numbers and its experiment. */
export function SaveSvg({ title, data, of = experiment.value }: SaveSvgProps) {
  const [failure, setFailure] = useState<Failure | null>(null);
  const save = async (button: Element) => {
    const figure = button.closest<HTMLElement>("[data-saves]")!;
    const name = figure.dataset.saves!;
    const view = { prompt: asked.value, step: shownStep.value, token: shownToken.value, place: place.value };
    const { figureSvg } = await import("../state/figure-svg.ts");
    const metadata = { format: "xpikeformer-figure", figure: name, title, data: data(), view, experiment: of };
    saveFile(`${name}.svg`, figureSvg(figure, title, metadata));
  };
  return (
    <>
      <button
        type="button"
        class="link save-svg"
        data-unsaved
        aria-label={`Save as SVG: ${title}`}
        title="Save this figure as an SVG, with its numbers"
        disabled={isProgramming.value}
        onClick={({ currentTarget }) => save(currentTarget).catch((error) => setFailure(failureOf(error)))}
      >
        SVG
      </button>
      {failure && <Failed failure={failure} />}
    </>
  );
}
