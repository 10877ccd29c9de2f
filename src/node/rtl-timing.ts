/**
 * Static timing of a library's gates, by OpenSTA: the path with the least slack, of all or of a module alone. Gates have the library's
 * delays, wires its default load, clock and resets are ideal, and macros and memories, which have no library, begin and end no path.
 */
import { PlatformError } from "../errors.ts";
import { idealConstraints } from "../rtl/kit/project-files.ts";
import { runSta } from "./opensta.ts";

/** The path with the least slack. */
export interface WorstPath {
  /** OpenSTA and its version. */
  readonly tool: string;
  /** Hertz. */
  readonly clock: number;
  /** Seconds of slack, below 0 if the clock is too fast. */
  readonly slack: number;
  /** Instances or ports. */
  readonly from: string;
  readonly to: string;
}

/** Wait outside a netlist, of a clock: as `xpike rtl --machine` constrains a whole machine, or none around a module in it. */
export type Outside = "shared" | "none";

/** The group of paths that end at an asynchronous reset. */
const RELEASE = "Path Group: **async_default**";

/**
 * The worst slack of a netlist in structural Verilog, at an ideal clock.
 *
 * @param tool  as named by `findSta`
 * @param clock hertz
 * Throws  PlatformError when OpenSTA refuses a file, finds no path, or does not finish
 */
export async function worstPath(
  tool: string,
  netlist: string,
  liberty: string,
  top: string,
  clock: number,
  outside: Outside = "shared",
): Promise<WorstPath> {
  const script = [
    "read_liberty cells.lib",
    "read_verilog netlist.v",
    `link_design ${top}`,
    "set_cmd_units -time ns",
    "read_sdc constraints.sdc",
    "report_checks -path_delay max -digits 4",
  ];
  const constraints = idealConstraints(clock, outside === "none" ? 0 : undefined);
  const files = { "cells.lib": liberty, "netlist.v": netlist, "constraints.sdc": constraints };
  const { text, errors } = await runSta(tool, script, files);
  // A layout gives resets a tree of their own.
  const path =
    text.split(/^(?=Startpoint: )/m).find((one) => one.startsWith("Startpoint") && !one.includes(RELEASE)) ?? "";
  const [from, to] = ["Startpoint", "Endpoint"].map((end) => new RegExp(`^${end}: (\\S+)`, "m").exec(path)?.[1]);
  const slack = /(-?[\d.]+) +slack/.exec(path)?.[1];
  if (errors.length > 0 || from === undefined || to === undefined || slack === undefined) {
    const said = errors.length > 0 ? errors.join("\n") : "No paths were found.";
    throw new PlatformError("opensta", `${tool} cannot time the gates of ${top} with this library:\n${said}`);
  }
  return { tool, clock, slack: Number(slack) * 1e-9, from, to };
}
