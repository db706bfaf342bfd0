// How fast the page is on this machine: reported, never asserted, since machines differ.
// Sizes are held to their budgets by `cargo xtask`.
import assert from "node:assert/strict";
import { hook, launch, staticUrl, watch } from "./_browser.mjs";

const AUTO_STEPS = 60;
/** Steps after which memory is looked at: auto-run's own, without its waits. */
const STEPS = { settled: 2_000, last: 10_000 };

const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  // The modules' memories, which no other interface tells.
  await page.addInitScript(() => {
    globalThis.memories = [];
    for (const name of ["instantiate", "instantiateStreaming"]) {
      const instantiate = WebAssembly[name].bind(WebAssembly);
      WebAssembly[name] = async (...sources) => {
        const made = await instantiate(...sources);
        globalThis.memories.push((made.instance ?? made).exports.memory);
        return made;
      };
    }
  });
  const faults = watch(page, new URL(staticUrl).origin);
  await page.goto(`${staticUrl}/?seed=7`);
  await page.waitForSelector("body[data-ready]");
  const interactive = await page.evaluate(() => performance.now());
  await page.waitForSelector('#demo[data-load="ready"]', { timeout: 60_000 });
  const playable = await page.evaluate(() => performance.now());

  // From the click to the frame after the one that shows its outcome.
  const paints = await page.evaluate(async () => {
    const frame = () => new Promise((shown) => requestAnimationFrame(shown));
    const next = document.querySelector('[data-testid="next"]');
    const times = [];
    for (let n = 0; n < 60; n += 1) {
      const clicked = performance.now();
      next.click();
      await frame();
      await frame();
      times.push(performance.now() - clicked);
    }
    return times.sort((a, b) => a - b);
  });

  await hook(page, "speed").fill(await hook(page, "speed").getAttribute("min"));
  await hook(page, "auto").click();
  const rate = await page.evaluate(async (goal) => {
    const demo = document.querySelector('[data-testid="demo"]');
    const from = Number(demo.dataset.steps);
    const begun = performance.now();
    let frames = 0;
    while (Number(demo.dataset.steps) - from < goal && performance.now() - begun < 20_000) {
      await new Promise((shown) => requestAnimationFrame(shown));
      frames += 1;
    }
    const seconds = (performance.now() - begun) / 1_000;
    return { frames: frames / seconds, steps: Number(demo.dataset.steps) - from };
  }, AUTO_STEPS);
  assert.ok(rate.steps > 0, "auto-run stands still");
  await hook(page, "auto").click();

  const inspector = await context.newCDPSession(page);
  const memory = async (goal) => {
    await page.evaluate(async (goal) => {
      const demo = document.querySelector('[data-testid="demo"]');
      const next = document.querySelector('[data-testid="next"]');
      while (Number(demo.dataset.steps) < goal) {
        for (let n = 0; n < 10; n += 1) next.click();
        // The page gets its turn, as between the steps of auto-run.
        await new Promise((shown) => requestAnimationFrame(shown));
      }
    }, goal);
    await inspector.send("HeapProfiler.collectGarbage");
    return page.evaluate(() => ({
      heap: performance.memory.usedJSHeapSize / 1e6,
      wasm: globalThis.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) / 1e6,
      nodes: document.querySelectorAll("*").length,
    }));
  };
  const settled = await memory(STEPS.settled);
  const last = await memory(STEPS.last);
  assert.ok(settled.wasm > 1, "no module's memory was found");
  assert.ok(last.wasm <= settled.wasm * 1.1, `wasm memory grows: ${settled.wasm} to ${last.wasm} MB`);
  assert.ok(last.heap <= settled.heap * 1.5 + 2, `the heap grows: ${settled.heap} to ${last.heap} MB`);
  assert.ok(last.nodes <= settled.nodes * 1.2, `the page grows: ${settled.nodes} to ${last.nodes} elements`);
  assert.deepEqual(faults, [], "the page logged errors or left its origin");

  const shown = (value) => value.toFixed(1);
  console.log(`interactive after ${shown(interactive)} ms, playable after ${shown(playable)} ms`);
  console.log(`Next payload to paint: p50 ${shown(paints[30])} ms, worst ${shown(paints.at(-1))} ms`);
  console.log(`auto-run: ${shown(rate.frames)} frames a second over ${rate.steps} steps`);
  for (const [n, { heap, wasm, nodes }] of [[STEPS.settled, settled], [STEPS.last, last]])
    console.log(`after ${n} steps: heap ${shown(heap)} MB, wasm ${shown(wasm)} MB, ${nodes} elements`);
} finally {
  await browser.close();
}
