import { kitOf } from "xpikeformer/internal";
import { experimentText, saveFile } from "../state/files.ts";
import { backend, prompt } from "../state/studio.ts";
import {
  aware,
  failedToStart,
  type Kept,
  putOnChip,
  resumeTraining,
  seed,
  shelf,
  startTraining,
  steps,
  stopTraining,
  subject,
  type Training,
  training,
} from "../state/training.ts";
import { timeName } from "../words.ts";
import { ComputedOn } from "./ComputedOn.tsx";
import { later } from "./later.tsx";
import { Failed } from "./Notice.tsx";
import { Select } from "./Select.tsx";

const Curve = later(() => import("./Curve.tsx").then((file) => file.Curve));

const STEPS = [96, 400, 800, 1600];

/** Trains a network in the page, and then puts it on the chip. */
export function Train() {
  const now = training.value;
  // It appears together with the machine above it.
  if (!prompt.value) return null;
  const isSmall = subject.value === "small";
  const isBusy = now !== null && ["loading", "learning", "stopping"].includes(now.status);
  return (
    <section aria-labelledby="train" class="train">
      <h2 id="train" tabIndex={-1}>
        Train a network here
      </h2>
      <p>
        This page has the trainer of <code>xpike train</code>: on WebAssembly, the same experiment and seed give the
        same network, bit for bit; a GPU rounds differently. The last quarter of the training steps is either
        conventional or hardware-aware, with the errors of the hardware, so that the network learns to tolerate them.
      </p>
      <div class="knob-grid">
        <Select
          label="Experiment"
          value={subject.value}
          choices={[
            ["small", "a small radio link"],
            ["shown", "the experiment shown"],
          ]}
          onChange={(value) => {
            subject.value = value as typeof subject.value;
          }}
        />
        {isSmall && (
          <>
            <Select
              label="Training steps"
              value={String(steps.value)}
              choices={STEPS.map((value) => [String(value), String(value)])}
              onChange={(value) => {
                steps.value = Number(value);
              }}
            />
            <Select
              label="Last quarter"
              value={aware.value ? "aware" : "conventional"}
              choices={[
                ["aware", "hardware-aware"],
                ["conventional", "conventional"],
              ]}
              onChange={(value) => {
                aware.value = value === "aware";
              }}
            />
            <div class="knob">
              <label for="train-seed">Seed</label>
              <input
                id="train-seed"
                inputMode="numeric"
                value={seed.value}
                onInput={({ currentTarget }) => {
                  seed.value = currentTarget.value;
                }}
              />
            </div>
          </>
        )}
        <Select
          label="Compute on"
          value={backend.value}
          choices={[
            ["auto", "automatic"],
            ["webgpu", "WebGPU"],
            ["wasm", "WebAssembly"],
          ]}
          onChange={(value) => {
            backend.value = value as typeof backend.value;
          }}
          help="also chips, from the next machine on"
        />
      </div>
      <div class="share">
        <button type="button" onClick={startTraining} disabled={isBusy}>
          {now === null || isBusy ? "Start" : "Start again"}
        </button>
        <button type="button" onClick={stopTraining} disabled={now?.status !== "learning"}>
          Stop
        </button>
        <button type="button" onClick={resumeTraining} disabled={now?.status !== "stopped"}>
          Resume
        </button>
        {now && (
          <button type="button" onClick={() => saveFile("experiment.json", experimentText(now.experiment))}>
            Save training experiment
          </button>
        )}
      </div>
      <ComputedOn on={now?.on ?? null} id="trained-on" />
      {failedToStart.value && <Failed failure={failedToStart.value} />}
      {now && <Progress now={now} />}
      {shelf.value.length > 0 && <Shelf />}
    </section>
  );
}

/** The progress of the training, and its curves. */
function Progress({ now }: { readonly now: Training }) {
  const { experiment, status, step, steps: total, losses, errors, failure, note, moved, trained } = now;
  const { metric } = kitOf(experiment.task);
  const newest = errors.at(-1);
  return (
    <>
      {failure && <Failed failure={failure} />}
      {note && <p class="notice">{note}</p>}
      {moved && (
        <p class="notice" id="moved">
          {moved}
        </p>
      )}
      <progress max={total} value={step} aria-label="Progress of the training" />
      <p class="quiet" id="train-status" data-status={status} data-step={step}>
        {said(now)}
      </p>
      <p class="heard" role="status">
        {newest && `Step ${newest.step}: ${metric.name} ${newest.value.toFixed(3)}.`}
      </p>
      <div class="curves">
        <Curve name="Loss" points={losses} steps={total} digits={2} of={experiment} />
        <Curve name={`${metric.title} in validation`} points={errors} steps={total} digits={3} of={experiment} />
      </div>
      {status === "stopped" && trained && (
        <div class="share">
          <button type="button" onClick={() => putOnChip("stopped.safetensors", trained.network, experiment)}>
            Put it on the chip now
          </button>
          <button type="button" onClick={() => saveFile("state.safetensors", trained.state)}>
            Save training state
          </button>
        </div>
      )}
    </>
  );
}

function said({ status, step, steps: total, stage, secondsLeft, losses }: Training): string {
  const at = `Step ${step} of ${total}, ${stage}`;
  const loss = losses.length > 0 ? `, loss ${losses[losses.length - 1].value.toFixed(3)}` : "";
  switch (status) {
    case "loading":
      return "Loading data …";
    case "learning": {
      const left = secondsLeft === null ? "" : `; ${timeName(secondsLeft)} left`;
      return `${at}${loss}${left}.`;
    }
    case "stopping":
      return "Finishing the current step …";
    case "stopped":
      return `${at}${loss}. Stopped. Resume gives the same network as an uninterrupted training on the same backend.`;
    case "finished":
      return `Trained ${total} steps${loss}.`;
    case "failed":
      return `${at}. The training failed.`;
  }
}

/** Trained networks, to put on the chip and compare. */
function Shelf() {
  return (
    <table class="shelf">
      <caption class="quiet">Networks trained here</caption>
      <thead>
        <tr>
          <th scope="col">Network</th>
          <th scope="col">Steps</th>
          <th scope="col">Validation error</th>
          <th scope="col">Use</th>
        </tr>
      </thead>
      <tbody>
        {shelf.value.map((kept) => (
          <ShelfRow key={kept.name} kept={kept} />
        ))}
      </tbody>
    </table>
  );
}

function ShelfRow({ kept: { name, experiment, step, error, bytes } }: { readonly kept: Kept }) {
  return (
    <tr>
      <th scope="row">
        {experiment.name}, seed {experiment.seed}
      </th>
      <td>{step}</td>
      <td>{error?.toFixed(4) ?? "–"}</td>
      <td class="share">
        <button
          type="button"
          aria-label={`Put it on the chip: ${name}`}
          onClick={() => {
            putOnChip(name, bytes, experiment);
            scrollTo({ top: 0 });
          }}
        >
          Put it on the chip
        </button>
        <button type="button" aria-label={`Save: ${name}`} onClick={() => saveFile("network.safetensors", bytes)}>
          Save
        </button>
      </td>
    </tr>
  );
}
