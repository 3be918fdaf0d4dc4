//! One record, whatever its type: all that it holds, in words; its sources, versions, original and raw FHIR.

use super::filter::Filter;
use super::ui::{Desk, day, facts as fact_rows, head, narrative, title};
use crate::Result;
use crate::chart::words::{self, Content, Fact, Said};
use crate::chart::{denials, results};
use crate::record::{Class, Standing, text_at};
use crate::vault::{Role, Row};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note, section};
use crate::web::pages::home;
use crate::web::pages::words as say;
use maud::{Markup, html};

/// The page of any record.
pub(crate) fn page(cx: &ChartCx, row: &Row, _filter: &Filter) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let resource = row.resource();
    let kind = words::type_words(&row.kind);
    let word = crate::chart::when::word(row, &resource).map(|w| format!("{w} ")).unwrap_or_default();
    let lead = match &row.date {
        Some(date) => format!("{kind}, {word}{}.", date.words()),
        None => format!("{kind}. The source gives no date."),
    };
    let crumb = (row.class.words(), super::class_path(row.class));
    let body = html! {
        (head(&title(row), &lead, &html! {}))
        (standing(row))
        @if row.class == Class::Allergy && row.standing == Standing::Absent { (home::in_part(cx, home::SAID)) }
        (versions(&desk, row)?)
        (answers(&resource))
        (holds(&desk, row, &resource))
        (section("from", "Where this comes from", None, &source_facts(&desk, row)?))
    };
    Ok(chart_page(cx, &Page { title: &title(row), nav: super::nav_of(row.class), crumbs: &[crumb] }, &body))
}

/// Elements that help to find and file a record and say nothing about the person.
const FILING: [&str; 7] = ["id", "meta", "implicitRules", "language", "identifier", "contained", "text"];

/// All that a record holds: what it says first, then what it is filed under.
fn holds(desk: &Desk<'_>, row: &Row, resource: &serde_json::Value) -> Markup {
    let Some(all) = resource.as_object() else { return html! {} };
    // A narrative that somebody wrote belongs to what is said; one that a program made repeats it.
    let written = text_at(resource, "text.status").is_some_and(|s| s != "generated" && s != "empty");
    let filed = |key: &str| FILING.contains(&key.trim_start_matches('_')) && !(key == "text" && written);
    let part = |wanted: bool| {
        let kept = all.iter().filter(|(k, _)| filed(k) == wanted || *k == "resourceType").map(|(k, v)| (k.clone(), v.clone()));
        words::facts(&serde_json::Value::Object(kept.collect()))
    };
    let (said, filing) = (part(false), part(true));
    html! {
        @if !said.is_empty() { (section("holds", "All that this record holds", None, &fact_list(desk, Some(row), &said, 0))) }
        @if !filing.is_empty() { (section("filing", "Numbers and technical details", None, &fact_list(desk, Some(row), &filing, 0))) }
    }
}

/// All that a record holds, folded: below pages that tell the most of it in a better way.
pub(crate) fn everything(desk: &Desk<'_>, row: &Row, resource: &serde_json::Value) -> Markup {
    let facts = words::facts(resource);
    section(
        "all",
        "All that this record holds",
        None,
        &html! { details { summary { "Show every detail" } (fact_list(desk, Some(row), &facts, 0)) } },
    )
}

/// A questionnaire as a table of questions and answers.
fn answers(resource: &serde_json::Value) -> Markup {
    let questions = crate::chart::answers::questions(resource);
    if crate::record::type_of(resource) != "QuestionnaireResponse" || questions.is_empty() {
        return html! {};
    }
    let table = html! {
        table.fold {
            thead { tr { th scope="col" { "Question" } th scope="col" { "Answer" } } }
            tbody { @for q in &questions { tr {
                th scope="row" colspan=[q.heading.then_some("2")] { (q.words) }
                @if !q.heading { td data-label="Answer" { @if q.answers.is_empty() { span.soft { "not answered" } } @else { (q.answers.join("; ")) } } }
            } } }
        }
    };
    section("answers", "Questions and answers", None, &table)
}

