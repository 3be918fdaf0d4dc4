//! The words of pages over a source that writes as vendors do: codes for names, markup in notes, parts without a name.

use crate::web_world::{World, options};
use axum::http::StatusCode;

const SOURCE: &str = include_str!("../data/pages/millbrook.json");

/// A page (or the record with a name on it), what stands there, what must not.
type Case = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "",
        "",
        &["Penicillin V", "Hives. <b>Severe</b>", "RxNorm code 1009148", "Reaction given only as a code", "Millbrook Clinic"],
        &["No Latex Allergy"],
    ),
    ("allergies", "", &["What sources say is not there", "No Latex Allergy", "Only a code is given: 56018004"], &[]),
    ("conditions", "", &["Congestive heart failure<", "Full-time employment<"], &["(disorder)", "(finding)"]),
    (
        "conditions",
        "Congestive heart failure",
        &["Stable &amp; well.", "Clinician, number 5550001", "Adult medicine", "Numbers and technical details"],
        &["&lt;p&gt;", "#p1"],
    ),
    ("visits", "", &["Office visit (ambulatory)"], &["[Patient Encounter]"]),
    ("goals", "", &["Advance directive"], &[">acd<"]),
    ("bills", "Flu shot", &["Network: in the plan’s network"], &["benefitpaymentstatus: innetwork"]),
    ("devices", "", &["Knee brace", "Made on 2 July 2014"], &[]),
    ("timeline", "", &["Office visit (ambulatory)"], &["Knee brace"]),
    ("documents", "Operation note, 5 May 2015", &["The document itself did not come"], &[]),
    ("plans", "", &["Heart failure plan<"], &["assess-plan"]),
    ("vital-signs", "Blood pressure by cuff", &["141/81.12345678901235", "mmHg"], &["mm[Hg]"]),
    ("sources", "", &["Millbrook Clinic", "millbrook.json"], &[]),
    // The long names of LOINC, and units of machines, as people say them; long words across the row and not at its end.
    (
        "results",
        "",
        &[">Potassium</a>", ">Platelets in Blood by Manual count</a>", "10³/µL", "Both lungs are clear."],
        &["[Moles/volume]", "10*3", "End of the reading."],
    ),
    ("results", "Potassium", &["Goal: at least 3.6", "Keep potassium up", ">3.5</text>"], &[]),
    ("results", "Chest X-ray", &["End of the reading."], &[]),
    ("goals", "", &["in progress", "at least 3.6 mmol/L"], &["in-progress"]),
    ("bills", "", &["Bill from Millbrook Clinic<", "Total with tax $20.50"], &[">Invoice<"]),
    ("bills", "Bill from Millbrook Clinic", &["<dd>$20.50", "Due in 30 days"], &["Other amounts"]),
    ("medicines", "", &["Enough until 2 December 2026, if taken as written", ">Potassium chloride 600 mg tablet<"], &["stands in"]),
    ("timeline", "", &[">2 prescriptions</a>", "Torasemide 10 mg tablet"], &[]),
    ("documents", "", &["Letter about the stay<"], &[">Unknown<"]),
    ("imaging", "", &["1 picture", "Thoracic structure"], &["1 pictures", "(body structure)"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_vendors_write_reads_as_words() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    world.upload(&cookie, "millbrook.json", SOURCE.as_bytes()).await;
    let chart = format!("/charts/{}", world.chart);
    let page = async |path: String| {
        let answer = world.get(&path, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text();
        let main = text.split_once("<main").map(|(_, rest)| rest.to_owned()).unwrap_or(text);
        main.split_once("</main>").map(|(m, _)| m.to_owned()).unwrap_or(main)
    };
    for (list, name, there, not_there) in CASES {
        let mut text = page(if list.is_empty() { chart.clone() } else { format!("{chart}/{list}") }).await;
        if !name.is_empty() {
            let (before, _) = text.split_once(&format!(">{name}</a>")).unwrap_or_else(|| panic!("{name} is not on {list}: {text}"));
            let href = before.rsplit_once("href=\"").expect("a link").1.trim_end_matches('"').to_owned();
            text = page(href).await;
        }
        for words in *there {
            assert!(text.contains(words), "{words} is missing on {list} {name}: {text}");
        }
        for words in *not_there {
            assert!(!text.contains(words), "{words} stands on {list} {name}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn illnesses_stand_before_circumstances_on_home() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    world.upload(&cookie, "millbrook.json", SOURCE.as_bytes()).await;
    let home = world.get(&format!("/charts/{}", world.chart), &cookie).await.text();
    let place = |words: &str| home.find(words).unwrap_or_else(|| panic!("{words} is missing: {home}"));
    assert!(place("Congestive heart failure") < place("Full-time employment"), "the older illness comes first");
}
