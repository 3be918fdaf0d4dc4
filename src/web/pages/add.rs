//! Adding records.

use crate::import::inbox::Inbox;
use crate::import::report::FileReport;
use crate::web::app::ChartCx;
use crate::web::jobs::{Job, Piece, State};
use crate::web::layout::{Page, chart_page, icon, note, pill, waiting_page};
use crate::web::pages::words;
use maud::{Markup, html};

pub(crate) fn choose(cx: &ChartCx, inbox: &Inbox, wrong: Option<&str>) -> Markup {
    let name = words::first_name(&cx.person.name);
    let body = html! {
        header.head {
            h1 { "Add records" }
            p { "Bring in what a portal, a doctor or a hospital gave you. Files are encrypted as they arrive and stay on this machine." }
        }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } p { "Nothing was added." } })) }
        (super::inbox::section(cx, inbox))
        form.form method="post" enctype="multipart/form-data" action=(cx.to("add")) data-upload="meter" {
            div.field {
                label for="files" { "Files about " (name) }
                p.hint #files-hint { "One or several. A zip file is fine as it is. Keepwell reads FHIR, C-CDA, zip files, PDF, pictures, office documents and text, and tells them apart by what is in them." }
                input #files name="files" type="file" multiple required aria-describedby="files-hint";
            }
            p.acts { button.btn.main type="submit" { (icon("add")) "Add" } a.btn.plain href=(cx.to("sources")) { "What is here already" } }
            div #meter aria-live="polite" {}
        }
        section.sec aria-labelledby="where" {
            header { h2 #where { "Where do I get them?" } }
            ol {
                li { "Sign in at the portal of the doctor, hospital or lab." }
                li { "Look for “Download my records”, “Export”, “Health summary” or “Share my record”. Take everything, not one visit." }
                li { "Save the file, then choose it here." }
            }
            p.soft { "A provider in the United States must give you your records in such a form when you ask." }
        }
    };
    chart_page(cx, &Page { title: "Add records", nav: "add", crumbs: &[] }, &body)
}

/// While it runs. Without script the page asks again every two seconds.
pub(crate) fn progress(cx: &ChartCx, job: &Job) -> Markup {
    let here = cx.to(&format!("add/{}", job.id));
    let stopping = job.how_far().stopping;
    let body = html! {
        header.head {
            h1 { "Reading your records" }
            p { "You may leave this page. Keepwell goes on, and the records appear all at once when a file is done." }
        }
        div #how-far data-watch=(format!("{here}/progress")) { (how_far(job)) }
        @if stopping {
            p { "Stopping. Nothing of the file that is being read is stored." }
        } @else {
            form.spaced method="post" action=(here) {
                p.acts { button.btn type="submit" name="act" value="stop" { "Stop" } }
                p.soft { "What is done stays. Of the file that is being read nothing is stored." }
            }
        }
    };
    let page = Page { title: "Reading your records", nav: "add", crumbs: &[("Add records", "add")] };
    waiting_page(cx, &page, &format!("{here}?wait"), &body)
}

/// The moving part.
pub(crate) fn how_far(job: &Job) -> Markup {
    let at = job.how_far();
    let percent = at.read.saturating_mul(100).checked_div(at.total).unwrap_or(0);
    let pieces = job.pieces();
    let reading = pieces.iter().find(|p| matches!(p.state, State::Reading)).map(|p| p.name.clone());
    html! {
        @if let Some(name) = reading { p { b { (name) } } }
        svg.meter width="100%" height="12" role="img" aria-label=(format!("{percent} percent read")) {
            rect.rail x="0" y="0" width="100%" height="100%" {}
            rect.done x="0" y="0" width=(format!("{percent}%")) height="100%" {}
        }
        p {
            (words::size(at.read)) " of " (words::size(at.total)) " read, "
            (words::count(at.records, "record", "records")) " found."
        }
    }
}

