/** What browsers and readers ask for without a link to it: the site's icon, and the names of README files. */
import { withPolicy } from "./policy.mjs";

/** A page that leads to another of the same folder. */
export const redirectPage = (target) =>
  withPolicy(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>This page has moved</title>
<meta http-equiv="refresh" content="0; url=${target}">
<link rel="canonical" href="${target}">
<link rel="icon" href="data:,">
</head>
<body><main><h1>This page has moved</h1><p><a href="${target}">Read it at its address</a></p></main></body>
</html>
`);

/** Pixels of the icon's side. */
const SIDE = 16;

/** Spikes of three neurons: a row each, from the bottom, with a bit per pixel. */
const SPIKES = [0b0110001100011000, 0b0001100011000110, 0b0110000000110011];

/** The icon as an ICO file with one bitmap, for hosts whose own page for a missing address asks for `/favicon.ico`. */
export function iconFile() {
  const colours = 4 * SIDE * SIDE;
  // Each row of the mask fills 32 bits.
  const bitmap = Buffer.alloc(40 + colours + 4 * SIDE);
  // The height counts the mask too.
  for (const [at, value] of [40, SIDE, 2 * SIDE, 1 | (32 << 16)].entries()) bitmap.writeUInt32LE(value, 4 * at);
  for (let y = 0; y < SIDE; y++) {
    const spikes = y % 5 === 0 ? 0 : SPIKES[Math.floor(y / 5)];
    for (let x = 0; x < SIDE; x++) if ((spikes >> x) & 1) bitmap.writeUInt32LE(0xff3a5fcd, 40 + 4 * (SIDE * y + x));
  }
  const header = Buffer.alloc(22);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(1, 4);
  header.set([SIDE, SIDE], 6);
  header.writeUInt16LE(1, 10);
  header.writeUInt16LE(32, 12);
  header.writeUInt32LE(bitmap.length, 14);
  header.writeUInt32LE(header.length, 18);
  return Buffer.concat([header, bitmap]);
}
