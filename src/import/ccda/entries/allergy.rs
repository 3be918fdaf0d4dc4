//! Allergies: each allergy observation is an AllergyIntolerance (C-CDA on FHIR "Allergies").

use super::super::context::Context;
use super::super::types::Stamp;
use super::super::xml::{Node, attr, child, children, path, paths};
use super::draft::Draft;
use super::kit::{absent, code, coded, concept, ended, fixed, is, name, negated, nested, says_something, status, when, words};
use super::people;
use crate::Result;
use crate::record::{concept_text, has_code, systems};
use serde_json::{Value, json};

/// Templates of an allergy observation: C-CDA, QRDA, CCD of 2007 and IHE PCC.
const OBSERVATION: [&str; 4] = ["7", "2.16.840.1.113883.10.20.24.3.90", "2.16.840.1.113883.10.20.1.18", "1.3.6.1.4.1.19376.1.5.3.1.4.6"];

/// SNOMED CT's ways to say "no known allergy", of any kind or of one.
const KNOWN_ABSENCES: [(&str, &str); 8] = [
    ("716186003", "No known allergy"),
    ("160244002", "No known allergies"),
    ("409137002", "No known drug allergy"),
    ("429625007", "No known food allergy"),
    ("1003774007", "No known latex allergy"),
    ("428607008", "No known environmental allergy"),
    ("428197003", "No known insect allergy"),
    ("787481004", "No known animal allergy"),
];

/// Whether a statement is an allergy observation.
pub(super) fn is_allergy(node: Node<'_>) -> bool {
    name(node) == "observation" && is(node, &OBSERVATION)
}

/// The allergies of a concern act; how many there were.
pub(super) fn within<'a>(cx: &mut Context<'a>, act: Node<'a>) -> Result<usize> {
    let mut count = 0;
    for (_, inner) in nested(act) {
        let aside = is(inner, &["8", "28", "145", "64"]) || code(inner) == "SEV";
        if is_allergy(inner)
            || name(inner) == "observation" && !aside && (child(inner, "participant").is_some() || child(inner, "value").is_some())
        {
            allergy(cx, inner, Some(act))?;
            count += 1;
        }
    }
    Ok(count)
}

/// One allergy observation.
pub(super) fn allergy<'a>(cx: &mut Context<'a>, node: Node<'a>, concern: Option<Node<'a>>) -> Result<()> {
    let denied = negated(node) || concern.is_some_and(negated);
    let value = child(node, "value");
    let substance = substance(cx, node);
    let Some((code, absence)) = allergy_code(cx, node, denied, substance) else {
        return cx.skip(node, "An allergy", "It names no substance, neither by a code nor in words.");
    };
    let mut draft = Draft::new("AllergyIntolerance", node);
    let error = status(node) == "nullified" || concern.is_some_and(|c| status(c) == "nullified");
    if error {
        draft.put("verificationStatus", verification("entered-in-error"));
    } else if absence || denied {
        // FHIR R4 ait-1 wants a clinical status; of what one does not have there is none to give.
        draft.put("clinicalStatus", absent(Some("NA")));
        draft.put("verificationStatus", verification(if absence { "confirmed" } else { "refuted" }));
    } else {
        let clinical = clinical(node, concern);
        draft.put(
            "clinicalStatus",
            clinical.map_or_else(|| absent(None), |c| json!({"coding": [{"system": systems::ALLERGY_CLINICAL, "code": c}]})),
        );
    }
    let kinds = [value, child(node, "code")];
    draft.set("type", kinds.iter().find_map(|k| kind_of(*k)));
    if let Some(category) = kinds.iter().find_map(|k| category_of(*k)) {
        draft.put("category", json!([category]));
    }
    draft.put("code", code);
    draft.put("patient", cx.patient());
    let when = when(node);
    draft.stamp("onsetDateTime", when.start());
    if let Some(end) = when.high.as_ref().and_then(Stamp::fhir) {
        draft.extend("http://hl7.org/fhir/StructureDefinition/allergyintolerance-abatement", "valueDateTime", &end);
    }
    reactions(cx, &mut draft, node, concern);
    for (_, inner) in nested(node) {
        if is_status(inner) {
            draft.handled(inner);
        } else if super::kit::code(inner) == "82606-5" || is(inner, &["145"]) {
            let level = match child(inner, "value").and_then(|v| attr(v, "code")) {
                Some("CRITH") => Some("high"),
                Some("CRITL") => Some("low"),
                Some("CRITU") => Some("unable-to-assess"),
                _ => None,
            };
            if let Some(level) = level {
                draft.put("criticality", level);
                draft.handled(inner);
            }
        }
    }
    people::recorder(cx, &mut draft, node, concern, "recorder", "recordedDate");
    people::single(cx, &mut draft, node, "informant", "asserter");
    draft.leftovers(cx, node);
    if let Some(concern) = concern {
        for (_, other) in nested(concern).filter(|(_, n)| name(*n) == "observation") {
            draft.handled(other);
        }
        draft.leftovers(cx, concern);
    }
    draft.emit(cx, node, true).map(|_| ())
}

