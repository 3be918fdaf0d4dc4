//! What was given out: the list, and one of them with its link.

use crate::share::{Reach, Share, State, qr, reach};
use crate::vault::{Act, Entry, Role};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note, pill, section};
use crate::web::pages::words;
use maud::{Markup, PreEscaped, html};

/// How a share stands, in a word.
fn word(share: &Share) -> &'static str {
    match share.state {
        State::Open => "Can be opened",
        State::Expired => "Ended",
        State::Stopped => "Stopped",
        State::Closed => "Closed after wrong passcodes",
    }
}

fn mark(share: &Share) -> Markup {
    match share.state {
        State::Open => pill("well", "dot", word(share)),
        State::Closed => pill("heed", "bang", word(share)),
        _ => pill("quiet", "none", word(share)),
    }
}

fn openings(share: &Share) -> String {
    if share.host.is_some() {
        return "On your own web space: openings are not seen here".to_owned();
    }
    match (share.openings, share.last) {
        (0, _) | (_, None) => "Never opened".to_owned(),
        (1, Some(last)) => format!("Opened once, {}", words::moment(last)),
        (n, Some(last)) => format!("Opened {} times, last {}", words::number(n), words::moment(last)),
    }
}

fn end(share: &Share) -> String {
    match (share.ended, share.expires) {
        (Some(at), _) => format!("Stopped {}", words::moment(at)),
        (None, Some(at)) => format!("Ends {}", words::moment(at)),
        (None, None) => "No end date".to_owned(),
    }
}

/// What was given out, those that can be opened first.
pub(crate) fn list(cx: &ChartCx, shares: &[Share]) -> Markup {
    let (open, over): (Vec<_>, Vec<_>) = shares.iter().partition(|s| s.state == State::Open);
    html! {
        (section("given-out", "Given out now", None, &html! {
            @if open.is_empty() { p.soft { "No link is open. What you give as a file or an encrypted page does not stand here: it cannot be called back." } }
            ul.rows { @for share in &open { (row(cx, share)) } }
        }))
        @if !over.is_empty() {
            details.sec {
                summary { b { "Over (" (over.len()) ")" } }
                ul.rows { @for share in &over { (row(cx, share)) } }
            }
        }
    }
}

fn row(cx: &ChartCx, share: &Share) -> Markup {
    html! {
        li {
            div {
                span.name { a href=(cx.to(&format!("share/{}", share.id))) { (share.to) } }
                span.sub { (openings(share)) ". " (end(share)) }
            }
            div.end {
                @if share.state == State::Open && cx.role >= Role::Carer {
                    form method="post" action=(cx.to(&format!("share/{}", share.id))) {
                        button.btn.harm type="submit" name="act" value="stop" aria-label=(format!("Stop the link of {}", share.to)) { "Stop" }
                    }
                } @else { (mark(share)) }
            }
        }
    }
}

/// One share. `code`: the passcode, shown this once.
pub(crate) fn one(cx: &ChartCx, share: &Share, code: Option<&str>, entries: &[Entry]) -> Markup {
    let body = html! {
        header.head {
            h1 { "Link for " (share.to) }
            p { (mark(share)) " " (end(share)) ". " (openings(share)) "." }
        }
        @if let Some(code) = code {
            (note("fine", &html! {
                p { b { "The passcode is " (code) } }
                p { "Write it down now: it is not kept and not shown again. Tell it by phone or in person, never in the same message as the link." }
            }))
        }
        @if let Some(links) = &share.link { (ways(cx, share, &links.viewer, &links.shlink)) }
        @if share.host.is_some() && share.state == State::Open { (elsewhere(cx, share)) }
        @if share.host.is_none() { (section("openings", "Who opened it", None, &opened(entries))) }
        (section("share-facts", "About it", None, &facts(share)))
        @if share.state == State::Open && cx.role >= Role::Carer {
            form.spaced method="post" action=(cx.to(&format!("share/{}", share.id))) {
                p.acts {
                    @if share.flags.long_term { button.btn type="submit" name="act" value="renew" { "Bring it up to date now" } }
                    button.btn.harm type="submit" name="act" value="stop" { "Stop this link" }
                }
            }
            p.soft { (share.to) " can no longer open it then. You can make a new one." @if share.host.is_some() { " Delete the file on your web space too: as long as it lies there, it opens." } }
        }
    };
    chart_page(cx, &Page { title: "Link", nav: "share", crumbs: &[("Share", "share")] }, &body)
}

