/** The queue server; its tests are skipped without one. */
import { spawnSync } from "node:child_process";

/** The installed program: Valkey's or Redis's. */
export const queueServer = (): string | undefined =>
  ["valkey-server", "redis-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