/// What it is an allergy to, and whether the code itself says that there is none.
fn allergy_code<'a>(cx: &Context<'a>, node: Node<'a>, denied: bool, substance: Option<Value>) -> Option<(Value, bool)> {
    let value = child(node, "value");
    let said = words(cx, node);
    let of_value = concept(cx, value);
    let absent_code = |c: &Value| KNOWN_ABSENCES.iter().any(|(code, _)| has_code(c, "", code));
    if let Some(known) = [&substance, &of_value].into_iter().flatten().find(|c| absent_code(c)) {
        return Some((known.clone(), true));
    }
    let specific = substance.filter(|s| !is_generic(s)).or_else(|| {
        // "Propensity to adverse reaction to drug" whose words are "Ampicillin": the words name the substance.
        let words = of_value.as_ref().filter(|v| is_generic(v)).and_then(concept_text);
        words.filter(|w| !names_kind_only(w, value)).map(|text| json!({"text": text}))
    });
    let text = specific.as_ref().and_then(concept_text).or_else(|| said.clone());
    let uncoded = specific.as_ref().is_none_or(|s| crate::record::codes(s).is_empty());
    if denied && specific.is_none() || uncoded && text.as_deref().is_some_and(says_none) {
        let (code, display) = family(value, text.as_deref());
        let mut none = fixed(systems::SNOMED, code, display);
        none["text"] = text.unwrap_or_else(|| display.to_owned()).into();
        return Some((none, true));
    }
    if denied && specific.as_ref().is_some_and(|s| has_code(s, systems::SNOMED, "111088007")) {
        return Some((fixed(systems::SNOMED, "1003774007", "No known latex allergy"), true));
    }
    let tells =
        |(_, n): (Node<'a>, Node<'a>)| !is_status(n) && !negated(n) && (concept(cx, child(n, "value")).is_some() || words(cx, n).is_some());
    let told = specific
        .or_else(|| of_value.clone().filter(|v| !is_generic(v)))
        .or_else(|| said.map(|text| json!({"text": text})))
        // Of an unnamed substance: an allergy all the same where the source tells what it did.
        .or_else(|| of_value.filter(|_| nested(node).any(tells)));
    told.map(|told| (told, false))
}

/// Whether the words of a value say no more than its code: "Drug allergy", "Propensity to adverse reactions".
fn names_kind_only(words: &str, value: Option<Node<'_>>) -> bool {
    let words = words.trim().to_ascii_lowercase();
    let codes = value.into_iter().flat_map(|v| std::iter::once(v).chain(children(v, "translation")));
    let kinds =
        ["allergy", "allergies", "allergen", "intolerance", "hypersensitivity", "substance", "assertion", "unknown", "not available"];
    let adjectives =
        ["drug", "food", "environmental", "allergic", "adverse", "reaction", "to", "medication", "(disorder)", "(finding)", "other"];
    codes.filter_map(|c| attr(c, "displayName")).any(|d| d.trim().eq_ignore_ascii_case(&words))
        || words.contains("propensity")
        || words.split([' ', '/', ',']).filter(|w| !w.is_empty()).all(|w| kinds.contains(&w) || adjectives.contains(&w))
}

