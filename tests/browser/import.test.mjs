// Bringing records in: watched, summed up, asked about, taken out and brought back. With script and without.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { accessible, shape } from "./judge.mjs";
import { browser, leads, OWNER, serve, setUp, visitor } from "./world.mjs";

const file = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });
const SUMMARY = file("summary.xml", readFileSync(new URL("../data/ccda/entries-core.xml", import.meta.url)));

/** A portal's bundle: a patient, a condition, an allergy, two results and one entry that is no record. */
function bundle(given, birthDate, mark) {
  const subject = { reference: "Patient/p" };
  const result = (id, code, text, value, unit, day) => ({
    resourceType: "Observation", id, status: "final", subject, effectiveDateTime: day, code: { coding: [{ system: "http://loinc.org", code }], text },
    category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }],
    valueQuantity: { value, unit, system: "http://unitsofmeasure.org", code: unit },
  });
  const resources = [
    { resourceType: "Patient", id: "p", name: [{ given: [given], family: "Carver" }], birthDate, gender: "female" },
    { resourceType: "Condition", id: `c-${mark}`, subject, code: { text: "Gout" }, clinicalStatus: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/condition-clinical", code: "active" }] } },
    { resourceType: "AllergyIntolerance", id: `a-${mark}`, patient: subject, code: { text: "Sulfa" }, reaction: [{ manifestation: [{ text: "Hives" }] }] },
    result(`k1-${mark}`, "2823-3", "Potassium", 4.1, "mmol/L", "2026-03-02"),
    result(`k2-${mark}`, "2823-3", "Potassium", 4.4, "mmol/L", "2026-06-02"),
    { id: "of-no-kind" },
  ];
  return file(`portal-${mark}.json`, JSON.stringify({ resourceType: "Bundle", type: "collection", entry: resources.map((resource) => ({ resource })) }));
}

