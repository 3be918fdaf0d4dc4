// An idle lock takes its time: a journey of its own, beside the others.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browser, demo, signIn, visitor } from "./world.mjs";

describe("left alone", () => {
  test("a chart that nobody touches locks itself, and keeps what was typed", { timeout: 110_000 }, async () => {
    const server = await demo("--idle-minutes", "1");
    const { page, context, complaints } = await visitor(await browser(), server.origin);
    const home = await signIn(page, server);
    await page.goto(`${home}/search`);
    await page.getByRole("searchbox").evaluate((field) => { field.value = "penicillin"; });
    // The session ends by the server's clock. A page that only waits for an import does not count as somebody being there.
    const still = () => context.request.get(`${home}?wait`, { maxRedirects: 0 }).then((a) => a.status());
    for (const until = Date.now() + 80_000; (await still()) === 200; ) {
      assert.ok(Date.now() < until, "still open after 80 seconds");
      await new Promise((r) => setTimeout(r, 1000));
    }
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL("**/sign-in**");
    await page.getByText("You were away for 60 seconds, so the chart is locked.").waitFor();
    await page.getByText("What you typed is kept.").waitFor();
    await page.getByLabel("Your name").fill(server.name);
    await page.getByLabel("Passphrase", { exact: true }).fill(server.passphrase);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Go on where I was" }).click();
    await page.waitForURL(/search\?kept=/);
    assert.ok((await page.locator("#hits mark").count()) > 0);
    assert.deepEqual(complaints, []);
  });
});
