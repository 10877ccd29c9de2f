/** The server of a queue, whose tests are skipped without one. */
import { spawnSync } from "node:child_process";

/** The program that is installed: Valkey's, or Redis'. */
export const queueServer = (): string | undefined =>
  ["valkey-server", "redis-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
