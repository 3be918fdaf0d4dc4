//! The sections: their LOINC codes, their order, and the kinds of resource that the Composition profile lets into each.

use super::narrative::Text;
use crate::export::gather::Part;
use crate::record::systems;
use serde_json::{Value, json};

/// A section as the profile names it.
pub(super) struct Heading {
    /// What stands in it.
    pub(super) parts: &'static [Part],
    /// Whether it is there even when nothing is known.
    pub(super) required: bool,
    /// Its own page first, then those for kinds of resource that the profile keeps out of it.
    pages: &'static [Named],
}

/// Title, LOINC code and its words, kinds of resource (none named: any).
type Named = (&'static str, &'static str, &'static str, &'static [&'static str]);

/// Any kind of resource.
const ANY: &[&str] = &[];

/// The headings in the order in which a clinician reads.
pub(super) static ORDER: [Heading; 19] = [
    Heading { parts: &[Part::Alerts], required: false, pages: &[("Alerts", "104605-1", "Alert", &["Flag"])] },
    Heading {
        parts: &[Part::Allergies],
        required: true,
        pages: &[("Allergies and Intolerances", "48765-2", "Allergies and adverse reactions Document", &["AllergyIntolerance"])],
    },
    Heading { parts: &[Part::Conditions], required: true, pages: &[("Problems", "11450-4", "Problem list - Reported", &["Condition"])] },
    Heading {
        parts: &[Part::Medicines, Part::PastMedicines, Part::Fills],
        required: true,
        pages: &[(
            "Medications",
            "10160-0",
            "History of Medication use Narrative",
            &["MedicationStatement", "MedicationRequest", "MedicationDispense", "MedicationAdministration"],
        )],
    },
    Heading {
        parts: &[Part::AdvanceDirectives],
        required: false,
        pages: &[
            ("Advance directives", "42348-3", "Advance healthcare directives", &["Consent"]),
            ("Wishes and preferences", "75773-2", "Goals, preferences, and priorities for medical treatment [Reported]", ANY),
        ],
    },
    Heading {
        parts: &[Part::Immunizations],
        required: false,
        pages: &[("Immunizations", "11369-6", "History of Immunization note", &["Immunization"])],
    },
    Heading {
        parts: &[Part::Devices],
        required: false,
        pages: &[("Medical devices", "46264-8", "History of medical device use", &["DeviceUseStatement", "Device"]), OTHER],
    },
    Heading {
        parts: &[Part::Results, Part::Reports],
        required: false,
        pages: &[
            ("Results", "30954-2", "Relevant diagnostic tests/laboratory data note", &["Observation", "DiagnosticReport", "Media"]),
            ("Imaging", "18748-4", "Diagnostic imaging study", ANY),
        ],
    },
    Heading { parts: &[Part::VitalSigns], required: false, pages: &[("Vital signs", "8716-3", "Vital signs note", &["Observation"])] },
    Heading {
        parts: &[Part::PastConditions],
        required: false,
        pages: &[("Past conditions", "11348-0", "History of Past illness note", &["Condition"])],
    },
    Heading {
        parts: &[Part::Procedures],
        required: false,
        pages: &[("Procedures", "47519-4", "History of Procedures Document", &["Procedure"]), OTHER],
    },
    Heading {
        parts: &[Part::Visits],
        required: false,
        pages: &[("Visits and stays", "46240-8", "History of Hospitalizations+Outpatient visits Narrative", ANY)],
    },
    Heading {
        parts: &[Part::Plans],
        required: false,
        pages: &[
            ("Care plans", "18776-5", "Plan of care note", &["CarePlan"]),
            ("Goals", "61146-7", "Goals", &["Goal"]),
            ("Planned and ordered", "59772-4", "Planned procedure Narrative", ANY),
        ],
    },
    Heading {
        parts: &[Part::Pregnancy],
        required: false,
        pages: &[("Pregnancy", "10162-6", "History of pregnancies Narrative", &["Observation"])],
    },
    Heading {
        parts: &[Part::SocialHistory],
        required: false,
        pages: &[("Social history", "29762-2", "Social history note", &["Observation"]), OTHER],
    },
    Heading {
        parts: &[Part::FamilyHistory],
        required: false,
        pages: &[("Family history", "10157-6", "History of family member diseases note", ANY)],
    },
    Heading {
        parts: &[Part::Functional],
        required: false,
        // The profile lets only conditions and impressions into 47420-5; assessments have a section of their own.
        pages: &[
            ("Functional status", "47420-5", "Functional status assessment note", &["ClinicalImpression"]),
            ("Health status and function", "11323-3", "Health status", ANY),
        ],
    },
    Heading {
        parts: &[Part::CareTeam, Part::Insurance],
        required: false,
        pages: &[
            ("Insurance", "48768-6", "Payment sources Document", &["Coverage"]),
            ("Care team and contacts", "85847-2", "Patient Care team information", ANY),
        ],
    },
    Heading { parts: &[Part::Documents], required: false, pages: &[("Documents", "11503-0", "Medical records", ANY)] },
];

/// Where a kind of resource goes that the profile knows no section for.
const OTHER: Named = ("Other records", "11503-0", "Medical records", ANY);

/// A section that is being made.
pub(super) struct Page {
    pub(super) title: &'static str,
    code: &'static str,
    display: &'static str,
    takes: &'static [&'static str],
    pub(super) text: Text,
    pub(super) entries: Vec<String>,
}

/// The pages of a heading.
pub(super) struct Pages(Vec<Page>);

impl Pages {
    pub(super) fn of(heading: &Heading) -> Self {
        let page = |(title, code, display, takes): &Named| Page { title, code, display, takes, text: Text::default(), entries: Vec::new() };
        Self(heading.pages.iter().map(page).collect())
    }

    /// The page for a resource: the first that takes its kind, else the last.
    pub(super) fn page_for(&mut self, kind: &str) -> &mut Page {
        let last = self.0.len() - 1;
        let at = self.0.iter().position(|p| p.takes.is_empty() || p.takes.contains(&kind)).unwrap_or(last);
        &mut self.0[at]
    }

    pub(super) fn first(&mut self) -> &mut Page {
        &mut self.0[0]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|p| p.entries.is_empty())
    }

    /// The sections of the Composition. One that is required stands there without entries too, and says why.
    pub(super) fn sections(self, required: bool) -> Vec<Value> {
        let made = self.0.into_iter().enumerate().filter(|(n, p)| !p.entries.is_empty() || required && *n == 0);
        made.map(|(_, p)| {
            let mut section = section(p.title, p.code, p.display, &p.text.div(), &p.entries);
            if p.entries.is_empty() {
                section["emptyReason"] = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
                    "code": "unavailable", "display": "Unavailable"}]});
            }
            section
        })
        .collect()
    }
}

/// A section of the Composition (FHIR R4 Composition.section).
pub(super) fn section(title: &str, code: &str, display: &str, div: &str, entries: &[String]) -> Value {
    let mut out = json!({
        "title": title,
        "code": {"coding": [{"system": systems::LOINC, "code": code, "display": display}]},
        "text": {"status": "generated", "div": div},
    });
    if !entries.is_empty() {
        out["entry"] = entries.iter().map(|e| json!({"reference": e})).collect();
    }
    out
}