/// What a reader must not overlook about how a record stands.
pub(crate) fn standing(row: &Row) -> Markup {
    let (kind, bold, words) = match row.standing {
        Standing::Absent if denials::knows_nothing(row, &row.resource()) => {
            ("", "Not known.", "The source says that it has no information about this. That is not the same as “none”.")
        }
        Standing::Error => ("heed", "Entered in error.", "The source has taken this record back. It counts nowhere else in this chart."),
        Standing::Absent => ("", "Not so.", "This record says that something was looked for or asked and is not there."),
        Standing::NotDone => {
            ("", "Not done.", "This record says that something was not done. The reason stands below, if the source gave one.")
        }
        Standing::Planned => ("", "Planned.", "This record is about something that had not happened when it was written."),
        Standing::Current | Standing::Past => return html! {},
    };
    note(kind, &html! { p { b { (bold) } " " (words) } })
}

/// Facts as rows of label and words.
pub(crate) fn fact_list(desk: &Desk<'_>, row: Option<&Row>, facts: &[Fact], depth: usize) -> Markup {
    html! {
        dl.facts {
            @for fact in facts {
                div {
                    dt { (fact.label) }
                    dd {
                        @match &fact.content {
                            Content::Said(said) => @for (n, one) in said.iter().enumerate() { @if n > 0 { br; } (spoken(desk, row, one, depth)) },
                            Content::Groups(groups) => @for group in groups { (fact_list(desk, row, group, depth + 1)) },
                            Content::Narrative(div) => (narrative(div, &fact.label)),
                        }
                    }
                }
            }
        }
    }
}

fn spoken(desk: &Desk<'_>, row: Option<&Row>, said: &Said, depth: usize) -> Markup {
    let target = said.reference.as_deref().filter(|_| depth < 4).zip(row).and_then(|(r, row)| desk.resolve(row, r));
    html! {
        @match &target {
            Some(target) => {
                a href=(desk.href(target)) { @if said.reference.as_deref() == Some(said.text.as_str()) { (target.title) } @else { (said.text) } }
            }
            None => {
                @let inner = said.reference.as_deref().and_then(|r| inside(row?, r, &said.text));
                @let text = inner.unwrap_or_else(|| plain(&said.text));
                @for (n, line) in text.lines().enumerate() { @if n > 0 { br; } (line) }
            }
        }
        @for code in &said.codes { " " small.soft { (code) } }
        @if !said.more.is_empty() { (fact_list(desk, row, &said.more, depth + 1)) }
    }
}

/// Who or what is meant by a reference to a part of the record itself: "#practitioner-1" is no word for anybody.
fn inside(row: &Row, reference: &str, said: &str) -> Option<String> {
    if said != reference {
        // The source's own words for it.
        return None;
    }
    let Some(wanted) = reference.strip_prefix('#') else {
        // "Encounter/97959185", which did not come along.
        let (kind, id) = said.split_once('/').filter(|(kind, id)| !id.contains('/') && kind.starts_with(char::is_uppercase))?;
        return Some(format!("{}, number {id}", words::type_words(kind)));
    };
    let resource = row.resource();
    let inner = crate::record::array(&resource, "contained").iter().find(|c| text_at(c, "id").as_deref() == Some(wanted))?.clone();
    let named = crate::record::reference_words(&resource, &serde_json::json!({"reference": reference}));
    let number = text_at(&inner, "identifier.value").filter(|n| !n.starts_with("urn:"));
    let number = number.map(|n| format!(", number {n}")).unwrap_or_default();
    Some(named.unwrap_or_else(|| format!("{}{number}", words::type_words(crate::record::type_of(&inner)))))
}

/// Text in which a source left the marks of a web page, without them.
fn plain(text: &str) -> String {
    let marked = ["</", "<br", "<p>"].iter().any(|mark| text.contains(mark));
    if marked { crate::record::strip_tags(text) } else { text.to_owned() }
}

