// Episode replay: kept, stepped through, exported, imported, shared; and the demo alone in a frame.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { hook, inEveryLook, launch, play, standing, staticUrl, withDemo, workerUrl } from "./_browser.mjs";

const RUN = "seed=7&phase=chain&baseline=untrained";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const stage = (page) => hook(page, "replay-stage");
const frame = async (page) => Number(await stage(page).getAttribute("data-frame"));
const episodes = (page) => hook(page, "replay-episode");

/** Plays until `n` episodes are kept. */
async function playEpisodes(page, n) {
  while ((await episodes(page).count()) < n) await hook(page, "next").click();
}

/** The file that *Export* gives, as text. */
async function exported(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), hook(page, "replay-export").click()]);
  assert.match(download.suggestedFilename(), /^omniguard-seed\d+-\w+-\w+-episode\d+\.json$/);
  return readFileSync(await download.path(), "utf8");
}

const importFile = (page, text, name = "replay.json") =>
  hook(page, "replay-import").setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });

const number = async (page, name) =>
  Number((await hook(page, name).innerText()).replace("−", "-").match(/[-+]?\d+(\.\d+)?/)[0]);

inEveryLook("finished episodes are kept, and each frame of one can be seen again", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}`, async (page) => {
    assert.equal(await episodes(page).count(), 0);
    const raws = [];
    while ((await episodes(page).count()) < 1) {
      await hook(page, "next").click();
      raws.push(await hook(page, "payload-raw").innerText());
    }
    const run = await standing(page);
    assert.equal(run.steps, raws.length);
    await episodes(page).first().click();
    assert.equal(await episodes(page).first().getAttribute("aria-pressed"), "true");
    for (const [idx, raw] of raws.entries()) {
      assert.equal(await frame(page), idx + 1);
      assert.equal(await hook(page, "replay-raw").innerText(), raw);
      assert.equal(await hook(page, "replay-truth-row").getAttribute("data-known"), "true");
      assert.match(await hook(page, "replay-trained-action").innerText(), /^[A-Z_]+$/);
      if (idx + 1 < raws.length) await hook(page, "replay-next").click();
    }
    assert.ok(Math.abs((await number(page, "replay-total-trained")) - run.trained) < 0.006);
    assert.ok(Math.abs((await number(page, "replay-total-baseline")) - run.baseline) < 0.006);
    assert.ok(Math.abs((await number(page, "replay-total-gap")) - (run.trained - run.baseline)) < 0.011);
  });
});

inEveryLook("buttons, slider, strip and arrow keys move, and stop at both ends", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}`, async (page) => {
    await playEpisodes(page, 1);
    await episodes(page).first().click();
    const slider = hook(page, "replay-slider");
    const n = Number(await slider.getAttribute("max"));
    assert.ok(n > 3);
    assert.equal(await hook(page, "replay-previous").getAttribute("aria-disabled"), "true");
    await hook(page, "replay-previous").click({ force: true });
    assert.equal(await frame(page), 1);
    await hook(page, "replay-next").click();
    assert.equal(await frame(page), 2);
    assert.equal(await slider.getAttribute("aria-valuetext"), `Frame 2 of ${n}`);

    await slider.focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await frame(page), 3);
    await page.keyboard.press("End");
    assert.equal(await frame(page), n);
    assert.equal(await hook(page, "replay-place").innerText(), `Frame ${n} of ${n}`);

    await hook(page, "replay-next").focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await frame(page), n);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await frame(page), n - 1);

    await page.locator(".replay-strip > span").nth(1).click();
    assert.equal(await frame(page), 2);
    assert.equal(await slider.inputValue(), "2");
  });
});

inEveryLook("a breached baseline sits out for the rest of its episode", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}`, async (page) => {
    await playEpisodes(page, 1);
    await episodes(page).first().click();
    const breach = Number((await episodes(page).first().innerText()).match(/breach at (\d+)/)[1]);
    await hook(page, "replay-slider").fill(String(breach));
    assert.match(await hook(page, "replay-baseline-outcome").innerText(), /breach/);
    await hook(page, "replay-next").click();
    assert.equal(await hook(page, "replay-baseline-action").innerText(), "SITS OUT");
    assert.match(await hook(page, "replay-baseline-rationale").innerText(), /let an attack through/);
  });
});

inEveryLook("an export comes back as the same episode", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}`, async (page) => {
    await playEpisodes(page, 2);
    await episodes(page).first().click();
    const text = await exported(page);
    const file = JSON.parse(text);
    assert.equal(file.format, "omniguard-replay");
    assert.equal(file.version, 1);
    assert.equal(file.episode, 2);
    assert.ok(file.frames.length > 0);

    await importFile(page, text);
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="replay-episode"]').length === 3);
    assert.match(await episodes(page).first().innerText(), /from a file/);
    assert.equal(await exported(page), text);
  });
});

