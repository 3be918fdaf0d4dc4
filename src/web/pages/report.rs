//! The import report of one source: a sum in which nothing is missing.

use crate::import::report::{Counts, FileReport};
use crate::record::Class;
use crate::vault::{Role, SourceInfo};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note, pill, section};
use crate::web::pages::add::sentence;
use crate::web::pages::chart::ui::scrolling;
use crate::web::pages::sources::until;
use crate::web::pages::words;
use maud::{Markup, html};

/// So many places of a long list are shown; the rest is counted.
const MANY: usize = 200;

pub(crate) fn page(cx: &ChartCx, source: &SourceInfo) -> Markup {
    let report = &source.report;
    let just_done = cx.query == "done";
    let path = |end: &str| cx.to(&format!("sources/{}{end}", source.id));
    let writes = cx.role >= Role::Carer;
    let body = html! {
        header.head {
            h1 { @if just_done { "Done: your file is in" } @else { (source.name) } }
            p { @if just_done { (source.name) ", " } (format_words(&report.format)) ", " (words::size(source.size)) ". Added on " (words::moment(source.imported)) " by " (source.by) "." }
            div.acts {
                a.btn.main href=(cx.to(&format!("timeline?source={}", source.id))) { (icon("results")) "See what is in it" }
                @if writes { a.btn href=(cx.to("add")) { (icon("add")) "Add another file" } }
                a.btn.plain href=(path("/original")) download { (icon("save")) "Save the file" }
            }
        }
        @if let Some(at) = source.removed { (taken_out(source, at, &path("/restore"), writes)) }
        (sum(report))
        @if !report.skipped.is_empty() { (left_out(report)) }
        @if let Some(again) = &source.reread { (reread(again)) }
        (about(cx, report))
        (kinds(report))
        @if !report.warnings.is_empty() { (warnings(report)) }
        (origin(source, report))
        @if writes && source.removed.is_none() {
            (section("undo", "Read again, or undo", None, &html! {
                p { "Keepwell learns to read more over time. Reading the kept file again stores what is new, and nothing twice." }
                form method="post" action=(path("/again")) { p.acts { button.btn type="submit" { "Read it again" } } }
                p { "If this was the wrong file, take it out again with all its records. You can bring it back for 30 days." }
                p.acts { a.btn.harm href=(path("/remove")) { "Take this file out" } }
            }))
        }
    };
    chart_page(cx, &Page { title: "Import report", nav: "sources", crumbs: &[("Sources", "sources")] }, &body)
}

fn taken_out(source: &SourceInfo, at: i64, restore: &str, writes: bool) -> Markup {
    note(
        "heed",
        &html! {
            p { b { "Taken out on " (words::moment(at)) "." } " Its records are not in the chart." }
            @if let Some(until) = until(source) {
                p { "It can be brought back until " (words::day(until)) "." }
                @if writes { form method="post" action=(restore) { p.acts { button.btn type="submit" { "Bring it back" } } } }
            } @else {
                p { "The 30 days are over, so it cannot be brought back." }
            }
        },
    )
}

fn sum(report: &FileReport) -> Markup {
    let n = words::number;
    html! {
        dl.sum {
            div { dd { (n(report.found)) } dt { @if report.found == 1 { "record found" } @else { "records found" } } }
            div { dd { (n(report.stored)) } dt { "new, now stored" } }
            div { dd { (n(report.updated)) } dt { "updated" } }
            div { dd { (n(report.duplicates)) } dt { "already here" } }
            div { dd { (n(report.skipped.len() as u64)) } dt { "left out" } }
        }
        p {
            "Nothing is missing from this sum. "
            @if !report.skipped.is_empty() { "What was left out is listed below, with the reason. " }
            "The file itself is kept, unchanged and encrypted."
        }
        @if report.supporting > 0 {
            p.soft { "Besides, " (words::count(report.supporting, "record", "records")) " that the file needs to be understood: its patient, its visit, panels around single results." }
        }
    }
}

/// The latest reading again, beside the sum of the first one.
fn reread(again: &FileReport) -> Markup {
    note(
        "",
        &html! {
            p { b { "Read again since." } " The numbers above are those of the first time. The latest reading: " (sentence(again)) }
            @if !again.skipped.is_empty() { p { "It left out: " (again.skipped.iter().take(20).map(|s| s.what.as_str()).collect::<Vec<_>>().join(", ")) "." } }
        },
    )
}

fn left_out(report: &FileReport) -> Markup {
    section(
        "left-out",
        "Left out",
        None,
        &html! {
            ul.rows {
                @for ((what, why), places) in alike(report.skipped.iter().map(|s| ((s.what.as_str(), s.why.as_str()), s.place.as_str()))) {
                    li {
                        div {
                            span.name { @if what.is_empty() { "An entry" } @else { (what) } @if places.len() > 1 { ": " (words::number(places.len() as u64)) " of them" } }
                            span.sub { (why) @if let [place] = places.as_slice() { " · " (place) } }
                            (places_of(&places))
                        }
                        div.end { (pill("heed", "bang", "Left out")) }
                    }
                }
            }
        },
    )
}

/// What is alike together, in the order of its first appearance: a zip of forty summaries repeats itself.
fn alike<'a, K: PartialEq + Copy>(all: impl Iterator<Item = (K, &'a str)>) -> Vec<(K, Vec<&'a str>)> {
    let mut out: Vec<(K, Vec<&str>)> = Vec::new();
    for (key, place) in all {
        match out.iter_mut().find(|(k, _)| *k == key) {
            Some((_, places)) => places.push(place),
            None => out.push((key, vec![place])),
        }
    }
    out
}