/// Sources, place, when it came in, the original, the raw FHIR.
pub(crate) fn source_facts(desk: &Desk<'_>, row: &Row) -> Result<Markup> {
    let cx = desk.cx;
    let sources = cx.chart.sources_of(row.rid)?;
    let mut list: Vec<(&str, Markup)> = Vec::new();
    for (n, id) in sources.iter().enumerate() {
        let came = desk.sources.get(id).map(|s| format!("came in on {}, brought by {}", say::day(s.imported), s.by));
        list.push((
            if n == 0 { "Source" } else { "Also in" },
            html! {
                @if cx.chart.is_limited() { (desk.sources.name(id)) } @else { a href=(cx.to(&format!("sources/{id}"))) { (desk.sources.name(id)) } }
                @if let Some(came) = came { br; span.soft { (came) } }
            },
        ));
    }
    // The file, and the place in it, are not for who may see part of the chart.
    if !cx.chart.is_limited() {
        list.push((
            "Place in it",
            if row.place == "/" {
                html! { "The whole file" }
            } else {
                html! { span.linkbox { (row.place) } }
            },
        ));
        list.push(("Original", html! { a href=(cx.to(&format!("sources/{}/original", row.source))) { "Save the original file" } }));
    }
    let all = super::ui::path(row);
    let raw = html! {
        @if !all.starts_with("records/") { a href=(cx.to(&format!("records/{}", row.rid))) { "All that this record holds" } " · " }
        a href=(cx.to(&format!("records/{}/raw", row.rid))) { "As FHIR" } " · "
        a href=(cx.to(&format!("records/{}/fhir", row.rid))) { "Save as FHIR" }
    };
    list.push(("The record itself", raw));
    if cx.role >= Role::Carer {
        list.push(("To others", html! { a href=(cx.to(&format!("share?with={}", row.key))) { "Give this record to somebody" } }));
    }
    Ok(fact_rows(&list))
}

/// Older versions: "Was 24 mg/g, is now 42 mg/g".
pub(crate) fn versions(desk: &Desk<'_>, row: &Row) -> Result<Markup> {
    if row.versions == 0 {
        return Ok(html! {});
    }
    let older = desk.cx.chart.versions(row.rid)?;
    let observed = row.kind == "Observation";
    let value = |r: &Row| results::line(&results::value(&r.resource()).reading);
    let now = value(row);
    let body = html! {
        p { b { "The source has changed this record." } " The older version is kept." }
        ul {
            @for (replaced, old) in older.iter().take(20) {
                li {
                    @let was = value(old);
                    @if observed && was != now { "Was " (was) ", is now " (now) ". " }
                    @else if old.title != row.title { "Was “" (old.title) "”, is now “" (row.title) "”. " }
                    @if old.date != row.date { "The date was " (day(old.date.as_ref())) ". " }
                    @if text_at(&old.resource(), "status") != text_at(&row.resource(), "status") {
                        "The state was “" (words::words_of_code(&text_at(&old.resource(), "status").unwrap_or_else(|| "not given".into()))) "”. "
                    }
                    span.soft { "Changed with what came in on " (say::day(*replaced)) "." }
                }
            }
        }
    };
    Ok(note("", &body))
}

/// The raw FHIR as a page to read.
pub(crate) fn raw(cx: &ChartCx, row: &Row, _filter: &Filter) -> Result<Markup> {
    let text = serde_json::to_string_pretty(&row.resource()).map_err(crate::Error::internal)?;
    let back = super::ui::path(row);
    let acts = html! { a.btn href=(cx.to(&format!("records/{}/fhir", row.rid))) { (icon("save")) "Save it" } };
    let body = html! {
        (head("The record as FHIR", "FHIR R4, as it is kept: the form that other health programs read.", &acts))
        div.scroll tabindex="0" role="region" aria-label="The record as FHIR, scrolls sideways" { pre.linkbox { (text) } }
    };
    Ok(chart_page(cx, &Page { title: "The record as FHIR", nav: super::nav_of(row.class), crumbs: &[(&row.title, &back)] }, &body))
}
