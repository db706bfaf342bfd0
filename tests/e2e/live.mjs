// Live mode, end to end: hosted models (a scripted upstream on loopback) answer through a Worker of
// the test's own, which keeps score.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hook, inEveryLook, launch, newContext, play, staticUrl, watch, withDemo, workerUrl } from "./_browser.mjs";
import { says, startUpstream } from "./_upstream.mjs";
import { startWorker } from "./_worker.mjs";

/** No prefix by which a reader of errors could know it for a secret. */
const TOKEN = "opaque~deployment~key~7731";
const BASE = "Qwen/Qwen2.5-3B-Instruct";
const TRAINED = "omniguard-adapter";
const SIDES = ["trained", "baseline"];

let browser, upstream, worker;
before(async () => {
  browser = await launch();
  upstream = await startUpstream();
  worker = await startWorker(
    { HF_TOKEN: TOKEN },
    { HF_BASE_URL: upstream.url, HF_TRAINED_URL: upstream.url, HF_TRAINED_MODEL: TRAINED, INFER_PER_MINUTE: 600, INFER_BURST: 60 },
  );
});
after(async () => {
  await browser?.close();
  await worker?.stop();
  upstream?.stop();
});

/** A page with live mode on; `seen` is what the Worker answered. */
async function withLive(url, body, options = {}) {
  const context = await newContext(browser, options);
  try {
    const page = await context.newPage();
    // What the script makes fail is logged by the browser itself; all else is a fault.
    const faults = watch(page, new URL(url).origin);
    const seen = { texts: [], steps: [], statusAt: [] };
    page.on("response", async (response) => {
      const path = new URL(response.url()).pathname;
      if (path === "/api/infer/status") seen.statusAt.push(Date.now());
      const text = await response.text().catch(() => "");
      if (/^\/(api|reset|step)/.test(path)) {
        seen.texts.push(text, JSON.stringify(await response.allHeaders().catch(() => ({}))));
      }
    });
    await page.route("**/step", async (route) => {
      const response = await route.fetch();
      if (response.ok()) seen.steps.push((await response.json()).results);
      await route.fulfill({ response });
    });
    await page.goto(url);
    await page.waitForSelector('#demo[data-load="ready"]', { timeout: 60_000 });
    await hook(page, "live").click();
    await page.waitForSelector('[data-testid="live-bar"][data-mode="on"]');
    await body(page, seen);
    assert.deepEqual(faults.filter((fault) => !/status of (429|503)/.test(fault)), []);
  } finally {
    await context.close();
  }
}

const badge = (page, side, text) =>
  page.waitForFunction(
    ([name, text]) => document.querySelector(`[data-testid="${name}"]`)?.textContent === text,
    [`verdict-${side}-action`, text],
  );
const steps = (page, n) => page.waitForSelector(`[data-testid="demo"][data-steps="${n}"]`);

