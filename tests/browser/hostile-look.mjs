// How a page, and what is saved from it, is judged in the tests with hostile files: by what stands in the document, and by what
// the browser did. A finding is a line of words; a page that does nothing has none.
import { links } from "./crawl.mjs";

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
      if (["id", "name"].includes(a.name) && a.value in Document.prototype && document[a.value] instanceof Element) found.push(`${name} in the place of document.${a.value}`);
      if (a.name === "id" && document.querySelectorAll(`[id="${CSS.escape(a.value)}"]`).length > 1) found.push(`${name} id ${a.value} twice`);
      if (a.name === "style") found.push(`${name} style`);
      if (["href", "xlink:href", "action", "formaction", "cite"].includes(a.name) && !own(a.value.trim())) found.push(`${name} ${a.name}=${a.value}`);
      if (["src", "srcset", "poster", "data", "background", "ping", "srcdoc"].includes(a.name) && !(own(a.value) && !/^https?:\/\/(?!127)/.test(a.value)) && !/^data:image\/(png|jpeg|gif|webp);/.test(a.value)) found.push(`${name} ${a.name}=${a.value.slice(0, 80)}`);
    }
  }
  if (window.pwned !== undefined) found.push("it ran");
  return found;
};

/** Watches what pages of a context do by themselves. */
export function watch(context, findings) {
  context.on("dialog", (d) => { findings.push(`dialog: ${d.message()}`); d.dismiss().catch(() => {}); });
  context.on("page", (p) => p.on("popup", () => findings.push(`popup on ${p.url()}`)));
}

/** Opens a page and looks into each of its frames; gives {pages, files, frames}: where it leads, and how many it had. */
export async function look(page, path, origin, findings) {
  const answer = await page.goto(path).catch((e) => { if (!/Download is starting/.test(e.message)) throw e; });
  if (!answer) return { pages: [], files: [path], frames: 0 };
  const type = answer.headers()["content-type"] ?? "";
  const policy = answer.headers()["content-security-policy"] ?? "";
  if (!/default-src 'none'/.test(policy)) findings.push(`${path}: no policy`);
  if (!type.startsWith("text/html")) return { pages: [], files: [path], frames: 0 };
  for (const frame of page.frames()) {
    // A sandboxed frame is its own origin: the check runs inside it by the browser's own debugger.
    for (const found of await frame.evaluate(active).catch((e) => [`no look into ${frame.url()}: ${e.message}`])) findings.push(`${path} in ${frame.url().slice(0, 100)}: ${found}`);
  }
  return { ...(await links(page, origin)), frames: page.frames().length };
}

/** What is saved is never a page of this server: an attachment, or a sandbox. */
export async function saved(context, path, findings) {
  const answer = await context.request.get(path);
  const head = answer.headers();
  const shut = /attachment/.test(head["content-disposition"] ?? "") || /sandbox/.test(head["content-security-policy"] ?? "");
  const harmless = /^(image\/(png|jpeg|gif|webp)|text\/plain|text\/css|application\/(fhir\+)?json)/.test(head["content-type"] ?? "");
  if (!shut && !harmless) findings.push(`${path} is served as ${head["content-type"]}`);
  if (head["x-content-type-options"] !== "nosniff") findings.push(`${path} may be sniffed`);
}