inEveryLook("a file that is no replay is explained, and the open episode stays", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}`, async (page) => {
    await playEpisodes(page, 1);
    await episodes(page).first().click();
    const text = await exported(page);
    const cases = [
      ["", /no JSON/],
      [text.slice(0, -20), /no JSON/],
      ['{"frames": []}', /no replay/],
      [text.replace('"version": 1', '"version": 9'), /another version/],
      [text.replace('"vector": "', '"vector": "un'), /Frame 1 .*vector/],
      [" ".repeat(3_000_000), /at most/],
    ];
    for (const [content, message] of cases) {
      await importFile(page, content);
      await page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector('[data-testid="replay-problem"]').textContent),
        message.source,
      );
    }
    assert.equal(await episodes(page).count(), 1);
    assert.equal(await exported(page), text);
    await importFile(page, text);
    await page.waitForFunction(() => document.querySelector('[data-testid="replay-problem"]').textContent === "");
  });
});

inEveryLook("a link opens the same episode to the bit, and leaves the run at its start", async () => {
  let text;
  let link;
  const context = { permissions: ["clipboard-read", "clipboard-write"] };
  await withDemo(
    browser,
    `${staticUrl}/?${RUN}`,
    async (page) => {
      await playEpisodes(page, 3);
      await episodes(page).first().click();
      text = await exported(page);
      await hook(page, "replay-link").click();
      await page.waitForFunction(() => /Copied/.test(document.querySelector('[data-testid="replay-link"]').textContent));
      link = await page.evaluate(() => navigator.clipboard.readText());
    },
    context,
  );
  assert.equal(new URL(link).searchParams.get("episode"), "3");
  await withDemo(browser, link, async (page) => {
    await stage(page).waitFor({ timeout: 30_000 });
    assert.equal(await exported(page), text);
    assert.equal((await standing(page)).steps, 0);
    // The episode stays in the address until the run becomes another.
    assert.equal(new URL(page.url()).searchParams.get("episode"), "3");
    await hook(page, "reset").click();
    assert.equal(new URL(page.url()).searchParams.get("episode"), null);
  });
});

inEveryLook("a far episode shows progress and can be stopped; a wrong number is explained", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}&episode=2000`, async (page) => {
    const progress = hook(page, "replay-progress");
    await progress.waitFor();
    await page.waitForFunction(() =>
      /episode ([2-9]|\d\d+) of 2000/.test(document.querySelector('[data-testid="replay-progress"]').textContent),
    );
    // The page is no less alive for it.
    await play(page, 2);
    await hook(page, "replay-stop").click();
    await progress.waitFor({ state: "hidden" });
    assert.equal(await stage(page).count(), 0);
  });
  await withDemo(browser, `${staticUrl}/?${RUN}&episode=many`, async (page) => {
    assert.match(await hook(page, "problem").innerText(), /episode “many”/);
  });
});

test("the shelf is bounded", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}`, async (page) => {
    await page.evaluate(() => {
      for (let i = 0; i < 16 * 30; i += 1) document.querySelector('[data-testid="next"]').click();
    });
    await page.waitForFunction(() => Number(document.querySelector('[data-testid="demo"]').dataset.steps) >= 480);
    assert.equal(await episodes(page).count(), 24);
  });
});

inEveryLook("the demo alone: nothing of the page around it, and a way to the whole page", async () => {
  await withDemo(browser, `${staticUrl}/?${RUN}&embed=demo`, async (page) => {
    assert.equal(await page.locator("header.top-bar, .hero, footer").count(), 0);
    const link = new URL(await hook(page, "whole-page").evaluate((link) => link.href));
    assert.equal(link.searchParams.get("embed"), null);
    assert.equal(link.searchParams.get("seed"), "7");
    await play(page, 3);
    assert.equal(new URL(page.url()).searchParams.get("embed"), "demo");
  });
});

test("the demo plays inside a frame of another page, where the server allows it", async () => {
  for (const url of new Set([workerUrl, staticUrl])) {
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 } });
    const page = await context.newPage();
    const source = `${url}/?${RUN}&embed=demo`;
    const body = `<iframe width="1000" height="800" src="${source.replaceAll("&", "&amp;")}"></iframe>`;
    // Another origin, by its port.
    const outer = createServer((_, response) => response.setHeader("content-type", "text/html").end(body));
    outer.unref();
    await new Promise((listening) => outer.listen(0, "127.0.0.1", listening));
    await page.goto(`http://127.0.0.1:${outer.address().port}/`);
    const policy = (await context.request.get(source)).headers()["content-security-policy"] ?? "";
    const framed = page.frameLocator("iframe");
    if (policy.includes("frame-ancestors 'none'")) {
      // A plain server cannot tell this address from others: the page stays closed.
      assert.notEqual(url, workerUrl);
      await page.waitForTimeout(1_000);
      assert.equal(await framed.locator("#demo").count(), 0);
    } else {
      await framed.locator('#demo[data-load="ready"]').waitFor({ timeout: 60_000 });
      await framed.locator('[data-testid="next"]').click();
      await framed.locator('[data-testid="demo"][data-steps="1"]').waitFor();
    }
    await context.close();
    outer.close();
  }
});
