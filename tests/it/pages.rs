//! The pages of records over a small chart written here: nothing invented, nothing lost, nothing active, no words in addresses.

use crate::web_world::{World, options};
use axum::http::StatusCode;

/// Two sources that agree on some things and differ on others.
const FIRST: &str = include_str!("../data/pages/alder-street.json");
const SECOND: &str = include_str!("../data/pages/harbor-county.json");

const LISTS: [&str; 26] = [
    "results",
    "vital-signs",
    "medicines",
    "documents",
    "timeline",
    "conditions",
    "allergies",
    "immunizations",
    "procedures",
    "visits",
    "imaging",
    "devices",
    "plans",
    "goals",
    "family-history",
    "social-history",
    "assessments",
    "care-team",
    "places",
    "insurance",
    "bills",
    "messages",
    "appointments",
    "provenance",
    "other",
    "left-aside",
];

struct Reader {
    world: World,
    cookie: String,
}

impl Reader {
    async fn new() -> Self {
        let world = World::new(options());
        let cookie = world.sign_in().await;
        world.upload(&cookie, "alder-street.json", FIRST.as_bytes()).await;
        world.upload(&cookie, "harbor-county.json", SECOND.as_bytes()).await;
        Self { world, cookie }
    }

    fn to(&self, path: &str) -> String {
        format!("/charts/{}/{path}", self.world.chart)
    }

