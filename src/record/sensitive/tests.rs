//! Records and verdicts.

use super::Sensitive::{Genetics, Hiv, MentalHealth, ReproductiveHealth, SexualHealth, SubstanceUse};
use super::*;
use crate::record::facts;
use serde_json::json;

fn of(resource: &Value) -> Vec<Sensitive> {
    facts(resource).sensitive.iter().collect()
}

fn condition(words: &str) -> Value {
    json!({"resourceType": "Condition", "code": {"text": words}})
}

#[test]
fn words() {
    for (words, kinds) in [
        ("Major depressive disorder, recurrent", vec![MentalHealth]),
        ("No depression", vec![MentalHealth]),
        ("ST depression in V4-V6", vec![]),
        ("ST-segment depression", vec![]),
        ("Respiratory depression", vec![]),
        ("Respiratory depression after overdose; depression", vec![MentalHealth, SubstanceUse]),
        ("Bone marrow depression", vec![]),
        ("Angststörung", vec![MentalHealth]),
        ("Trastorno depresivo mayor", vec![MentalHealth]),
        ("Anxiété généralisée", vec![MentalHealth]),
        ("Anxie\u{301}te\u{301}", vec![MentalHealth]),
        ("Agoraphobia", vec![MentalHealth]),
        ("Photophobia", vec![]),
        ("Bipolar hemiarthroplasty of the left hip", vec![]),
        ("Nuclear stress test", vec![]),
        ("Stress fracture of the foot", vec![]),
        ("Suicidal ideation", vec![MentalHealth]),
        ("Dementia in Alzheimer's disease", vec![MentalHealth]),
        ("Experimental segment", vec![]),
        ("HIV screening declined", vec![Hiv]),
        ("HIV 1+2 Ab: negative", vec![Hiv]),
        ("HIV-1/2 antigen", vec![Hiv]),
        ("VIH negativo", vec![Hiv]),
        ("Hives", vec![]),
        ("AIDS", vec![Hiv]),
        ("Uses hearing aids", vec![]),
        ("Paxlovid (nirmatrelvir/ritonavir)", vec![]),
        ("Biktarvy 50-200-25 mg tablet", vec![Hiv]),
        ("Family history of alcohol use", vec![SubstanceUse]),
        ("Alcohol prep pad", vec![]),
        ("Nonalcoholic steatohepatitis", vec![]),
        ("Non-alcoholic fatty liver disease", vec![]),
        ("Raucher, 20 pack-years", vec![SubstanceUse]),
        ("Never smoker", vec![SubstanceUse]),
        ("Naltrexone 50 MG Oral Tablet", vec![SubstanceUse]),
        ("Genetic testing declined", vec![Genetics]),
        ("BRCA1 variant of unknown significance", vec![Genetics]),
        ("F5 gene analysis", vec![Genetics]),
        ("Generic atorvastatin", vec![]),
        ("General examination; indigenous plants; generate", vec![]),
        ("Hepatitis C virus genotype", vec![]),
        ("Pregnancy test, urine", vec![ReproductiveHealth]),
        ("Schwangerschaft", vec![ReproductiveHealth]),
        ("Embarazo", vec![ReproductiveHealth]),
        ("Lactated Ringer's; lactate dehydrogenase", vec![]),
        ("Estrogen receptor positive carcinoma of the breast", vec![]),
        ("Cervical radiculopathy", vec![]),
        ("Cervical cytology", vec![ReproductiveHealth]),
        ("Chlamydia trachomatis DNA", vec![SexualHealth]),
        ("Chlamydia pneumoniae IgG", vec![]),
        ("Herpes zoster", vec![]),
        ("Genital herpes", vec![SexualHealth]),
        ("Syphilis screening", vec![SexualHealth]),
        ("Std. deviation", vec![]),
        ("Sildenafil 50 MG", vec![SexualHealth]),
        ("HPV vaccine", vec![SexualHealth]),
        ("Hypertension", vec![]),
        ("Diabetes mellitus type 2", vec![]),
        ("Atorvastatin 20 mg", vec![]),
        ("Influenza vaccine", vec![]),
        ("Fracture of the radius", vec![]),
        ("Appendectomy", vec![]),
    ] {
        assert_eq!(of(&condition(words)), kinds, "{words}");
    }
}

