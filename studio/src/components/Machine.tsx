import { place } from "../state/place.ts";
import { chip, experiment, isProgramming, prompt, shownStep, shownToken, step, token } from "../state/studio.ts";
import { placeFailure } from "../state/views.ts";
import { AgeScrubber } from "./AgeScrubber.tsx";
import { Gantt } from "./Gantt.tsx";
import { later } from "./later.tsx";
import { NetworkPanel } from "./NetworkPanel.tsx";
import { Failed } from "./Notice.tsx";
import { PathBar } from "./PathBar.tsx";
import { Reading } from "./Reading.tsx";
import { Scrubber } from "./Scrubber.tsx";

// The first screen shows the network; the other panels load when their place is opened.
const LayerPanel = later(() => import("./LayerPanel.tsx").then((file) => file.LayerPanel));
const CrossbarPanel = later(() => import("./CrossbarPanel.tsx").then((file) => file.CrossbarPanel));
const CellPanel = later(() => import("./CellPanel.tsx").then((file) => file.CellPanel));
const NeuronPanel = later(() => import("./NeuronPanel.tsx").then((file) => file.NeuronPanel));
const HeadPanel = later(() => import("./HeadPanel.tsx").then((file) => file.HeadPanel));
export const EnergyPanel = later(() => import("./EnergyPanel.tsx").then((file) => file.EnergyPanel));
export const YearPanel = later(() => import("./YearPanel.tsx").then((file) => file.YearPanel));
const RtlPanel = later(() => import("./RtlPanel.tsx").then((file) => file.RtlPanel));
const TileCellPanel = later(() => import("./TileCellPanel.tsx").then((file) => file.TileCellPanel));

/** The machine at one time step and age, from the whole network down to a device or a gate. */
export function Machine() {
  const view = chip.value;
  if (!view || !prompt.value) return null;
  const { tokens } = view;
  const { steps } = view.model;
  const shown = shownToken.value;
  return (
    <section aria-labelledby="machine" aria-busy={isProgramming.value}>
      <h2 id="machine" tabIndex={-1}>
        Inside the machine
      </h2>
      <PathBar />
      <div class="controls">
        <Scrubber label="Time step" value={shownStep.value} most={steps - 1} onChange={setStep} plays />
        <Scrubber
          label="Token"
          value={shown}
          most={tokens - 1}
          onChange={setToken}
          said={tokenName(shown, tokens, prompt.value.link?.labels.length) ?? `${shown + 1} of ${tokens}`}
        />
        <AgeScrubber />
      </div>
      <Panel />
      <div>
        <Reading about={place.value.kind} />
      </div>
      <Gantt view={view} />
      <EnergyPanel />
      <YearPanel />
      <RtlPanel />
    </section>
  );
}

export const setStep = (value: number) => {
  step.value = value;
};
const setToken = (value: number) => {
  token.value = value;
};

/**
 * Tokens of a link come in pairs: the received vector alone, then with the bits sent. The query has no partner, and may have copies. Null
 * where only their numbers tell tokens apart.
 */
function tokenName(token: number, tokens: number, pairs: number | undefined): string | null {
  const task = experiment.value?.task;
  if (!pairs || task?.kind !== "symbol-detection" || typeof task.queryCopies === "object") return null;
  const query = 2 * (pairs - 1);
  if (token < query) return `pair ${Math.floor(token / 2) + 1}, ${token % 2 ? "with its bits" : "received"}`;
  return tokens - query === 1 ? "the query" : `the query, copy ${token - query + 1} of ${tokens - query}`;
}

export function Panel() {
  const at = place.value;
  if (placeFailure.value?.at === at) return <Failed failure={placeFailure.value.failure} />;
  switch (at.kind) {
    case "network":
      return <NetworkPanel />;
    case "layer":
      return <LayerPanel place={at} />;
    case "crossbar":
      return <CrossbarPanel place={at} />;
    case "cell":
      return <CellPanel place={at} />;
    case "neuron":
      return <NeuronPanel place={at} />;
    case "head":
      return <HeadPanel place={at} />;
    case "tile-cell":
      return <TileCellPanel place={at} />;
  }
}
