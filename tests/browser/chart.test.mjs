// Reading a chart: every page that links lead to is whole, quiet and accessible.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { crawl, kind, links } from "./crawl.mjs";
import { accessible, shape } from "./judge.mjs";
import { browser, demo, signIn, visitor } from "./world.mjs";

describe("reading", () => {
  let server, chrome, me, home, people;

  before(async () => {
    server = await demo();
    chrome = await browser();
    me = await visitor(chrome, server.origin);
    home = await signIn(me.page, server);
    people = await me.page.locator(".switch a").evaluateAll((all) => all.map((a) => ({ path: a.getAttribute("href"), name: a.childNodes[1].firstChild.textContent })));
  });

  test("the household's four charts are there", () => {
    assert.deepEqual(people.map((p) => p.name), ["Ruth Carver", "Walter Carver", "Dana Carver", "Milo Carver"]);
    assert.equal(people[0].path, home);
  });

  test("every page that links lead to", async (t) => {
    const { context, complaints } = me;
    const findings = [];
    const kinds = new Map();
    const whose = (path) => people.find((p) => path.startsWith(p.path))?.name ?? "";
    const visit = async (page, path) => {
      const say = (words) => findings.push(`${path}: ${words}`);
      const answer = await page.goto(path).catch((e) => { if (!/Download is starting/.test(e.message)) throw e; });
      if (!answer) return { pages: [], files: [path] };
      if (answer.status() !== 200) say(`status ${answer.status()}`);
      if (!(answer.headers()["content-type"] ?? "").startsWith("text/html")) return { pages: [], files: [path] };
      if (answer.headers()["cache-control"] !== "no-store") say("may be kept by the browser");
      const here = await links(page, server.origin);
      // A document's own sheet is the paper of somebody else: it has neither frame nor title of ours.
      if (kind(path).endsWith("/sheet")) return here;
      const title = await page.title();
      if (!title.endsWith(" – Keepwell") || title.startsWith(" –") || !title.includes(whose(path))) say(`title "${title}"`);
      (await shape(page)).forEach(say);
      const seen = kinds.get(kind(path)) ?? 0;
      kinds.set(kind(path), seen + 1);
      // What a single record or result shows differs more than what two lists do.
      if (seen < (/\/(records|results)\/\*/.test(kind(path)) ? 6 : 2)) (await accessible(page)).forEach(say);
      return here;
    };
    const within = (path) => path.startsWith(home) || path.startsWith("/help") || people.some((p) => p.path === path) || ["/settings", "/charts"].includes(path);
    const walked = await crawl({ context, origin: server.origin, starts: [home], each: 2, most: 250, within, visit });
    t.diagnostic(`${walked.visited} pages of ${kinds.size} kinds, ${walked.files.length} files; ${walked.left} more links left alone`);
    for (const path of walked.files.slice(0, 60)) {
      const file = await context.request.get(path);
      if (file.status() !== 200) findings.push(`${path}: status ${file.status()}`);
    }
    assert.deepEqual([...findings, ...complaints], []);
    assert.ok(kinds.size >= 40, `only ${kinds.size} kinds of pages were reached: ${[...kinds.keys()].join(" ")}`);
    assert.deepEqual(people.map((p) => p.path).filter((p) => !kinds.has(kind(p))), []);
  });
});