#[test]
fn codes_without_words() {
    let icd10 = "http://hl7.org/fhir/sid/icd-10-cm";
    for (system, code, kinds) in [
        (icd10, "F32.9", vec![MentalHealth]),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "F33.1", vec![MentalHealth]),
        ("urn:oid:2.16.840.1.113883.6.90", "F33.1", vec![MentalHealth]),
        ("", "F10.20", vec![SubstanceUse]),
        (icd10, "F10.20", vec![SubstanceUse]),
        (icd10, "F17.210", vec![SubstanceUse]),
        (icd10, "Z87.891", vec![SubstanceUse]),
        (icd10, "Z81.1", vec![SubstanceUse]),
        (icd10, "F53.0", vec![MentalHealth, ReproductiveHealth]),
        (icd10, "B20", vec![Hiv]),
        (icd10, "Z21", vec![Hiv]),
        (icd10, "Z11.4", vec![Hiv]),
        (icd10, "Z11.3", vec![SexualHealth]),
        (icd10, "A56.01", vec![SexualHealth]),
        (icd10, "O24.410", vec![ReproductiveHealth]),
        (icd10, "O9A.211", vec![ReproductiveHealth]),
        (icd10, "Z34.90", vec![ReproductiveHealth]),
        (icd10, "Z3A.20", vec![ReproductiveHealth]),
        (icd10, "Z15.01", vec![Genetics]),
        (icd10, "Z14.1", vec![Genetics]),
        (icd10, "Z80.3", vec![]),
        (icd10, "Z83.3", vec![]),
        (icd10, "Z84.81", vec![Genetics]),
        (icd10, "E11.9", vec![]),
        (icd10, "I10", vec![]),
        (icd10, "Z00.00", vec![]),
        (icd10, "R21", vec![]),
        ("http://hl7.org/fhir/sid/icd-9-cm", "311", vec![MentalHealth]),
        ("http://hl7.org/fhir/sid/icd-9-cm", "305.1", vec![SubstanceUse]),
        ("http://hl7.org/fhir/sid/icd-9-cm", "042", vec![Hiv]),
        ("http://hl7.org/fhir/sid/icd-9-cm", "250.00", vec![]),
        ("http://loinc.org", "44249-1", vec![MentalHealth]),
        ("http://loinc.org", "72166-2", vec![SubstanceUse]),
        ("http://loinc.org", "56888-1", vec![Hiv]),
        ("http://loinc.org", "82810-3", vec![ReproductiveHealth]),
        ("http://loinc.org", "81247-9", vec![Genetics]),
        ("http://loinc.org", "2093-3", vec![]),
        ("http://snomed.info/sct", "35489007", vec![MentalHealth]),
        ("http://snomed.info/sct", "86406008", vec![Hiv]),
        ("http://snomed.info/sct", "38341003", vec![]),
        ("http://www.nlm.nih.gov/research/umls/rxnorm", "36437", vec![MentalHealth]),
        ("http://www.whocc.no/atc", "N06AB06", vec![MentalHealth]),
        ("http://www.whocc.no/atc", "J05AR20", vec![Hiv]),
        ("http://www.whocc.no/atc", "C10AA05", vec![]),
        ("http://hl7.org/fhir/sid/cvx", "165", vec![SexualHealth]),
        ("http://hl7.org/fhir/sid/cvx", "140", vec![]),
        ("http://www.ama-assn.org/go/cpt", "90837", vec![MentalHealth]),
        ("http://www.ama-assn.org/go/cpt", "81162", vec![Genetics]),
        ("http://www.ama-assn.org/go/cpt", "99213", vec![]),
    ] {
        let resource = json!({"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}});
        assert_eq!(of(&resource), kinds, "{system} {code}");
    }
}

#[test]
fn wherever_it_stands() {
    let b64 = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let all = Sensitive::ALL.to_vec();
    let label = |code: &str| {
        json!({"resourceType": "Observation", "code": {"text": "Note"},
            "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code}]}})
    };
    let scan = |extra: Value| {
        let mut scan = json!({"resourceType": "DocumentReference", "description": "Letter",
            "content": [{"attachment": {"contentType": "application/pdf", "url": "urn:keepwell:original"}}]});
        for (key, value) in extra.as_object().expect("an object") {
            scan[key] = value.clone();
        }
        scan
    };
    let found = |text: &str| json!({"extension": [{"url": crate::record::EXTRACTED_TEXT, "valueString": text}]});
    for (what, resource, kinds) in [
        ("a label", label("PSY"), vec![MentalHealth]),
        ("a label", label("ETH"), vec![SubstanceUse]),
        ("a label", label("SEX"), vec![ReproductiveHealth, SexualHealth]),
        ("a label", label("GDIS"), vec![Genetics]),
        ("a label", label("HIV"), vec![Hiv]),
        ("confidentiality alone", label("R"), vec![]),
        ("confidentiality alone", label("V"), vec![]),
        (
            "the reason of a visit",
            json!({"resourceType": "Encounter", "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F41.1"}]}]}),
            vec![MentalHealth],
        ),
        (
            "the display of a reference",
            json!({"resourceType": "Encounter", "serviceProvider": {"reference": "Organization/1", "display": "Harbor Behavioral Health"}}),
            vec![MentalHealth],
        ),
        (
            "a contained resource",
            json!({"resourceType": "MedicationRequest", "contained": [{"resourceType": "Medication", "code": {"text": "Sertraline 50 mg"}}]}),
            vec![MentalHealth],
        ),
        ("an extension", json!({"resourceType": "Patient", "extension": [{"url": "x", "valueCode": "HIV"}]}), vec![Hiv]),
        (
            "narrative of a section",
            json!({"resourceType": "Composition", "title": "Summary", "section": [{"title": "Social", "text": {"status": "generated",
                "div": "<div><p>Blood pressure fine.</p><table><tr><td>Drinks alcohol daily</td></tr></table></div>"}}]}),
            vec![SubstanceUse],
        ),
        (
            "generated narrative",
            json!({"resourceType": "Observation", "text": {"status": "generated", "div": "<div>Tobacco use</div>"}, "code": {"text": "Q"}}),
            vec![SubstanceUse],
        ),
        (
            "an attached note",
            json!({"resourceType": "DocumentReference", "content": [{"attachment": {"contentType": "text/plain", "data": b64("Seen for panic attacks.")}}]}),
            vec![MentalHealth],
        ),
        (
            "a harmless note",
            json!({"resourceType": "DocumentReference", "content": [{"attachment": {"contentType": "text/html", "data": b64("<p>Knee pain</p>")}}]}),
            vec![],
        ),
        (
            "a picture in a record",
            json!({"resourceType": "DiagnosticReport", "presentedForm": [{"contentType": "image/png", "data": "AAAA"}]}),
            all.clone(),
        ),
        (
            "markup whose codes nobody reads",
            json!({"resourceType": "DocumentReference", "content": [{"attachment": {"contentType": "text/xml", "data": b64("<a/>")}}]}),
            all.clone(),
        ),
        ("a portrait", json!({"resourceType": "Patient", "photo": [{"contentType": "image/jpeg", "data": "AAAA"}]}), vec![]),
        (
            "a file elsewhere in the chart, which has a verdict of its own",
            json!({"resourceType": "DocumentReference", "content": [{"attachment": {"contentType": "application/pdf", "url": "Binary/1"}}]}),
            vec![],
        ),
        ("a Binary of text", json!({"resourceType": "Binary", "contentType": "text/plain", "data": b64("gonorrhea")}), vec![SexualHealth]),
        ("any other Binary", json!({"resourceType": "Binary", "contentType": "application/pdf", "data": b64("x")}), all.clone()),
        ("a scan without text", scan(json!({})), all.clone()),
        ("a letter about a knee", scan(found("The knee is well.")), vec![]),
        ("a letter about a pregnancy", scan(found("She is pregnant.")), vec![ReproductiveHealth]),
        ("a text that may have been cut", scan(found(&"knee ".repeat(250_000))), all.clone()),
        (
            "an answer",
            json!({"resourceType": "QuestionnaireResponse", "item": [{"text": "Mood", "answer": [{"valueString": "low"}]}]}),
            vec![MentalHealth],
        ),
        (
            "a number",
            json!({"resourceType": "Observation", "status": "final", "code": {"text": "Potassium"}, "valueQuantity": {"value": 4}}),
            vec![],
        ),
    ] {
        assert_eq!(of(&resource), kinds, "{what}");
    }
}

#[test]
fn the_concept_of_a_medicine_elsewhere() {
    let request = json!({"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/1"}});
    let concept = json!({"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "36437"}]});
    assert_eq!(crate::record::facts_with(&request, Some(&concept)).sensitive, MentalHealth.into());
}

#[test]
fn sets_go_to_numbers_and_back() {
    for kind in Sensitive::ALL {
        let set = SensitiveSet::from(kind);
        assert_eq!(SensitiveSet::from_number(set.number()), set);
        assert_eq!(Sensitive::from_slug(kind.slug()), Some(kind));
        assert!(SensitiveSet::ALL.contains(kind) && !SensitiveSet::NONE.contains(kind));
        assert!(set.without(set).is_empty());
    }
    assert_eq!(Sensitive::ALL.into_iter().collect::<SensitiveSet>(), SensitiveSet::ALL);
}
