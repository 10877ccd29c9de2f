/**
 * The only script of a sweep's page: dragging over a drawing lists the points in that region. The page forbids all other scripts,
 * and allows this one by its hash. It reads the text of points from the drawing and writes only text.
 */
import { html, type Markup } from "../report/markup.ts";

/** Plain JavaScript for a browser. */
export const BRUSH_PROGRAM = `"use strict";
const list = document.getElementById("selected");
const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
function show(circles) {
  const points = circles.map((circle) => {
    const [point, ...lines] = circle.querySelector("title").textContent.split("\\n");
    return { number: Number(point.split(" ")[1]), lines, front: circle.closest("a") !== null };
  });
  points.sort((a, b) => a.number - b.number);
  const cut = (line) => line.split(": ");
  list.hidden = false;
  list.querySelector("h2").textContent = points.length + (points.length === 1 ? " point" : " points") + " in the region";
  const names = points.length > 0 ? points[0].lines.map((line) => (cut(line).length > 1 ? cut(line)[0] : "Values")) : [];
  list.querySelector("thead tr").replaceChildren(...["Point", ...names].map((name) => element("th", name)));
  list.querySelector("tbody").replaceChildren(...points.map(({ number, lines, front }) => {
    const row = document.createElement("tr");
    const head = element("th", front ? "" : String(number));
    if (front) head.append(Object.assign(element("a", String(number)), { href: "#point-" + number }));
    row.append(head, ...lines.map((line) => element("td", cut(line).slice(-1)[0])));
    return row;
  }));
}
for (const svg of document.querySelectorAll("figure svg")) {
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("pointerdown", (start) => {
    if (start.button !== 0 || start.pointerType === "touch") return;
    const box = element("div", "");
    box.className = "brush";
    let moved = false;
    const regionOf = (event) => [
      Math.min(start.clientX, event.clientX), Math.min(start.clientY, event.clientY),
      Math.max(start.clientX, event.clientX), Math.max(start.clientY, event.clientY),
    ];
    const move = (event) => {
      const [left, top, right, bottom] = regionOf(event);
      moved ||= right - left > 4 || bottom - top > 4;
      if (!moved) return;
      document.body.append(box);
      Object.assign(box.style, { left: left + "px", top: top + "px", width: right - left + "px", height: bottom - top + "px" });
    };
    const end = (event) => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      box.remove();
      if (!moved || event.type === "pointercancel") return;
      const [left, top, right, bottom] = regionOf(event);
      // A region that ends on a point is no click on it.
      const stop = (click) => click.preventDefault();
      svg.addEventListener("click", stop, { once: true, capture: true });
      setTimeout(() => svg.removeEventListener("click", stop, { capture: true }), 0);
      show([...svg.querySelectorAll("circle")].filter((circle) => {
        const at = circle.getBoundingClientRect();
        const [x, y] = [(at.left + at.right) / 2, (at.top + at.bottom) / 2];
        return circle.querySelector("title") && x >= left && x <= right && y >= top && y <= bottom;
      }));
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  });
}
`;

/** SHA-256 of the script, as written in a content security policy. */
export const BRUSH_HASH = "sha256-2Z6Bya6wY9HXc6Q2r9UFaZfnzgvv91+lkOnG+WSn3Ho=";

/** Hidden until a region is drawn. */
export const brushTable: Markup = html`<section id="selected" aria-live="polite" hidden><h2></h2><div class="scroll"><table><thead><tr></tr></thead><tbody></tbody></table></div></section>`;

export const brushScript: Markup = { markup: `<script>${BRUSH_PROGRAM}</script>` };

export const BRUSH_STYLE =
  "figure svg { cursor: crosshair; user-select: none; } .brush { position: fixed; border: 1px solid var(--link); background: color-mix(in srgb, var(--link) 15%, transparent); pointer-events: none; }";
