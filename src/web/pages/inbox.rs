//! What came in while the chart was locked, and what stayed in its inbox.

use crate::import::inbox::{Came, Inbox, Staying};
use crate::vault::Role;
use crate::web::app::ChartCx;
use crate::web::layout::{icon, note};
use crate::web::pages::words;
use maud::{Markup, html};

/// Without an earlier visit, files of so many seconds back are news.
const NEWS: i64 = 7 * 86_400;

/// Says what came in since the last visit, and asks about what stayed. Nothing where there is neither.
pub(crate) fn section(cx: &ChartCx, inbox: &Inbox) -> Markup {
    let since = cx.last_visit.unwrap_or_else(|| words::now() - NEWS);
    let came: Vec<&Came> = inbox.came.iter().filter(|c| c.at >= since && !c.source.is_empty()).collect();
    html! {
        @if !came.is_empty() {
            (note("", &html! {
                p { b { (words::count(came.len() as u64, "file", "files")) " came in while the chart was locked, or by the inbox since." } }
                ul.flow { @for one in &came { li { a href=(cx.to(&format!("sources/{}", one.source))) { (one.name) } ", " (words::moment(one.at)) } } }
            }))
        }
        @if !inbox.staying.is_empty() {
            section.sec aria-labelledby="inbox" {
                header { h2 #inbox { "In the inbox, not in the chart" } }
                p.soft { "These files came while nobody was there to ask. They are kept, encrypted, until you decide." }
                @for (n, (name, one)) in inbox.staying.iter().enumerate() { (staying(cx, n, name, one)) }
            }
        }
    }
}

fn staying(cx: &ChartCx, n: usize, name: &str, one: &Staying) -> Markup {
    let first = words::first_name(&cx.person.name);
    let act = |act: &str, patient: &str, class: &str, label: &str, words: &str| {
        html! {
            form method="post" action=(cx.to("inbox")) {
                input type="hidden" name="file" value=(name);
                input type="hidden" name="patient" value=(patient);
                button class=(class) type="submit" name="act" value=(act) aria-label=(label) { (words) }
            }
        }
    };
    let reply = one.from.as_ref().filter(|_| !one.wrong_person);
    html! {
        section class=(if reply.is_some() { "card" } else { "card harm" }) aria-labelledby=(format!("inbox-{n}")) {
            h3 id=(format!("inbox-{n}")) { @if reply.is_none() { (icon("alert")) } (one.name) }
            @if let Some(from) = &one.from {
                p {
                    b { "A reply from " @if from.is_empty() { "somebody" } @else { (from) } } ", by a link that you gave out. That is the name they typed. "
                    @if one.found > 0 { "It holds " (words::count(one.found, "record", "records")) ". " }
                }
            }
            p { (one.why) }
            @if reply.is_some() && cx.role >= Role::Carer && one.may_be_taken {
                (act("take", "", "btn main", &format!("Take it into the chart: {}", one.name), "Take it into the chart"))
            }
            @if cx.role >= Role::Carer {
                @if one.wrong_person && one.candidates.len() > 1 {
                    ul.rows {
                        @for who in &one.candidates {
                            li {
                                div { span.name { (who.words) } span.sub { (who.reference) } }
                                div.end { (act("accept", &who.reference, "btn harm", &format!("{} is {first}: add only their records", who.words), &format!("This is {first}"))) }
                            }
                        }
                    }
                } @else if one.wrong_person {
                    (act("accept", "", "btn harm", &format!("{} is about {first} all the same: add it", one.name), &format!("It is {first} all the same: add it")))
                }
                (act("discard", "", "btn", &format!("Throw it away: {}", one.name), "Throw it away"))
            }
        }
    }
}