/// The substance by code, by name, or by the words that its code points to.
fn substance<'a>(cx: &Context<'a>, node: Node<'a>) -> Option<Value> {
    let entities = paths(node, "participant/participantRole/playingEntity");
    let coded = entities.iter().find_map(|e| concept(cx, child(*e, "code")));
    let named = || entities.iter().find_map(|e| child(*e, "name").and_then(super::super::xml::text)).map(|text| json!({"text": text}));
    let product = || concept(cx, path(node, "participant/participantRole/playingDevice/code"));
    coded.filter(says_something).or_else(named).or_else(product)
}

/// Whether a concept names the kind of allergy only, not the substance.
fn is_generic(concept: &Value) -> bool {
    let kinds = [
        "419199007",
        "416098002",
        "414285001",
        "59037007",
        "235719002",
        "419511003",
        "418471000",
        "418038007",
        "420134006",
        "426232007",
        "106190000",
        "105590001",
        "410942007",
        "762766007",
        "413477004",
        "64100000",
    ];
    kinds.iter().any(|k| has_code(concept, "", k))
}

/// "No known …" of the kind that a negated value names (C-CDA on FHIR CF-NoKnownAllergies).
fn family(value: Option<Node<'_>>, said: Option<&str>) -> (&'static str, &'static str) {
    let said = said.unwrap_or("").to_ascii_lowercase();
    if coded(value, &["414285001", "235719002", "418471000"]) {
        ("429625007", "No known food allergy")
    } else if coded(value, &["416098002", "59037007", "419511003"]) || said.contains("drug") || said.contains("medic") || said == "nkda" {
        ("409137002", "No known drug allergy")
    } else if coded(value, &["426232007"]) {
        ("428607008", "No known environmental allergy")
    } else {
        ("716186003", "No known allergy")
    }
}

/// Whether free words say that there are no allergies, rather than name one.
fn says_none(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let begins = ["no known", "no allerg", "no drug allerg", "no food allerg", "not allergic", "none known", "no active allerg"];
    matches!(text.as_str(), "none" | "nka" | "nkda" | "nkfa" | "no")
        || begins.iter().any(|b| text.starts_with(b))
        || text.contains("allerg") && ["no known ", "denies "].iter().any(|w| text.contains(w))
}

fn verification(code: &str) -> Value {
    json!({"coding": [{"system": systems::ALLERGY_VERIFICATION, "code": code}]})
}

fn is_status(node: Node<'_>) -> bool {
    name(node) == "observation" && (code(node) == "33999-4" || is(node, &["28", "2.16.840.1.113883.10.20.1.39"]))
}

/// The status observation first, then the concern's own status (C-CDA on FHIR CF-AllergyStatus).
fn clinical(node: Node<'_>, concern: Option<Node<'_>>) -> Option<&'static str> {
    let given = nested(node).filter(|(_, n)| is_status(*n)).find_map(|(_, n)| child(n, "value")).and_then(|v| attr(v, "code"));
    match given {
        Some("55561003") => return Some("active"),
        Some("73425007" | "392521001") => return Some("inactive"),
        Some("413322009") => return Some("resolved"),
        _ => {}
    }
    if ended(&when(node)) {
        return Some("resolved");
    }
    match concern.map(status).unwrap_or_default().as_str() {
        "active" => Some("active"),
        "completed" | "suspended" | "aborted" => Some("inactive"),
        _ => None,
    }
}

