// Runs a WASI program under node: `node wasi.mjs program.wasm [arguments…]`.
// Criterion's benches measure the wasm build of core with it.
import { readFile } from "node:fs/promises";
import { argv, cwd, env, exit } from "node:process";
import { WASI } from "node:wasi";

const [program, ...rest] = argv.slice(2);
if (!program) {
  console.error("usage: node wasi.mjs program.wasm [arguments…]");
  exit(2);
}
// Criterion writes its results below CRITERION_HOME.
const preopens = { ".": cwd() };
if (env.CRITERION_HOME) preopens[env.CRITERION_HOME] = env.CRITERION_HOME;
const wasi = new WASI({ version: "preview1", args: [program, ...rest], env, preopens });
const { instance } = await WebAssembly.instantiate(await readFile(program), wasi.getImportObject());
exit(wasi.start(instance));
