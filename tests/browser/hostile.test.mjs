// Everything that somebody who means harm could put into a file, shown in a real browser: nothing runs, nothing is loaded from
// elsewhere, nothing asks, and the content security policy is not even needed.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { crawl, links } from "./crawl.mjs";
import { write } from "./hostile.mjs";
import { browser, filled, folder, OWNER, signIn, visitor } from "./world.mjs";

/** What stands in a document that no file may put there. Runs in the page. */
const active = () => {
  const found = [];
  const own = (url) => url === "" || url.startsWith("/") || url.startsWith("#") || url.startsWith("?") || /^(https:|mailto:|tel:)/.test(url) || url.startsWith(`${location.origin}/`);
  for (const e of document.querySelectorAll("*")) {
    const name = e.localName;
    if (name === "script" && !e.getAttribute("src")?.match(/\/assets\/[\w.-]+$/)) found.push("script");
    if (["object", "embed", "applet", "base", "style", "portal", "marquee", "foreignobject"].includes(name)) found.push(name);
    if (name === "meta" && e.httpEquiv === "refresh" && !/^\d+(;\s*url=\/.*)?$/i.test(e.content)) found.push("meta refresh");
    if (name === "link" && !e.href.startsWith(`${location.origin}/`)) found.push(`link ${e.href}`);
    for (const a of e.attributes) {
      if (/^on/i.test(a.name)) found.push(`${name} ${a.name}`);
      if (a.name === "style") found.push(`${name} style`);
      if (["href", "xlink:href", "action", "formaction", "cite"].includes(a.name) && !own(a.value.trim())) found.push(`${name} ${a.name}=${a.value}`);
      if (["src", "srcset", "poster", "data", "background", "ping", "srcdoc"].includes(a.name) && !(own(a.value) && !/^https?:\/\/(?!127)/.test(a.value)) && !/^data:image\/(png|jpeg|gif|webp);/.test(a.value)) found.push(`${name} ${a.name}=${a.value.slice(0, 80)}`);
    }
  }
  if (window.pwned !== undefined) found.push("it ran");
  return found;
};

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
    context.on("dialog", (d) => { findings.push(`dialog: ${d.message()}`); d.dismiss().catch(() => {}); });
    context.on("page", (p) => p.on("popup", () => findings.push(`popup on ${p.url()}`)));
    const home = await signIn(page, OWNER);
    let frames = 0;
    const visit = async (page, path) => {
      const answer = await page.goto(path).catch((e) => { if (!/Download is starting/.test(e.message)) throw e; });
      if (!answer) return { pages: [], files: [path] };
      const type = answer.headers()["content-type"] ?? "";
      const policy = answer.headers()["content-security-policy"] ?? "";
      if (!/default-src 'none'/.test(policy)) findings.push(`${path}: no policy`);
      if (!type.startsWith("text/html")) return { pages: [], files: [path] };
      for (const frame of page.frames()) {
        frames += 1;
        // A sandboxed frame is its own origin: the check runs inside it by the browser's own debugger.
        for (const found of await frame.evaluate(active).catch((e) => [`no look into ${frame.url()}: ${e.message}`])) findings.push(`${path} in ${frame.url().slice(0, 100)}: ${found}`);
      }
      return links(page, server.origin);
    };
    const starts = ["documents", "conditions", "results", "medicines", "sources", "timeline", "kinds", "care-team", "places", "about", "other"].map((p) => `${home}/${p}`);
    const walked = await crawl({ context, origin: server.origin, starts: [home, ...starts], each: 400, most: 1200, within: (p) => p.startsWith(home) && !p.includes("/print") && !p.includes("?"), visit });
    t.diagnostic(`${paths.length} files, ${walked.visited} pages (${walked.left} left), ${frames} documents in them, ${walked.files.length} files saved`);
    // What is saved is never a page of this server: an attachment, or a sandbox.
    for (const path of walked.files) {
      const answer = await context.request.get(path);
      const head = answer.headers();
      const shut = /attachment/.test(head["content-disposition"] ?? "") || /sandbox/.test(head["content-security-policy"] ?? "");
      const harmless = /^(image\/(png|jpeg|gif|webp)|text\/plain|text\/css|application\/(fhir\+)?json)/.test(head["content-type"] ?? "");
      if (!shut && !harmless) findings.push(`${path} is served as ${head["content-type"]}`);
      if (head["x-content-type-options"] !== "nosniff") findings.push(`${path} may be sniffed`);
    }
    assert.deepEqual([...new Set([...findings, ...complaints])], []);
    assert.ok(walked.visited > 400 && walked.left === 0, `${walked.visited} pages, ${walked.left} left`);
  });
});
