/**
 * The paper's numbers beside ours: rows grouped by where they are printed, and each reason for a difference is given once, below.
 * On a phone a row becomes a small block, with its three numbers side by side.
 */
import { formatClaim, formatQuantity } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import { type Claim, comparableClaims, type Report } from "./report.ts";

export function claimsTable(report: Report): Markup {
  const { figures } = report;
  const claims = comparableClaims(report);
  const places = [...new Set(claims.map(({ source }) => source))];
  // A heading for every row would only make the table longer.
  const grouped = places.length < claims.length;
  const reasons = [...new Set(claims.map(({ why }) => why))];
  const row = (claim: Claim): Markup => {
    const figure = figures.find(({ id }) => id === claim.figure);
    const { paper, ours, difference } = formatClaim(claim, figure?.interval);
    const interval = figure && formatQuantity(figure).interval;
    const reason = reasons.indexOf(claim.why) + 1;
    return html`<tr><th scope="row" id="claim-${claim.id}">${claim.claim}${grouped ? undefined : html`<small>${claim.source}</small>`}</th>
${cell("Paper", paper, claim.paper)}
${cell("Ours", ours, claim.ours, interval === undefined ? undefined : html`<small>${interval}</small>`)}
${cell("Difference", difference, claim.difference)}
<td class="why"><a href="#why-${reason}" aria-label="Why: note ${reason}">${reason}</a></td></tr>`;
  };
  const group = (place: string): Markup => html`<tbody>
${grouped ? html`<tr class="group"><th scope="rowgroup" colspan="5">${place}</th></tr>` : undefined}
${claims.filter(({ source }) => source === place).map(row)}
</tbody>`;
  return html`<table class="claims"><thead><tr><th scope="col">Claim</th><th scope="col" class="num">Paper</th>
<th scope="col" class="num">Ours</th><th scope="col" class="num">Difference</th><th scope="col" class="why">Why</th></tr></thead>
${places.map(group)}
</table>
<ol class="whys" aria-label="Why they differ">${reasons.map((why, i) => html`<li id="why-${i + 1}">${why}</li>`)}</ol>`;
}

function cell(name: string, text: string, value: number | string, detail?: Markup): Markup {
  const kind = typeof value === "number" ? "num" : "words";
  return html`<td class="${kind}" data-name="${name}">${text}${detail && html` ${detail}`}</td>`;
}
