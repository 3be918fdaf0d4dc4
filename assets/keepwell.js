// Keepwell's one script. Every page works without it: this adds search as one types, the progress of an upload and of an
// import, passkeys, "Print" and "Show what I type". It keeps nothing and talks to this server only.
(() => {
  "use strict";

  // Show what I type: the box is hidden where there is no script.
  for (const label of document.querySelectorAll("[data-shows]")) {
    const field = document.getElementById(label.dataset.shows);
    const box = label.querySelector("input");
    if (!field || !box) continue;
    label.hidden = false;
    box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
  }

  // Print: hidden where there is no script; the browser's own menu prints there too.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // How strong a new passphrase looks, in words. A rough guess for while one types: the server looks closely.
  for (const hint of document.querySelectorAll("[data-strength]")) {
    const field = document.getElementById(hint.dataset.strength);
    if (!field) continue;
    field.addEventListener("input", () => {
      const signs = [...field.value.normalize("NFC")];
      const words = new Set(field.value.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 1)).size;
      const kinds = new Set(signs).size;
      hint.textContent = signs.length === 0 ? "" : signs.length < 15 ? `${signs.length} of at least 15 characters.`
        : kinds < 8 || (words < 3 && kinds < 12) ? "Long enough, but easy to guess. Take more words that differ."
          : signs.length < 25 && words < 5 ? "Good. Longer is stronger." : "Strong, if nobody who knows you would guess it.";
    });
  }

  // Passkeys: the browser is asked, and its answer goes back with the form. Without script another factor does.
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const listed = (all) => all && all.map((one) => ({ ...one, id: bytes(one.id) }));
  const ask = async (kind, options) => {
    const publicKey = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    if (kind === "create") {
      publicKey.user = { ...publicKey.user, id: bytes(publicKey.user.id) };
      publicKey.excludeCredentials = listed(publicKey.excludeCredentials) ?? [];
      const made = await navigator.credentials.create({ publicKey });
      return { made, response: { attestationObject: text(made.response.attestationObject) } };
    }
    publicKey.allowCredentials = listed(publicKey.allowCredentials) ?? [];
    const made = await navigator.credentials.get({ publicKey });
    const { authenticatorData, signature, userHandle } = made.response;
    return { made, response: { authenticatorData: text(authenticatorData), signature: text(signature), userHandle: userHandle && text(userHandle) } };
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button[type=button]");
    const failed = form.querySelector("[data-failed]");
    if (!button || !window.PublicKeyCredential) continue;
    form.querySelector("[data-without]").hidden = true;
    button.hidden = false;
    // Enter in a field means the button, not an answer without a passkey.
    form.addEventListener("submit", (event) => { event.preventDefault(); button.click(); });
    button.addEventListener("click", async () => {
      button.disabled = true;
      failed.hidden = true;
      try {
        const { made, response } = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
        form.elements.credential.value = JSON.stringify({
          id: made.id, rawId: text(made.rawId), type: made.type, extensions: {},
          response: { ...response, clientDataJSON: text(made.response.clientDataJSON) },
        });
        form.submit();
      } catch {
        failed.hidden = false;
        button.disabled = false;
      }
    });
  }

  // Search as one types: the words go by POST, so that they never stand in an address.
  for (const form of document.querySelectorAll("form[data-live]")) {
    const out = document.getElementById(form.dataset.live);
    const field = form.querySelector("input[type=search]");
    if (!out || !field) continue;
    let timer, under_way, last = field.value;
    const look = async () => {
      if (field.value === last) return;
      last = field.value;
      if (under_way) under_way.abort();
      under_way = new AbortController();
      try {
        const answer = await fetch(form.action, {
          method: "POST", headers: { "x-keepwell": "live" }, body: new URLSearchParams({ words: last }), signal: under_way.signal,
        });
        if (answer.redirected) { location.reload(); return; }
        if (answer.ok) out.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
      } catch { /* A newer search took over, or the server is away: the button still works. */ }
    };
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 150); });
  }

  // An upload shows how far it is.
  for (const form of document.querySelectorAll("form[data-upload]")) {
    const out = document.getElementById(form.dataset.upload);
    const button = form.querySelector("button[type=submit]");
    if (!out) continue;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const words = document.createElement("p");
      const request = new XMLHttpRequest();
      out.replaceChildren(words);
      if (button) button.disabled = true;
      const again = (text) => { words.textContent = text; if (button) button.disabled = false; };
      request.upload.addEventListener("progress", (at) => {
        if (at.lengthComputable) words.textContent = `On its way: ${Math.floor(100 * at.loaded / at.total)} percent.`;
      });
      request.addEventListener("load", () => {
        if (request.status < 400) { location.assign(request.responseURL); return; }
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        const said = [...page.querySelectorAll("main .note p, main h1 + p")].map((p) => p.textContent).join(" ");
        again(said || "The upload failed. Nothing was stored. Try again.");
      });
      request.addEventListener("error", () => again("The upload broke off. Nothing was stored. Try again."));
      request.open("POST", form.action);
      request.send(new FormData(form));
    });
  }

  // A running import is watched; when it is done, the page is asked for again and shows what became of it.
  for (const place of document.querySelectorAll("[data-watch]")) {
    const look = async () => {
      try {
        const answer = await fetch(place.dataset.watch);
        if (answer.redirected || answer.status === 204 || answer.status === 404) { location.replace(location.pathname); return; }
        if (answer.ok) place.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
      } catch { /* The server is away for a moment. */ }
      setTimeout(look, 700);
    };
    setTimeout(look, 500);
  }
})();
