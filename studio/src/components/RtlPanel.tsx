import { useState } from "preact/hooks";
import { tilesDrawn } from "../state/place.ts";
import { chip, experiment, isProgramming, rtlOfChip, shownToken } from "../state/studio.ts";
import { wanted, wavePlace } from "../state/waves.ts";
import { type Failure, failureOf } from "../workers/calls.ts";
import { later } from "./later.tsx";
import { Failed } from "./Notice.tsx";
import "./rtl.css";

// The generator and the cycle model are large.
const WavePanel = later(() => import("./WavePanel.tsx").then((file) => file.WavePanel));
const RegisterMap = later(() => import("./RegisterMap.tsx").then((file) => file.RegisterMap));

interface Shown {
  readonly of: object;
  readonly files: Readonly<Record<string, string>>;
}

/** The generated SystemVerilog of the chip's attention, file by file. */
export function RtlPanel() {
  const [shown, setShown] = useState<Shown | null>(null);
  const [chosen, setChosen] = useState("");
  const [said, setSaid] = useState("");
  const [failure, setFailure] = useState<Failure | null>(null);
  const fail = (error: unknown) => setFailure(failureOf(error));
  const generate = () => {
    const of = experiment.peek()!;
    setSaid("Generating …");
    setFailure(null);
    rtlOfChip().then(
      ({ files }) => {
        setShown({ of, files });
        setSaid("");
      },
      (error) => {
        setSaid("");
        fail(error);
      },
    );
  };
  if (!chip.value) return null;
  const sources = fromTop(shown?.files ?? {});
  const name = sources.includes(chosen) ? chosen : sources[0];
  const text = name === undefined ? "" : shown!.files[name];
  return (
    <section class="rtl" aria-labelledby="rtl">
      <h3 id="rtl">Its RTL</h3>
      {failure && <Failed failure={failure} />}
      {shown?.of === experiment.value ? (
        <>
          <p class="rtl-file">
            <select aria-label="File" value={name} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
              {sources.map((source) => (
                <option key={source} value={source}>
                  {source}
                </option>
              ))}
            </select>
            <button
              type="button"
              onClick={() => navigator.clipboard.writeText(text).then(() => setSaid(`Copied ${name}.`), fail)}
            >
              Copy
            </button>
            <span aria-live="polite">{said || `${text.split("\n").length} lines`}</span>
          </p>
          <textarea class="code" aria-label={`SystemVerilog of ${name}`} readOnly rows={24} wrap="off" value={text} />
        </>
      ) : (
        <p>
          The SystemVerilog of this chip's attention, as <code>xpike rtl</code> writes it.{" "}
          <button type="button" onClick={generate} disabled={isProgramming.value || said !== ""}>
            {said || "Show"}
          </button>
        </p>
      )}
      <Waves />
      <Registers />
    </section>
  );
}

/** The waveform, once it is asked for. */
function Waves() {
  if (wavePlace.value) return <WavePanel />;
  if (!chip.value || !tilesDrawn(chip.value.mapping))
    return <p class="quiet">The cycle model with waveforms is that of stochastic attention.</p>;
  return (
    <p>
      The waveform of this prompt in a head's engine, from the cycle model that the RTL is held to.{" "}
      <button
        type="button"
        onClick={() => {
          wanted.value = { block: 0, head: 0, query: shownToken.value, key: 0 };
        }}
      >
        Show waveform
      </button>
    </p>
  );
}

/** The registers, once they are opened. */
function Registers() {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="registers" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The registers of a whole machine behind AXI</summary>
      {isOpen && <RegisterMap />}
    </details>
  );
}

/** Names the sources of the design, without testbenches. */
const FILE_LIST = "files.f";

/** Sources with the top module first: the first in working order that no other module contains. Testbenches come last. */
function fromTop(files: Shown["files"]): readonly string[] {
  const all = Object.keys(files).filter((name) => name.endsWith(".sv"));
  const design = all.filter((name) => files[FILE_LIST].split("\n").includes(name));
  const contains = (name: string, module: string) => files[name].includes(` ${module} u_`);
  const tops = design.filter((name) => !design.some((other) => contains(other, name.replace(/\.sv$/, ""))));
  return [...new Set([...tops, ...design.toReversed(), ...all])];
}
