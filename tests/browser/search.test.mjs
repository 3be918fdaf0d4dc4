// Finding a word: as one types, and without script.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { accessible, shape } from "./judge.mjs";
import { browser, demo, signIn, visitor } from "./world.mjs";

describe("search", () => {
  let server, chrome, me, home;

  before(async () => {
    server = await demo();
    chrome = await browser();
    me = await visitor(chrome, server.origin);
    home = await signIn(me.page, server);
  });

  test("hits appear as one types, marked, and the words stay out of addresses", async () => {
    const { page, context, complaints } = me;
    const addresses = [];
    context.on("request", (r) => addresses.push(r.url()));
    await page.goto(`${home}/search`);
    const field = page.getByRole("searchbox");
    assert.ok(await field.evaluate((e) => e === document.activeElement), "one can type at once");
    await field.pressSequentially("penic");
    await page.locator("#hits mark").first().waitFor();
    assert.match(await page.locator("#hits").textContent(), /records? found/);
    assert.match(await page.locator("#hits mark").first().textContent(), /penic/i);
    const path = new URL(page.url());
    assert.equal(path.pathname + path.search, `${home}/search`);
    assert.deepEqual(addresses.filter((a) => /penic/i.test(a)), []);
    const findings = [...(await shape(page)), ...(await accessible(page))];
    await page.locator("#hits .rows a").first().click();
    await page.waitForURL((url) => !url.pathname.endsWith("/search"));
    assert.deepEqual([...findings, ...complaints], []);
  });

  test("accents and misspelt endings do not matter", async () => {
    const { page } = me;
    for (const [typed, expected] of [["pénicillin", /penicillin/i], ["penicilin", /penicillin/i], ["HEMOGLOBIN", /hemoglobin/i]]) {
      await page.goto(`${home}/search`);
      await page.getByRole("searchbox").pressSequentially(typed);
      await page.locator("#hits .rows a").first().waitFor();
      assert.match(await page.locator("#hits").textContent(), expected, typed);
    }
  });

  test("nothing found says what to do, and words are never markup", async () => {
    const { page, complaints } = me;
    await page.goto(`${home}/search`);
    await page.getByRole("searchbox").pressSequentially("<img src=x onerror=alert(1)> \"zzz*");
    await page.getByText("Nothing found").waitFor();
    assert.equal(await page.locator("#hits img").count(), 0);
    assert.deepEqual(complaints, []);
  });

  test("without script: the button, the same hits, no word in the address", async () => {
    const { page, complaints } = await visitor(chrome, server.origin, { javaScriptEnabled: false, storageState: await me.context.storageState() });
    await page.goto(`${home}/search`);
    await page.getByRole("searchbox").fill("penicillin");
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(/kept=/);
    assert.ok(!/penic/i.test(page.url()), page.url());
    assert.ok((await page.locator("#hits mark").count()) > 0);
    assert.equal(await page.getByRole("searchbox").inputValue(), "penicillin");
    await page.getByRole("searchbox").fill("");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("Type two letters or more.").waitFor();
    assert.deepEqual(complaints, []);
  });
});
