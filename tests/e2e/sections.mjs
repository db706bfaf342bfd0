// Top bar, deep dive, API reference and tour.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { hook, inEveryLook, launch, play, staticUrl, withDemo, workerUrl } from "./_browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const current = (page) => page.locator(".anchors [aria-current]");

for (const width of [390, 1280]) {
  test(`the anchor of the section in view is marked and in sight at ${width} px`, async () => {
    const options = { viewport: { width, height: 800 }, reducedMotion: "reduce" };
    await withDemo(
      browser,
      staticUrl,
      async (page) => {
        assert.equal(await current(page).getAttribute("href"), "#overview");
        const anchors = await page.locator(".anchors a").evaluateAll((links) => links.map((link) => link.hash));
        for (const hash of ["#overview", "#demo", "#deep-dive", "#api"]) assert.ok(anchors.includes(hash), hash);
        for (const hash of ["#deep-dive", "#demo", "#api"]) {
          await page.locator(`.anchors a[href="${hash}"]`).click();
          await page.waitForSelector(`.anchors a[href="${hash}"][aria-current="location"]`);
          assert.equal(await current(page).count(), 1);
          const { left, right, top } = await current(page).evaluate((link) => link.getBoundingClientRect().toJSON());
          assert.ok(left >= 0 && right <= width && top >= 0, `${hash} lies at ${left} to ${right}, ${top}`);
          const heading = await page.locator(`${hash} h2`).first().boundingBox();
          const bar = await page.locator(".top-bar").boundingBox();
          assert.ok(heading.y >= bar.y + bar.height, `${hash}: the bar covers the heading`);
        }
      },
      options,
    );
  });
}

test("the deep dive draws the loop that fits and claims no adapter", async () => {
  for (const [width, shown, hidden] of [[390, "standing", "lying"], [1280, "lying", "standing"]]) {
    await withDemo(
      browser,
      staticUrl,
      async (page) => {
        assert.ok(await page.locator(`.loop.${shown}`).isVisible());
        assert.ok(!(await page.locator(`.loop.${hidden}`).isVisible()));
        assert.equal(await hook(page, "pay").locator("tbody tr").count(), 6);
        assert.equal(await hook(page, "phases").locator("tbody tr").count(), 3);
        const stack = await hook(page, "stack").locator("tbody tr").allInnerTexts();
        for (const line of stack.filter((line) => /LoRA|TRL|FSDP/.test(line))) assert.match(line, /no run yet/);
      },
      { viewport: { width, height: 800 } },
    );
  }
});

const card = (page, path) => page.locator(`#api [data-path="${path}"]`);

/** Opens a card, presses its button, and gives the outcome and the answer. */
async function tryIt(page, path, body) {
  await card(page, path).locator("summary").click();
  if (body !== undefined) await card(page, path).locator("textarea").fill(body);
  await card(page, path).locator("button").click();
  await page.waitForFunction(
    (name) => /^\d{3} /.test(document.querySelector(`[data-path="${name}"] output`).textContent),
    path,
  );
  const outcome = await card(page, path).locator("output").innerText();
  return { outcome, answer: await card(page, path).locator("pre").innerText() };
}

inEveryLook("endpoints are tried in a namespace of the tab's own", async () => {
  await withDemo(browser, workerUrl, async (page) => {
    await page.waitForSelector('[data-testid="api-note"][data-status="online"]');
    const name = (text) => text.match(/page-[0-9a-f]{16}/)?.[0];
    const space = name(await hook(page, "api-note").innerText());
    assert.ok(space);
    const sent = [];
    page.on("request", (request) => sent.push(request.headers()["x-omniguard-session"]));

    const reset = await tryIt(page, "reset");
    assert.match(reset.outcome, /^200 .*\d ms, .*B$/);
    assert.ok(JSON.parse(reset.answer));
    const step = await tryIt(page, "step");
    assert.match(step.outcome, /^200 /);
    assert.match((await tryIt(page, "info")).answer, /"REVOKE_STDIO"/);
    assert.match((await tryIt(page, "api/decide")).outcome, /^200 /);
    assert.ok(sent.filter((header) => header === space).length >= 4);

    await page.reload();
    await page.waitForSelector('[data-testid="api-note"][data-status="online"]');
    assert.equal(name(await hook(page, "api-note").innerText()), space);
  });
});

