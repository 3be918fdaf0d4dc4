// Signing in and out, and what stays behind: nothing.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { accessible, shape } from "./judge.mjs";
import { browser, demo, leads, signIn, visitor } from "./world.mjs";

describe("signing in", () => {
  let server, chrome;

  before(async () => {
    server = await demo();
    chrome = await browser();
  });

  test("a wrong passphrase says so, keeps the name, and counts", async () => {
    const { page, complaints, expected } = await visitor(chrome, server.origin);
    expected.push(/status of 403/);
    await page.goto("/charts");
    assert.equal(new URL(page.url()).pathname, "/sign-in", "a page that needs sign-in leads there");
    await page.getByLabel("Your name").fill(server.name);
    await page.getByLabel("Passphrase", { exact: true }).fill("not the right one at all");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("That passphrase does not match this name.").waitFor();
    assert.match(await page.locator(".note").textContent(), /You have \d+ tries left before a short wait/);
    assert.equal(await page.getByLabel("Your name").inputValue(), server.name);
    assert.equal(await page.getByLabel("Passphrase", { exact: true }).inputValue(), "");
    const findings = [...(await shape(page)), ...(await accessible(page))];
    await page.getByLabel("Passphrase", { exact: true }).fill(server.passphrase);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/charts");
    assert.deepEqual([...findings, ...complaints], []);
  });

  test("the cookie: HttpOnly, SameSite, this host, gone with the browser", async () => {
    const { page, context } = await visitor(chrome, server.origin);
    await signIn(page, server);
    const cookies = await context.cookies();
    // Beside it only the mark of a browser that is known: it opens nothing.
    assert.deepEqual(cookies.map((c) => c.name).sort(), ["keepwell", "keepwell-known"]);
    assert.ok(cookies.every((c) => c.httpOnly && c.sameSite === "Lax"));
    const { name, httpOnly, sameSite, path, expires, value } = cookies.find((c) => c.name === "keepwell");
    assert.deepEqual({ name, httpOnly, sameSite, path, expires }, { name: "keepwell", httpOnly: true, sameSite: "Lax", path: "/", expires: -1 });
    assert.equal(value.length, 43);
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  });

  test("after sign-out the chart is locked, and the back button shows nothing of it", async () => {
    const { page, context, complaints } = await visitor(chrome, server.origin);
    const home = await signIn(page, server);
    await page.goto(`${home}/medicines`);
    const before = (await context.cookies()).find((c) => c.name === "keepwell");
    await leads(page, "/sign-in", () => page.getByRole("button", { name: "Sign out" }).click());
    await page.goBack();
    await page.waitForURL("**/sign-in**");
    assert.ok(!(await page.locator("body").textContent()).includes("Carver"));
    assert.deepEqual((await context.cookies()).map((c) => c.name), ["keepwell-known"]);
    const replay = await context.request.get(`${home}/medicines`, { headers: { cookie: `${before.name}=${before.value}` }, maxRedirects: 0 });
    assert.equal(replay.status(), 303, "the old token opens nothing");
    assert.deepEqual(complaints, []);
  });

  test("the phone has a way to sign out too", async () => {
    const { page } = await visitor(chrome, server.origin, { viewport: { width: 390, height: 844 } });
    await signIn(page, server);
    await page.getByRole("link", { name: "Settings" }).first().click();
    await leads(page, "/sign-in", () => page.getByRole("button", { name: "Sign out and lock" }).click());
  });
});