inEveryLook("a live episode: queued, answered, failed, asked again, unparsed, answered on the device", async (before) => {
  upstream.scripts = {
    [TRAINED]: [{ ...says("BLOCK"), delay: 1_500 }, { status: 500 }, { ...says("SPOTLIGHT"), delay: 200 }],
    [BASE]: [{ ...says("SPOTLIGHT"), delay: 2_500 }, says("BLOCK"), { words: "Let it pass: ALLOW." }],
  };
  upstream.otherwise = says("REVOKE_STDIO");
  // Each look has frames of its own: an answer to one seen before would come from memory.
  await withLive(`${worker.url}/?seed=${7 + before}&phase=BOOT`, async (page, seen) => {
    assert.match(await hook(page, "live-note").innerText(), new RegExp(`${TRAINED}.*${BASE}`));
    assert.equal(await hook(page, "queue").innerText(), "Queue idle");

    // The frame is shown at once, each answer as it comes, the truth after both.
    await hook(page, "next").click();
    await page.waitForFunction(() => document.querySelector('[data-testid="payload-raw"]').innerText.length > 100);
    await page.waitForFunction(() => /^(Queued|Asking) \d+\.\d s$/.test(document.querySelector('[data-testid="queue"]').textContent));
    await badge(page, "trained", "BLOCK");
    assert.equal(await hook(page, "truth-row").getAttribute("data-known"), "false");
    assert.match(await hook(page, "verdict-baseline-action").innerText(), /QUEUED|ASKING/);
    await steps(page, 1);
    assert.equal(await hook(page, "truth-row").getAttribute("data-known"), "true");
    assert.match(await hook(page, "verdict-trained-rationale").innerText(), /The BLOCK of a script/);
    assert.match(await hook(page, "live-trained-told").innerText(), /LIVE · queued \d+\.\d s, answered in 1\.\d s/);
    assert.match(await hook(page, "live-baseline-told").innerText(), /LIVE · queued \d+\.\d s, answered in 2\.\d s/);
    await hook(page, "live-trained-words").locator("summary").click();
    const facts = await hook(page, "live-trained-words").innerText();
    assert.match(facts, new RegExp(`model: ${TRAINED}`));
    assert.match(facts, /queued: \d+ ms\s+asked: 1\d+ ms, calls: 1\s+from memory: no\s+repairs: none\s+\{"action_type":"BLOCK"/);
    assert.match(await hook(page, "queue").innerText(), /^Queue idle, last \d+\.\d s$/);

    // A failure: told with a next step, nothing scored, asked again.
    await hook(page, "next").click();
    await badge(page, "trained", "FAILED");
    await badge(page, "baseline", "BLOCK");
    assert.match(await hook(page, "verdict-trained-rationale").innerText(), /host gave no answer.*500.*Ask again/);
    await hook(page, "next").click();
    assert.equal(await hook(page, "demo").getAttribute("data-steps"), "1", "the frame waits for the visitor");
    assert.equal(await hook(page, "verdict-baseline-reward").innerText(), "–");
    await hook(page, "live-trained-ask").click();
    await steps(page, 2);
    assert.equal(await hook(page, "verdict-trained-action").innerText(), "SPOTLIGHT");

    // Words without an action: no answer, least of all ALLOW.
    await hook(page, "next").click();
    await badge(page, "baseline", "UNPARSED");
    assert.match(await hook(page, "verdict-baseline-rationale").innerText(), /no object/);
    await hook(page, "live-baseline-words").locator("summary").click();
    assert.match(await hook(page, "live-baseline-words").innerText(), /Let it pass: ALLOW\./);
    await hook(page, "live-baseline-fallback").click();
    await steps(page, 3);
    const marks = async (side) => {
      const lines = await hook(page, `panel-${side}-log`).locator(".log-live").allInnerTexts();
      return lines.map((text) => text.trim());
    };
    assert.deepEqual(await marks("trained"), ["LIVE", "LIVE", "LIVE"]);
    assert.deepEqual(await marks("baseline"), ["LIVE", "LIVE", "ON DEVICE"]);

    // Auto-run goes on by itself, over the end of an episode if there is one.
    await hook(page, "speed").fill("0.2");
    await hook(page, "auto").click();
    await page.waitForFunction(() => Number(document.querySelector('[data-testid="demo"]').dataset.steps) >= 8);
    await hook(page, "auto").click();
    await page.waitForTimeout(1_500);
    const n = Number(await hook(page, "demo").getAttribute("data-steps"));

    // What is shown is what the edge answered.
    assert.equal(seen.steps.length, n);
    const last = seen.steps.at(-1);
    for (const [id, side] of SIDES.entries()) {
      const totals = seen.steps.map((results) => results.find((one) => one.env_id === id)?.reward.total ?? 0);
      const sum = totals.reduce((a, b) => a + b, 0);
      const shown = Number(await hook(page, "demo").getAttribute(`data-total-reward-${side}`));
      assert.ok(Math.abs(shown - sum) < 1e-4, `${side}: ${shown} is shown, ${sum} was answered`);
      const result = last.find((one) => one.env_id === id);
      if (result) {
        assert.equal(await hook(page, `verdict-${side}-outcome`).innerText(), result.reward.verdict.replaceAll("_", " "));
      }
    }
    const vector = await hook(page, "truth-vector").innerText();
    assert.equal(vector, last[0].info.truth.vector.replaceAll("_", " "));

    // The status is polled, no oftener than every two seconds.
    assert.ok(seen.statusAt.length >= 3);
    const gaps = seen.statusAt.slice(2).map((at, idx) => at - seen.statusAt[idx + 1]);
    assert.ok(Math.min(...gaps) >= 1_900, gaps.join(" "));

    // The token came as far as the upstream, and no further.
    assert.deepEqual([...upstream.authorization], [`Bearer ${TOKEN}`]);
    assert.ok(seen.texts.length > 10 && !seen.texts.join("").includes(TOKEN));
    assert.ok(!(await page.content()).includes(TOKEN));
  });
});

inEveryLook("a refused question counts down, a failure pauses auto-run, and switching off aborts", async (before) => {
  upstream.scripts = {};
  upstream.otherwise = { ...says("BLOCK"), delay: 6_000 };
  await withLive(`${worker.url}/?seed=${100 + before}`, async (page, seen) => {
    const problem = { type: "queue_full", title: "t", status: 429, detail: "20 wait" };
    await page.route("**/api/infer", (route) =>
      route.request().postDataJSON().model === "trained"
        ? route.fulfill({
            status: 429,
            headers: { "content-type": "application/problem+json", "retry-after": "3" },
            body: JSON.stringify(problem),
          })
        : route.continue(),
    );
    await hook(page, "auto").click();
    await badge(page, "trained", "FAILED");
    assert.equal(await hook(page, "auto").getAttribute("aria-pressed"), "false");
    assert.match(await hook(page, "verdict-trained-rationale").innerText(), /Too many visitors/);
    const ask = hook(page, "live-trained-ask");
    assert.match(await ask.innerText(), /^Ask again in [123] s$/);
    assert.ok(await ask.isDisabled());
    await page.waitForSelector('[data-testid="live-trained-ask"]:not([disabled])');
    await page.unroute("**/api/infer");
    await ask.click();
    await badge(page, "trained", "ASKING");

    const failed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/infer"));
    await hook(page, "live").click();
    assert.match((await failed).failure().errorText, /ABORTED/);
    assert.equal(await hook(page, "live").getAttribute("aria-checked"), "false");
    await play(page, 2);
    assert.equal(await hook(page, "demo").getAttribute("data-live"), "false");
    assert.equal(seen.steps.length, 0, "nothing was scored at the edge");
    const queue = async () => (await (await fetch(`${worker.url}/api/infer/status`)).json()).queue;
    for (let n = 0; n < 40 && (await queue()).in_flight > 0; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal((await queue()).in_flight, 0, "the places are free");
  });
});

test("without hosted models the demo says what to set, and asks none", async () => {
  for (const [url, mode, words] of [
    [workerUrl, "choosing", /HF_TRAINED_URL.*HF_TOKEN.*play on/],
    [staticUrl, "unreachable", /No backend.*play on/],
  ]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const asked = [];
    page.on("request", (request) => request.method() === "POST" && asked.push(request.url()));
    await page.goto(`${url}/?seed=7`);
    await page.waitForSelector('#demo[data-load="ready"]', { timeout: 60_000 });
    await hook(page, "live").click();
    await page.waitForSelector(`[data-testid="live-bar"][data-mode="${mode}"]`);
    assert.match(await hook(page, "live-note").innerText(), words);
    assert.equal(await hook(page, "live-help").getAttribute("href"), "guides/deploy.md");
    assert.ok(await hook(page, "live-help").isVisible() && !(await hook(page, "live-start").isVisible()));
    await play(page, 2);
    assert.deepEqual(asked, []);
    await context.close();
  }
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const colorScheme of ["dark", "light"]) {
  test(`no violation of WCAG 2.2 AA in live mode, ${colorScheme}`, async () => {
    upstream.scripts = { [BASE]: [says("BLOCK"), { words: "I cannot help with that." }], [TRAINED]: [says("BLOCK"), { status: 401 }] };
    const options = { colorScheme, reducedMotion: "reduce", viewport: { width: colorScheme === "dark" ? 1280 : 390, height: 900 } };
    await withLive(
      `${worker.url}/?seed=${colorScheme === "dark" ? 21 : 22}&phase=BOOT`,
      async (page) => {
        await hook(page, "next").click();
        await steps(page, 1);
        await hook(page, "next").click();
        await badge(page, "baseline", "UNPARSED");
        await badge(page, "trained", "FAILED");
        await hook(page, "live-baseline-words").locator("summary").click();
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() =>
          globalThis.axe.run(document, { runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] } }),
        );
        assert.deepEqual(violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${target}`)), []);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(overflow <= 0, `${overflow} px of sideways scrolling`);
      },
      options,
    );
  });
}