    /// The main part of a page that must be there, without what is around it.
    async fn page(&self, path: &str) -> String {
        let answer = self.world.get(&self.to(path), &self.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let text = answer.text();
        let main = text.split_once("<main").map_or(text.as_str(), |(_, rest)| rest);
        main.split_once("</main>").map_or(main, |(m, _)| m).to_owned()
    }

    /// The page of the record with this name in a list.
    async fn open(&self, list: &str, name: &str) -> String {
        let page = self.page(list).await;
        let (before, _) = page.split_once(&format!(">{name}</a>")).unwrap_or_else(|| panic!("{name} is not on {list}: {page}"));
        let href = before.rsplit_once("href=\"").expect("a link").1.trim_end_matches('"');
        let path = href.split_once(&format!("/charts/{}/", self.world.chart)).expect("a page of the chart").1;
        self.page(path).await
    }
}

fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("aria-labelledby=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {page}"));
    rest.split_once("</section>").map_or(rest, |(s, _)| s)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_answers_empty_and_full() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    for path in LISTS.iter().copied().chain(["kinds", "about"]) {
        let answer = world.get(&format!("/charts/{}/{path}", world.chart), &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.text().contains("class=\"empty\""), "{path} says why it is empty");
    }
    let reader = Reader::new().await;
    for path in LISTS.iter().copied().chain(["kinds", "about"]) {
        let page = reader.page(path).await;
        assert!(!page.contains(" style=\"") && !page.contains("<script"), "{path} has no inline style or script");
        for part in page.split("href=\"").skip(1) {
            let href = part.split('"').next().unwrap_or("");
            if href.contains("/records/") || href.contains("/results/") || href.contains("/documents/") || href.contains("/visits/") {
                let answer = reader.world.get(href, &reader.cookie).await;
                assert_eq!(answer.status, StatusCode::OK, "{path} leads to {href}");
            }
        }
    }
    for path in ["records/999999", "results/x", "records/-1/fhir", "documents/1e9"] {
        let answer = reader.world.get(&reader.to(path), &reader.cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_keep_their_digits_and_only_given_ranges_mark_them() {
    let reader = Reader::new().await;
    let results = reader.page("results").await;
    assert!(results.contains("7.40") && results.contains("range 4.0 to 5.6 %"), "{results}");
    let a1c = reader.open("results", "Hemoglobin A1c").await;
    assert!(a1c.contains("Above range") && a1c.contains("class=\"trend\""), "{a1c}");
    let table = section(&a1c, "table");
    assert!(table.contains("7.10 %") && table.contains("7.40 %"), "{table}");
    let vitamin = reader.open("results", "Vitamin D").await;
    assert!(vitamin.contains("No range given") && !vitamin.contains("Above range") && !vitamin.contains("class=\"numline"), "{vitamin}");
    let pressure = reader.open("vital-signs", "Blood pressure").await;
    assert!(pressure.contains("134/78"), "{pressure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_result_says_what_it_was() {
    let reader = Reader::new().await;
    let corrected = FIRST.replace("\"value\": 7.40", "\"value\": 7.60").replace("2026-11-13T10:00:00Z", "2026-11-15T10:00:00Z");
    reader.world.upload(&reader.cookie, "alder-street-2.json", corrected.as_bytes()).await;
    let page = reader.open("results", "Hemoglobin A1c").await;
    assert!(page.contains("Was 7.40 %, is now 7.60 %."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_so_never_looks_like_what_is() {
    let reader = Reader::new().await;
    let conditions = reader.page("conditions").await;
    assert!(section(&conditions, "part-now").contains("Asthma"));
    assert!(!section(&conditions, "part-now").contains("Lupus"));
    assert!(section(&conditions, "part-ruled-out").contains("Lupus"));
    let everywhere = [conditions, reader.page("timeline").await, reader.page("results").await];
    assert!(everywhere.iter().all(|p| !p.contains("Gout")), "what was entered in error stands nowhere else");
    assert!(reader.page("left-aside").await.contains("Gout"));
    let vaccines = reader.page("immunizations").await;
    assert!(section(&vaccines, "part-not-given").contains("Not given: Ruth said no"), "{vaccines}");
    assert!(!section(&vaccines, "part-given").contains("RSV"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_differ_are_shown_side_by_side() {
    let reader = Reader::new().await;
    let allergies = reader.page("allergies").await;
    assert!(allergies.contains("Your records disagree about allergies."), "{allergies}");
    let now = section(&allergies, "part-now");
    assert!(now.contains("Penicillin") && now.contains("Hives") && now.contains("Could be dangerous") && !now.contains("No known"));
    let medicines = reader.page("medicines").await;
    assert!(medicines.contains("Your records disagree about metoprolol succinate."), "{medicines}");
    assert!(medicines.contains("Sources differ: 50 mg or 25 mg") || medicines.contains("Sources differ: 25 mg or 50 mg"));
    let conditions = reader.page("conditions").await;
    assert!(
        conditions.contains("harbor-county.json: since March 2011") && conditions.contains("alder-street.json: since 2011"),
        "{conditions}"
    );
    let about = reader.page("about").await;
    assert!(about.contains("14 March 1954") && about.contains("555-0142"), "{about}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_writing_is_not_called_an_onset() {
    let reader = Reader::new().await;
    let now = reader.page("conditions").await;
    assert!(section(&now, "part-now").contains("Recorded 8 May 2025"), "{now}");
    assert!(!now.to_lowercase().contains("since 8 may 2025"));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_typed_into_a_filter_never_stand_in_an_address() {
    let reader = Reader::new().await;
    let answer = reader.world.post(&reader.to("conditions"), &reader.cookie, "q=asthma&source=&from=&to=&show=").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let to = answer.header("location").to_owned();
    assert!(to.contains("?t=") && !to.contains("asthma"), "{to}");
    let page = reader.world.get(&to, &reader.cookie).await.text();
    assert!(page.contains("Asthma") && page.contains("value=\"asthma\"") && !page.contains("iabetes"), "{page}");
    // A word in an address is not taken.
    let page = reader.page("conditions?q=asthma").await;
    assert!(page.contains("iabetes"));
    let page = reader.page("conditions?from=2011-01-01&to=2011-12-31").await;
    assert!(page.contains("iabetes") && !page.contains("Asthma"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_never_active() {
    let reader = Reader::new().await;
    let page = reader.open("documents", "Letter of the clinic").await;
    let (_, frame) = page.split_once("<iframe").expect("a frame");
    let src = frame.split_once("src=\"").expect("its address").1.split('"').next().expect("its end").replace("&amp;", "&");
    assert!(frame.contains("sandbox=\"\""));
    let framed = reader.world.get(&src, &reader.cookie).await;
    assert!(framed.header("content-security-policy").starts_with("sandbox;"), "{}", framed.header("content-security-policy"));
    let text = framed.text();
    assert!(text.contains("See you in May") && !text.contains("script") && !text.contains("onload") && !text.contains("evil"), "{text}");
    let saved = reader.world.get(&format!("{src}&save=1"), &reader.cookie).await;
    assert!(saved.header("content-disposition").starts_with("attachment; ") && saved.header("content-type") == "application/octet-stream");
    assert!(saved.text().contains("<script>"), "the file that is saved is the file that came");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_beside_a_document_leaves_it_as_it_came() {
    let reader = Reader::new().await;
    let page = reader.open("documents", "Letter of the clinic").await;
    let action = page.split_once("/beside\"").expect("a form").0.rsplit_once('"').expect("its address").1.to_owned() + "/beside";
    let wrong = reader.world.post(&action, &reader.cookie, "title=x&date=yesterday&kind=").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let kept = reader.world.post(&action, &reader.cookie, "title=Eye+clinic&date=2025-03&kind=Referral+letter").await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let list = reader.page("documents").await;
    assert!(list.contains("Eye clinic") && list.contains("Referral letter") && list.contains("March 2025"), "{list}");
    let page = reader.open("documents", "Eye clinic").await;
    assert!(page.contains("At its source: Letter of the clinic"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_opens_to_what_belongs_to_it_and_a_bill_line_by_line() {
    let reader = Reader::new().await;
    let visit = reader.open("visits", "Office visit").await;
    assert!(visit.contains("Hemoglobin A1c") && visit.contains("Diabetes check"), "{visit}");
    let bill = reader.open("bills", "Office visit").await;
    assert!(bill.contains("$185.00") && bill.contains("$28.50") && bill.contains("Plan paid"), "{bill}");
    let answers = reader.open("assessments", "Mood questions").await;
    assert!(section(&answers, "answers").contains("Little interest?") && section(&answers, "answers").contains("Not at all"), "{answers}");
}
