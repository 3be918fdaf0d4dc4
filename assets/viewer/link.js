// Opens a SMART Health Link: the part after "#" never leaves this browser; what comes is decrypted here.

const MOST = 200 * 1024 * 1024;
const AT_ONCE = 2 * 1024 * 1024;

const fromBase64url = (text) => bytes(text.replace(/-/g, "+").replace(/_/g, "/"));

class Trouble extends Error {}
/** It has ended, or was stopped. */
class Over extends Trouble {}

/** What a link says. Unknown properties and flags are ignored, a newer version is refused. */
function readLink(text) {
  const found = /(?:^|#)shlink:\/([A-Za-z0-9_-]+)\s*$/.exec(text.trim());
  if (!found) throw new Trouble("This is not a health link. One begins with shlink:/, or has it after a #. Check that you have all of it.");
  let payload;
  try {
    payload = JSON.parse(new TextDecoder().decode(fromBase64url(found[1])));
  } catch {
    throw new Trouble("This health link is not whole. Ask for it again, or scan the code once more.");
  }
  if (payload.v !== undefined && payload.v !== 1) throw new Trouble("This health link is of a newer kind than this page reads. Ask for the records in another form.");
  const url = word(payload.url);
  const flag = word(payload.flag);
  if (!/^https?:\/\//.test(url) || word(payload.key).length !== 43) throw new Trouble("This health link is not whole. Ask for it again, or scan the code once more.");
  if (flag.includes("U") && flag.includes("P")) throw new Trouble("This health link contradicts itself. Ask for a new one.");
  const exp = Number(payload.exp);
  if (Number.isFinite(exp) && exp > 0 && exp * 1000 < Date.now()) throw new Trouble(`This link ended on ${day(new Date(exp * 1000).toISOString())}. Ask for a new one.`);
  return { url, key: payload.key, direct: flag.includes("U"), passcode: flag.includes("P"), longTerm: flag.includes("L"), label: word(payload.label).slice(0, 80), host: new URL(url).host, own: new URL(url).origin === location.origin };
}

async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store", redirect: "follow", ...options });
  } catch {
    throw new Trouble("The other side does not answer, or this browser may not ask it. Check the network, then try again.");
  }
  if (answer.status === 404) throw new Over("This link is not active: it has ended, or it was stopped. Ask for a new one.");
  if (answer.status === 429) throw new Trouble(`This link was opened very often just now. Wait ${number(answer.headers.get("retry-after")) || "60"} seconds, then try again.`);
  return answer;
}

async function inflate(packed) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(pieces).arrayBuffer());
    size += value.length;
    if (size > MOST) throw new Trouble("This file unpacks to more than this page takes.");
    pieces.push(value);
  }
}

/** Decrypts a compact JWE: dir, A256GCM, perhaps packed. */
async function openJwe(jwe, key) {
  const [head, wrapped, nonce, text, tag, ...rest] = jwe.trim().split(".");
  const header = JSON.parse(new TextDecoder().decode(fromBase64url(head)));
  if (header.alg !== "dir" || header.enc !== "A256GCM" || wrapped || rest.length || header.crit || (header.zip && header.zip !== "DEF")) throw new Trouble("A file of this link is encrypted in a way that health links do not use.");
  const [a, b] = [fromBase64url(text), fromBase64url(tag)];
  const sealed = new Uint8Array(a.length + b.length);
  sealed.set(a);
  sealed.set(b, a.length);
  let plain;
  try {
    plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64url(nonce), additionalData: new TextEncoder().encode(head) }, key, sealed));
  } catch {
    throw new Trouble("A file of this link does not open with it: it was altered, or belongs to another link. Ask for a new link.");
  }
  return { type: word(header.cty), plain: header.zip ? await inflate(plain) : plain };
}

