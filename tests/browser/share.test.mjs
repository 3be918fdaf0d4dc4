// Giving: a link made on one page and opened in another browser, and an encrypted page without a network.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { SHLViewer } from "kill-the-clipboard";
import { accessible, shape } from "./judge.mjs";
import { browser, demo, folder, leads, signIn, visitor } from "./world.mjs";

describe("sharing", () => {
  let server, chrome, me, home;

  before(async () => {
    server = await demo();
    chrome = await browser();
    me = await visitor(chrome, server.origin, { acceptDownloads: true });
    home = await signIn(me.page, server);
  });

  /** Makes a link through the page; gives {link, code, page}. */
  const give = async (to, fill = async () => {}) => {
    const { page } = me;
    await page.goto(`${home}/share`);
    await page.getByLabel("Name of the clinic or person").fill(to);
    await fill(page);
    await leads(page, /\/share\/[^/]+$/, () => page.getByRole("button", { name: "Give it" }).click());
    const code = (await page.locator("main").textContent()).match(/passcode is (\d{6})/)?.[1];
    return { link: await page.getByLabel("Link", { exact: true }).inputValue(), code, page: page.url() };
  };

  const stranger = () => visitor(chrome, server.origin, { acceptDownloads: true });

  const open = async (page, link, code) => {
    await page.goto(link);
    await page.getByLabel("Who are you?").fill("Dr. Raman, Lakeside");
    if (code) await page.getByLabel("Passcode").fill(code);
    await page.getByRole("button", { name: "Open" }).click();
  };

  test("what goes out is seen before it goes", async () => {
    const { page } = me;
    await page.goto(`${home}/share`);
    await page.getByText("A link would open only on this very machine.").waitFor();
    const findings = [...(await shape(page)), ...(await accessible(page))];
    const count = async (kind) => Number((await page.locator(".preview .rows li", { hasText: kind }).locator(".end").textContent().catch(() => "0")) || 0);
    const all = await count("Allergies");
    assert.ok(all > 0);
    await page.getByText("See every record").click();
    await page.locator(".preview").getByLabel(/Leave out: .*Penicillin/i).first().check();
    await page.getByLabel("Name of the clinic or person").fill("Lakeside");
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText("(stays here)").waitFor();
    assert.equal(await count("Allergies"), all - 1);
    assert.equal(await page.getByLabel("Name of the clinic or person").inputValue(), "Lakeside");
    await page.getByRole("checkbox", { name: /^Laboratory/ }).uncheck();
    await page.getByRole("button", { name: "Look again" }).click();
    assert.equal(await page.locator(".preview .rows li", { hasText: "Laboratory" }).count(), 0);
    await page.getByText("The reader is told that not everything is here.").waitFor();
    assert.deepEqual([...findings, ...(await accessible(page))], []);
  });

  test("what stays here is found and put in, without a script", async () => {
    const { page, complaints } = await visitor(chrome, server.origin, { javaScriptEnabled: false });
    await signIn(page, server);
    await page.goto(`${home}/share`);
    const sharing = (act) => leads(page, /\/share$/, act);
    const notes = () => page.locator(".preview .rows li", { hasText: "Notes and documents" });
    const before = Number(await notes().locator(".end").textContent());
    assert.equal(await notes().getByText("sensitive").count(), 0);
    await page.getByText("Put single records in, or leave them out").click();
    await page.getByLabel("Find a record by its words").fill("heart clinic visit");
    await sharing(() => page.getByRole("button", { name: "Find" }).click());
    const found = page.locator("fieldset").getByLabel(/Put in: Heart clinic visit note/);
    await found.check();
    await sharing(() => page.getByRole("button", { name: "Look again" }).click());
    await page.getByText("Heart clinic visit note (goes out)").waitFor();
    await notes().getByText("1 sensitive").waitFor();
    assert.equal(Number(await notes().locator(".end").textContent()), before + 1);
    await page.locator("fieldset").getByLabel(/Put in: Heart clinic visit note/).first().uncheck();
    await sharing(() => page.getByRole("button", { name: "Look again" }).click());
    assert.equal(await page.getByText("(goes out)").count(), 0);
    assert.deepEqual(complaints, []);
  });

  test("a link with a passcode opens in a fresh browser, and its opening is seen", async () => {
    const { link, code, page: made } = await give("Lakeside Urgent Care", async (page) => page.getByLabel("A note to the reader").fill("Swollen ankles <b>since</b> November"));
    assert.match(code, /^\d{6}$/);
    assert.deepEqual([...(await shape(me.page)), ...(await accessible(me.page))], []);
    const { page, complaints, expected, context } = await stranger();
    const asked = [];
    context.on("request", (r) => asked.push(r.url() + (r.postData() ?? "")));
    expected.push(/status of 401/);
    await open(page, link, "not it");
    await page.getByText("That passcode is wrong. 9 tries are left.").waitFor();
    await page.getByLabel("Passcode").fill(code);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("heading", { name: /Ruth .*Carver/ }).waitFor();
    const text = await page.locator("main").textContent();
    for (const words of [/Penicillin/, /Swollen ankles <b>since<\/b> November/, /for Lakeside Urgent Care/, /Not everything is here/, /Apixaban/i, /Hemoglobin/, /In range/]) assert.match(text, words);
    assert.deepEqual([...(await shape(page)), ...(await accessible(page)), ...complaints], []);
    // The key stayed in the browser.
    const key = JSON.parse(Buffer.from(link.split("shlink:/")[1], "base64url").toString()).key;
    assert.ok(asked.length > 3);
    assert.deepEqual(asked.filter((a) => a.includes(key) || a.includes("shlink")), []);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the records (FHIR)" }).click()]);
    const bundle = JSON.parse(readFileSync(await download.path(), "utf8"));
    assert.equal(bundle.resourceType, "Bundle");
    // A document inside, as text.
    const row = page.locator("li", { hasText: "Discharge summary" });
    await row.getByRole("button", { name: "Open" }).click();
    await row.locator("pre").waitFor();
    await me.page.goto(made);
    await me.page.getByText(/Opened once/).waitFor();
    await me.page.locator("li", { hasText: "Dr. Raman, Lakeside" }).filter({ hasText: "Not let in" }).waitFor();
    await me.page.locator("li", { hasText: "Dr. Raman, Lakeside" }).filter({ hasText: "Opened" }).waitFor();
    await me.page.goto(home);
    await me.page.getByText("Dr. Raman, Lakeside opened a link for the first time.").waitFor();
    assert.deepEqual([...(await shape(me.page)), ...(await accessible(me.page))], []);
    // Paper: one sheet.
    const paper = await page.pdf({ format: "Letter" });
    assert.equal(paper.toString("latin1").match(/\/Type\s*\/Page\b/g).length, 1);
  });

  test("a file for one's own web space", async () => {
    const { link, page: made } = await give("Lakeside, by my web space", async (page) => {
      await page.getByRole("radio", { name: /File for your own web space/ }).check();
      await page.getByText("The folder of your own web space").click();
      await page.getByLabel("Its address").fill("https://files.example/shared");
    });
    const [download] = await Promise.all([me.page.waitForEvent("download"), me.page.getByRole("link", { name: "Save the file" }).click()]);
    const payload = JSON.parse(Buffer.from(link.split("shlink:/")[1], "base64url").toString());
    assert.equal(payload.url, `https://files.example/shared/${download.suggestedFilename()}`);
    assert.equal(payload.flag, "U");
    const jwe = readFileSync(await download.path(), "utf8");
    const { page, context, expected, complaints } = await stranger();
    expected.push(/another host: https:\/\/files\.example/);
    await context.route("https://files.example/**", (route) => route.fulfill({ headers: { "access-control-allow-origin": "*" }, contentType: "application/jose", body: jwe }));
    await open(page, link);
    await page.getByRole("heading", { name: /Ruth .*Carver/ }).waitFor();
    await me.page.goto(made);
    assert.deepEqual([...(await shape(me.page)), ...(await accessible(me.page)), ...complaints], []);
  });

  test("without a passcode; then stopped, and refused", async () => {
    const { link, code, page: made } = await give("Dana", async (page) => page.getByLabel("Ask for a passcode").uncheck());
    assert.equal(code, undefined);
    const { page, complaints, expected } = await stranger();
    await open(page, link);
    await page.getByRole("heading", { name: /Ruth .*Carver/ }).waitFor();
    await me.page.goto(made);
    await me.page.getByRole("button", { name: "Stop this link" }).click();
    await me.page.getByText("Stopped", { exact: true }).first().waitFor();
    expected.push(/status of 404/);
    await page.goto("/view");
    await open(page, link);
    await page.getByText("This link is not active: it has ended, or it was stopped.").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("another implementation opens our links", async () => {
    const { link, code } = await give("Another viewer");
    const viewer = new SHLViewer({ shlinkURI: link.split("#")[1] });
    const { fhirResources } = await viewer.resolveSHL({ recipient: "An independent viewer", passcode: code });
    assert.equal(fhirResources.length, 1);
    assert.match(JSON.stringify(fhirResources[0]), /Penicillin/);
    await assert.rejects(new SHLViewer({ shlinkURI: link.split("#")[1] }).resolveSHL({ recipient: "x", passcode: "wrong" }));
  });

  test("whoever holds a link may answer, and the owner decides", async () => {
    const { link, code } = await give("Fernhill", async (page) => page.getByLabel("They may answer").check());
    const { page, complaints } = await stranger();
    await open(page, link, code);
    await page.getByLabel("Note").fill("Please come back in March.");
    await page.getByLabel("Files").setInputFiles({ name: "visit.txt", mimeType: "text/plain", buffer: Buffer.from("Visit summary: all well.") });
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Sent. The patient decides what enters their record.").waitFor();
    assert.deepEqual(complaints, []);
    await me.page.goto(`${home}/sources`);
    for (let n = 0; n < 60 && !(await me.page.getByText("A reply from").count()); n++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await me.page.reload();
    }
    await me.page.getByText("A reply from").first().waitFor();
    assert.deepEqual([...(await shape(me.page)), ...(await accessible(me.page))], []);
    await leads(me.page, /\/sources\/[^/]+$/, () => me.page.getByRole("button", { name: "Take it into the chart: visit.txt" }).click());
  });

  test("an encrypted page opens from a file without a network", async () => {
    const { page } = me;
    await page.goto(`${home}/share`);
    await page.getByLabel("Name of the clinic or person").fill("Lakeside, by e-mail");
    await page.getByRole("radio", { name: /Encrypted page/ }).check();
    await page.getByRole("button", { name: "Give it" }).click();
    const words = (await page.locator(".big-value").textContent()).trim();
    assert.match(words, /^([a-z]+ ){5}[a-z]+$/);
    assert.deepEqual([...(await shape(page)), ...(await accessible(page))], []);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the page" }).click()]);
    const file = join(await folder(), "health-summary.html");
    await download.saveAs(file);
    const raw = readFileSync(file, "utf8");
    for (const word of ["Penicillin", "Carver", words]) assert.ok(!raw.includes(word), word);

    const { page: reader, context, complaints } = await visitor(chrome, "file://", { offline: true, acceptDownloads: true });
    const asked = [];
    context.on("request", (r) => { if (!/^(file|blob|data):/.test(r.url())) asked.push(r.url()); });
    await reader.goto(pathToFileURL(file).href);
    await reader.getByLabel("The six words").fill("one two three four five six");
    await reader.getByRole("button", { name: "Open the records" }).click();
    await reader.getByText("Those words do not open this page.").waitFor();
    assert.deepEqual([...(await shape(reader)), ...(await accessible(reader))], []);
    await reader.getByLabel("The six words").fill(`  ${words.toUpperCase().replaceAll(" ", "  ")} `);
    await reader.getByRole("button", { name: "Open the records" }).click();
    await reader.getByRole("heading", { name: /Ruth .*Carver/ }).waitFor();
    assert.match(await reader.locator("main").textContent(), /Penicillin/);
    const [saved] = await Promise.all([reader.waitForEvent("download"), reader.getByRole("button", { name: "Save as IPS (FHIR)" }).click()]);
    assert.equal(JSON.parse(readFileSync(await saved.path(), "utf8")).resourceType, "Bundle");
    for (const [kind, begins] of [["C-CDA", "<?xml"], ["PDF", "%PDF-"]]) {
      const [other] = await Promise.all([reader.waitForEvent("download"), reader.getByRole("button", { name: `Save as ${kind}` }).click()]);
      assert.ok(readFileSync(await other.path(), "latin1").startsWith(begins), kind);
    }
    assert.deepEqual([...(await shape(reader)), ...(await accessible(reader)), ...complaints, ...asked], []);
  });
});
