// Results, calibration explorer, action space and resources: their figures are the run files' own.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { choose, hook, inEveryLook, launch, staticUrl, withDemo } from "./_browser.mjs";

const file = (path) => readFileSync(new URL(`../../runs/second-defender/${path}`, import.meta.url), "utf8");
const report = JSON.parse(file("evaluation/report.json"));
const config = JSON.parse(file("config.json"));
const stress = JSON.parse(file("stress.json"));
const records = file("metrics.jsonl").trim().split("\n").map((line) => JSON.parse(line));

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const ready = (page, id) => page.waitForSelector(`#${id}[data-load="ready"]`, { timeout: 60_000 });

/** Opens the page and waits until a section has read what it shows. */
const at = (id, body) =>
  withDemo(
    browser,
    staticUrl,
    async (page) => {
      await page.locator(`#${id}`).scrollIntoViewIfNeeded();
      await ready(page, id);
      await body(page);
    },
    // No smooth scrolling: what is pointed at stays where it is.
    { reducedMotion: "reduce" },
  );

/** A table as rows of texts, by what heads each row. */
const rows = async (table) =>
  Object.fromEntries(
    await table.locator("tr").evaluateAll((all) =>
      all.map((row) => [row.querySelector("th")?.firstChild.textContent ?? "", [...row.cells].map((cell) => cell.innerText)]),
    ),
  );
const of = (phase, name) => phase.agents.find(({ agent }) => agent === name);
const percent = (share) => `${(share * 100).toFixed(1)}%`;

inEveryLook("the table at a glance holds the report's figures, phase by phase", async () => {
  await at("results", async (page) => {
    for (const [idx, phase] of report.phases.entries()) {
      await choose(page, `results-phase-${idx}`);
      const table = await rows(hook(page, "glance"));
      const trained = of(phase, "trained");
      const cell = (name) => table[name][1].split("\n")[0];
      assert.equal(Number(cell("Environment step reward").replace("\u2212", "-")), Number(trained.step_reward.mean.toFixed(3)));
      assert.equal(cell("False positives"), percent(trained.false_positive_rate));
      assert.equal(cell("Breaches"), trained.breaches_per_100_episodes.toFixed(1));
      assert.ok((await hook(page, "results-summary").innerText()).includes(percent(trained.false_positive_rate)));
    }
  });
});

inEveryLook("detection, answers by truth and stress set hold the counts of their files", async () => {
  await at("results", async (page) => {
    await choose(page, "results-phase-1");
    const { detail } = report.phases[1];
    const text = await hook(page, "detection-0").innerText();
    assert.ok(text.includes(percent(detail.right_by_vector.stdio_escape.rate)), text);
    const counts = (await hook(page, "confusion").innerText()).split(/\s+/);
    assert.ok(counts.includes(String(detail.confusion.benign.SEMANTIC_DIFF)));
    const groups = await hook(page, "stress").locator("tbody tr").count();
    assert.ok(groups > 1);
    assert.ok((await page.locator("#results").innerText()).includes(`${stress.microseconds_p50.toFixed(0)} \u00b5s`));
  });
});

inEveryLook("curves read out what was logged, by pointer and by keys", async () => {
  await at("results", async (page) => {
    await hook(page, "smoothing").fill("0");
    const curve = hook(page, "curve-1");
    await curve.focus();
    await page.keyboard.press("End");
    const last = records.at(-1);
    const told = await curve.getAttribute("aria-valuetext");
    assert.ok(told.includes(String(last.step)) || told.includes(last.step.toLocaleString("en-US")), told);
    const shown = await curve.locator(".chart-tip").innerText();
    await page.keyboard.press("ArrowLeft");
    assert.notEqual(await curve.locator(".chart-tip").innerText(), shown);
    await page.keyboard.press("Escape");
    assert.equal(await curve.locator(".chart-tip").count(), 0);
    await curve.hover();
    await curve.locator(".chart-tip").waitFor();
    await choose(page, "results-part-1");
    assert.notEqual(await curve.getAttribute("aria-valuemax"), String(records.length - 1));
  });
});

inEveryLook("every figure names its command and its file, and the files are there", async () => {
  await at("results", async (page) => {
    const links = await page
      .locator("#results a, #resources a")
      .evaluateAll((all) => all.map((link) => link.href).filter((href) => href.startsWith(location.origin)));
    assert.ok(links.length >= 6, links.join(" "));
    for (const link of new Set(links)) assert.equal((await page.request.get(link)).status(), 200, link);
    const text = await page.locator("#results").innerText();
    assert.ok(text.includes(report.command) && text.includes(config.command));
  });
});

inEveryLook("prices move the decisions along the curve, and presets say which they are", async () => {
  await at("calibration", async (page) => {
    const figures = async () =>
      (await hook(page, "calibration-figure").allInnerTexts()).map((text) => Number.parseFloat(text));
    const price = hook(page, "price");
    const [threshold, recall, stopped] = await figures();
    await price.focus();
    await page.keyboard.press("End");
    const dear = await figures();
    assert.ok(dear[0] < threshold && dear[1] >= recall && dear[2] >= stopped, `${dear}`);
    await page.keyboard.press("Home");
    const cheap = await figures();
    assert.ok(cheap[0] > threshold && cheap[1] <= recall && cheap[2] <= stopped, `${cheap}`);
    assert.ok(cheap[1] < dear[1] && cheap[2] < dear[2]);
    for (const name of ["Payments", "Open community", "Environment"]) {
      const preset = page.locator("#calibration").getByRole("button", { name });
      await preset.click();
      assert.equal(await preset.getAttribute("aria-pressed"), "true");
      assert.match(await price.getAttribute("aria-valuetext"), /as much as [\d.]+ false positives/);
    }
    assert.deepEqual(await figures(), [threshold, recall, stopped, (await figures())[3]]);
    const who = Object.keys(await rows(page.locator("#calibration .scroll")));
    for (const name of ["Trained policy", "Untrained network", "Always block"])
      assert.ok(who.some((row) => row.includes(name.split(" ")[0])), `${name} not in ${who}`);
    assert.match(await page.locator("#calibration").innerText(), /Action Calibration Gap/);
  });
});

test("a run that does not come is said, and asked for again", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("**/report.json", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto(staticUrl);
  await page.waitForSelector("#details[data-ready]", { timeout: 60_000 });
  await page.locator("#results").scrollIntoViewIfNeeded();
  await page.waitForSelector('#results[data-load="failed"]');
  await page.unroute("**/report.json");
  await page.locator("#results").getByRole("button", { name: "Try again" }).click();
  await ready(page, "results");
  await context.close();
});

inEveryLook("the action space is the service's own", async () => {
  await at("results", async (page) => {
    const names = await page.locator("#actions h3").allInnerTexts();
    assert.equal(names.length, 6);
    for (const name of names) assert.ok(name in report.phases[0].detail.confusion.benign, name);
  });
});