/// When all files of an upload have been read or refused.
pub(crate) fn ended(cx: &ChartCx, job: &Job) -> Markup {
    let pieces = job.pieces();
    let asked = pieces.iter().any(|p| matches!(p.state, State::Asked(..)));
    let all_done = pieces.iter().all(|p| matches!(p.state, State::Done(_)));
    let none_done = !pieces.iter().any(|p| matches!(p.state, State::Done(_)));
    let (heading, line) = match (asked, all_done, none_done) {
        (true, ..) => ("Whose records are these?", "One question first."),
        (_, true, _) if !pieces.iter().any(is_new) => {
            ("Nothing new in it", "Every record that could be read was in the chart already. Nothing is stored a second time.")
        }
        (_, true, _) => ("Done: your files are in", "Each has its own report."),
        (_, _, true) => ("Nothing was added", "Here is why."),
        _ => ("Done in part", "Some files are in, some are not. Here is why."),
    };
    let here = cx.to(&format!("add/{}", job.id));
    let body = html! {
        header.head { h1 { (heading) } p { (line) } }
        @for (index, piece) in pieces.iter().enumerate() {
            @if let State::Asked(report, _) = &piece.state { (question(cx, &here, index, piece, report)) }
        }
        ul.rows {
            @for piece in pieces.iter().filter(|p| !matches!(p.state, State::Asked(..))) { (result(cx, piece)) }
        }
        p.acts.spaced {
            a.btn href=(cx.to("add")) { (icon("add")) "Add another file" }
            a.btn.plain href=(cx.to("")) { "Go to the chart" }
        }
    };
    chart_page(cx, &Page { title: heading, nav: "add", crumbs: &[("Add records", "add")] }, &body)
}

fn is_new(piece: &Piece) -> bool {
    // A file of which nothing at all could be read is not one that was here already.
    matches!(&piece.state, State::Done(report) if report.stored + report.updated > 0 || report.duplicates == 0)
}

fn question(cx: &ChartCx, here: &str, index: usize, piece: &Piece, report: &FileReport) -> Markup {
    let first = words::first_name(&cx.person.name);
    html! {
        section.card.harm aria-labelledby=(format!("ask-{index}")) {
            h2 id=(format!("ask-{index}")) { (icon("alert")) (piece.name) }
            p { (report.error.as_deref().unwrap_or_default()) }
            form.flow method="post" action=(here) {
                input type="hidden" name="file" value=(index);
                @if report.about.len() == 1 {
                    p.acts {
                        button.btn.main type="submit" name="act" value="leave" { "Do not add it" }
                        button.btn.harm type="submit" name="act" value="accept" { "It is " (first) " all the same: add it" }
                    }
                } @else {
                    p.acts { button.btn.main type="submit" name="act" value="leave" { "Do not add it" } }
                }
            }
            @if report.about.len() != 1 && !report.candidates.is_empty() {
                p { "Is one of them " (first) " all the same? Then only their records are added." }
                ul.rows {
                    @for one in &report.candidates {
                        li {
                            div { span.name { (one.words) } span.sub { (one.reference) } }
                            form.end method="post" action=(here) {
                                input type="hidden" name="file" value=(index);
                                input type="hidden" name="patient" value=(one.reference);
                                button.btn.harm type="submit" name="act" value="accept" aria-label=(format!("{} is {first}: add only their records", one.words)) { "This is " (first) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn result(cx: &ChartCx, piece: &Piece) -> Markup {
    let (sub, state) = match &piece.state {
        State::Done(report) => (html! { (sentence(report)) }, pill("fine", "ok", "Stored")),
        State::Refused(report) => (html! { (report.error.as_deref().unwrap_or_default()) }, pill("harm", "bang", "Refused")),
        State::Failed(why) => (html! { (why) }, pill("harm", "bang", "Refused")),
        State::Declined => (html! { "You chose not to add it. Nothing was stored." }, pill("quiet", "none", "Not added")),
        State::Locked => (
            html! { "It waited for your answer until the chart was locked. Nothing was stored. Add the file again." },
            pill("quiet", "none", "Not added"),
        ),
        State::Stopped => (html! { "You stopped it. Nothing of it was stored." }, pill("quiet", "none", "Stopped")),
        State::Waiting(..) | State::Reading | State::Asked(..) => (html! {}, pill("", "clock", "Waiting")),
    };
    html! {
        li {
            div {
                span.name {
                    @match &piece.state {
                        State::Done(report) if !report.source.is_empty() => a href=(cx.to(&format!("sources/{}", report.source))) { (piece.name) },
                        _ => (piece.name),
                    }
                }
                span.sub { (sub) }
            }
            div.end { (state) }
        }
    }
}

/// "412 found: 371 new, 6 updated, 33 already here, 2 left out." What is nought is not said.
pub(crate) fn sentence(report: &FileReport) -> String {
    let left_out = report.skipped.len() as u64;
    let parts = [(report.stored, "new"), (report.updated, "updated"), (report.duplicates, "already here"), (left_out, "left out")];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", words::number(n))).collect();
    if parts.is_empty() {
        "Nothing found in it.".to_owned()
    } else {
        format!("{} found: {}.", words::number(report.found), parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_leaves_out_what_is_nought() {
        let report = FileReport { found: 1412, stored: 1400, duplicates: 12, ..FileReport::default() };
        assert_eq!(sentence(&report), "1,412 found: 1,400 new, 12 already here.");
        assert_eq!(sentence(&FileReport::default()), "Nothing found in it.");
    }
}
