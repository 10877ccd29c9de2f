/**
 * User-defined devices: an ES module whose default export is a `DeviceModel`.
 *
 * Importing is asynchronous, but devices are looked up in the middle of a synchronous computation. `loadDevice` therefore loads
 * a module first, and later look-ups find it; like every ES module it stays for the life of its thread. Other threads load it
 * themselves, from the addresses passed when a job is opened. The model's results are checked at every call, because a wrong
 * length or a NaN would otherwise show up much later as a wrong error rate.
 */
import { FileError, SpecError, ValueError } from "../errors.ts";
import type { DeviceSpec } from "../experiment/device.ts";
import type { DeviceModel } from "./device.ts";

export type ModuleSpec = Extract<DeviceSpec, { kind: "module" }>;

/** Where a thread finds a module, and its name in the spec. */
export interface DeviceAddress {
  readonly spec: ModuleSpec;
  readonly url: string;
}

interface Loaded {
  readonly url: string;
  readonly model: DeviceModel;
}

/** What cost asks about a device. */
export interface DeviceFacts {
  /** Largest conductance, microsiemens. */
  readonly maxConductance: number;
  /** Devices in parallel that hold it. */
  readonly devices: number;
}

const loaded = new Map<string, Loaded>();

/** Keyed by content hash where known, because one relative path may lead to two files. */
const keyOf = ({ path, sha256 }: ModuleSpec): string => sha256 ?? path;

/**
 * Imports a module and returns the spec of its device: the value of `hardware.crossbar.device`. It carries the facts that cost
 * asks for, so that a price needs no module. The module runs with the same rights as the rest of the program.
 *
 * @param address an absolute URL, such as `new URL("my-device.mjs", import.meta.url)`
 * @param written what the spec records; by default its path is the URL
 * Throws  SpecError for a relative address, and for facts that are not the module's; FileError when the module cannot be
 *         imported, or exports no device
 */
export async function loadDevice(
  address: string | URL,
  written: Partial<Omit<ModuleSpec, "kind">> = {},
): Promise<ModuleSpec> {
  const url = String(address);
  const spec: ModuleSpec = { kind: "module", path: url, ...written };
  if (!URL.canParse(url)) {
    throw new SpecError(
      "hardware.crossbar.device.path",
      `${url} is not an absolute URL. Give new URL("${url}", import.meta.url), so that other threads can find the module too.`,
    );
  }
  if (!loaded.has(keyOf(spec))) {
    const exported = await importDefault(url, spec.path);
    loaded.set(keyOf(spec), { url, model: checkedDevice(exported, url, spec.path) });
  }
  const facts = factsOf(loadedDevice(spec));
  for (const fact of FACTS) {
    if ((written[fact] ?? facts[fact]) === facts[fact]) continue;
    throw new SpecError(
      `hardware.crossbar.device.${fact}`,
      `${fact} of the device module ${spec.path} is ${facts[fact]}, but the experiment states ${written[fact]}. Leave it out, or ` +
        "change the module.",
    );
  }
  return { ...spec, ...facts };
}

const FACTS = ["maxConductance", "devices"] as const;

const factsOf = ({ maxConductance, devices = 1 }: DeviceModel): DeviceFacts => ({ maxConductance, devices });

/** What cost asks about a module: what its spec carries, or the loaded module says. Throws SpecError if neither is there. */
export function moduleFacts(spec: ModuleSpec): DeviceFacts {
  const { maxConductance, devices } = spec;
  return maxConductance === undefined || devices === undefined
    ? factsOf(loadedDevice(spec))
    : { maxConductance, devices };
}

/** The device of a loaded module. Throws SpecError if it was not loaded. */
export function loadedDevice(spec: ModuleSpec): DeviceModel {
  const found = loaded.get(keyOf(spec));
  if (found) return found.model;
  throw new SpecError(
    "hardware.crossbar.device.path",
    `The device module ${spec.path} has not been loaded. Commands load it by themselves; in a program, first ` +
      "await loadDevice(url) and use the spec that it returns. The studio runs no modules.",
  );
}

