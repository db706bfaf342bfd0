// The demo, played as a visitor would, against the native run of the same seed.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cli, hook, inEveryLook, launch, play, standing, staticUrl, withDemo, workerUrl } from "./_browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** The command line's run: one line per frame, and the summary. */
function native(seed, steps, ...more) {
  const args = ["play", "--seed", String(seed), "--steps", String(steps), ...more];
  const lines = execFileSync(cli, args, { encoding: "utf8" }).trim().split("\n").map((line) => JSON.parse(line));
  return { frames: lines.slice(0, -1), summary: lines.at(-1) };
}

test("a seeded run equals the native one, on the page and after a reload of its link", async () => {
  const expected = native(7, 40);
  await withDemo(browser, `${workerUrl}/?seed=7`, async (page) => {
    await play(page, 40);
    const first = await standing(page);
    assert.equal(first.hash, expected.summary.trajectory_hash);
    assert.ok(Math.abs(first.trained - expected.summary.trained.total_reward) < 1e-4);
    assert.ok(Math.abs(first.baseline - expected.summary.baseline.total_reward) < 1e-4);

    const last = expected.frames.at(-1);
    assert.match(await hook(page, "kpi-step").innerText(), /^40$/m);
    assert.match(await hook(page, "verdict-trained-action").innerText(), new RegExp(last.trained.action));
    assert.match(await hook(page, "truth-vector").innerText(), new RegExp(last.vector.replaceAll("_", "[ _]"), "i"));
    assert.match(await hook(page, "kpi-trained").innerText(), rounded(expected.summary.trained.total_reward));
    assert.match(await hook(page, "kpi-baseline").innerText(), rounded(expected.summary.baseline.total_reward));
    assert.match(await hook(page, "panel-trained-breaches").innerText(), new RegExp(`\\b${expected.summary.trained.breaches}\\b`));

    await page.goto(page.url());
    await page.waitForSelector('#demo[data-load="ready"]');
    await play(page, 40);
    assert.deepEqual(await standing(page), first);
  });
});

/** A reward as the page writes it, with either minus sign. */
function rounded(value) {
  return new RegExp(`${value < 0 ? "[-−]" : "\\+?"}${Math.abs(value).toFixed(2).replace(".", "\\.")}`);
}

test("the browser's wasm gives the golden trajectories", async () => {
  const lines = readFileSync(new URL("../golden/play.jsonl", import.meta.url), "utf8").trim().split("\n");
  assert.ok(lines.length >= 3);
  for (const line of lines) {
    const golden = JSON.parse(line);
    const query = new URLSearchParams({ seed: golden.seed, baseline: golden.baseline_agent });
    if (golden.pinned_phase) query.set("phase", golden.pinned_phase);
    await withDemo(browser, `${workerUrl}/?${query}`, async (page) => {
      await play(page, golden.steps);
      const { hash } = await standing(page);
      assert.equal(hash, golden.trajectory_hash, line);
    });
  }
});

test("the truth is hidden until both have answered", async () => {
  await withDemo(browser, `${workerUrl}/?seed=3`, async (page) => {
    const known = () => hook(page, "truth-row").getAttribute("data-known");
    assert.equal(await known(), "false");
    await play(page, 1);
    assert.equal(await known(), "true");
  });
});

inEveryLook("a pasted tool call gets a verdict with a reason from both agents", async () => {
  const call = {
    jsonrpc: "2.0",
    id: 12,
    method: "tools/call",
    params: {
      name: "run_command",
      arguments: { command: "python3 -c 'import pty,os; os.dup2(3,0); pty.spawn(\"/bin/sh\")'" },
    },
  };
  await withDemo(browser, `${workerUrl}/?seed=3`, async (page) => {
    await hook(page, "custom-text").fill(JSON.stringify(call));
    await hook(page, "custom-channel").selectOption("tool_call");
    await hook(page, "custom-submit").click();
    for (const side of ["trained", "baseline"]) {
      await page.waitForFunction(
        (name) => /[A-Z_]{5,}/.test(document.querySelector(`[data-testid="${name}"]`)?.textContent ?? ""),
        `custom-${side}-action`,
      );
      const reason = await hook(page, `custom-${side}-rationale`).innerText();
      assert.ok(reason.trim().length > 10, reason);
    }
    assert.equal(await hook(page, "demo").getAttribute("data-steps"), "0");
  });
});

inEveryLook("controls: auto-run plays and pauses, reset starts over, a bad seed is explained", async () => {
  await withDemo(browser, `${workerUrl}/?seed=5&phase=CHAIN&baseline=rules`, async (page) => {
    assert.equal((await standing(page)).phase, "chained_exploitation");
    await hook(page, "auto").click();
    await page.waitForFunction(() => Number(document.querySelector('[data-testid="demo"]').dataset.steps) >= 2);
    await hook(page, "auto").click();
    const paused = (await standing(page)).steps;
    await hook(page, "reset").click();
    await page.waitForSelector('[data-testid="demo"][data-steps="0"]');
    assert.ok(paused >= 2);

    await hook(page, "seed").fill("not a number");
    await hook(page, "seed-apply").click();
    assert.match(await hook(page, "problem").innerText(), /seed/i);
    await hook(page, "seed").fill("11");
    await hook(page, "seed-apply").click();
    await page.waitForSelector('[data-testid="demo"][data-seed="11"]');
    assert.equal(new URL(page.url()).searchParams.get("seed"), "11");
  });
});

inEveryLook("the keyboard alone plays a frame", async () => {
  await withDemo(browser, `${workerUrl}/?seed=5`, async (page) => {
    await hook(page, "next").focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector('[data-testid="demo"][data-steps="1"]');
  });
});

test("with a backend the pill says online, without one it says offline and episodes still run", async () => {
  await withDemo(browser, workerUrl, async (page) => {
    await page.waitForSelector('[data-testid="status-pill"][data-status="online"]');
  });
  await withDemo(browser, workerUrl, async (page) => {
    await page.waitForSelector('[data-testid="status-pill"][data-status="online"]');
    // The backend goes away: the next poll finds out, and the page plays on.
    await page.route("**/healthz", (route) => route.abort());
    await page.waitForSelector('[data-testid="status-pill"][data-status="offline"]', { timeout: 40_000 });
    await play(page, 3);
  });
  await withDemo(browser, `${staticUrl}/?seed=7`, async (page) => {
    await page.waitForSelector('[data-testid="status-pill"][data-status="offline"]');
    assert.match(await hook(page, "status-pill").innerText(), /offline/i);
    await play(page, 20);
    assert.equal((await standing(page)).hash, native(7, 20).summary.trajectory_hash);
  });
});

for (const width of [390, 1280, 1920]) {
  test(`nothing is cut off at ${width} px`, async () => {
    await withDemo(
      browser,
      `${workerUrl}/?seed=7`,
      async (page) => {
        await play(page, 3);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(overflow <= 0, `${overflow} px of sideways scrolling`);
      },
      { viewport: { width, height: 900 } },
    );
  });
}
