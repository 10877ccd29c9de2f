import { useRef, useState } from "preact/hooks";
import { experimentText, loadNetwork, saveFile } from "../state/files.ts";
import { addressNow } from "../state/link.ts";
import { openFiles } from "../state/open-files.ts";
import { chip, experiment, isProgramming, prompt, reached, rtlOfChip } from "../state/studio.ts";
import { tarOf } from "../state/tar.ts";
import { type Failure, failureOf } from "../workers/calls.ts";
import { Failed } from "./Notice.tsx";
import { WalkButton } from "./WalkButton.tsx";

/** Characters beyond which programs for mail and chat may cut a link; browsers take a million. */
const LONG = 8000;
const TOO_LONG = (length: number) =>
  `It has ${length} characters, which some programs cut. Save the experiment instead where it does not open.`;

/** Loaded when figures are first saved, since it brings the whole page of a report. */
const saved = () => import("../state/saved-figures.ts");

/** A link to the current view, files to save, and files to open. Nothing leaves this machine. */
export function Share({ onTrain }: { readonly onTrain: () => void }) {
  const picker = useRef<HTMLInputElement>(null);
  const [said, say] = useState("");
  const [generating, setGenerating] = useState(false);
  const now = experiment.value;
  const [failure, setFailure] = useState<Failure | null>(null);
  const copy = async () => {
    const address = await addressNow();
    history.replaceState(history.state, "", address);
    const long = address.length > LONG ? ` ${TOO_LONG(address.length)}` : "";
    await navigator.clipboard.writeText(address).then(
      () => say(`The link is copied.${long}`),
      () => say(`The link is in the address bar.${long}`),
    );
  };
  const saveNetwork = async () => {
    const bytes = new Uint8Array(await loadNetwork(now!));
    saveFile("network.safetensors", bytes);
  };
  const saveRtl = async () => {
    say("Generating …");
    setGenerating(true);
    try {
      const { files, notes } = await rtlOfChip();
      saveFile("rtl.tar", tarOf(files));
      say(notes.join(" "));
    } finally {
      setGenerating(false);
    }
  };
  const attempt = async (act: () => unknown) => {
    setFailure(null);
    try {
      await act();
    } catch (error) {
      say("");
      setFailure(failureOf(error));
    }
  };
  const files: readonly (readonly [label: string, act: () => unknown, isReady: boolean])[] = [
    ["Copy link", copy, now !== null],
    ["Save experiment", () => saveFile("experiment.json", experimentText(now!)), now !== null],
    ["Save figures", async () => saveFile("report.json", (await saved()).figuresJson()), reached.value !== null],
    ["Save report page", async () => saveFile("report.html", (await saved()).figuresPage()), reached.value !== null],
    ["Save network", saveNetwork, chip.value !== null],
    ["Save RTL", saveRtl, !isProgramming.value && !generating],
    ["Open files", () => picker.current!.click(), true],
  ];
  return (
    <div class="share">
      <WalkButton />
      <button type="button" onClick={onTrain} disabled={!prompt.value}>
        Train a network
      </button>
      <div class="files">
        {files.map(([label, act, isReady]) => (
          <button type="button" class="link" key={label} onClick={() => attempt(act)} disabled={!isReady}>
            {label}
          </button>
        ))}
      </div>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        accept=".json,.html,.safetensors,.csv,.tsv,image/*"
        aria-label="Files to open"
        onChange={async ({ currentTarget }) => {
          await openFiles([...currentTarget.files!]);
          currentTarget.value = "";
        }}
      />
      <span class="quiet" role="status">
        {said}
      </span>
      {failure && <Failed failure={failure} />}
    </div>
  );
}
