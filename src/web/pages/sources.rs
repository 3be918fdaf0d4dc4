//! Sources: the list, and the question before one is taken out.

use crate::chart::sources::Sources;
use crate::import::inbox::Inbox;
use crate::record::Class;
use crate::vault::{Role, SourceInfo};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, empty, icon, pill};
use crate::web::pages::add::sentence;
use crate::web::pages::words;
use maud::{Markup, html};

/// A removed source can be brought back for so many days.
pub(crate) const DAYS: i64 = 30;

/// Until when a removed source can be brought back; none when it is too late.
pub(crate) fn until(source: &SourceInfo) -> Option<i64> {
    source.removed.map(|at| at + DAYS * 86_400).filter(|until| *until > words::now())
}

pub(crate) fn list(cx: &ChartCx, names: &Sources, inbox: &Inbox) -> Markup {
    let (gone, here): (Vec<_>, Vec<_>) = names.all().iter().partition(|s| s.removed.is_some());
    let add = html! { a.btn.main href=(cx.to("add")) { (icon("add")) "Add records" } };
    let body = html! {
        header.head {
            h1 { "Sources" }
            p { "Every file that records came from, newest first. Each is kept unchanged and encrypted." }
            @if cx.role >= Role::Carer && !here.is_empty() { div.acts { (add) } }
        }
        (super::inbox::section(cx, inbox))
        @if here.is_empty() {
            (empty("No sources yet", "They appear here when you add records.", &(if cx.role >= Role::Carer { add } else { html! {} })))
        } @else {
            ul.rows { @for source in here { (row(cx, names, source)) } }
        }
        @if !gone.is_empty() {
            section.sec aria-labelledby="gone" {
                header { h2 #gone { "Taken out" } }
                p.soft { "Their records are not in the chart. Each can be brought back for " (DAYS) " days." }
                ul.rows { @for source in gone { (row(cx, names, source)) } }
            }
        }
    };
    chart_page(cx, &Page { title: "Sources", nav: "sources", crumbs: &[] }, &body)
}

fn row(cx: &ChartCx, names: &Sources, source: &SourceInfo) -> Markup {
    let out = source.reread.as_ref().unwrap_or(&source.report).skipped.len() as u64;
    html! {
        li {
            div {
                span.name { a href=(cx.to(&format!("sources/{}", source.id))) { (names.name(&source.id)) } }
                @if !names.name(&source.id).contains(&source.name) { span.sub { (source.name) } }
                span.sub { (words::moment(source.imported)) ", by " (source.by) " · " (words::size(source.size)) " · " (sentence(&source.report)) }
            }
            div.end {
                @if source.removed.is_some() { (pill("quiet", "none", "Taken out")) }
                @else if out > 0 { (pill("heed", "bang", &format!("{} left out", words::number(out)))) }
            }
        }
    }
}

pub(crate) fn ask_remove(cx: &ChartCx, source: &SourceInfo) -> Markup {
    let here = cx.to(&format!("sources/{}", source.id));
    let kinds: Vec<String> = source
        .report
        .classes
        .iter()
        .filter(|(_, n)| n.stored > 0)
        .map(|(slug, n)| {
            format!("{} {}", Class::from_slug(slug).map_or(slug.as_str(), |class| class.words()).to_lowercase(), words::number(n.stored))
        })
        .collect();
    let body = html! {
        header.head { h1 { "Take this file out?" } p { (source.name) ", added on " (words::moment(source.imported)) "." } }
        p {
            "All records that only this file gave leave the chart"
            @if !kinds.is_empty() { ": " (kinds.join(", ")) }
            ". What another source gave too stays. You can bring the file back for " (DAYS) " days."
        }
        form method="post" action=(format!("{here}/remove")) {
            p.acts { button.btn.harm type="submit" { "Take it out" } a.btn href=(here) { "Leave it in" } }
        }
    };
    let up = format!("sources/{}", source.id);
    let crumbs = [("Sources", "sources"), (source.name.as_str(), up.as_str())];
    chart_page(cx, &Page { title: "Take a file out", nav: "sources", crumbs: &crumbs }, &body)
}
