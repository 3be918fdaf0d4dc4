// Shows a FHIR bundle as one dense sheet: allergies first. Every word of it comes from somebody else, so it reaches the page
// as text only: no HTML is ever built from strings, and no address out of the bundle is ever followed.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  bang: ["0 0 10 10", "M3 0h4L10 3v4L7 10H3L0 7V3zM4.3 2v3.6h1.4V2zM4.3 6.6V8h1.4V6.6z"],
  up: ["0 0 10 10", "M5 1 9.6 9H.4z"],
  down: ["0 0 10 10", "M5 9 .4 1h9.2z"],
  dot: ["0 0 10 10", "M5 1.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z"],
  ok: ["0 0 10 10", "M3.9 8.6.6 5.3l1.3-1.3 2 2L8.4 1.5 9.7 2.8z"],
  none: ["0 0 10 10", "M1 4h8v2H1z"],
  alert: ["0 0 24 24", "M12 3.8 21.5 20h-19zM12 10v4.5M12 17.2v.1"],
  print: ["0 0 24 24", "M7 8.5v-5h10v5M7 17H3.5V8.5h17V17H17M7 13.5h10v7H7z"],
  save: ["0 0 24 24", "M12 3.5V15M7.5 10.5 12 15l4.5-4.5M4.5 17v3.5h15V17"],
};

/** An element: attributes, then children; strings become text. A child that is nothing is left out. */
function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value);
  }
  for (const child of children.flat(3)) {
    if (child !== undefined && child !== null && child !== false && child !== "") made.append(child);
  }
  return made;
}

function shape(name, kind) {
  const [box, path] = SHAPES[name];
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", box);
  drawn.setAttribute("aria-hidden", "true");
  if (kind) drawn.setAttribute("class", kind);
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  if (!kind) line.setAttribute("fill-rule", "evenodd");
  drawn.append(line);
  return drawn;
}

const icon = (name) => shape(name, "icon");
const pill = (kind, name, words) => h("span", { class: `pill ${kind}` }, shape(name), words);
const button = (words, act, kind = "btn", symbol) => h("button", { type: "button", class: kind, click: act }, symbol && icon(symbol), words);

// ---- reading FHIR: anything may be missing, or be something else than it should

const list = (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);
const word = (value) => (typeof value === "string" ? value.trim() : typeof value === "number" || typeof value === "boolean" ? String(value) : "");
const first = (...values) => values.find((v) => v) || "";
const concept = (value) => first(...list(value).map((c) => c && first(word(c.text), ...list(c.coding).map((k) => k && word(k.display)), ...list(c.coding).map((k) => k && word(k.code)))));
const code = (value) => !value ? [] : list(value).flatMap((c) => list(c && c.coding)).map((k) => word(k && k.code));
const has = (value, ...codes) => code(value).some((c) => codes.includes(c));
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** 2015, March 2015, 3 March 2015: as exact as it is known. */
function day(value) {
  const [, year, month, date] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?/.exec(word(value)) || [];
  if (!year) return "";
  const name = MONTHS[Number(month) - 1];
  return [date && name && Number(date), name, year].filter(Boolean).join(" ");
}

function person(name) {
  const all = list(name).filter((n) => n && typeof n === "object");
  const one = all.find((n) => n.use === "official") || all.find((n) => n.use === "usual") || all[0];
  return one ? first(word(one.text), [...list(one.prefix), ...list(one.given), one.family, ...list(one.suffix)].map(word).filter(Boolean).join(" ")) : "";
}

