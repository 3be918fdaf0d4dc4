//! Allergies on home: what can hurt first, with what it does; who says none, and who says otherwise.

use super::{Home, day_of, to_record};
use crate::chart::denials;
use crate::chart::link::Line;
use crate::record::{Class, Resource, array, concept_text, text_at};
use crate::vault::Row;
use crate::web::app::ChartCx;
use crate::web::layout::{icon, none_seen, pill, section};
use crate::web::pages::chart::ui::opening;
use maud::{Markup, html};

/// So many allergies with what they do; the rest by name alone: none is left out.
const DANGERS: usize = 8;

/// How dangerous an allergy is said to be by any source: the lower, the higher it stands.
pub(crate) fn danger(line: &Line) -> u8 {
    let one = |row: &Row| {
        let resource = row.resource();
        let severe = array(&resource, "reaction").iter().any(|r| text_at(r, "severity").as_deref() == Some("severe"));
        match (text_at(&resource, "criticality").as_deref(), severe) {
            (Some("high"), _) | (_, true) => 0,
            (Some("low"), _) => 2,
            _ => 1,
        }
    };
    line.rows.iter().map(one).min().unwrap_or(1)
}

/// The section: a red box where anything is known, else why it is empty.
pub(super) fn allergies(cx: &ChartCx, home: &Home) -> Markup {
    let all = cx.to("allergies");
    let (unknown, said): (Vec<&Line>, Vec<&Line>) =
        home.no_allergies.iter().partition(|l| denials::knows_nothing(l.first(), &l.first().resource()));
    // "No known allergies" speaks about all of them; a single one that was ruled out does not.
    let (none, ruled_out): (Vec<&Line>, Vec<&Line>) = said.into_iter().partition(|l| {
        let title = l.title().to_lowercase();
        ["no known", "none", "nk"].iter().any(|start| title.starts_with(start))
    });
    if home.allergies.is_empty() {
        let body = if none.is_empty() && ruled_out.is_empty() {
            match unknown.first() {
                None => {
                    none_seen(cx, "Not known yet", "No source says anything about allergies. This is not the same as “none”.", &html! {})
                }
                Some(line) => html! {
                    div.empty {
                        p { b { "Not known yet" } }
                        p.soft { a href=(to_record(cx, line.first())) { "“" (line.title()) "”" } ", says " (home.source_name(&line.first().source)) ". This is not the same as “none”." }
                    }
                },
            }
        } else {
            html! { (in_part(cx, if none.is_empty() { SAID } else { "No known allergies in what you may see." })) ul.rows { @for line in none.iter().chain(&ruled_out) { @let row = line.first();
                li { div {
                    span.name { a href=(to_record(cx, row)) { (line.title()) } }
                    span.sub { @if none.iter().any(|n| n.first().rid == row.rid) { "As a source states it" } @else { "Ruled out, says a source" } @if row.date.is_some() { ", " (day_of(row)) } }
                } }
            } } }
        };
        return section("allergies", "Allergies", Some(("All about allergies", &all)), &body);
    }
    let (shown, more) = home.allergies.split_at(home.allergies.len().min(DANGERS));
    html! {
        section.card.harm aria-labelledby="allergies" {
            h2 #allergies { (icon("alert")) "Allergies" }
            ul.rows {
                @for line in shown { li { div {
                    span.name { a href=(to_record(cx, line.first())) { (opening(line.title())) } }
                    span.sub { (reactions(line)) }
                } } }
            }
            @if !more.is_empty() {
                p { "Also: " @for (n, line) in more.iter().enumerate() { @if n > 0 { ", " } a href=(to_record(cx, line.first())) { (line.title()) } } "." }
            }
            @if let Some(line) = none.iter().find(|n| home.allergies.iter().any(|a| denials::denies(n.first(), a.first()))) {
                p { a href=(to_record(cx, line.first())) { "Another record says: " (line.title()) } ". The sources differ. Ask your doctor to check the list." }
            }
            p { a href=(all) { "All about allergies" } }
        }
    }
}

pub(crate) const SAID: &str = "This is said of what you may see.";

/// Where "no known allergies" stands, for who may not see everything: it must not read as an assurance.
pub(crate) fn in_part(cx: &ChartCx, bold: &str) -> Markup {
    if !cx.chart.scope().may_hide(Class::Allergy) {
        return html! {};
    }
    html! { p { b { (bold) } " You may see part of this chart, so do not rely on this alone: ask its owner." } }
}

/// "Trouble breathing, swelling of the face. **Severe**, 2009": what any source says, the worst first.
fn reactions(line: &Line) -> Markup {
    let mut said: Vec<String> = Vec::new();
    let mut each: Vec<(&str, Option<usize>)> = Vec::new();
    let mut coded = false;
    let mut high = false;
    let mut sure = false;
    for row in &line.rows {
        let resource = row.resource();
        let list = array(&resource, "reaction");
        for manifestation in list.iter().flat_map(|r| array(r, "manifestation")).filter_map(concept_text) {
            // A number is no reaction that one can read; the record's page has it.
            coded |= !manifestation.contains(char::is_alphabetic);
            let words = crate::record::uncoded(&manifestation);
            if words.contains(char::is_alphabetic) && !said.iter().any(|s| s.eq_ignore_ascii_case(words)) {
                said.push(words.to_owned());
            }
        }
        let severities = list.iter().filter_map(|r| text_at(r, "severity"));
        let worst = severities.filter_map(|s| SEVERITIES.iter().position(|known| *known == s)).min();
        each.push((&row.source, worst));
        high |= text_at(&resource, "criticality").as_deref() == Some("high");
        sure |= !array_codes(&resource, "verificationStatus").iter().any(|code| code == "unconfirmed");
    }
    let worst = each.iter().filter_map(|(_, w)| *w).min();
    let first = line.rows.iter().filter(|r| r.date.is_some()).min_by_key(|r| r.date.as_ref().map(|d| d.start));
    let differ = each.iter().any(|(source, w)| w.is_some() && *w != worst && each.iter().any(|(other, v)| v == &worst && other != source));
    html! {
        @if said.is_empty() && coded { "Reaction given only as a code" } @else if said.is_empty() { "Reaction not given" } @else { (said.join(", ")) }
        @match worst {
            Some(0) => { ". " b { "Severe" } }
            Some(1) => ". Moderate",
            Some(_) => ". Mild",
            None => {}
        }
        @if high { ". " b { "High risk" } }
        @if let Some(row) = first { ", " (day_of(row)) }
        @if !sure { ". Not confirmed" }
        @if differ { br; (pill("heed", "differ", "Sources differ")) }
    }
}

/// FHIR R4 reaction-event-severity, the worst first.
const SEVERITIES: [&str; 3] = ["severe", "moderate", "mild"];

fn array_codes(resource: &Resource, key: &str) -> Vec<String> {
    resource.get(key).map(|concept| array(concept, "coding").iter().filter_map(|c| text_at(c, "code")).collect()).unwrap_or_default()
}
