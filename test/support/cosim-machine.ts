/** A small machine behind a socket, compiled when a test of the file first needs it, and the connections of a driver to it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type CosimBus, connectCosim } from "../../src/node/cosim-bus.ts";
import { type Cosim, startCosim } from "../../src/node/rtl-cosim.ts";
import { type FolderPrompts, folderPrompts } from "../../src/node/rtl-prompts.ts";
import { type Identity, identify } from "../../src/rtl/host/accelerator.ts";
import { machineBundle } from "../../src/rtl/kit/bundle.ts";
import { madeInTests, tinyMachine } from "./tiny-machine.ts";

/** A driver's connection, and the prompts of the machine's folder. */
export interface Driver extends FolderPrompts {
  readonly bus: CosimBus;
  readonly identity: Identity;
}

interface CosimMachine {
  readonly folder: string;
  served(): Promise<Cosim>;
  /** A connection for the time of `use`. */
  connected(use: (driver: Driver) => Promise<void>): Promise<void>;
}

/** With vectors of this many prompts, ten vectors and three answers each. */
export function hostCosimMachine(prompts: number): CosimMachine {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-cosim-"));
  let cosim: Cosim | null = null;
  const served = async () => {
    cosim ??= await startCosim(folder);
    return cosim;
  };
  beforeAll(() => {
    const { design, vectors } = tinyMachine({ steps: 2, model: { width: 8, heads: 2, depth: 1 } }, prompts);
    for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests)))
      writeFileSync(join(folder, name), text);
  });
  afterAll(async () => {
    await cosim?.close();
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    served,
    async connected(use) {
      const bus = await connectCosim((await served()).port);
      try {
        const identity = await identify(bus);
        await use({ bus: bus.within(20_000), identity, ...(await folderPrompts(folder, identity)) });
      } finally {
        bus.close();
      }
    },
  };
}