const number = (value) => {
  const text = word(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};
const unitWords = (unit) => unit.replace(/^(.*)\[(Hg|iU|IU)\]/, "$1$2").replace(/^1$|^\{.*\}$/, "");
const quantity = (q) => (q && typeof q === "object" && q.value !== undefined ? `${word(q.comparator)}${number(q.value)} ${unitWords(first(word(q.unit), word(q.code)))}`.trim() : "");
const age = (birth, today = new Date()) => {
  const [, y, m, d] = (/^(\d{4})-(\d\d)-(\d\d)/.exec(word(birth)) || []).map(Number);
  if (!y) return "";
  const years = today.getFullYear() - y - (today.getMonth() + 1 < m || (today.getMonth() + 1 === m && today.getDate() < d) ? 1 : 0);
  return years >= 0 && years < 130 ? ` (${years})` : "";
};

const DATES = ["effectiveDateTime", "effectivePeriod", "effectiveInstant", "performedDateTime", "performedPeriod", "occurrenceDateTime", "onsetDateTime", "onsetPeriod", "authoredOn", "dateAsserted", "period", "whenHandedOver", "date", "recordedDate", "issued", "start", "created", "timingDateTime", "timingPeriod"];
function when(resource) {
  for (const name of DATES) {
    const value = resource[name];
    const text = value && typeof value === "object" ? first(word(value.start), word(value.end)) : word(value);
    if (text) return text;
  }
  return "";
}

function title(resource, look) {
  const medicine = resource.medicationReference && look(resource.medicationReference);
  return first(
    concept(resource.medicationCodeableConcept), medicine && concept(medicine.code), resource.medicationReference && word(resource.medicationReference.display),
    concept(resource.vaccineCode), concept(resource.code), word(resource.title), word(resource.description), concept(resource.type), person(resource.name),
    typeof resource.name === "string" && resource.name, list(resource.deviceName).map((n) => n && word(n.name))[0], concept(resource.relationship), concept(resource.class && { coding: [resource.class] }),
    concept(resource.category), word(resource.resourceType),
  );
}

const URL_SHARE = "https://keepwell.invalid/fhir/share";
const URL_SOURCE = "https://keepwell.invalid/fhir/source";
const extension = (holder, url) => list(holder && holder.extension).find((e) => e && e.url === url);
const extensionValue = (e) => e && Object.entries(e).find(([name]) => name.startsWith("value"))?.[1];

/** JSON with its numbers as they were written: 72.50 stays 72.50. */
const parse = (text) => JSON.parse(text.replace(/":\s*(-?\d+\.\d*0)(?=\s*[,}])/g, (all, digits, at) => (text[at - 1] === "\\" ? all : `":"${digits}"`)));

/** Several bundles as one: the first leads. */
function joined(bundles) {
  const [main, ...more] = bundles;
  return { ...main, entry: [...list(main && main.entry), ...more.map((resource) => ({ resource }))] };
}

/** The bundle as a chart: its resources by kind, a way to follow references inside it, and our own words. */
function chart(bundle) {
  const all = [];
  const known = new Map();
  const add = (resource, url, source) => {
    if (!resource || typeof resource !== "object") return;
    if (resource.resourceType === "Bundle") return list(resource.entry).forEach((e) => e && add(e.resource, word(e.fullUrl), first(word(extensionValue(extension(e, URL_SOURCE))), source)));
    const one = { resource, url, source };
    all.push(one);
    if (url) known.set(url, resource);
    if (resource.id) known.set(`${resource.resourceType}/${resource.id}`, resource);
  };
  for (const entry of list(bundle.resourceType === "Bundle" ? bundle.entry : { resource: bundle })) {
    const named = extensionValue(extension(entry, URL_SOURCE));
    const meta = entry && entry.resource && entry.resource.meta;
    if (entry) add(entry.resource, word(entry.fullUrl), first(word(named), word(meta && meta.source && !/^(urn|https?):/.test(meta.source) ? meta.source : "")));
  }
  const look = (reference, inside) => {
    const target = word(reference && reference.reference);
    if (target.startsWith("#")) return list(inside && inside.contained).find((c) => c && c.id === target.slice(1));
    return known.get(target) || known.get(target.split("/").slice(-2).join("/"));
  };
  const words = {};
  for (const e of list(extension(bundle.meta, URL_SHARE)?.extension)) words[word(e && e.url)] = extensionValue(e);
  const kinds = new Map();
  for (const one of all) {
    if (one.resource.status === "entered-in-error" || has(one.resource.verificationStatus, "entered-in-error")) continue;
    const kind = one.resource.resourceType;
    if (kinds.has(kind)) kinds.get(kind).push(one);
    else kinds.set(kind, [one]);
  }
  const of = (...wanted) => wanted.flatMap((kind) => kinds.get(kind) || []);
  return { all, of, look, words, timestamp: word(bundle.timestamp), patient: all.map((o) => o.resource).find((r) => r.resourceType === "Patient") || {} };
}

/** The same thing from several sources as one line. */
function same(items) {
  const lines = new Map();
  for (const item of items) {
    const key = `${item.name}\n${item.more || ""}`.toLowerCase();
    const line = lines.get(key);
    if (!line) lines.set(key, { ...item, sources: [item.source].filter(Boolean) });
    else if (item.source && !line.sources.includes(item.source)) line.sources.push(item.source);
  }
  return [...lines.values()];
}

const newest = (a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0);
/** Where a line comes from. The name of a file alone stays off the paper. */
const isFile = (name) => /^File of |\.[a-z0-9]{2,6}$/i.test(name);
const origin = (sources, before = "") => sources.length > 0 && h("span", { class: sources.every(isFile) ? "src no-print" : "src" }, before, sources.map((s) => s.replace(/\.(json|ndjson|xml|zip|pdf|txt|html?|rtf)$/i, "")).join(", "));
const from = (line) => [line.sources.length > 0 && [origin(line.sources), " "], day(line.date)];

const refuted = (r) => has(r.verificationStatus, "refuted");

/** What stands apart from what the person has: never among it, and never silently left away. */
function apart(c, kinds, takes) {
  const items = c.of(...kinds).filter(({ resource: r }) => takes(r));
  return same(items.map(({ resource: r, source }) => ({ name: title(r, c.look), more: "", source, date: when(r) }))).sort(newest);
}

function allergies(c) {
  const items = c.of("AllergyIntolerance").filter(({ resource: r }) => !has(r.clinicalStatus, "inactive", "resolved") && !refuted(r));
  return same(items.map(({ resource: r, source }) => {
    const signs = list(r.reaction).map((x) => x && [list(x.manifestation).map((m) => concept(m)).filter(Boolean).join(", "), word(x.severity)].filter(Boolean).join(", ")).filter(Boolean).join("; ");
    const year = day(first(word(r.onsetDateTime), word(r.recordedDate)));
    return { name: title(r, c.look), more: [signs, r.criticality === "high" && "high risk", year].filter(Boolean).join(", "), source, date: when(r), high: r.criticality === "high" || list(r.reaction).some((x) => x && x.severity === "severe"), none: has(r.code, "716186003", "no-known-allergies", "409137002", "no-allergy-info") };
  })).sort((a, b) => Number(b.high) - Number(a.high));
}

function conditions(c, current) {
  const items = c.of("Condition").filter(({ resource: r }) => !refuted(r) && has(r.clinicalStatus, "inactive", "resolved", "remission") !== current);
  return same(items.map(({ resource: r, source }) => ({ name: title(r, c.look), more: "", source, date: first(word(r.onsetDateTime), word(r.onsetPeriod && r.onsetPeriod.start), word(r.recordedDate)), note: [r.onsetAge && `from age ${quantity(r.onsetAge)}`, has(r.clinicalStatus, "remission") && "in remission"].filter(Boolean).join(", ") }))).sort(newest);
}

const UNITS = { s: "second", min: "minute", h: "hour", d: "day", wk: "week", mo: "month", a: "year" };
function every({ frequency, frequencyMax, period, periodUnit }) {
  const unit = UNITS[word(periodUnit)] || word(periodUnit);
  const times = frequencyMax ? `${number(frequency)} to ${number(frequencyMax)} times` : { 1: "once", 2: "twice" }[word(frequency)] || `${number(frequency)} times`;
  return Number(period) === 1 ? `${times} a ${unit}` : `${times} every ${number(period)} ${unit}s`;
}

const TAKEN = ["active", "on-hold", "intended", "draft", "unknown", ""];
function directions(r) {
  return list(r.dosageInstruction || r.dosage).map((d) => {
    if (!d) return "";
    const dose = first(...list(d.doseAndRate).map((x) => x && first(quantity(x.doseQuantity), x.doseRange && `${quantity(x.doseRange.low)} to ${quantity(x.doseRange.high)}`)));
    const repeat = (d.timing && d.timing.repeat) || {};
    const often = repeat.frequency && repeat.period ? every(repeat) : concept(d.timing && d.timing.code);
    return first(word(d.text), word(d.patientInstruction), [dose, concept(d.route).toLowerCase(), often, d.asNeededBoolean === true && "as needed"].filter(Boolean).join(", "));
  }).filter(Boolean).join("; ");
}

function medicines(c, current) {
  const items = c.of("MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration").filter(({ resource: r }) => (TAKEN.includes(word(r.status)) && r.resourceType !== "MedicationAdministration" && r.resourceType !== "MedicationDispense") === current);
  return same(items.map(({ resource: r, source }) => ({
    name: title(r, c.look), more: directions(r), source, date: when(r), status: word(r.status), late: ["on-hold", "draft", "intended"].includes(r.status),
    why: first(concept(r.reasonCode), ...list(r.reasonReference).map((x) => x && first(word(x.display), concept(c.look(x, r)?.code)))),
    none: has(r.medicationCodeableConcept, "no-known-medications", "no-medication-info", "787481004"),
  }))).sort((a, b) => a.name.localeCompare(b.name));
}

const LOW = ["L", "LL", "LU", "<"];
const HIGH = ["H", "HH", "HU", ">"];
function state(o, range) {
  const marks = code(o.interpretation);
  if (marks.some((m) => HIGH.includes(m))) return ["heed", "up", "High"];
  if (marks.some((m) => LOW.includes(m))) return ["heed", "down", "Low"];
  if (marks.some((m) => ["A", "AA", "POS", "R"].includes(m))) return ["heed", "dot", first(concept(o.interpretation), "Marked")];
  const value = Number(o.valueQuantity && o.valueQuantity.value);
  const low = Number(range && range.low && range.low.value);
  const high = Number(range && range.high && range.high.value);
  const unit = (q) => word(q && first(q.unit, q.code)).toLowerCase();
  const alike = range && [range.low, range.high].every((q) => !q || !unit(q) || !unit(o.valueQuantity) || unit(q) === unit(o.valueQuantity));
  if (o.valueQuantity && !o.valueQuantity.comparator && alike && Number.isFinite(value) && (Number.isFinite(low) || Number.isFinite(high))) {
    if (value > high) return ["heed", "up", "High"];
    if (value < low) return ["heed", "down", "Low"];
    return ["fine", "ok", "In range"];
  }
  return marks.includes("N") ? ["fine", "ok", "In range"] : ["quiet", "none", "No range"];
}

function rangeWords(range) {
  if (!range) return "";
  const [low, high] = [quantity(range.low), quantity(range.high)];
  return first(word(range.text), low && high ? `${number(range.low.value)} to ${high}` : low ? `${low} or more` : high ? `${high} or less` : "");
}

function valueOf(o) {
  return first(
    quantity(o.valueQuantity), concept(o.valueCodeableConcept), word(o.valueString), word(o.valueInteger), o.valueBoolean !== undefined && (o.valueBoolean ? "Yes" : "No"),
    o.valueRange && [quantity(o.valueRange.low), quantity(o.valueRange.high)].filter(Boolean).join(" to "), o.valueRatio && `${quantity(o.valueRatio.numerator)} / ${quantity(o.valueRatio.denominator)}`,
    day(o.valueDateTime), o.valuePeriod && `${day(o.valuePeriod.start)} to ${day(o.valuePeriod.end)}`, word(o.valueTime),
  );
}

function results(c) {
  const found = { measured: [], social: [] };
  for (const { resource: o, source } of c.of("Observation")) {
    const kind = has(o.category, "social-history", "survey") ? "social" : "measured";
    found[kind].push({ o, source, key: first(code(o.code)[0], concept(o.code)), date: when(o) });
  }
  found.measured.sort(newest);
  found.social.sort(newest);
  return found;
}

/** One result in words. */
function result(c, { o, source, key, date }) {
  const parts = list(o.component).map((p) => p && { name: concept(p.code), value: valueOf(p), code: code(p.code)[0] }).filter((p) => p && p.value);
  // 134/78: systolic and diastolic as everybody writes them.
  const pressure = ["8480-6", "8462-4"].map((k) => list(o.component).find((p) => p && has(p.code, k))).filter((p) => p && p.valueQuantity);
  const range = list(o.referenceRange)[0];
  const value = first(valueOf(o), pressure.length === 2 && `${number(pressure[0].valueQuantity.value)}/${quantity(pressure[1].valueQuantity)}`, parts.map((p) => `${p.name} ${p.value}`).join(", "), concept(o.dataAbsentReason));
  return { name: title(o, c.look), key, value, range: rangeWords(range), state: state(o, range), date, sources: [source].filter(Boolean) };
}

/** The newest value of each test; those outside their range first. */
function newestOfEach(c, all) {
  const seen = new Map();
  for (const one of all) {
    if (seen.has(one.key)) continue;
    const told = result(c, one);
    if (told.value) seen.set(one.key, told);
  }
  const rows = [...seen.values()];
  return [...rows.filter((r) => r.state[0] === "heed"), ...rows.filter((r) => r.state[0] !== "heed")];
}

// ---- documents inside

const SAFE = { "application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp" };
const ENDINGS = { ...SAFE, "text/plain": "txt", "text/html": "html", "text/xml": "xml", "application/xml": "xml", "application/json": "json", "application/fhir+json": "json", "application/zip": "zip", "image/tiff": "tif", "text/rtf": "rtf", "application/rtf": "rtf" };

function bytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(word(base64));
  const text = atob(word(base64).replace(/\s+/g, ""));
  const out = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) out[n] = text.charCodeAt(n);
  return out;
}

function save(name, data, type) {
  const address = URL.createObjectURL(new Blob([data], { type: SAFE[type] ? type : "application/octet-stream" }));
  const link = h("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

const fileName = (name, type) => {
  const plain = name.normalize("NFC").replace(/[^\p{L}\p{N} ._-]+/gu, " ").replace(/^[. ]+/, "").trim().slice(0, 80) || "document";
  const ending = ENDINGS[type];
  return ending && !plain.toLowerCase().endsWith(`.${ending}`) ? `${plain}.${ending}` : plain;
};

function documents(c) {
  const out = [];
  const add = (one, attachment) => {
    if (!attachment) return;
    const held = attachment.data ? attachment : c.look({ reference: attachment.url }, one.resource);
    const type = word(first(attachment.contentType, held && held.contentType)).split(";")[0].trim().toLowerCase();
    out.push({ name: first(word(attachment.title), word(one.resource.description), concept(one.resource.type), concept(one.resource.code), "Document"), type, data: held && held.data, date: first(word(one.resource.date), when(one.resource), word(attachment.creation)), source: one.source });
  };
  for (const one of c.all) {
    const r = one.resource;
    if (r.resourceType === "DocumentReference") list(r.content).forEach((x) => add(one, x && x.attachment));
    if (r.resourceType === "DiagnosticReport") list(r.presentedForm).forEach((x) => add(one, x));
    if (r.resourceType === "Media") add(one, r.content);
    if (r.resourceType === "Communication") list(r.payload).forEach((x) => add(one, x && x.contentAttachment));
    if (r.resourceType === "Consent") add(one, r.sourceAttachment);
  }
  const linked = new Set(out.map((d) => d.data));
  c.of("Binary").filter(({ resource: r }) => r.data && !linked.has(r.data)).forEach((one) => out.push({ name: "Document", type: word(one.resource.contentType), data: one.resource.data, date: "", source: one.source }));
  return out.sort(newest);
}

/** Text, also that of HTML: its tags are taken off before anything looks at them. */
function plainText(data, type) {
  const text = new TextDecoder().decode(data);
  if (type !== "text/html") return text;
  const bare = text.replace(/<(script|style|head)\b[\s\S]*?<\/\1\s*>/gi, "").replace(/<(br|\/p|\/div|\/tr|\/li|\/h\d)\b[^>]*>/gi, "\n").replace(/<\/t[dh]\b[^>]*>/gi, "  ").replace(/<[^>]*>?/g, "");
  return new DOMParser().parseFromString(bare.replaceAll("<", "&lt;"), "text/html").body.textContent.replace(/\n\s*\n\s*\n+/g, "\n\n").trim();
}

function documentRow(d) {
  const place = h("div", { class: "doc-open" });
  const open = () => {
    if (place.firstChild) return place.replaceChildren();
    const data = bytes(d.data);
    if (d.type.startsWith("image/") && SAFE[d.type]) place.append(h("img", { src: URL.createObjectURL(new Blob([data], { type: d.type })), alt: d.name }));
    else if (d.type === "application/pdf") window.open(URL.createObjectURL(new Blob([data], { type: d.type })), "_blank", "noopener");
    else place.append(h("pre", { tabindex: "0" }, plainText(data, d.type)));
  };
  const opens = d.data && (SAFE[d.type] || d.type === "text/plain" || d.type === "text/html");
  const kind = SAFE[d.type] === "pdf" ? "PDF" : (ENDINGS[d.type] || d.type || "file").toUpperCase();
  return h("li", {},
    h("div", {}, h("span", { class: "name" }, d.name), h("span", { class: "sub" }, [kind, day(d.date), d.source].filter(Boolean).join(", ")), place),
    h("div", { class: "end acts" }, d.data ? [opens && button("Open", open, "btn plain"), button("Save", () => save(fileName(d.name, d.type), bytes(d.data), d.type), "btn plain")] : h("span", { class: "soft" }, "Not here")));
}

// ---- the sheet

function section(id, heading, ...body) {
  return h("section", { class: "sec", "aria-labelledby": id }, h("header", {}, h("h2", { id }, heading)), body);
}

function table(heads, rows, kind = "") {
  return h("table", { class: `fold ${kind}` },
    h("thead", {}, h("tr", {}, heads.map((x) => h("th", { scope: "col", class: x === "Value" && "n" }, x)))),
    h("tbody", {}, rows.map((cells, row) => h("tr", { class: kind === "results" && row >= PAPER && "no-print" }, cells.map((cell, n) => (n === 0 ? h("th", { scope: "row" }, cell) : h("td", { "data-label": heads[n], class: heads[n] === "Value" ? "n" : heads[n] === "Source" || heads[n] === "Date" ? "src" : undefined }, cell)))))));
}

/** More of it, made when somebody opens it. */
function more(words, make) {
  const body = h("div", {});
  const all = h("details", { class: "sec", toggle: () => { if (all.open && !body.firstChild) body.append(make()); } }, h("summary", {}, h("b", {}, words)), body);
  return all;
}

const lines = (items, words) => h("ul", { class: "flat list" }, items.map((i) => h("li", { class: i.offPaper && "no-print" }, words(i))));
const rest = (n, what) => n > 0 && h("p", { class: "print-only src" }, `and ${n} more ${what}: not on this sheet`);
const resultTable = (items) => table(["Test", "Value", "Range of the lab", "State", "Date", "Source"], items.map((r) => [r.name, r.value, first(r.range, "not given"), pill(...r.state), day(r.date), origin(r.sources)]), "results");
/** So many rows of a table go on paper, so that all of it is one sheet. */
const PAPER = 8;
/** And of the short lists at its foot. Allergies, conditions and medicines are always whole. */
const SHOTS = 4;
const FEW = 30;
const MANY = 500;

/** Many rows, a part at a time. */
function parts(items, draw) {
  const box = h("div", {});
  let shown = 0;
  const next = () => {
    box.querySelector(":scope > button")?.remove();
    box.append(draw(items.slice(shown, shown + MANY)));
    shown += MANY;
    if (shown < items.length) box.append(button(`Show ${Math.min(MANY, items.length - shown)} more of ${items.length}`, next));
  };
  next();
  return box;
}

function generic(c, kinds, heading) {
  const items = c.of(...kinds);
  if (!items.length) return null;
  const rows = items.map(({ resource: r, source }) => ({ name: title(r, c.look), more: first(word(r.conclusion), concept(r.reasonCode), concept(r.bodySite), r.description !== title(r, c.look) && word(r.description), list(r.note).map((n) => n && word(n.text)).join(" ")), date: when(r), source, status: word(r.status) })).sort(newest);
  return more(`${heading} (${rows.length})`, () => parts(rows, (some) => table(["What", "More", "Date", "Source"], some.map((r) => [r.name, r.more, day(r.date), r.source]))));
}

const KINDS = [
  ["Visits", "Encounter"], ["Reports", "DiagnosticReport"], ["Plans", "CarePlan", "ServiceRequest", "NutritionOrder", "DeviceRequest", "RequestGroup"], ["Goals", "Goal"],
  ["Family history", "FamilyMemberHistory"], ["Pregnancy and other findings", "ClinicalImpression", "RiskAssessment", "DetectedIssue"], ["Imaging", "ImagingStudy", "Media"],
  ["Appointments", "Appointment"], ["Questionnaires", "QuestionnaireResponse"], ["Messages", "Communication"], ["Insurance", "Coverage"], ["Bills", "Claim", "ExplanationOfBenefit", "ChargeItem", "Invoice", "Account"],
  ["Wishes and consents", "Consent"], ["Lists", "List"],
];
const SHOWN = ["Patient", "AllergyIntolerance", "Condition", "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration", "Medication", "Observation", "Immunization", "Procedure", "Device", "DeviceUseStatement", "DocumentReference", "Binary", "RelatedPerson", "CareTeam", "Practitioner", "PractitionerRole", "Organization", "Location", "Flag", "Composition", "Provenance", "Specimen", "Bundle", "OperationOutcome"].concat(KINDS.flatMap((k) => k.slice(1)));

function language(tag) {
  try {
    return /^[a-z]{2,3}(-[A-Za-z0-9]+)*$/.test(tag) ? new Intl.DisplayNames(["en"], { type: "language" }).of(tag) : tag;
  } catch {
    return tag;
  }
}

function head(c, about) {
  const p = c.patient;
  const speaks = [...new Set(list(p.communication).map((x) => x && language(concept(x.language))).filter(Boolean))].join(", ");
  const name = first(person(p.name), about.name, "Name not given");
  const born = day(p.birthDate);
  const shared = [c.timestamp && `Shared on ${day(c.timestamp)}`, c.words.for && `for ${word(c.words.for)}`, c.words.until && `open until ${day(c.words.until)}`].filter(Boolean).join(", ");
  return h("header", { class: "sheet-top" },
    h("div", {}, h("h1", {}, name), h("p", {}, h("b", {}, born ? `Born ${born}${age(p.birthDate)}` : "Birth date not given"), [p.gender && word(p.gender), speaks && `speaks ${speaks}`, p.deceasedDateTime && `died ${day(p.deceasedDateTime)}`].filter(Boolean).map((x) => ` · ${x}`))),
    h("div", {}, h("p", { class: "src" }, shared)));
}

function allergyCard(c) {
  const all = allergies(c);
  const real = all.filter((a) => !a.none);
  const none = all.filter((a) => a.none);
  const body = real.length
    ? h("ul", {}, real.map((a) => h("li", {}, h("b", {}, `${a.name}${a.more ? ": " : ""}`), a.more, a.sources.length > 0 && [" ", origin(a.sources)])))
    : none.length ? h("p", {}, none.map((a, n) => [n > 0 && "; ", a.name, " ", from(a)])) : h("p", {}, "Nothing about allergies is here. This is not the same as none.");
  return h("section", { class: "card harm", "aria-labelledby": "v-allergies" }, h("h2", { id: "v-allergies" }, icon("alert"), "Allergies"), body);
}

function contacts(c) {
  const phone = (t) => list(t).filter((x) => x && x.system !== "url").map((x) => word(x.value)).filter(Boolean).slice(0, 2).join(", ");
  const rows = [];
  for (const k of list(c.patient.contact)) if (k) rows.push([person(k.name), concept(k.relationship), phone(k.telecom)]);
  for (const { resource: r } of c.of("RelatedPerson")) rows.push([person(r.name), concept(r.relationship), phone(r.telecom)]);
  for (const g of list(c.patient.generalPractitioner)) {
    const held = c.look(g, c.patient);
    rows.push([first(word(g && g.display), held && person(held.name), held && word(held.name)), "own doctor", held ? phone(held.telecom) : ""]);
  }
  for (const { resource: r } of c.of("CareTeam")) {
    for (const m of list(r.participant)) {
      const held = m && c.look(m.member, r);
      rows.push([first(word(m && m.member && m.member.display), held && person(held.name), held && word(held.name)), concept(m && m.role), held ? phone(held.telecom) : ""]);
    }
  }
  const seen = new Set();
  return rows.filter(([name, , tel]) => name && !seen.has(name + tel) && seen.add(name + tel));
}

function flags(c, latest) {
  const out = c.of("Flag").filter(({ resource: r }) => r.status === "active" || !r.status).map(({ resource: r }) => pill("harm", "bang", title(r, c.look)));
  for (const r of latest.filter((x) => x.state[0] === "heed").slice(0, 6)) out.push(pill("heed", r.state[1], `${r.name} ${r.value}`.slice(0, 60)));
  const implants = same(c.of("Device", "DeviceUseStatement").map(({ resource: r, source }) => ({ name: first(r.device && concept(c.look(r.device, r)?.type), title(r, c.look)), more: "", source, date: when(r) })));
  for (const d of implants.slice(0, 6)) out.push(pill("", "dot", `Device: ${d.name}`.slice(0, 60)));
  return out.length ? h("ul", { class: "flags list", "aria-label": "Alerts" }, out.map((x) => h("li", { class: x.classList.contains("heed") && "no-print" }, x))) : null;
}

/** Draws the sheet. `about`: {name, where: a heading, saves: [[words, act]], said: what is to be said, extra: nodes below}. */
function sheet(bundle, about) {
  const c = chart(bundle);
  const { measured: all, social } = results(c);
  const ordered = newestOfEach(c, all);
  const told = (some) => some.map((one) => result(c, one)).filter((r) => r.value);
  const taken = medicines(c, true);
  const now = conditions(c, true);
  const past = conditions(c, false);
  const before = medicines(c, false);
  const files = documents(c);
  const formerly = apart(c, ["AllergyIntolerance"], (r) => !refuted(r) && has(r.clinicalStatus, "inactive", "resolved"));
  const ruledOut = apart(c, ["AllergyIntolerance", "Condition"], refuted);
  const notDone = apart(c, ["Immunization", "Procedure"], (r) => r.status === "not-done");
  const immunizations = same(c.of("Immunization").filter(({ resource: r }) => r.status !== "not-done").map(({ resource: r, source }) => ({ name: title(r, c.look), more: day(when(r)), source, date: when(r) }))).sort(newest);
  immunizations.slice(SHOTS).forEach((i) => { i.offPaper = true; });
  const procedures = same(c.of("Procedure").filter(({ resource: r }) => r.status !== "not-done").map(({ resource: r, source }) => ({ name: title(r, c.look), more: day(when(r)), source, date: when(r) }))).sort(newest);
  const people = contacts(c);
  people.slice(SHOTS).forEach((p) => { p.offPaper = true; });
  const others = [...new Set(c.all.map((o) => o.resource.resourceType).filter((t) => typeof t === "string" && !SHOWN.includes(t)))];
  const note = word(c.words.note);
  const named = (items, words) => (items.length ? lines(items.slice(0, FEW), words) : h("p", { class: "soft" }, "Nothing here. This is not the same as none."));
  const dated = (i) => [i.name, i.date && ` (${day(i.date)})`, i.note && `, ${i.note}`, origin(i.sources, " ")];
  const narrative = c.of("Composition").flatMap(({ resource: r }) => list(r.section)).filter((s) => s && !s.emptyReason && !list(s.entry).some((e) => c.look(e)) && s.text && s.text.div && !(note && s.text.div.includes(note.slice(0, 40))));
  return h("main", { class: "sheet who-slate", id: "main", tabindex: "-1" },
    head(c, about), allergyCard(c), flags(c, ordered),
    note && h("p", { class: "spaced" }, h("b", {}, "Patient’s note: "), `“${note}”`),
    h("div", { class: "acts no-print spaced" }, button("Print", () => window.print(), "btn main", "print"), about.saves.map(([words, act]) => button(words, act, "btn", "save"))),
    h("div", { class: "two" },
      section("v-conditions", "Active conditions", named(now, dated)),
      section("v-procedures", "Procedures", named(procedures, (i) => [i.name, i.more && `, ${i.more}`, origin(i.sources, " ")]))),
    section("v-medicines", "Medicines now", taken.length
      ? table(["Medicine", "How", "Why", "Source"], taken.map((m) => [[m.name, m.late && ` (${m.status})`], first(m.more, m.none ? "" : "not said"), m.why, from(m)]), "meds")
      : h("p", { class: "soft" }, "Nothing about medicines is here. This is not the same as none.")),
    section("v-results", "Latest results", ordered.length ? resultTable(ordered.slice(0, FEW)) : h("p", { class: "soft" }, "Nothing here."),
      rest(ordered.length - PAPER, "tests"),
      ordered.length > FEW && more(`${ordered.length - FEW} more tests`, () => parts(ordered.slice(FEW), resultTable))),
    h("div", { class: "two" },
      section("v-immunizations", "Immunizations", named(immunizations, (i) => [i.name, i.more && `, ${i.more}`, origin(i.sources, " ")]), rest(immunizations.length - SHOTS, "immunizations")),
      section("v-contacts", "Contacts", people.length ? [lines(people.slice(0, FEW), ([name, role, tel]) => [h("b", {}, name), role && `, ${role}`, tel && `, ${tel}`]), rest(people.length - SHOTS, "contacts")] : h("p", { class: "soft" }, "Nothing here."))),
    files.length > 0 && h("div", { class: "no-print" }, section("v-documents", "Documents inside", h("ul", { class: "rows" }, files.slice(0, MANY).map(documentRow)))),
    h("div", { class: "no-print" }, section("v-more", about.where, h("div", {},
      all.length > ordered.length && more(`All results over time (${all.length})`, () => parts(all, (some) => resultTable(told(some)))),
      now.length > FEW && more(`All active conditions (${now.length})`, () => lines(now, dated)),
      procedures.length > FEW && more(`All procedures (${procedures.length})`, () => parts(procedures, (some) => lines(some, dated))),
      immunizations.length > FEW && more(`All immunizations (${immunizations.length})`, () => parts(immunizations, (some) => lines(some, dated))),
      formerly.length > 0 && more(`Past allergies (${formerly.length})`, () => parts(formerly, (some) => lines(some, dated))),
      ruledOut.length > 0 && more(`Ruled out (${ruledOut.length})`, () => parts(ruledOut, (some) => lines(some, dated))),
      notDone.length > 0 && more(`Not done (${notDone.length})`, () => parts(notDone, (some) => lines(some, dated))),
      past.length > 0 && more(`Past conditions (${past.length})`, () => parts(past, (some) => lines(some, dated))),
      before.length > 0 && more(`Earlier and given medicines (${before.length})`, () => parts(before, (some) => table(["Medicine", "How", "State", "Source"], some.map((m) => [m.name, m.more, m.status, from(m)])))),
      social.length > 0 && more(`Social history and questionnaires (${social.length})`, () => parts(social, (some) => table(["What", "Answer", "Date", "Source"], told(some).map((r) => [r.name, r.value, day(r.date), r.sources.join(", ")])))),
      KINDS.map(([heading, ...kinds]) => generic(c, kinds, heading)),
      others.map((kind) => generic(c, [kind], kind)),
      narrative.map((s) => more(first(word(s.title), concept(s.code), "Section"), () => h("p", { class: "told" }, plainText(new TextEncoder().encode(word(s.text.div)), "text/html"))))))),
    about.extra,
    h("p", { class: "src spaced" }, c.words.partial === true && h("b", {}, "Not everything is here. "), c.words.partial === true && "The patient chose what to share. ",
      c.words.partial !== undefined && "Put together by Keepwell, a record the patient keeps; not a clinic’s own chart. ", list(about.said).join(" ")));
}
