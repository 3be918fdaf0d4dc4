// Links as others would make them, and a host that answers them.
import { createCipheriv, randomBytes } from "node:crypto";
import { visitor } from "./world.mjs";

export const base64url = (bytes) => Buffer.from(bytes).toString("base64url");

/** A JWE as another implementation would make it. */
export function seal(key, type, text) {
  const head = base64url(JSON.stringify({ alg: "dir", enc: "A256GCM", cty: type, extra: "ignored" }));
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(head));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return [head, "", base64url(nonce), base64url(sealed), base64url(cipher.getAuthTag())].join(".");
}

export const shlink = (payload) => `shlink:/${base64url(JSON.stringify(payload))}`;

/** A browser to which `https://links.example` gives these files, each {type, text} or, sealed already, {jwe}. */
export async function holder(chrome, origin, files, { flag = "", manifest } = {}) {
  const key = randomBytes(32);
  const { page, context, complaints, expected } = await visitor(chrome, origin);
  expected.push(/another host: https:\/\/links\.example/);
  await context.route("https://links.example/**", (route) => {
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
    const request = route.request();
    if (request.method() === "OPTIONS") return route.fulfill({ status: 204, headers });
    const path = new URL(request.url()).pathname;
    const n = Number(path.match(/^\/file(\d+)$/)?.[1] ?? -1);
    if (n >= 0) return route.fulfill({ headers, contentType: "application/jose", body: files[n].jwe ?? seal(key, files[n].type, files[n].text) });
    return route.fulfill({ headers, json: manifest ?? { files: files.map((f, i) => ({ contentType: f.type, location: `https://links.example/file${i}`, extra: 1 })), extra: 1 } });
  });
  const payload = { url: flag.includes("U") ? "https://links.example/file0" : "https://links.example/m", key: base64url(key), flag, extra: 1 };
  return { page, complaints, expected, payload };
}

/** Opens a link that somebody pastes into the viewer. */
export async function openPasted(page, link) {
  await page.goto("/view");
  await page.getByLabel("The link that you were given").fill(link);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByLabel("Who are you?").fill("Ruth");
  await page.getByRole("button", { name: "Open" }).click();
}