fn ways(cx: &ChartCx, share: &Share, viewer: &str, shlink: &str) -> Markup {
    let near = match reach(viewer) {
        _ if share.host.is_some() => None,
        Reach::Anyone => None,
        Reach::Home => Some("Only those in your home network can open it: the server has no address outside."),
        Reach::Machine => Some("Only this machine can open it: the server has no address outside."),
    };
    html! {
        @if let Some(words) = near { (note("heed", &html! { p { (words) } p { a href=(cx.to("share")) { "Give a file instead" } } })) }
        (section("scan", "Code to scan", None, &html! {
            @if let Ok(picture) = qr(viewer) { div.qr.qr-link { (PreEscaped(picture)) } }
            p.soft { "A phone’s camera opens it. Show it only to whom it is for: who has the code has the records." }
        }))
        (section("text", "Link to send", None, &html! {
            label.unseen for="link" { "Link" }
            textarea.linkbox #link readonly rows="5" { (viewer) }
            details { summary { "The bare health link, for other viewers" } code.linkbox { (shlink) } }
        }))
    }
}

/// What to do with the file of a link that lies on another host.
fn elsewhere(cx: &ChartCx, share: &Share) -> Markup {
    section(
        "elsewhere",
        "The file for your web space",
        None,
        &html! {
            p { "Save the file, put it into " (share.host.as_deref().unwrap_or("")) " and keep its name. Then the link opens." }
            p.acts { a.btn href=(cx.to(&format!("share/{}/file", share.id))) { (icon("save")) "Save the file" } }
        },
    )
}

/// Who opened a link, or tried to, as the activity log has it.
fn opened(entries: &[Entry]) -> Markup {
    html! {
        @if entries.is_empty() { p.soft { "Nobody so far." } }
        ul.rows {
            @for entry in entries {
                @let refused = entry.event.act == Act::ShareRefused;
                li {
                    div {
                        span.name { @if entry.event.who.name.is_empty() { "No name" } @else { (entry.event.who.name) } }
                        span.sub {
                            (words::moment(entry.at / 1000))
                            @for part in [&entry.event.from.device, &entry.event.from.address] { @if !part.is_empty() { ", " (part) } }
                        }
                    }
                    div.end { @if refused { (pill("heed", "bang", "Not let in")) } @else { (pill("quiet", "ok", "Opened")) } }
                }
            }
        }
        @if !entries.is_empty() { p.soft { "Names are as they were typed." } }
    }
}

fn facts(share: &Share) -> Markup {
    let yes = |b: bool| if b { "Yes" } else { "No" };
    html! {
        dl.facts {
            div { dt { "Given by" } dd { (share.by) ", " (words::moment(share.created)) } }
            @if share.label != share.to && !share.label.is_empty() { div { dt { "Words on it" } dd { (share.label) } } }
            div { dt { "Asks for a passcode" } dd { (yes(share.flags.passcode)) @if share.flags.passcode && share.state == State::Open { ", " (words::count(u64::from(share.tries), "wrong try", "wrong tries")) " left" } } }
            div { dt { "Kept up to date" } dd { (yes(share.flags.long_term)) @if share.flags.long_term { ", last " (words::moment(share.changed)) } } }
            div { dt { "They may answer" } dd { (yes(share.reply)) @if share.replies > 0 { ", " (words::count(share.replies, "reply", "replies")) " so far" } } }
            @if let Some(first) = share.first { div { dt { "First opened" } dd { (words::moment(first)) } } }
        }
    }
}
