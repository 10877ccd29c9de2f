import { useState } from "preact/hooks";
import { chip, experiment, fail, isProgramming, rtlOfChip } from "../state/studio.ts";
import "./rtl.css";

interface Shown {
  readonly of: object;
  readonly files: Readonly<Record<string, string>>;
}

/** The generated SystemVerilog of the chip's attention, file by file. */
export function RtlPanel() {
  const [shown, setShown] = useState<Shown | null>(null);
  const [chosen, setChosen] = useState("");
  const [said, setSaid] = useState("");
  const generate = () => {
    const of = experiment.peek()!;
    setSaid("Generating …");
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
  const sources = Object.keys(shown?.files ?? {}).filter((name) => name.endsWith(".sv"));
  const name = sources.includes(chosen) ? chosen : sources[0];
  const text = name === undefined ? "" : shown!.files[name];
  return (
    <section class="rtl" aria-labelledby="rtl">
      <h3 id="rtl">Its RTL</h3>
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
    </section>
  );
}
