/**
 * An invented library of five cells, with as much of the liberty format as mapping needs. Areas are round numbers, not from any
 * process.
 */
const inputPin = (name: string) => `pin (${name}) { direction : input; }`;
const outputPin = (name: string, value: string) => `pin (${name}) { direction : output; function : "${value}"; }`;

const gate = (name: string, area: number, inputs: readonly string[], value: string) =>
  `  cell (${name}) { area : ${area}; ${inputs.map(inputPin).join(" ")} ${outputPin("Y", value)} }`;

const FLIP_FLOP = `  cell (DFFR) {
    area : 10;
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; clear : "!RN"; }
    ${["CK", "D", "RN"].map(inputPin).join(" ")} ${outputPin("Q", "IQ")}
  }`;

const GATES = [gate("NAND2", 2, ["A", "B"], "!(A B)"), gate("NOR2", 2, ["A", "B"], "!(A+B)")];
const SMALL = [gate("INV", 1, ["A"], "!A"), gate("BUF", 1.5, ["A"], "A")];

const library = (cells: readonly string[]) => `library (tiny) {\n${cells.join("\n")}\n}\n`;

/** Area of the flip-flop. */
export const FLIP_FLOP_AREA = 10;
export const tinyLiberty = library([...SMALL, ...GATES, FLIP_FLOP]);
export const libertyWithoutFlipFlop = library([...SMALL, ...GATES]);
export const libertyWithoutGates = library([...SMALL, FLIP_FLOP]);
