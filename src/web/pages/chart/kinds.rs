//! The table of list pages: which records, under which headings, in which words; and the page that names all kinds.

use super::ui::{Desk, Item, head, nothing};
use crate::Result;
use crate::record::{Class, Standing};
use crate::vault::Order;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page};
use crate::web::pages::words;
use maud::{Markup, html};

/// A list page.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) slug: &'static str,
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) classes: &'static [Class],
    pub(crate) parts: &'static [Part],
    /// Whether the same thing from several sources becomes one line.
    pub(crate) links: bool,
    /// Whether it stands in the nav itself.
    pub(crate) main: bool,
    /// What would be here, and why it is not.
    pub(crate) empty: (&'static str, &'static str),
}

/// One section of a list page.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) slug: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) standings: &'static [Standing],
    pub(crate) types: &'static [&'static str],
    pub(crate) order: Order,
    pub(crate) note: &'static str,
}

const fn part(slug: &'static str, heading: &'static str, standings: &'static [Standing], types: &'static [&'static str]) -> Part {
    Part { slug, heading, standings, types, order: Order::Newest, note: "" }
}

const fn noted(mut part: Part, note: &'static str) -> Part {
    part.note = note;
    part
}

const fn by_title(mut part: Part) -> Part {
    part.order = Order::Title;
    part
}

use Standing::{Absent, Current, NotDone, Past, Planned};

/// Everything that is not entered in error.
const ANY: &[Standing] = &[Current, Past, Planned, Absent, NotDone];
const DONE: &[Standing] = &[Current, Past];

/// Every list page but results, vital signs, medicines and the timeline, which have pages of their own making.
#[rustfmt::skip]
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        slug: "conditions", title: "Conditions", classes: &[Class::Problem], links: true, main: true,
        lead: "Illnesses and health problems, as each source wrote them down.",
        parts: &[
            part("now", "Now", &[Current], &[]),
            noted(part("past", "Earlier", &[Past], &[]), "Over, or noted at one visit and not called active since."),
            part("planned", "Not confirmed", &[Planned], &[]),
            noted(part("ruled-out", "Looked for and not there", &[Absent, NotDone], &[]), "Someone checked: these are not conditions this person has."),
        ],
        empty: ("No conditions yet.", "They appear here when you add records. An empty list is not the same as “none”."),
    },
    Kind {
        slug: "allergies", title: "Allergies", classes: &[Class::Allergy], links: true, main: true,
        lead: "The most dangerous first, with what happens.",
        parts: &[
            part("now", "Allergies and intolerances", &[Current, Planned], &[]),
            noted(part("none", "What sources say is not there", &[Absent, NotDone], &[]), "Someone asked or checked. These are not allergies this person has."),
            part("past", "No longer", &[Past], &[]),
        ],
        empty: ("Not known yet.", "No record says anything about allergies. This is not the same as “none”."),
    },
    Kind {
        slug: "immunizations", title: "Immunizations", classes: &[Class::Immunization], links: true, main: true,
        lead: "Vaccines by name, with every date on which they were given.",
        parts: &[
            part("given", "Given", DONE, &["Immunization"]),
            noted(part("not-given", "Not given", &[NotDone, Absent], &["Immunization"]), "Refused or left out, with the reason the source gave."),
            part("planned", "Planned and advised", &[Planned, Current, Past], &["ImmunizationRecommendation", "ImmunizationEvaluation"]),
        ],
        empty: ("No immunizations yet.", "They appear here when you add records. A school, a pharmacy or a state registry may have them."),
    },
    Kind {
        slug: "procedures", title: "Procedures", classes: &[Class::Procedure], links: false, main: true,
        lead: "Operations, treatments and other things that were done.",
        parts: &[
            part("done", "Done", DONE, &[]), part("planned", "Planned", &[Planned], &[]),
            noted(part("not-done", "Not done", &[NotDone, Absent], &[]), "Called off, refused, or never had."),
        ],
        empty: ("No procedures yet.", "Operations and treatments appear here when you add records."),
    },
    Kind {
        slug: "visits", title: "Visits and stays", classes: &[Class::Encounter], links: false, main: true,
        lead: "Each visit opens to everything that belongs to it.",
        parts: &[part("planned", "Planned", &[Planned], &[]), part("done", "Visits", DONE, &[]), part("not-done", "Did not happen", &[NotDone, Absent], &[])],
        empty: ("No visits yet.", "Visits and hospital stays appear here when you add records."),
    },
    Kind {
        slug: "imaging", title: "Imaging", classes: &[Class::Imaging], links: false, main: false,
        lead: "Reports and pictures: X-ray, ultrasound, CT, MRI and the like.",
        parts: &[part("reports", "Reports", ANY, &["DiagnosticReport"]), part("studies", "Pictures", ANY, &["ImagingStudy"]), part("findings", "Findings", ANY, &["Observation"])],
        empty: ("No imaging yet.", "Reports appear here when you add records. The pictures themselves often come on a disc from the hospital."),
    },
    Kind {
        slug: "devices", title: "Devices and implants", classes: &[Class::Device], links: false, main: false,
        lead: "With the numbers that a recall or an MRI needs.",
        parts: &[
            part("now", "In use", &[Current, Planned], &["Device", "DeviceUseStatement", "DeviceMetric", "DeviceDefinition"]),
            part("past", "No longer in use", &[Past, Absent, NotDone], &["Device", "DeviceUseStatement", "DeviceMetric", "DeviceDefinition"]),
            part("supplies", "Supplies", ANY, &["SupplyDelivery", "SupplyRequest", "DeviceRequest"]),
        ],
        empty: ("No devices yet.", "Implants, pumps, monitors and aids appear here when you add records."),
    },
    Kind {
        slug: "plans", title: "Care plans", classes: &[Class::Plan], links: false, main: false,
        lead: "Plans, orders and referrals.",
        parts: &[
            part("plans", "Plans", &[Current, Planned], &["CarePlan", "ClinicalImpression", "NutritionOrder", "VisionPrescription", "RequestGroup", "Task"]),
            part("orders", "Orders and referrals", &[Current, Planned], &["ServiceRequest"]),
            part("past", "Earlier", &[Past, Absent, NotDone], &[]),
        ],
        empty: ("No care plans yet.", "Plans, orders and referrals appear here when you add records."),
    },
    Kind {
        slug: "goals", title: "Goals and preferences", classes: &[Class::Goal], links: false, main: false,
        lead: "What is aimed at, and what this person wants or does not want.",
        parts: &[
            part("now", "Goals", &[Current, Planned], &["Goal"]), part("past", "Goals reached or given up", &[Past, Absent, NotDone], &["Goal"]),
            part("wishes", "Wishes and consents", ANY, &["Consent", "Observation"]),
        ],
        empty: ("No goals yet.", "Goals and wishes for care appear here when you add records."),
    },
    Kind {
        slug: "family-history", title: "Family history", classes: &[Class::FamilyHistory], links: false, main: false,
        lead: "Illnesses of relatives, as this person’s sources wrote them down.",
        parts: &[by_title(part("all", "Relatives", ANY, &[]))],
        empty: ("No family history yet.", "It appears here when you add records."),
    },
    Kind {
        slug: "social-history", title: "Social history", classes: &[Class::SocialHistory], links: false, main: false,
        lead: "Smoking, work, living and the like, with the newest first.",
        parts: &[part("all", "What was written down", ANY, &[])],
        empty: ("No social history yet.", "It appears here when you add records."),
    },
    Kind {
        slug: "assessments", title: "Health status and function", classes: &[Class::HealthStatus], links: false, main: false,
        lead: "Questions that were asked, with their answers and scores.",
        parts: &[
            part("answers", "Questionnaires", ANY, &["QuestionnaireResponse"]), part("scores", "Scores and single answers", ANY, &["Observation"]),
            part("risks", "Risks and warnings", ANY, &["RiskAssessment", "Flag", "AdverseEvent", "DetectedIssue"]),
        ],
        empty: ("No assessments yet.", "Questionnaires and their scores appear here when you add records."),
    },
    Kind {
        slug: "care-team", title: "Care team", classes: &[Class::CareTeam], links: true, main: false,
        lead: "Who takes care of this person, and how to reach them.",
        parts: &[
            part("teams", "Teams", ANY, &["CareTeam"]), by_title(part("people", "Clinicians", ANY, &["Practitioner", "PractitionerRole"])),
            by_title(part("family", "Family and helpers", ANY, &["RelatedPerson"])),
        ],
        empty: ("Nobody here yet.", "Doctors, nurses and helpers appear here when you add records."),
    },
    Kind {
        slug: "places", title: "Places", classes: &[Class::Facility], links: true, main: false,
        lead: "Practices, hospitals, labs and pharmacies, with telephone and address.",
        parts: &[by_title(part("organizations", "Organizations", ANY, &["Organization", "HealthcareService"])), by_title(part("places", "Places", ANY, &["Location", "Endpoint"]))],
        empty: ("No places yet.", "Practices and hospitals appear here when you add records."),
    },
    Kind {
        slug: "insurance", title: "Insurance", classes: &[Class::Insurance], links: false, main: false,
        lead: "Plans that pay for care.",
        parts: &[part("now", "Now", &[Current, Planned], &[]), part("past", "Earlier", &[Past, Absent, NotDone], &[])],
        empty: ("No insurance yet.", "Plans appear here when you add records from an insurer or a practice."),
    },
    Kind {
        slug: "bills", title: "Bills and claims", classes: &[Class::Bill], links: false, main: true,
        lead: "Amounts with the digits that the source gave. Keepwell adds nothing up by itself.",
        parts: &[
            part("statements", "Plan’s statements (EOB)", ANY, &["ExplanationOfBenefit"]), part("claims", "Claims", ANY, &["Claim", "ClaimResponse"]),
            part("others", "Bills and accounts", ANY, &["Invoice", "Account", "ChargeItem", "PaymentNotice", "PaymentReconciliation"]),
        ],
        empty: ("No bills yet.", "Statements and claims appear here when you add records from an insurer."),
    },
    Kind {
        slug: "messages", title: "Messages", classes: &[Class::Message], links: false, main: true,
        lead: "Letters and messages that came with the records.",
        parts: &[part("all", "Messages", ANY, &[])],
        empty: ("No messages yet.", "Messages of a portal appear here when you add records."),
    },
    Kind {
        slug: "appointments", title: "Appointments", classes: &[Class::Appointment], links: false, main: true,
        lead: "As the practices wrote them down. Ask the practice before you rely on one.",
        parts: &[
            Part { order: Order::Oldest, ..part("planned", "Planned", &[Planned, Current], &[]) },
            part("past", "Over", &[Past], &[]), part("not-done", "Called off", &[NotDone, Absent], &[]),
        ],
        empty: ("No appointments yet.", "They appear here when you add records."),
    },
    Kind {
        slug: "provenance", title: "Where records came from", classes: &[Class::Provenance], links: false, main: false,
        lead: "What the sources say about who wrote, sent or changed their records.",
        parts: &[part("all", "Statements", ANY, &[])],
        empty: ("Nothing here yet.", "Some sources say who wrote and sent each record; this appears here."),
    },
    Kind {
        slug: "other", title: "Other records", classes: &[Class::Other], links: false, main: false,
        lead: "Kinds of record that have no page of their own. Nothing of them is lost.",
        parts: &[part("all", "Records", ANY, &[])],
        empty: ("No other records.", "What has no page of its own appears here when you add records."),
    },
    Kind {
        slug: "left-aside", title: "Left aside", classes: &[], links: false, main: false,
        lead: "Records that their source has marked as entered in error. They count nowhere else in this chart.",
        parts: &[part("all", "Entered in error", &[Standing::Error], &[])],
        empty: ("Nothing was left aside.", "Records that a source calls entered in error would be here."),
    },
];

/// The page that names every kind of record with how many there are.
pub(crate) fn page(cx: &ChartCx) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let counts = cx.chart.counts()?;
    let results = [Class::Laboratory, Class::ClinicalTest];
    let mut items = Vec::new();
    for class in Class::ALL {
        let Some(n) = counts.get(&class).filter(|n| **n > 0) else { continue };
        let path = if results.contains(&class) { "results" } else { class.slug() };
        let mut item = Item::new(cx.to(path), class.words());
        item.end = html! { span.val { (words::number(*n)) } };
        items.push(item);
    }
    let mut aside = Item::new(cx.to("left-aside"), "Left aside");
    aside.subs.push("Entered in error, say their sources".into());
    let body = html! {
        (head("All kinds of records", "Every record of this chart stands under one of these.", &html! {}))
        @if items.is_empty() { (nothing(desk.cx, false, "No records yet.", "They appear here when you add some.")) }
        @else { ul.rows { @for item in &items { (item.draw()) } (aside.draw()) } }
    };
    Ok(chart_page(cx, &Page { title: "All kinds", nav: "kinds", crumbs: &[] }, &body))
}