/** All files of a link, decrypted. */
async function openLink(link, recipient, passcode) {
  if (!globalThis.crypto || !crypto.subtle) throw new Trouble("This page was not opened over https, so this browser refuses to decrypt here. Open the same link with an address that begins with https://, or paste it into another viewer.");
  const raw = fromBase64url(link.key);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  if (link.direct) {
    const url = new URL(link.url);
    url.searchParams.set("recipient", recipient);
    const answer = await ask(url.href);
    if (!answer.ok) throw new Trouble("The other side could not give the records. Try again later.");
    return [await openJwe(await answer.text(), key)];
  }
  const body = { recipient, embeddedLengthMax: AT_ONCE };
  if (passcode) body.passcode = passcode;
  const answer = await ask(link.url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (answer.status === 401) {
    const left = Number((await answer.json().catch(() => ({}))).remainingAttempts);
    throw new Trouble(left === 0 ? "That passcode is wrong, and it was the last try. The link is closed for good. Ask for a new one." : `That passcode is wrong.${Number.isFinite(left) ? ` ${left} ${left === 1 ? "try is" : "tries are"} left.` : ""}`);
  }
  if (!answer.ok) throw new Trouble("The other side could not give the records. Try again later.");
  const manifest = await answer.json().catch(() => ({}));
  const files = [];
  for (const file of list(manifest.files)) {
    const jwe = word(file && file.embedded) || (await (await ask(word(file && file.location))).text());
    const opened = await openJwe(jwe, key);
    files.push({ type: first(word(file.contentType), opened.type), plain: opened.plain });
  }
  return files;
}

/** A health card: shown, and never said to be verified, since nobody here has asked its issuer. */
async function cardBundles(credential) {
  const out = [];
  for (const jws of list(credential && credential.verifiableCredential)) {
    const payload = JSON.parse(new TextDecoder().decode(await inflate(fromBase64url(word(jws).split(".")[1]))));
    const bundle = payload.vc && payload.vc.credentialSubject && payload.vc.credentialSubject.fhirBundle;
    if (bundle) out.push({ bundle, issuer: word(payload.iss) });
  }
  return out;
}

/** The files as one bundle to show, and what is to be said about them. */
async function gather(files) {
  const entry = [];
  const said = [];
  let main;
  for (const { type, plain } of files) {
    const kind = type.split(";")[0].trim();
    let content;
    try {
      content = parse(new TextDecoder().decode(plain));
    } catch {
      said.push("One file of this link could not be read.");
      continue;
    }
    if (kind === "application/smart-health-card" || content.verifiableCredential) {
      for (const { bundle, issuer } of await cardBundles(content)) {
        entry.push({ resource: bundle });
        said.push(`A health card in this link names ${issuer || "no one"} as its issuer. This page has not asked the issuer, so its signature is not checked.`);
      }
    } else if (kind === "application/smart-api-access") {
      said.push("This link also offers access to another server’s records. This page does not use it.");
    } else if (!main && content.resourceType === "Bundle") {
      main = content;
    } else if (content.resourceType) {
      entry.push({ resource: content });
    } else {
      said.push("One file of this link is of a kind that this page does not show.");
    }
  }
  if (!main && !entry.length) throw new Trouble(first(said.join(" "), "There is nothing in this link that this page can show."));
  const bundle = joined([main || { resourceType: "Bundle", type: "collection" }, ...entry.map((e) => e.resource)]);
  return { bundle, said };
}

const EXTENSIONS = { "application/fhir+json": "records.json", "application/smart-health-card": "card.smart-health-card" };

function replyForm(link, recipient, passcode) {
  const told = h("p", { role: "status" });
  const form = h("form", { class: "form no-print", submit: async (e) => {
    e.preventDefault();
    const data = new FormData();
    data.set("recipient", recipient);
    if (passcode) data.set("passcode", passcode);
    data.set("note", form.elements.note.value);
    for (const file of form.elements.files.files) data.append("files", file);
    told.textContent = "Sending…";
    try {
      const answer = await ask(`${link.url}/reply`, { method: "POST", body: data });
      if (answer.ok) {
        form.reset();
        told.textContent = "Sent. The patient decides what enters their record.";
      } else {
        told.textContent = first(word((await answer.json().catch(() => ({}))).error), "It could not be sent. Try again later.");
      }
    } catch (error) {
      told.textContent = error instanceof Trouble ? error.message : "It could not be sent. Try again later.";
    }
  } },
  h("p", {}, "Leave a note, a visit summary or results. The patient decides what enters their record."),
  h("div", { class: "field" }, h("label", { for: "v-note" }, "Note"), h("textarea", { id: "v-note", name: "note", maxlength: "20000" })),
  h("div", { class: "field" }, h("label", { for: "v-files" }, "Files"), h("input", { id: "v-files", name: "files", type: "file", multiple: true })),
  h("p", { class: "acts" }, h("button", { class: "btn main", type: "submit" }, "Send")), told);
  return h("div", { class: "no-print" }, section("v-reply", "Answer the patient", form));
}

function show(files, bundle, said, link, recipient, passcode) {
  const saves = files.map((f, n) => [n === 0 ? "Save the records (FHIR)" : `Save file ${n + 1} of ${files.length}`, () => save(EXTENSIONS[f.type.split(";")[0]] || "records.json", f.plain, f.type)]);
  const welcome = extensionValue(list(extension(bundle.meta, URL_SHARE)?.extension).find((e) => e && e.url === "reply")) === true;
  const extra = welcome && link.own && !link.direct ? replyForm(link, recipient, passcode) : null;
  const main = sheet(bundle, { name: link.label, where: "More in this link", saves, said, extra });
  document.getElementById("main").replaceWith(main);
  document.title = `Health summary: ${first(person(chart(bundle).patient.name), link.label)}`;
  main.focus();
}

function ready() {
  const form = document.getElementById("open");
  const told = document.getElementById("told");
  const field = (name) => form.elements[name];
  const say = (words, wrong) => {
    told.textContent = words;
    told.className = wrong ? "wrong" : "soft";
  };
  let link;
  const look = (text) => {
    link = undefined;
    try {
      link = readLink(text);
      say("");
    } catch (error) {
      say(error.message, true);
    }
    document.getElementById("paste").hidden = Boolean(link);
    document.getElementById("who").hidden = !link;
    document.getElementById("code").hidden = !(link && link.passcode);
    document.getElementById("label").textContent = link ? first(link.label, "Somebody has shared health records with you.") : "";
    document.getElementById("where").textContent = link && !link.own ? `This link leads to ${link.host}. Your browser will ask that server for the records.` : "";
  };
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    if (!link) return look(field("link").value);
    const [recipient, passcode] = [field("recipient").value.trim(), link.passcode ? field("passcode").value.trim() : ""];
    if (!recipient) return say("Write who you are: the patient sees it.", true);
    if (link.passcode && !passcode) return say("Type the passcode that you were told.", true);
    const act = form.querySelector("[type=submit]");
    act.disabled = true;
    say("Opening…");
    try {
      const files = await openLink(link, recipient, passcode);
      const { bundle, said } = await gather(files);
      show(files, bundle, said, link, recipient, passcode);
    } catch (error) {
      const card = error instanceof Over && link.label.startsWith("Emergency card.");
      say(card ? "This card is no longer valid. What it opened has ended, or was stopped. Call whoever is named above." : error instanceof Trouble ? error.message : "This link could not be opened: what came is not as it should be. Ask for a new one.", true);
      act.disabled = false;
    }
  });
  const given = decodeURIComponent(location.hash.slice(1));
  if (given) look(given);
  addEventListener("hashchange", () => location.reload());
  document.getElementById("js").hidden = false;
}

ready();
