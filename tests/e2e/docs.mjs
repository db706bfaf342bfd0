// The API's interactive documentation: every operation is listed, and one can be tried, all of it
// from this origin and without a line of inline script.
import assert from "node:assert/strict";
import { launch, watch, workerUrl } from "./_browser.mjs";

const browser = await launch();
try {
  const described = await (await fetch(`${workerUrl}/openapi.json`)).json();
  const operations = Object.values(described.paths).flatMap((path) => Object.keys(path));

  const page = await (await browser.newContext()).newPage();
  const faults = watch(page, new URL(workerUrl).origin);
  await page.goto(`${workerUrl}/docs`);
  await page.waitForSelector("body[data-ready]");
  await page.waitForSelector(".opblock");
  assert.equal(await page.locator(".opblock").count(), operations.length);

  const health = page.locator("#operations-service-healthy");
  await health.locator(".opblock-summary").click();
  await health.locator("button.execute").click();
  const answer = health.locator(".live-responses-table .response-col_status");
  await answer.first().waitFor();
  assert.match(await health.locator(".live-responses-table").innerText(), /200[\s\S]*healthy/);

  assert.deepEqual(faults, [], "the page logged errors or left its origin");
  console.log(`ok: ${operations.length} operations, one tried`);
} finally {
  await browser.close();
}
