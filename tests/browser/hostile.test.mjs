// Everything that somebody who means harm could put into a file, shown in a real browser: nothing runs, nothing is loaded from
// elsewhere, nothing asks, and the content security policy is not even needed. And the other way round: on pages that let them,
// the same files are caught by the same look.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { crawl } from "./crawl.mjs";
import { look, saved, watch } from "./hostile-look.mjs";
import { HTML, write } from "./hostile.mjs";
import { browser, filled, folder, OWNER, signIn, visitor } from "./world.mjs";

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'";

/** A server without any care: what it is asked to show, with the headers that it is given. */
async function careless(pages) {
  const server = createServer((request, response) => {
    const found = pages[request.url];
    response.writeHead(found ? 200 : 404, found?.[1] ?? {});
    response.end(found?.[0] ?? "");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

describe("files that mean harm", () => {
  test("shown on every page, they do nothing", async (t) => {
    const dir = await folder();
    const paths = await write(join(dir, "files"));
    assert.ok((await readdir(join(dir, "files"))).length === paths.length && paths.length >= 60, `${paths.length} files`);
    const server = await filled(paths);
    const chrome = await browser();
    const { context, page, complaints, expected } = await visitor(chrome, server.origin);
    // A picture that is none is refused, and the page says so in its place.
    expected.push(/status of 422 .*\/picture/);
    const findings = [];
    watch(context, findings);
    const home = await signIn(page, OWNER);
    let frames = 0;
    const visit = async (page, path) => {
      const here = await look(page, path, server.origin, findings);
      frames += here.frames;
      return here;
    };
    const starts = ["documents", "conditions", "results", "medicines", "sources", "timeline", "kinds", "care-team", "places", "about", "other"].map((p) => `${home}/${p}`);
    const walked = await crawl({ context, origin: server.origin, starts: [home, ...starts], each: 400, most: 1200, within: (p) => p.startsWith(home) && !p.includes("/print") && !p.includes("?"), visit });
    t.diagnostic(`${paths.length} files, ${walked.visited} pages (${walked.left} left), ${frames} documents in them, ${walked.files.length} files saved`);
    for (const path of walked.files) await saved(context, path, findings);
    assert.deepEqual([...new Set([...findings, ...complaints])], []);
    assert.ok(walked.visited > 400 && walked.left === 0, `${walked.visited} pages, ${walked.left} left`);
  });

  test("on pages that let them, each of them is caught", async (t) => {
    const head = { "content-type": "text/html; charset=utf-8", "x-content-type-options": "nosniff" };
    const shut = { ...head, "content-security-policy": POLICY };
    const sandbox = { ...head, "content-security-policy": `${POLICY}; sandbox` };
    const html = (body) => `<!doctype html><html lang="en"><head><title>Letter</title></head><body><main id="main"><h1>Visit</h1>${body}</main></body></html>`;
    const pages = { "/favicon.ico": ["", {}] };
    // Each payload of the corpus as it is: where anything goes, and where the policy would be all that holds it.
    HTML.forEach((payload, n) => {
      pages[`/open/${n}`] = [html(payload(n)), head];
      pages[`/shut/${n}`] = [html(payload(n)), shut];
    });
    // Each of the checks by itself.
    const alone = {
      "/script": [html("<script>self.pwned=1</script>"), head, /it ran/],
      "/dialog": [html("<script>alert('tap')</script>"), head, /dialog: tap/],
      "/popup": [html("<script>open('/elsewhere')</script>"), head, /popup on/],
      "/elsewhere": [html("another page"), head, /no policy/],
      "/picture": [html('<img alt="" src="https://pwned.invalid/1.png">'), head, /another host: https:\/\/pwned\.invalid\/1\.png/],
      "/fetch": [html("<script>fetch('https://pwned.invalid/2').catch(()=>{})</script>"), head, /another host: https:\/\/pwned\.invalid\/2/],
      "/refused": [html('<img alt="" src="https://pwned.invalid/3.png">'), shut, /refused by the policy: img-src/],
      "/handler": [html('<p onclick="x()">words</p>'), shut, /p onclick/],
      "/styled": [html('<p style="color:red">words</p>'), shut, /p style/],
      "/link": [html('<a href="javascript:x()">words</a>'), shut, /a href=javascript:x\(\)/],
      "/twice": [html('<p id="main">words</p>'), shut, /p id main twice/],
      "/clobbered": [html('<img alt="" name="getElementById">'), shut, /img in the place of document\.getElementById/],
      "/form": [html('<form action="http://pwned.invalid/"></form>'), shut, /form action=http:\/\/pwned\.invalid/],
      "/base": [html('<base href="/x/">'), shut, /: base/],
      "/framed": [html('<iframe title="in" src="/inside"></iframe>'), head, /in http:\/\/127\.0\.0\.1:\d+\/inside: it ran/],
      "/inside": [html("<script>self.pwned=1</script>"), head, /it ran/],
      "/sealed": [html('<iframe title="in" sandbox src="/sealed-in"></iframe>'), shut, /in http:\/\/127\.0\.0\.1:\d+\/sealed-in: p onclick/, "frame-src 'self'"],
      "/sealed-in": [html('<p onclick="x()">words</p>'), sandbox, /p onclick/],
      "/broken": [html("<script>throw new Error('oops')</script>"), head, /error: Error: oops/],
    };
    for (const [path, [body, headers, , more]] of Object.entries(alone)) {
      pages[path] = [body, more ? { ...headers, "content-security-policy": `${POLICY}; ${more}` } : headers];
    }
    const files = {
      "/page.html": [{ ...head }, /\/page\.html is served as text\/html/],
      "/drawing.svg": [{ ...head, "content-type": "image/svg+xml" }, /\/drawing\.svg is served as image\/svg\+xml/],
      "/notes.txt": [{ "content-type": "text/plain" }, /\/notes\.txt may be sniffed/],
    };
    for (const [path, [headers]] of Object.entries(files)) pages[path] = ["<svg/>", headers];
    pages["/good.html"] = [html('<p class="x">words</p><a href="/elsewhere">on</a>'), shut];
    pages["/good.svg"] = ["<svg/>", { ...head, "content-type": "image/svg+xml", "content-disposition": "attachment" }];

    const origin = await careless(pages);
    const chrome = await browser();
    const caught = async (path, how) => {
      const { context, complaints } = await visitor(chrome, origin);
      const findings = [];
      watch(context, findings);
      await how(context, findings, path);
      await context.close();
      return [...findings, ...complaints];
    };
    const shown = async (context, findings, path) => {
      const page = await context.newPage();
      // One that leads away at once leaves nothing to look into: that it asked another host is what tells.
      await look(page, path, origin, findings).catch(() => {});
      await page.waitForLoadState("networkidle").catch(() => {});
    };
    const kept = (context, findings, path) => saved(context, path, findings);
    assert.deepEqual(await caught("/good.html", shown), []);
    assert.deepEqual(await caught("/good.svg", kept), []);
    // Where anything goes, a payload is caught by more than the missing policy.
    const payloads = [...HTML.keys()].flatMap((n) => [[`/open/${n}`, shown, /^(?!.*no policy)/], [`/shut/${n}`, shown, /./]]);
    const all = [
      ...Object.entries(alone).map(([path, [, , words]]) => [path, shown, words]),
      ...Object.entries(files).map(([path, [, words]]) => [path, kept, words]),
      ...payloads,
    ];
    const missed = [];
    const hand = async () => {
      for (let next = all.shift(); next; next = all.shift()) {
        const [path, how, words] = next;
        const lines = await caught(path, how);
        if (!lines.some((line) => words.test(line))) missed.push(`${path}: ${lines.join("; ")}`);
      }
    };
    await Promise.all([hand(), hand(), hand(), hand()]);
    assert.deepEqual(missed, []);
    t.diagnostic(`${Object.keys(alone).length + Object.keys(files).length} plants and ${HTML.length} payloads, each caught`);
  });
});
