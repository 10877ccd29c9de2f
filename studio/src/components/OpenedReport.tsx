import { formatQuantity } from "xpikeformer/report";
import { figures, openedReport, reached } from "../state/studio.ts";

/** An opened report, next to the figures of this page's chips. */
export function OpenedReport() {
  const report = openedReport.value;
  if (!report) return null;
  const shown = report.figures.filter(({ id }) => report.highlights.includes(id) || figures.value.has(id)).slice(0, 8);
  return (
    <section class="opened" aria-labelledby="opened">
      <h2 id="opened">{report.title}</h2>
      <p>{report.summary}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col">Report</th>
            <th scope="col">This page, so far</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((figure) => {
            const here = reached.value && figures.value.get(figure.id);
            return (
              <tr key={figure.id}>
                <th scope="row">{figure.label}</th>
                <td>{written(figure, Boolean(here && !here.interval))}</td>
                <td>{here ? written(here) : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <button
        type="button"
        onClick={() => {
          openedReport.value = null;
        }}
      >
        Close the report
      </button>
    </section>
  );
}

/** `alone` leaves the interval out: the page draws no ranges of prices, which are the same in both columns. */
function written(figure: Parameters<typeof formatQuantity>[0], alone = false): string {
  const { value, unit, interval } = formatQuantity(figure);
  return `${value} ${unit}${interval && !alone ? ` (${interval})` : ""}`;
}
