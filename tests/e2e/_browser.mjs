// Chromium for the page's tests: one browser a file, a fresh context a test, and a record of what
// a page must not do (console errors, requests to other origins).
import { chromium } from "playwright-core";
import { test } from "node:test";
import assert from "node:assert/strict";

/** The address of a running Worker, with the page. */
export const workerUrl = required("OMNIGUARD_URL");
/** The address of a plain static server: the page with no backend. */
export const staticUrl = required("OMNIGUARD_STATIC_URL");
/** The native command line. */
export const cli = required("OMNIGUARD_CLI");

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; \`cargo xtask ci e2e\` sets it`);
  return value;
}

export function launch() {
  return chromium.launch({
    executablePath: required("CHROME_PATH"),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** How pages are looked at by the test in hand. */
let look = {};

/** A test, once for each theme and width; `body` is told how many of them came before. */
export function inEveryLook(name, body) {
  let n = 0;
  for (const colorScheme of ["dark", "light"]) {
    for (const width of [390, 1280, 1920]) {
      const before = n++;
      test(`${name}, ${colorScheme}, ${width} px`, async () => {
        look = { colorScheme, viewport: { width, height: 900 } };
        await body(before).finally(() => (look = {}));
      });
    }
  }
}

/** A visitor of their own, who looks as the test in hand does. */
export const newContext = (browser, options = {}) => browser.newContext({ ...look, ...options });

/** Opens `url`, waits until the demo can be played, and hands the page and its record to `body`. */
export async function withDemo(browser, url, body, options = {}) {
  const context = await newContext(browser, options);
  try {
    const page = await context.newPage();
    const faults = watch(page, new URL(url).origin);
    await page.goto(url);
    await page.waitForSelector("body[data-ready]");
    await page.waitForSelector('#demo[data-load="ready"]', { timeout: 60_000 });
    // An embedded demo has no room for the sections below it.
    if (await page.locator("#details").count()) await page.waitForSelector("#details[data-ready]");
    await body(page);
    assert.deepEqual(faults, [], "the page logged errors or left its origin");
  } finally {
    await context.close();
  }
}

/** What a page does that it must not: errors on the console, requests to other origins. */
export function watch(page, origin) {
  const faults = [];
  page.on("console", (message) => {
    // Without a backend the status poll answers 404, which Chromium logs by itself.
    const poll = message.location().url?.endsWith("/healthz");
    if (message.type() === "error" && !poll) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== origin) faults.push(request.url());
  });
  return faults;
}

export const hook = (page, name) => page.locator(`[data-testid="${name}"]`);

/** Chooses a radio button by the keyboard: a click could land elsewhere while the page scrolls. */
export async function choose(page, name) {
  await hook(page, name).focus();
  await page.keyboard.press("Space");
  assert.ok(await hook(page, name).isChecked(), `${name} is not chosen`);
}

/** Presses *Next payload* until `n` frames are played. */
export async function play(page, n) {
  for (let step = 1; step <= n; step += 1) {
    await hook(page, "next").click();
    await page.waitForSelector(`[data-testid="demo"][data-steps="${step}"]`);
  }
}

/** What the page says of its run. */
export async function standing(page) {
  const demo = hook(page, "demo");
  const number = async (name) => Number(await demo.getAttribute(name));
  return {
    hash: await demo.getAttribute("data-episode-hash"),
    seed: await number("data-seed"),
    steps: await number("data-steps"),
    phase: await demo.getAttribute("data-phase"),
    trained: await number("data-total-reward-trained"),
    baseline: await number("data-total-reward-baseline"),
  };
}