const LAUGHS = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">${[..."bcdefghij"].map((e, i) => `<!ENTITY ${e} "${`&${"abcdefghi"[i]};`.repeat(10)}">`).join("")}]>
<ClinicalDocument xmlns="urn:hl7-org:v3"><title>&j;</title></ClinicalDocument>`;

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "adding records" : "adding records without script", () => {
    let server, me, home;

    const add = async (...files) => {
      await me.page.goto(`${home}/add`);
      await me.page.getByLabel("Files about Ruth").setInputFiles(files);
      await me.page.getByRole("button", { name: "Add", exact: true }).click();
      // The page of the upload, then the report or the question: it gets there by itself, with script or without.
      await me.page.getByRole("heading", { level: 1, name: /^(Done|Nothing|Whose)/ }).waitFor();
    };
    const sum = () => me.page.locator("dl.sum dd").allTextContents().then((all) => all.map((n) => Number(n.replaceAll(",", ""))));
    const table = (row) => me.page.locator("#kinds ~ table tr, section:has(#kinds) table tr").filter({ has: me.page.getByRole("rowheader", { name: row, exact: true }) }).locator("td").allTextContents();
    const look = async () => assert.deepEqual([...(await shape(me.page)), ...(javaScriptEnabled ? await accessible(me.page) : []), ...me.complaints], []);
    const adds = ([found, stored, updated, here, out]) => assert.equal(found, stored + updated + here + out, "nothing is missing from the sum");

    before(async () => {
      server = await serve();
      me = await visitor(await browser(), server.origin, { javaScriptEnabled });
      home = await setUp(me.page, server);
    });

    test("a FHIR bundle: the report adds up, kind by kind", async () => {
      await add(bundle("Ruth", OWNER.birth, "one"));
      assert.equal(await me.page.getByRole("heading", { level: 1 }).textContent(), "Done: your file is in");
      const numbers = await sum();
      adds(numbers);
      assert.deepEqual([numbers[1], numbers[4]], [5, 1]);
      assert.match(await me.page.locator("section:has(#left-out)").textContent(), /of-no-kind|entry\[5\]/);
      assert.match(await me.page.locator("section:has(#about)").textContent(), /Same person/);
      assert.deepEqual(await table("Laboratory"), ["2", "2", "0", "0", "0"]);
      assert.deepEqual(await table("Immunizations"), ["0", "0", "0", "0", "0"]);
      assert.deepEqual((await table("All")).map(Number), numbers);
      await look();
      await me.page.goto(home);
      assert.match(await me.page.locator("main").textContent(), /Sulfa/);
    });

    test("a C-CDA summary", async () => {
      await add(SUMMARY);
      const numbers = await sum();
      adds(numbers);
      assert.ok(numbers[1] > 10, String(numbers));
      await look();
    });

    test("the same file twice: nothing is stored again", async () => {
      await add(bundle("Ruth", OWNER.birth, "one"));
      assert.equal(await me.page.getByRole("heading", { level: 1 }).textContent(), "Nothing new in it");
      await me.page.getByText("Every record that could be read was in the chart already. Nothing is stored a second time.").waitFor();
      await look();
    });

    test("a file about someone else: both named, refused, then accepted", async () => {
      const { page } = me;
      await add(bundle("Rita", "1945-11-02", "two"));
      const question = page.locator(".card.harm");
      const words = await question.textContent();
      for (const said of [/Rita Carver/, /1945/, /Ruth Carver/, /1954/, /Nothing was stored/]) assert.match(words, said);
      await look();
      await page.getByRole("button", { name: "Do not add it" }).click();
      await page.getByText("You chose not to add it. Nothing was stored.").waitFor();
      await page.goto(`${home}/sources`);
      assert.equal(await page.getByRole("link", { name: "portal-two.json" }).count(), 0);

      await add(bundle("Rita", "1945-11-02", "two"));
      await page.getByRole("button", { name: "It is Ruth all the same: add it" }).click();
      await page.getByRole("heading", { level: 1, name: "Done: your file is in" }).waitFor();
      assert.match(await page.locator("section:has(#about)").textContent(), /Another name or birth date, accepted all the same/);
      await look();
    });

    test("hostile and broken files: refused in clear words, and the good one beside them goes in", async () => {
      const { page } = me;
      await add(file("laughs.xml", LAUGHS), file("deep.json", "[".repeat(200_000)), file("broken.json", '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condi'), bundle("Ruth", OWNER.birth, "three"));
      assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Done in part");
      for (const name of ["laughs.xml", "deep.json", "broken.json"]) {
        const row = page.locator(".rows li").filter({ hasText: name });
        assert.match(await row.textContent(), /Refused/, name);
        assert.match(await row.locator(".sub").textContent(), /[a-z]{3,}.*\.\s.*(Nothing|stored|copy)/i, name);
        assert.ok(!/panic|serde|quick|roxml|line \d+ column/i.test(await row.textContent()), await row.textContent());
      }
      assert.match(await page.locator(".rows li").filter({ hasText: "portal-three.json" }).textContent(), /Stored/);
      await look();
    });

    test("no file chosen", async () => {
      const { page } = me;
      await page.goto(`${home}/add`);
      await page.getByRole("button", { name: "Add", exact: true }).click();
      assert.ok(await page.getByLabel("Files about Ruth").evaluate((e) => e.matches(":invalid")));
      assert.equal(new URL(page.url()).pathname, `${home}/add`);
    });

    test("a source is taken out and brought back", async () => {
      const { page } = me;
      await page.goto(`${home}/sources`);
      await page.getByRole("link", { name: "summary.xml" }).click();
      await page.getByRole("link", { name: "Take this file out" }).click();
      await page.getByRole("heading", { name: "Take this file out?" }).waitFor();
      await look();
      await leads(page, /\/sources/, () => page.getByRole("button", { name: "Take it out" }).click());
      await page.goto(`${home}/procedures`);
      assert.ok(!/Appendectomy/.test(await page.locator("main").textContent()), "its records are out of the chart");
      await page.goto(`${home}/sources`);
      await page.locator("section:has(#gone)").getByRole("link", { name: "summary.xml" }).click();
      await look();
      await leads(page, /\/sources/, () => page.getByRole("button", { name: "Bring it back" }).click());
      await page.goto(`${home}/procedures`);
      assert.match(await page.locator("main").textContent(), /Appendectomy/);
      await page.goto(`${home}/sources`);
      assert.equal(await page.locator("#gone").count(), 0);
    });
  });
}
