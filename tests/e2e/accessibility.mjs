// The page for everybody: axe-core over both themes and three widths, the keyboard alone, reduced
// motion. Without a backend, which is the page with the most to say.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hook, launch, play, standing, staticUrl, withDemo } from "./_browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** What axe-core finds, one line per rule and element. */
async function violations(page) {
  // Evaluated, not added as a script: the page's content security policy stays on.
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
    RULES,
  );
  assert.ok(passes.length > 15, `only ${passes.length} rules had something to look at`);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target}: ${failureSummary}`),
  );
}

for (const colorScheme of ["dark", "light"]) {
  for (const width of [390, 1280, 1920]) {
    test(`no violation of WCAG 2.2 AA, ${colorScheme}, ${width} px`, async () => {
      const options = { colorScheme, viewport: { width, height: 900 }, reducedMotion: "reduce" };
      await withDemo(
        browser,
        `${staticUrl}/?seed=7`,
        async (page) => {
          await play(page, 3);
          // Sections that fill when they come near.
          for (const id of ["results", "calibration"]) {
            await page.locator(`#${id}`).scrollIntoViewIfNeeded();
            await page.waitForSelector(`#${id}[data-load="ready"]`, { timeout: 60_000 });
          }
          assert.deepEqual(await violations(page), []);
        },
        options,
      );
    });
  }
}

/** Presses Tab until the element with this hook has the focus. */
async function tabTo(page, name) {
  for (let n = 0; n < 60; n += 1) {
    await page.keyboard.press("Tab");
    if (await hook(page, name).evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

test("the keyboard alone plays an episode from a fresh page", async () => {
  await withDemo(browser, `${staticUrl}/?seed=7`, async (page) => {
    const episode = async () => Number(await hook(page, "demo").getAttribute("data-episode"));
    await tabTo(page, "next");
    const first = await episode();
    let step = 0;
    while ((await episode()) === first && step < 40) {
      await page.keyboard.press(step % 2 ? "Enter" : "Space");
      step += 1;
      await page.waitForSelector(`[data-testid="demo"][data-steps="${step}"]`);
    }
    assert.ok((await episode()) > first, `still the first episode after ${step} frames`);
    assert.ok((await standing(page)).trained !== 0);
  });
});

test("reduced motion: nothing is animated and anchors jump", async () => {
  const moving = (page) =>
    page.evaluate(() => ({
      animated: [...document.querySelectorAll("*")].filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== "none" || /[1-9]/.test(transitionDuration);
      }).length,
      scrolling: getComputedStyle(document.documentElement).scrollBehavior,
    }));
  for (const [reducedMotion, scrolling] of [["reduce", "auto"], ["no-preference", "smooth"]]) {
    await withDemo(
      browser,
      `${staticUrl}/?seed=7`,
      async (page) => {
        await play(page, 2);
        const found = await moving(page);
        assert.equal(found.scrolling, scrolling);
        if (reducedMotion === "reduce") assert.equal(found.animated, 0);
      },
      { reducedMotion },
    );
  }
});

test("headings are in order, ids are unique and every anchor leads somewhere", async () => {
  await withDemo(browser, staticUrl, async (page) => {
    const found = await page.evaluate(() => ({
      levels: [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")]
        .filter((heading) => heading.checkVisibility())
        .map((heading) => Number(heading.tagName[1])),
      ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
      anchors: [...document.querySelectorAll('a[href^="#"]')].map((link) => link.hash.slice(1)),
    }));
    assert.equal(found.levels.filter((level) => level === 1).length, 1);
    found.levels.reduce((last, level) => {
      assert.ok(level <= last + 1, `h${level} after h${last}`);
      return level;
    }, 0);
    assert.equal(new Set(found.ids).size, found.ids.length, "an id stands twice");
    assert.deepEqual(found.anchors.filter((id) => !found.ids.includes(id)), []);
  });
});
