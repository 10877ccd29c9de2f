import { useRef } from "preact/hooks";
import { curvesShown } from "../state/curves-shown.ts";

/** Takes measured curves of a device from CSV files, and says what was read. */
export function Curves() {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      {" · "}
      <button type="button" class="link" onClick={() => picker.current!.click()}>
        Your curves (CSV)
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        accept=".csv,.tsv,.txt"
        aria-label="Measured curves to open"
        onChange={async ({ currentTarget }) => {
          await (await import("../state/curves.ts")).openCurves([...currentTarget.files!]);
          currentTarget.value = "";
        }}
      />
      <p class="quiet" role="status" id="curves">
        {curvesShown.value}
      </p>
    </>
  );
}
