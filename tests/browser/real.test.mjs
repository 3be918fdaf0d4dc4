// Real records: what vendors send holds longer names, wider tables and odder words than a demo. Runs where KEEPWELL_CORPUS names
// a folder of samples.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { crawl, kind, links } from "./crawl.mjs";
import { accessible, shape } from "./judge.mjs";
import { browser, filled, OWNER, signIn, visitor } from "./world.mjs";

const CORPUS = process.env.KEEPWELL_CORPUS;
// A summary, a portal's answers, a plan's statements, a life: each another vendor's.
const FILES = [
  "ccda/jddamore-ccda-samples/Allscripts TouchWorks/xdr1-sample1-ccd.xml",
  "provider/fasten-sources-decoded/NextGen",
  "eob/carin-bb-2.0.0-package/package/example",
  "fhir-stu3/sog-all/STU-3/SMART/patient-1032702.fhir-bundle.json",
].map((file) => join(CORPUS ?? "", file));

describe("real records", () => {
  test("every kind of page holds them: nothing sideways, nothing asked elsewhere, no finding", async (t) => {
    if (!CORPUS || !FILES.every(existsSync)) {
      t.diagnostic("KEEPWELL_CORPUS names no folder with these samples: nothing to look at");
      return;
    }
    const server = await filled(FILES);
    const chrome = await browser();
    const { page, context, complaints } = await visitor(chrome, server.origin);
    const home = await signIn(page, OWNER);
    const findings = [];
    const kinds = new Map();
    const visit = async (page, path) => {
      const answer = await page.goto(path).catch((e) => { if (!/Download is starting/.test(e.message)) throw e; });
      if (!answer || !(answer.headers()["content-type"] ?? "").startsWith("text/html")) return { pages: [], files: [path] };
      const say = (words) => findings.push(`${path}: ${words}`);
      if (answer.status() !== 200) say(`status ${answer.status()}`);
      (await shape(page)).forEach(say);
      const seen = kinds.get(kind(path)) ?? 0;
      kinds.set(kind(path), seen + 1);
      // Above this height the window of the checker ends before the page does, and the stuck bar covers what lies there.
      const high = await page.evaluate(() => document.documentElement.scrollHeight > 7_000);
      if (seen < 1 && !high) (await accessible(page)).forEach(say);
      return links(page, server.origin);
    };
    const walked = await crawl({ context, origin: server.origin, starts: [home], each: 3, most: 140, within: (p) => p.startsWith(home), visit });
    t.diagnostic(`${walked.visited} pages of ${kinds.size} kinds`);
    assert.deepEqual([...findings, ...complaints], []);
    assert.ok(kinds.size >= 30, `only ${kinds.size} kinds of pages were reached: ${[...kinds.keys()].join(" ")}`);
  });
});