/** What another thread needs to load these devices. Throws SpecError for a module that was not loaded here. */
export function deviceAddresses(devices: readonly DeviceSpec[]): DeviceAddress[] {
  const addresses = new Map<string, DeviceAddress>();
  for (const spec of devices) {
    if (spec.kind !== "module") continue;
    loadedDevice(spec);
    addresses.set(keyOf(spec), { spec, url: loaded.get(keyOf(spec))!.url });
  }
  return [...addresses.values()];
}

/** Loads on this thread the modules that another thread has loaded. Throws as `loadDevice`. */
export async function loadAddresses(addresses: readonly DeviceAddress[]): Promise<void> {
  for (const { spec, url } of addresses) await loadDevice(url, spec);
}

/** Time limit for importing a module, in milliseconds: one that waits for ever would end the program without a message. */
const IMPORT_TIME = 10_000;

async function importDefault(url: string, path: string): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `its import did not finish within ${IMPORT_TIME / 1000} s. Remove the top-level await.`;
    timer = setTimeout(() => reject(new Error(message)), IMPORT_TIME);
  });
  try {
    const { default: exported } = (await Promise.race([import(/* @vite-ignore */ url), late])) as { default?: unknown };
    return exported;
  } catch (cause) {
    throw new FileError(path, `The device module cannot be imported: ${reasonOf(cause, url, path)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The error that the module threw, with its line and column in the module if the error carries them. */
function reasonOf(thrown: unknown, url: string, path: string): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { pathname, hash } = new URL(url);
  // `/device.mjs:5:33`, the part after the host as engines write it; behind a module's content there is its path.
  const [, behind = ""] = (thrown.stack ?? "").split(hash.slice(1) || pathname);
  const place = /^[^:\s]*:(\d+(?::\d+)?)/.exec(behind)?.[1];
  const message = thrown.message.replaceAll(/\bdata:[^\s'"#]*#([^\s'"]*)/g, "$1");
  return place ? `${message} (${path}:${place})` : message;
}

/** The exported value as a device with checked results. Throws FileError when it is not a device. */
function checkedDevice(exported: unknown, url: string, path: string): DeviceModel {
  const model = (typeof exported === "object" && exported !== null ? exported : {}) as DeviceModel;
  const { name, source, maxConductance, devices = 1 } = model;
  const lacking = [
    typeof name !== "string" && "name (text)",
    typeof source !== "string" && "source (text)",
    !(typeof maxConductance === "number" && maxConductance > 0 && maxConductance < Infinity) &&
      "maxConductance (microsiemens, above 0)",
    !(Number.isInteger(devices) && devices > 0) && "devices (a whole number, or none for 1)",
    typeof model.program !== "function" && "program(targets, random)",
    typeof model.read !== "function" && "read(programmed, time, random)",
  ].filter((field) => field !== false);
  if (lacking.length > 0) {
    throw new FileError(
      path,
      `The module's default export is not a device: it lacks ${lacking.join(", ")}. See the example in docs/hardware.md.`,
    );
  }
  /** Attributes an error to the module rather than to this program. */
  const ask = <T>(what: string, call: () => T): T => {
    try {
      return call();
    } catch (cause) {
      throw new ValueError(path, `${what} of the device module threw: ${reasonOf(cause, url, path)}`, { cause });
    }
  };
  return {
    name,
    source,
    maxConductance,
    devices,
    program: (targets, random) => {
      const count = targets.length;
      const programmed = ask("program(...)", () => model.program(targets, random));
      checkConductances(programmed?.conductances, count, path, "program(...).conductances");
      return programmed;
    },
    read: (programmed, time, random, out) => {
      const read = ask("read(...)", () => model.read(programmed, time, random, out));
      checkConductances(read, programmed.conductances.length, path, "read(...)");
      if (!out || read === out) return read;
      out.set(read);
      return out;
    },
  };
}

function checkConductances(values: unknown, count: number, path: string, what: string): void {
  if (!(values instanceof Float64Array) || values.length !== count) {
    const given = values instanceof Float64Array ? `${values.length} long` : "something else";
    throw new ValueError(
      path,
      `${what} of the device module must be a Float64Array of ${count} numbers; it is ${given}.`,
    );
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new ValueError(
    path,
    `${what} of the device module is ${values[wrong]} at device ${wrong}; it must be a number.`,
  );
}