/// The places of what is alike, folded; one alone stands beside its reason.
fn places_of(places: &[&str]) -> Markup {
    html! {
        @if places.len() > 1 {
            details {
                summary { "Where" }
                ul { @for place in places.iter().take(MANY) { li { small.soft { (place) } } } }
                @if places.len() > MANY { p.soft { "And " (words::number((places.len() - MANY) as u64)) " more places." } }
            }
        }
    }
}

fn about(cx: &ChartCx, report: &FileReport) -> Markup {
    let first = words::first_name(&cx.person.name);
    let judged = if report.identity_accepted {
        pill("heed", "differ", "Another name or birth date, accepted all the same")
    } else if report.about.is_empty() {
        pill("quiet", "none", "The file does not say whom it is about")
    } else if report.about.len() > 1 {
        pill("heed", "differ", &format!("Several people: only {} records were taken", words::possessive(first)))
    } else {
        pill("fine", "ok", "Same person")
    };
    section(
        "about",
        &format!("Is it about {first}?"),
        None,
        &html! {
            dl.facts {
                div { dt { "In the file" } dd { @if report.about.is_empty() { "No name" } @else { @for (i, one) in report.about.iter().enumerate() { @if i > 0 { br; } (one) } } } }
                div { dt { "In this chart" } dd { (cx.person.name) " · born " (words::birth(&cx.person)) @if cx.person.sex != "unknown" { " · " (cx.person.sex) } } }
                div { dt { "So" } dd { (judged) } }
            }
        },
    )
}

/// Kind by kind: every USCDI v4 class, zeros too, then the few kinds that it does not name.
fn kinds(report: &FileReport) -> Markup {
    let mut rows: Vec<(&str, Counts)> = Vec::new();
    let counts = |class: Class| report.classes.get(class.slug()).copied().unwrap_or_default();
    for class in Class::ALL {
        match class.uscdi() {
            Some(name) => match rows.iter_mut().find(|(n, _)| *n == name) {
                Some((_, sum)) => add(sum, counts(class)),
                None => rows.push((name, counts(class))),
            },
            None if counts(class) != Counts::default() => rows.push((class.words(), counts(class))),
            None => {}
        }
    }
    let cell =
        |n: u64, label: &str| html! { td class=(if n == 0 { "n zero soft" } else { "n" }) data-label=(label) { (words::number(n)) } };
    let line = |c: Counts| html! { (cell(c.found, "Found")) (cell(c.stored, "New")) (cell(c.updated, "Updated")) (cell(c.duplicates, "Already here")) (cell(c.skipped, "Left out")) };
    let all = Counts {
        found: report.found,
        stored: report.stored,
        updated: report.updated,
        duplicates: report.duplicates,
        skipped: report.skipped.len() as u64,
    };
    section(
        "kinds",
        "What came in, kind by kind",
        None,
        &html! {
            p.soft { "The kinds are the USCDI v4 classes: what a provider in the United States must be able to give you. " @if report.found > 1 { "A zero means that the file holds none." } @else { "The file holds none of the others." } }
            (scrolling("What came in, kind by kind", &html! { table.fold.terse {
                caption.unseen { "Records by USCDI class" }
                thead { tr { th scope="col" { "Kind" } @for head in ["Found", "New", "Updated", "Already here", "Left out"] { th.n scope="col" { (head) } } } }
                // A single document is of one kind: twenty lines of zeros would say less.
                tbody { @for (name, c) in rows.into_iter().filter(|(_, c)| report.found > 1 || *c != Counts::default()) { tr { th scope="row" { (name) } (line(c)) } } }
                tfoot { tr { th scope="row" { "All" } (line(all)) } }
            } }))
        },
    )
}

fn add(sum: &mut Counts, more: Counts) {
    sum.found += more.found;
    sum.stored += more.stored;
    sum.updated += more.updated;
    sum.duplicates += more.duplicates;
    sum.skipped += more.skipped;
}

fn warnings(report: &FileReport) -> Markup {
    section(
        "warnings",
        "Good to know",
        None,
        &html! {
            p.soft { "Oddities of the file. They cost no record." }
            ul.rows {
                @for (why, places) in alike(report.warnings.iter().map(|w| (w.why.as_str(), w.place.as_str()))) {
                    li { div {
                        (why)
                        @if let [place] = places.as_slice() { span.sub { (place) } } @else { span.sub { (words::number(places.len() as u64)) " times" } }
                        (places_of(&places))
                    } }
                }
            }
        },
    )
}

fn origin(source: &SourceInfo, report: &FileReport) -> Markup {
    section(
        "origin",
        "Where it came from",
        None,
        &html! {
            dl.facts {
                div { dt { "File" } dd { (source.name) } }
                div { dt { "Added" } dd { (words::moment(source.imported)) ", by " (source.by) } }
                div { dt { "Kind of file" } dd { (format_words(&report.format)) } }
                div { dt { "Size" } dd { (words::size(source.size)) } }
                div { dt { "Fingerprint (SHA-256)" } dd { code.linkbox { (report.sha256) } } }
            }
        },
    )
}

/// A format in words.
fn format_words(format: &str) -> String {
    let words = match format {
        "ccda" => "a summary from a doctor’s system (C-CDA)",
        "xdm" => "a portal download (XDM)",
        "zip" => "a zip file",
        "smart-health-card" => "a SMART Health Card",
        "pdf" => "a PDF",
        "image" => "a picture",
        "fhir-ndjson" => "a FHIR file, line by line",
        "document" | "rtf" | "html" | "text" => "a document",
        fhir if fhir.starts_with("fhir-") => return format!("a FHIR file ({fhir})"),
        "" => "a file",
        other => return format!("a file ({other})"),
    };
    words.to_owned()
}
