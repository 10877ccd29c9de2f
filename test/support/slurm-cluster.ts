/** A one-node Slurm cluster on loopback: this machine, with its own key, ports and folders. Its tests are skipped without Slurm. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./programs.ts";

/** Programs of Slurm and munge that are not installed. */
export const missingSlurm = (): string[] =>
  ["slurmctld", "slurmd", "sbatch", "munged"].filter((name) => spawnSync(name, ["--help"]).error !== undefined);

/** Only root can start jobs as another user. */
export const isRoot = (): boolean => process.getuid?.() === 0;

export interface SlurmCluster {
  /** Environment of commands that use the cluster. */
  readonly environment: Readonly<Record<string, string>>;
  /** Output of a Slurm command. Throws Error if it fails. */
  ask(program: string, ...argv: string[]): string;
  stop(): Promise<void>;
}

/** Starts a cluster with its files in `folder`, which needs a short path because it holds a socket. */
export async function startSlurm(folder: string): Promise<SlurmCluster> {
  const own = (name: string) => join(folder, name);
  for (const name of ["state", "spool"]) mkdirSync(own(name));
  writeFileSync(own("munge.key"), randomBytes(1024), { mode: 0o400 });
  const host = hostname().split(".")[0];
  const { username } = userInfo();
  writeFileSync(
    own("slurm.conf"),
    `ClusterName=loopback
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmdPort=${await freePort()}
SlurmUser=${username}
SlurmdUser=${username}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${own("munge.sock")}
StateSaveLocation=${own("state")}
SlurmdSpoolDir=${own("spool")}
SlurmctldPidFile=${own("slurmctld.pid")}
SlurmdPidFile=${own("slurmd.pid")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
NodeName=node NodeHostname=${host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=node Default=YES MaxTime=INFINITE State=UP
`,
  );
  const environment = { SLURM_CONF: own("slurm.conf") };
  const processes: ChildProcess[] = [];
  let said = "";
  const start = (program: string, ...argv: string[]) => {
    const child = spawn(program, argv, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const output of [child.stdout, child.stderr]) {
      output.on("data", (data: Buffer) => {
        said = `${said}${data}`.slice(-10_000);
      });
    }
    processes.push(child);
  };
  const tryAsk = (program: string, argv: readonly string[]) =>
    spawnSync(program, argv, { env: { ...process.env, ...environment }, encoding: "utf8" });
  const stop = async () => {
    tryAsk("scancel", ["--state=RUNNING", `--user=${username}`]);
    // The last one started ends first.
    for (const child of processes.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  };
  const munge = ["key-file", "socket", "pid-file", "seed-file"].map((file, i) => {
    return `--${file}=${own(["munge.key", "munge.sock", "munge.pid", "munge.seed"][i])}`;
  });
  start("munged", "--foreground", "--force", ...munge, `--log-file=${own("munge.log")}`);
  start("slurmctld", "-D", "-f", environment.SLURM_CONF);
  start("slurmd", "-D", "-N", "node", "-f", environment.SLURM_CONF);
  for (let tries = 0; tryAsk("sinfo", ["-h", "-o", "%T"]).stdout.trim() !== "idle"; tries++) {
    if (tries > 300) {
      await stop();
      throw new Error(`The cluster does not come up: ${said}`);
    }
    await sleep(100);
  }
  return {
    environment,
    ask: (program, ...argv) => {
      const { status, stdout, stderr } = tryAsk(program, argv);
      if (status !== 0) throw new Error(`${program}: ${stderr}`);
      return stdout;
    },
    stop,
  };
}
