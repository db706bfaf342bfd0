// A Worker of the test's own, with more variables than the shared one: started by the command in
// OMNIGUARD_SERVER (one word a line), which listens on a port and keeps a state of its own.
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; \`cargo xtask ci e2e\` sets it`);
  return value;
}

/** Starts it with these secrets and variables; `stop()` ends every process of it. */
export async function startWorker(secrets, variables) {
  const url = required("OMNIGUARD_SERVER_URL");
  const folder = mkdtempSync(join(tmpdir(), "omniguard-e2e-"));
  const file = join(folder, "secrets");
  writeFileSync(file, Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`).join(""));
  const [program, ...words] = required("OMNIGUARD_SERVER").split("\n");
  const named = Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const log = openSync(process.env.OMNIGUARD_SERVER_LOG ?? "/dev/null", "a");
  // A group of its own, which ends as one.
  const child = spawn(program, [...words, "--env-file", file, ...named], {
    cwd: new URL("../..", import.meta.url),
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  const end = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  process.once("exit", end);
  const started = Date.now();
  while (!(await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false))) {
    if (child.exitCode !== null) throw new Error("the Worker ended at once; its log says why");
    if (Date.now() - started > 120_000) throw new Error("the Worker did not answer within 2 minutes");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    end();
    await gone;
    process.removeListener("exit", end);
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, stop };
}
