// The encrypted page: asks for the passphrase and decrypts what lies in this very file. Nothing is asked of any network.

const sealed = JSON.parse(document.getElementById("sealed").textContent);

async function inflateAll(packed) {
  return new Uint8Array(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer());
}

/** Words as they were given: case and spaces do not matter. */
const tidy = (passphrase) => passphrase.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean).join(" ");

async function unseal(passphrase) {
  const raw = await crypto.subtle.importKey("raw", new TextEncoder().encode(tidy(passphrase)), "PBKDF2", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt: bytes(sealed.salt), iterations: sealed.rounds }, raw, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(sealed.iv), additionalData: new TextEncoder().encode(sealed.about) }, key, bytes(sealed.data));
  return JSON.parse(new TextDecoder().decode(await inflateAll(plain)));
}

function unsealed({ texts, files }) {
  const bundle = joined(list(texts).map((text) => parse(word(text))));
  const records = list(texts).map((text, n) => [n === 0 ? "Save as IPS (FHIR)" : "Save the other records (FHIR)", () => save(`records-${n + 1}.json`, text, "application/fhir+json")]);
  const saves = [...records, ...list(files).map((f) => [word(f.words), () => save(word(f.name), bytes(f.data), word(f.type))])];
  const main = sheet(bundle, { name: "", where: "More in this page", saves, said: [], extra: null });
  document.getElementById("main").replaceWith(main);
  document.title = `Health summary: ${person(chart(bundle).patient.name)}`;
  main.focus();
}

const form = document.getElementById("open");
const told = document.getElementById("told");
form.addEventListener("submit", async (e) => {
  e.preventDefault();
  const act = form.querySelector("[type=submit]");
  act.disabled = true;
  told.className = "soft";
  told.textContent = "Opening…";
  try {
    if (!globalThis.crypto || !crypto.subtle) throw new TypeError("no crypto");
    unsealed(await unseal(form.elements.passphrase.value));
  } catch (error) {
    told.className = "wrong";
    told.textContent = error instanceof TypeError ? "This browser cannot decrypt this page. Save the file, then open it with a newer browser." : "Those words do not open this page. Check them and try again.";
    act.disabled = false;
  }
});
document.getElementById("js").hidden = false;
