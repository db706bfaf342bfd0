// How fast the page is on this machine: reported, never asserted, since machines differ.
// Sizes are held to their budgets by `cargo xtask`.
import assert from "node:assert/strict";
import { hook, launch, staticUrl, watch } from "./_browser.mjs";

const AUTO_STEPS = 300;

const browser = await launch();
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
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

  const heap = () => page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
  const before = await heap();
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
  assert.deepEqual(faults, [], "the page logged errors or left its origin");

  const shown = (value) => value.toFixed(1);
  console.log(`interactive after ${shown(interactive)} ms, playable after ${shown(playable)} ms`);
  console.log(`Next payload to paint: p50 ${shown(paints[30])} ms, worst ${shown(paints.at(-1))} ms`);
  console.log(`auto-run: ${shown(rate.frames)} frames a second over ${rate.steps} steps`);
  console.log(`heap: ${shown(before)} MB before auto-run, ${shown(await heap())} MB after`);
} finally {
  await browser.close();
}
