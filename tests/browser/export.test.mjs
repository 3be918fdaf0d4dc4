// Carrying the chart away: files that are whole, and a page that reads without Keepwell and without a network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { accessible, shape } from "./judge.mjs";
import { browser, demo, folder, signIn, visitor } from "./world.mjs";

describe("saving a copy", () => {
  let server, chrome, me, home, dir;

  const save = async (kind, fill = async () => {}) => {
    await me.page.goto(`${home}/export`);
    await me.page.getByRole("radio", { name: kind }).check();
    await fill(me.page);
    const [download] = await Promise.all([me.page.waitForEvent("download"), me.page.getByRole("button", { name: "Save the file" }).click()]);
    const path = join(dir, download.suggestedFilename());
    await download.saveAs(path);
    return path;
  };

  before(async () => {
    server = await demo();
    chrome = await browser();
    me = await visitor(chrome, server.origin, { acceptDownloads: true });
    home = await signIn(me.page, server);
    dir = await folder();
  });

  test("everything, in one zip file that reads without a network", async () => {
    const path = await save("Everything, in one zip file");
    assert.match(path, /\.zip$/);
    assert.match(execFileSync("unzip", ["-t", path], { encoding: "utf8" }), /No errors detected/);
    execFileSync("unzip", ["-q", path, "-d", dir]);
    const names = execFileSync("find", [dir, "-type", "f"], { encoding: "utf8" });
    for (const part of [/records.*\.json/i, /\.csv/, /originals\//, /README/i]) assert.match(names, part);
    const reader = names.split("\n").find((name) => name.endsWith("/index.html"));

    const { page, context, complaints } = await visitor(chrome, "file://", { offline: true });
    const asked = [];
    context.on("request", (r) => { if (!r.url().startsWith("file:")) asked.push(r.url()); });
    await page.goto(pathToFileURL(reader).href);
    assert.match(await page.locator("body").textContent(), /Ruth Carver[^]*14 March 1954/);
    assert.match(await page.locator("body").textContent(), /Penicillin/);
    const findings = [...(await shape(page)), ...(await accessible(page))];
    const broken = await page.locator("a[href]").evaluateAll((all) => all.map((a) => a.href).filter((h) => !h.startsWith("file:")));
    assert.deepEqual([...findings, ...complaints, ...asked, ...broken], []);
    const links = await page.locator("a[href]").evaluateAll((all) => [...new Set(all.map((a) => a.href.split("#")[0]))]);
    for (const link of links) readFileSync(new URL(link));
  });

  test("records for another program, of a stretch of time", async () => {
    const dates = async (page) => {
      await page.getByLabel("From", { exact: true }).fill("2026-05");
      await page.getByLabel("Up to and with").fill("2026-05-31");
    };
    const some = JSON.parse(readFileSync(await save("Records for another program (FHIR)", dates), "utf8"));
    assert.equal(some.resourceType, "Bundle");
    const days = some.entry.map(({ resource }) => resource.effectiveDateTime).filter(Boolean);
    assert.ok(days.length > 0);
    assert.deepEqual(days.filter((d) => !d.startsWith("2026-05")), []);
    const all = JSON.parse(readFileSync(await save("Records for another program (FHIR)"), "utf8"));
    assert.ok(all.entry.length > some.entry.length);
  });

  test("a date that is none is named, and nothing typed is lost", async () => {
    const { page, expected, complaints } = me;
    expected.push(/status of 422/);
    await page.goto(`${home}/export`);
    await page.getByLabel("From", { exact: true }).fill("last spring");
    await page.getByRole("button", { name: "Save the file" }).click();
    await page.getByText("“last spring” is not a date. Write it like 2024-05-17.").waitFor();
    assert.equal(await page.getByLabel("From", { exact: true }).inputValue(), "last spring");
    assert.deepEqual([...(await shape(page)), ...(await accessible(page)), ...complaints], []);
  });
});
