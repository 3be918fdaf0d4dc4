// Second factors in a real browser: an authenticator app, a passkey of Chromium's virtual authenticator, recovery codes, the
// list of sessions, a fresh proof.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, describe, test } from "node:test";
import { accessible, shape } from "./judge.mjs";
import { browser, leads, OWNER, serve, setUp, signIn, visitor } from "./world.mjs";

/** The code of an authenticator app (RFC 6238), so many steps from now. */
function code(secret, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

describe("second factors", { concurrency: false }, () => {
  let server, chrome, me, codes, secret;

  before(async () => {
    server = await serve();
    // Browsers make passkeys on "localhost" and over https, not at a bare address.
    server.origin = server.origin.replace("127.0.0.1", "localhost");
    chrome = await browser();
    me = await visitor(chrome, server.origin);
    await setUp(me.page, server);
  });

  const judged = async (page) => assert.deepEqual([...(await shape(page)), ...(await accessible(page))], [], page.url());
  /** Name and passphrase; ends on the second page. */
  const half = async (page) => {
    await page.goto("/sign-in");
    await page.getByLabel("Your name").fill(OWNER.name);
    await page.getByLabel("Passphrase", { exact: true }).fill(OWNER.passphrase);
    await leads(page, "/sign-in/second", () => page.getByRole("button", { name: "Sign in" }).click());
  };

  test("an authenticator app: scanned or typed, on after its first code, ten codes on paper", async () => {
    const { page, complaints } = me;
    await page.goto("/settings/keys");
    await judged(page);
    await page.getByRole("link", { name: "Add an authenticator app" }).click();
    await page.getByRole("heading", { level: 1, name: "Add an authenticator app" }).waitFor();
    await judged(page);
    secret = (await page.locator(".secret span").allTextContents()).join("");
    assert.match(secret, /^[A-Z2-7]{32}$/);
    await page.getByLabel("Code from your app").fill(code(secret));
    await page.getByRole("button", { name: "Turn it on" }).click();
    await page.getByRole("heading", { level: 1, name: "Your recovery codes" }).waitFor();
    codes = await page.locator(".codes code").allTextContents();
    assert.equal(new Set(codes).size, 10);
    await judged(page);
    await page.getByRole("link", { name: "I have them on paper" }).click();
    await page.getByText("Second factor on").waitFor();
    await judged(page);
    assert.deepEqual(complaints, []);
  });

  test("signing in asks for a code, and a recovery code does when the phone is lost", async () => {
    const other = await visitor(chrome, server.origin);
    other.expected.push(/status of 403/);
    await half(other.page);
    await judged(other.page);
    await other.page.goto("/charts");
    assert.equal(new URL(other.page.url()).pathname, "/sign-in", "half signed in is not signed in");
    await half(other.page);
    await other.page.getByLabel("Code from your app").fill("000000");
    await other.page.getByRole("button", { name: "Sign in" }).click();
    await other.page.getByText("That does not fit.").waitFor();
    await other.page.getByLabel("Code from your app").fill(code(secret, 1));
    await leads(other.page, /^\/charts\/./, () => other.page.getByRole("button", { name: "Sign in" }).click());
    const third = await visitor(chrome, server.origin);
    await half(third.page);
    await third.page.getByText("I lost my phone or my key").click();
    await third.page.getByLabel("Recovery code").fill(codes[0].toLowerCase());
    await leads(third.page, /^\/charts\/./, () => third.page.getByRole("button", { name: "Use this code" }).click());
    await third.page.goto("/settings/keys");
    await third.page.getByText("9 codes").waitFor();
    assert.deepEqual([...other.complaints, ...third.complaints], []);
  });

  test("the sessions are listed, and ended; known browsers are forgotten", async () => {
    const { page } = me;
    await page.goto("/settings/sessions");
    const sessions = page.locator("main > .rows").getByText("Chrome on Linux");
    const known = page.locator("section", { has: page.getByRole("heading", { name: "Known browsers" }) }).getByText("Chrome on Linux");
    assert.equal(await sessions.count(), 3);
    // The household was set up in this browser, which has never signed in.
    assert.equal(await known.count(), 2);
    assert.equal(await page.getByText("this browser").count(), 1);
    await judged(page);
    await leads(page, "/settings/sessions", () => page.getByRole("button", { name: "End it" }).first().click());
    assert.equal(await sessions.count(), 2);
    await leads(page, "/settings/sessions", () => page.getByRole("button", { name: "End all others" }).click());
    assert.equal(await sessions.count(), 1);
    await leads(page, "/settings/sessions", () => page.getByRole("button", { name: "Forget it" }).first().click());
    assert.equal(await known.count(), 1);
  });

  test("a passkey: made, used at sign-in, and for a fresh proof", async () => {
    const { page, context, complaints } = me;
    const session = await context.newCDPSession(page);
    await session.send("WebAuthn.enable");
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    await page.goto("/settings/keys/passkey");
    await judged(page);
    await page.getByLabel("What to call it").fill("My phone’s passkey");
    await leads(page, "/settings/keys", () => page.getByRole("button", { name: "Make the passkey" }).click());
    await page.getByText("My phone’s passkey").waitFor();
    await page.goto("/settings");
    await leads(page, "/sign-in", () => page.getByRole("button", { name: "Sign out and lock" }).click());
    await half(page);
    await judged(page);
    await leads(page, /^\/charts\/./, () => page.getByRole("button", { name: "Use a passkey" }).click());
    await page.goto("/confirm?next=/settings/keys");
    await judged(page);
    await leads(page, "/settings/keys", () => page.getByRole("button", { name: "Use a passkey" }).click());
    // Who does not touch it is told so, and stays outside.
    await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await page.goto("/settings");
    await leads(page, "/sign-in", () => page.getByRole("button", { name: "Sign out and lock" }).click());
    await half(page);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByText("The passkey was not used.").waitFor();
    await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    await leads(page, /^\/charts\/./, () => page.getByRole("button", { name: "Use a passkey" }).click());
    assert.deepEqual(complaints, []);
  });

  test("the other pages: passphrase, unlock at boot, recovery, and how strong it is while one types", async () => {
    const { page } = me;
    for (const path of ["/settings", "/settings/passphrase", "/settings/recovery-key", "/settings/unlock", "/settings/keys/codes", "/recover", "/help/second"]) {
      await page.goto(path);
      await judged(page);
    }
    await page.goto("/recover");
    const words = page.locator("#new-strength");
    await page.getByLabel("New passphrase").fill("aaaaaaaaaaaaaaaaaaaa");
    assert.match(await words.textContent(), /easy to guess/);
    await page.getByLabel("New passphrase").fill("seven slow barges upstream");
    assert.match(await words.textContent(), /Good|Strong/);
  });
});