test("the cards are the paths that the API describes", async () => {
  const described = await (await fetch(`${workerUrl}/openapi.json`)).json();
  await withDemo(browser, workerUrl, async (page) => {
    const cards = await page
      .locator("#api [data-path]")
      .evaluateAll((cards) => cards.map((card) => [card.dataset.path, card.querySelector(".method").textContent]));
    const listed = Object.fromEntries(cards.map(([path, method]) => [`/${path}`, method.toLowerCase()]));
    for (const [path, methods] of Object.entries(described.paths)) assert.ok(listed[path] in methods, path);
  });
});

inEveryLook("without a backend the API says how to start one, and nothing can be pressed", async () => {
  await withDemo(browser, staticUrl, async (page) => {
    await page.waitForSelector('[data-testid="api-note"][data-status="offline"]');
    assert.match(await hook(page, "api-note").innerText(), /cargo xtask serve/);
    await card(page, "healthz").locator("summary").click();
    assert.ok(await card(page, "healthz").locator("button").isDisabled());
    assert.equal(await page.getByText("API docs").getAttribute("href"), "#api");
  });
});

inEveryLook("the tour is led by the keyboard, gives the focus back and leaves the demo playable", async () => {
  await withDemo(browser, staticUrl, async (page) => {
    const tour = hook(page, "tour");
    assert.ok(!(await tour.isVisible()), "it comes by itself to a test");
    await hook(page, "tour-start").focus();
    await page.keyboard.press("Enter");
    await tour.waitFor();
    assert.ok(await tour.evaluate((card) => card === document.activeElement));
    const title = () => tour.locator("h2").innerText();
    const first = await title();
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await title(), first);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await title(), first);
    assert.equal(await page.locator("[data-tour]").count(), 1);
    await page.keyboard.press("Escape");
    assert.ok(!(await tour.isVisible()));
    assert.equal(await page.locator("[data-tour]").count(), 0);
    assert.ok(await hook(page, "tour-start").evaluate((button) => button === document.activeElement));
  });
  await withDemo(browser, `${staticUrl}/?tour=1`, async (page) => {
    await hook(page, "tour").waitFor();
    await play(page, 2);
    await page.keyboard.press("Escape");
    assert.ok(!(await hook(page, "tour").isVisible()));
  });
});

inEveryLook("the theme is the system's until it is switched, and the choice is kept", async () => {
  await withDemo(browser, staticUrl, async (page) => {
    const light = await page.evaluate(() => matchMedia("(prefers-color-scheme: light)").matches);
    const [systems, other] = light ? ["light", "dark"] : ["dark", "light"];
    const shown = () =>
      page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.documentElement).colorScheme]);
    assert.deepEqual(await shown(), [systems, systems]);
    assert.match(await hook(page, "theme-switch").getAttribute("aria-label"), new RegExp(other));
    await hook(page, "theme-switch").click();
    assert.deepEqual(await shown(), [other, other]);
    await page.reload();
    await page.waitForSelector("body[data-ready]");
    assert.deepEqual(await shown(), [other, other]);
  });
});

test("a page that may keep nothing works all the same", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.addInitScript(() => {
    const refuse = { get: () => { throw new DOMException("refused", "SecurityError"); } };
    Object.defineProperty(window, "localStorage", refuse);
    Object.defineProperty(window, "sessionStorage", refuse);
  });
  await page.goto(`${staticUrl}/?tour=1`);
  await page.waitForSelector('#demo[data-load="ready"]', { timeout: 60_000 });
  await hook(page, "tour").getByText("Skip").click();
  await hook(page, "theme-switch").click();
  await play(page, 2);
  assert.deepEqual(errors, []);
  await context.close();
});

const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml" };

test("the page works below another path", async () => {
  const dist = fileURLToPath(new URL("../../dist", import.meta.url));
  const prefix = "/some/where/";
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const file = join(dist, normalize(path.slice(prefix.length) || "index.html"));
    if (!path.startsWith(prefix) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": KINDS[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await withDemo(browser, `http://127.0.0.1:${server.address().port}${prefix}?seed=7`, async (page) => {
      await play(page, 3);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
