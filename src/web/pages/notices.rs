//! The notices that wait for a member: at the top of the list of charts and of a chart's home, until they are put away.

use crate::vault::{Notice, NoticeKind, PersonInfo, Role};
use crate::web::layout::{icon, note};
use crate::web::pages::words;
use maud::{Markup, html};

/// Where the notices stand, and whose charts may be named there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here<'a> {
    pub(crate) prefix: &'a str,
    /// The page, below the prefix.
    pub(crate) page: &'a str,
    /// The charts that this member may open.
    pub(crate) people: &'a [(PersonInfo, Role)],
}

/// All of them, each with its name.
pub(crate) fn notices(here: Here<'_>, all: &[(String, Notice)]) -> Markup {
    html! {
        @for (id, notice) in all {
            (note(if matches!(notice.kind, NoticeKind::ContactNamed | NoticeKind::ShareOpened) { "" } else { "heed" }, &html! {
                p { b { (line(here, notice)) } " " span.soft { (words::moment(notice.at / 1000)) } }
                p { (advice(here.prefix, notice)) }
                form.no-print action=(format!("{}/notices", here.prefix)) method="post" {
                    input type="hidden" name="id" value=(id); input type="hidden" name="next" value=(here.page);
                    p.acts { button.btn.plain type="submit" { (icon("check")) "I have read this" } }
                }
            }))
        }
    }
}

fn detail<'a>(notice: &'a Notice, name: &str) -> &'a str {
    notice.details.get(name).map_or("", String::as_str)
}

/// "Ruth Carver’s chart", where the member may still open it.
fn chart(here: Here<'_>, notice: &Notice) -> String {
    let person = here.people.iter().find(|(person, _)| person.id == detail(notice, "person"));
    person.map_or_else(|| "a chart".to_owned(), |(person, _)| format!("{} chart", words::possessive(&person.name)))
}

fn line(here: Here<'_>, notice: &Notice) -> String {
    let who = Some(detail(notice, "who")).filter(|who| !who.is_empty()).unwrap_or("Somebody");
    let chart = chart(here, notice);
    match notice.kind {
        NoticeKind::ShareOpened => format!("{who} opened a link for the first time."),
        NoticeKind::Denied => "Somebody tried a wrong passphrase or code under your name.".to_owned(),
        NoticeKind::ContactAsked => format!("{who} asks to read {chart}, as its trusted contact."),
        NoticeKind::ContactGiven => format!("{who} may read {chart} now: the wait was over."),
        NoticeKind::ContactNamed => format!("{who} named you a trusted contact."),
        NoticeKind::BackupOld => "No backup was made and verified in the last 48 hours.".to_owned(),
        NoticeKind::NewDevice => "A browser that was not seen before signed in under your name.".to_owned(),
        NoticeKind::RoleEnding => {
            let whose = if detail(notice, "own").is_empty() { words::possessive(who) } else { "Your".to_owned() };
            format!("{whose} role on {chart} ends after {}.", words::date(detail(notice, "until")))
        }
    }
}

fn advice(prefix: &str, notice: &Notice) -> Markup {
    let detail = |name: &str| detail(notice, name);
    let chart = format!("{prefix}/charts/{}", detail("person"));
    html! {
        @match notice.kind {
            NoticeKind::ContactAsked => { "Unless you refuse, they may read it " (detail("days")) " days after asking. " a href=(format!("{chart}/contact")) { "See and refuse" } "." }
            NoticeKind::ContactGiven => { a href=(format!("{chart}/people")) { "See who may open it" } "." }
            NoticeKind::ContactNamed => { a href=(format!("{prefix}/contact")) { "What that means" } "." }
            NoticeKind::Denied | NoticeKind::NewDevice => {
                @if !detail("from").is_empty() { "From " (detail("from")) ". " }
                "If that was not you, " a href=(format!("{prefix}/settings/sessions")) { "see where you are signed in" } " and choose another passphrase."
            }
            NoticeKind::ShareOpened if !detail("share").is_empty() => { a href=(format!("{chart}/share/{}", detail("share"))) { "See the link" } "." }
            NoticeKind::ShareOpened => { @if !detail("person").is_empty() { a href=(format!("{chart}/activity")) { "See the activity" } "." } }
            NoticeKind::RoleEnding if detail("own").is_empty() => {
                "If they still need it, " a href=(format!("{chart}/people/{}", detail("member"))) { "choose a later last day" } "."
            }
            NoticeKind::RoleEnding => { "From then on you cannot open it. If you still need it, ask its owner." }
            NoticeKind::BackupOld => { "If the disk breaks, what came in since is lost. " a href=(format!("{prefix}/settings/backups")) { "See the backups and make one now" } "." }
        }
    }
}