/// C-CDA on FHIR CF-AllergyIntoleranceType; HL7 V3 ActCode for C32.
fn kind_of(element: Option<Node<'_>>) -> Option<&'static str> {
    if coded(element, &["419199007", "416098002", "414285001", "426232007", "ALG", "DALG", "FALG", "EALG"]) {
        Some("allergy")
    } else if coded(element, &["59037007", "235719002", "DINT", "FINT", "EINT", "DNAINT", "FNAINT", "ENAINT"]) {
        Some("intolerance")
    } else {
        None
    }
}

/// C-CDA on FHIR CF-AllergyIntoleranceCategory; HL7 V3 ActCode for C32.
fn category_of(element: Option<Node<'_>>) -> Option<&'static str> {
    if coded(element, &["414285001", "235719002", "418471000", "FALG", "FINT", "FNAINT"]) {
        Some("food")
    } else if coded(element, &["416098002", "59037007", "419511003", "DALG", "DINT", "DNAINT"]) {
        Some("medication")
    } else if coded(element, &["426232007", "EALG", "EINT", "ENAINT"]) {
        Some("environment")
    } else {
        None
    }
}

fn is_severity(node: Node<'_>) -> bool {
    code(node) == "SEV" || is(node, &["8", "2.16.840.1.113883.10.20.1.55"])
}

/// The reactions with their severities. A severity given to the allergy as a whole counts for each reaction that has
/// none of its own (C-CDA on FHIR, note at Severity).
fn reactions<'a>(cx: &Context<'a>, draft: &mut Draft, node: Node<'a>, concern: Option<Node<'a>>) {
    let holders = std::iter::once(node).chain(concern);
    let overall: Vec<_> = holders.flat_map(|h| nested(h).map(|(_, n)| n).collect::<Vec<_>>()).filter(|n| is_severity(*n)).collect();
    for (holder, inner) in nested(node) {
        let manifest = is(inner, &["9", "2.16.840.1.113883.10.20.1.54"]) || attr(holder, "typeCode") == Some("MFST") && !is_severity(inner);
        if !manifest || negated(inner) || is_status(inner) {
            continue;
        }
        let manifestation = concept(cx, child(inner, "value")).or_else(|| words(cx, inner).map(|text| json!({"text": text})));
        let Some(manifestation) = manifestation else { continue };
        let mut reaction = json!({"manifestation": [manifestation]});
        if let Some(onset) = when(inner).start().and_then(Stamp::fhir) {
            reaction["onset"] = onset.into();
        }
        let own = nested(inner).map(|(_, n)| n).find(|n| is_severity(*n)).or(overall.first().copied());
        let mut notes: Vec<String> =
            own.and_then(|n| child(n, "value")).and_then(|s| severity_of(cx, &mut reaction, s)).into_iter().collect();
        for (_, deep) in nested(inner).filter(|(_, n)| !is_severity(*n)) {
            notes.extend(super::kit::describe(cx, deep, 2));
        }
        if !notes.is_empty() {
            reaction["note"] = notes.into_iter().map(|text| json!({"text": text})).collect();
        }
        draft.push("reaction", reaction);
        draft.handled(inner);
    }
    if draft.has("reaction") {
        overall.iter().for_each(|n| draft.handled(*n));
    }
}

/// C-CDA on FHIR CF-Severity; where FHIR is coarser, gives the words for a note.
fn severity_of<'a>(cx: &Context<'a>, reaction: &mut Value, severity: Node<'a>) -> Option<String> {
    let (level, exact) = match attr(severity, "code") {
        Some("255604002") => (Some("mild"), true),
        Some("6736007") => (Some("moderate"), true),
        Some("24484000") => (Some("severe"), true),
        Some("371923003") => (Some("moderate"), false),
        Some("371924009" | "399166001") => (Some("severe"), false),
        _ => (None, false),
    };
    if let Some(level) = level {
        reaction["severity"] = level.into();
    }
    concept(cx, Some(severity)).and_then(|c| concept_text(&c)).filter(|_| !exact).map(|text| format!("Severity: {text}"))
}

/// The element names of an allergy, for a section whose entries carry no template.
pub(super) fn looks_like(node: Node<'_>) -> bool {
    name(node) == "observation" && children(node, "participant").any(|p| attr(p, "typeCode") == Some("CSM"))
}
