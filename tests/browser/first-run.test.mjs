// The first visit: a one-time address, a household, the recovery key on paper, an empty chart.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { accessible, shape } from "./judge.mjs";
import { browser, OWNER, serve, visitor } from "./world.mjs";

describe("first run", () => {
  let server, me;

  before(async () => {
    server = await serve();
    me = await visitor(await browser(), server.origin);
  });

  test("without the code nobody sets the server up", async () => {
    for (const address of ["/welcome", "/welcome?code=wrong", `${server.welcome}x`]) {
      const answer = await me.context.request.get(address);
      assert.equal(answer.status(), 403, address);
      assert.match(await answer.text(), /one-time code was printed where Keepwell was started/);
    }
    const taken = await me.context.request.post("/welcome", { form: { code: "wrong", name: "Eve", passphrase: "x".repeat(20), person: "Eve", birth_date: "1990-01-01" }, headers: { origin: server.origin } });
    assert.equal(taken.status(), 403);
  });

  test("the household, the key, the empty home", async () => {
    const { page, complaints } = me;
    const findings = [];
    const look = async (name) => findings.push(...[...(await shape(page)), ...(await accessible(page))].map((f) => `${name}: ${f}`));

    await page.goto(server.welcome);
    await look("welcome");
    await page.getByLabel("Your name").fill(OWNER.name);
    await page.getByLabel("Passphrase", { exact: true }).fill("too short");
    await page.getByText("9 of at least 15 characters.").waitFor();
    await page.getByLabel("Show what I type").check();
    assert.equal(await page.getByLabel("Passphrase", { exact: true }).getAttribute("type"), "text");
    await page.getByLabel("Passphrase", { exact: true }).fill(OWNER.passphrase);
    await page.getByText("Strong, if nobody who knows you would guess it.").or(page.getByText("Good. Longer is stronger.")).waitFor();
    await page.getByLabel("Full name").fill(OWNER.person);
    await page.getByLabel("Birth date").fill(OWNER.birth);
    await page.getByLabel("Sex").selectOption(OWNER.sex);
    await page.getByRole("button", { name: "Begin" }).click();

    await page.waitForURL("**/welcome/recovery-key");
    const key = (await page.locator(".secret").textContent()).replace(/\s/g, "");
    assert.match(key, /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
    await look("recovery key");
    await page.reload();
    assert.equal((await page.locator(".secret").textContent()).replace(/\s/g, ""), key, "until it is confirmed it stays");
    await page.getByRole("button", { name: "I have it on paper" }).click();

    await page.waitForURL("**/charts/**");
    await page.getByRole("link", { name: "Add" }).first().waitFor();
    assert.match(await page.locator(".band-name").textContent(), /Ruth Carver\s*born 14 March 1954.*your own chart/);
    assert.match(await page.locator("main").textContent(), /not the same as/i, "not known is not none");
    await look("empty home");
    assert.deepEqual([...findings, ...complaints], []);
  });

  test("afterwards the address is gone, and so is the key", async () => {
    assert.equal((await me.context.request.get(server.welcome)).status(), 410);
    assert.equal((await me.context.request.get("/welcome/recovery-key")).status(), 404);
    const stranger = await visitor(await browser(), server.origin);
    assert.equal((await stranger.context.request.get(server.welcome)).status(), 410);
    await stranger.page.goto("/");
    assert.equal(new URL(stranger.page.url()).pathname, "/sign-in");
  });
});
