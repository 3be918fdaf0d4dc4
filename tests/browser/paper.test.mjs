// Printed pages: whose they are stands on every sheet. With PICTURE=1 the picture of the README is taken again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { browser, demo, folder, signIn, visitor } from "./world.mjs";

describe("on paper", () => {
  let server, me, home, dir;

  before(async () => {
    server = await demo();
    me = await visitor(await browser(), server.origin);
    home = await signIn(me.page, server);
    dir = await folder();
  });

  /** The text of each sheet, as poppler reads it. */
  const sheets = async (format) => {
    const path = join(dir, "page.pdf");
    writeFileSync(path, await me.page.pdf({ format }));
    return execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8" }).split("\f").filter((sheet) => sheet.trim());
  };

  for (const name of ["", "results", "medicines", "timeline", "conditions", "allergies", "immunizations", "documents", "bills", "search", "export"]) {
    test(`${name || "home"}: name and birth date on every sheet`, async () => {
      const { page } = me;
      await page.goto(`${home}/${name}`.replace(/\/$/, ""));
      const all = await sheets(name === "results" ? "A4" : "Letter");
      assert.ok(all.length >= 1 && all.length <= 25, `${all.length} sheets`);
      for (const [i, sheet] of all.entries()) assert.match(sheet, /Ruth Carver,? born 14 March 1954/, `sheet ${i + 1}`);
      assert.ok(!/Sign out|Change person|Skip to the page/.test(all.join("")), "what only a screen needs stays off the paper");
    });
  }

  test("a result with its trend", async () => {
    const { page } = me;
    await page.goto(`${home}/results`);
    await page.getByRole("link", { name: "Hemoglobin A1c" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Hemoglobin A1c" }).waitFor();
    const text = (await sheets("Letter")).join("\n");
    for (const said of [/Hemoglobin A1c/, /7\.4\s*%/, /4\.0 to 5\.6/, /Above range/, /Ruth Carver/]) assert.match(text, said);
    assert.deepEqual(me.complaints, []);
  });

  test("the recovery key's sheet and every other plain page print too", async () => {
    await me.page.goto("/help");
    assert.equal((await sheets("Letter")).length, 1);
  });

  test("the picture of the README", async () => {
    const { page } = me;
    await page.setViewportSize({ width: 1280, height: 1000 });
    await page.goto(home);
    const picture = await page.screenshot();
    assert.ok(picture.length > 20_000, "the picture is empty");
    if (process.env.PICTURE === "1") writeFileSync(new URL("home.png", import.meta.url), picture);
  });
});
