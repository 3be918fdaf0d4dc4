//! The activity page: one line an entry, in words. Looks in a row by one person share a line here; the log has each.

use crate::vault::{Act, ActGroup, ActorKind, Counted, Entry, Event, Role, Verdict};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, empty, icon, note, pill};
use crate::web::pages::words;
use crate::web::routes::activity::{Asked, key};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// What the page shows.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Newest first.
    pub(crate) entries: Vec<Entry>,
    /// Older ones come before this.
    pub(crate) next: Option<i64>,
    pub(crate) counted: Counted,
    pub(crate) verdict: Option<(i64, Verdict)>,
    pub(crate) asked: Asked,
}

const GROUPS: [(&str, &str); 6] = [
    ("looks", "Looks"),
    ("given-out", "What was given out"),
    ("changes", "Changes"),
    ("access", "Signing in and rights"),
    ("refused", "Refused"),
    ("upkeep", "Upkeep by Keepwell"),
];

pub(crate) fn page(cx: &ChartCx, shown: &Shown) -> Markup {
    let all = cx.role >= Role::Carer;
    let query = query(&shown.asked);
    let body = html! {
        header.head {
            h1 { "Activity" }
            @if all { p { "Who looked at this chart, what left it, and what changed. Nothing can be taken out of this list." } }
            @else { p { "What you did with this chart. Who keeps the chart sees what everyone did." } }
            div.acts.no-print { a.btn href=(cx.to(&format!("activity/table?{query}"))) { (icon("save")) "Save as a table (CSV)" } }
        }
        @if all { (whole(cx, shown)) }
        (filter(cx, shown, all))
        @if shown.entries.is_empty() {
            (empty("Nothing here", "No entry fits what you chose. Choose less to see more.", &html! {}))
        }
        div.flow.logs {
            @for day in days(&shown.entries) {
                table.fold.log {
                    caption { (words::day(day.first().map_or(0, |g| g[0].at / 1000))) }
                    thead { tr { th scope="col" { "Time" } th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "From where" } } }
                    tbody { @for group in &day { (row(cx, group)) } }
                }
            }
        }
        @if let Some(next) = shown.next {
            p.acts.no-print { a.btn href=(cx.to(&format!("activity?{query}&before={next}"))) { "Show older entries" } }
        }
    };
    chart_page(cx, &Page { title: "Activity", nav: "activity", crumbs: &[] }, &body)
}

/// Without the place in the list. Nothing in it needs escaping but what somebody made up.
fn query(asked: &Asked) -> String {
    let pairs = [("who", &asked.who), ("what", &asked.what), ("from", &asked.from), ("to", &asked.to)];
    serde_urlencoded::to_string(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>()).unwrap_or_default()
}

fn whole(cx: &ChartCx, shown: &Shown) -> Markup {
    let count = words::count(shown.counted.entries.unsigned_abs(), "entry", "entries");
    let since = shown.counted.since.map(|at| words::day(at / 1000)).unwrap_or_default();
    match &shown.verdict {
        Some((at, Verdict { fault: None, entries, .. })) => note(
            "fine",
            &html! {
                p { b { "The list is whole. " } (words::count(entries.unsigned_abs(), "entry", "entries")) " since " (since) ", none changed or missing. Checked on " (words::moment(*at)) "." }
            },
        ),
        Some((at, Verdict { fault: Some(fault), .. })) => note(
            "harm",
            &html! {
                p { b { "This list is not as Keepwell wrote it. " } "Entry " (fault.seq) ": " (fault.what) ". Checked on " (words::moment(*at)) "." }
                p { "Your records are a matter of their own. Ask whoever runs this server who could write to its disk, and keep the backups of before." }
            },
        ),
        None => note(
            "",
            &html! {
                p { (count) " since " (since) ". Not checked since the chart was opened. " a href=(cx.to("activity?check=1")) { "Check now that none was changed or removed" } "." }
            },
        ),
    }
}

fn filter(cx: &ChartCx, shown: &Shown, all: bool) -> Markup {
    let asked = &shown.asked;
    html! {
        form.filter.no-print role="search" aria-label="Filter the activity" action=(cx.to("activity")) {
            @if all {
                div.field {
                    label for="who" { "Who" }
                    select #who name="who" {
                        option value="" { "Everyone" }
                        @for (kind, name) in shown.counted.actors.keys() {
                            @let key = key(kind.slug(), name);
                            option value=(key) selected[key == asked.who] { (name) @if *kind == ActorKind::Link { " (link)" } @else if *kind == ActorKind::Token { " (program)" } }
                        }
                    }
                }
            }
            div.field {
                label for="what" { "What" }
                select #what name="what" {
                    option value="" { "Everything" }
                    @for (slug, name) in GROUPS { option value=(slug) selected[slug == asked.what] { (name) } }
                }
            }
            div.field { label for="from" { "From" } input #from type="date" name="from" value=(asked.from); }
            div.field { label for="to" { "To" } input #to type="date" name="to" value=(asked.to); }
            button.btn type="submit" { "Show" }
        }
    }
}

/// Entries that share a line: looks in a row by one person from one place, on one day.
type Group<'a> = Vec<&'a Entry>;

fn days(entries: &[Entry]) -> Vec<Vec<Group<'_>>> {
    let mut days: Vec<Vec<Group<'_>>> = Vec::new();
    let mut before = String::new();
    for entry in entries {
        let day = words::day(entry.at / 1000);
        if day != before || days.is_empty() {
            days.push(Vec::new());
            before = day;
        }
        let Some(groups) = days.last_mut() else { continue };
        match groups.last_mut() {
            Some(group) if joins(group[0], entry) => group.push(entry),
            _ => groups.push(vec![entry]),
        }
    }
    days
}

fn joins(one: &Entry, other: &Entry) -> bool {
    let (a, b) = (&one.event, &other.event);
    let same = a.who == b.who && a.from == b.from;
    same && a.act.group() == b.act.group()
        && (a.act.group() == ActGroup::Look || (a.act == b.act && a.act == Act::WrongPassphrase && a.details == b.details))
}

fn row(cx: &ChartCx, group: &Group<'_>) -> Markup {
    let newest = group[0];
    let oldest = group[group.len() - 1];
    let event = &newest.event;
    html! {
        tr {
            th.keep scope="row" data-label="Time" { (time(oldest.at)) @if time(oldest.at) != time(newest.at) { " to " (time(newest.at)) } }
            td data-label="Who" { (event.who.name) }
            td data-label="What" {
                @if group.len() == 1 { (line(event)) } @else if event.act == Act::WrongPassphrase {
                    "Tried " (words::number(group.len() as u64)) " wrong passphrases or codes" @if let Some(name) = event.details.get("for") { " for " (name) }
                } @else { (looks(group)) }
                (records(cx, group))
                (mark(event.act))
            }
            td.soft data-label="From where" { (place(event)) }
        }
    }
}

fn time(ms: i64) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(ms) else { return String::new() };
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string()
}

fn place(event: &Event) -> String {
    let home = ["127.0.0.1", "::1"].contains(&event.from.address.as_str());
    let address = if home { "this machine" } else { &event.from.address };
    [address, event.from.device.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ")
}

/// At most so many records are linked from a line; the table (CSV) names all.
const LINKS: usize = 12;

fn records(cx: &ChartCx, group: &Group<'_>) -> Markup {
    let rids: BTreeSet<i64> = group.iter().flat_map(|e| e.event.records.iter().copied()).collect();
    html! {
        @if !rids.is_empty() {
            " " span.soft {
                @for (n, rid) in rids.iter().take(LINKS).enumerate() {
                    @if n > 0 { ", " } a href=(cx.to(&format!("records/{rid}"))) { "record " (rid) }
                }
                @if rids.len() > LINKS { " and " (rids.len() - LINKS) " more" }
            }
        }
    }
}

fn mark(act: Act) -> Markup {
    match act {
        Act::ShareMade | Act::Exported | Act::TokenMade => html! { " " (pill("well", "dot", "Given out")) },
        Act::ShareOpened => html! { " " (pill("well", "dot", "Opened")) },
        Act::ContactAsked => html! { " " (pill("heed", "bang", "Asked")) },
        Act::Broken => html! { " " (pill("harm", "bang", "Not as it was")) },
        act if act.group() == ActGroup::Refused => html! { " " (pill("harm", "bang", "Refused")) },
        _ => html! {},
    }
}

/// "Looked at home, results, 3 records and 1 document".
fn looks(group: &Group<'_>) -> String {
    let mut pages = BTreeSet::new();
    let (mut records, mut documents, mut searches) = (0_u64, 0_u64, 0_u64);
    for entry in group {
        match entry.event.act {
            Act::LookedRecord => records += 1,
            Act::LookedDocument => documents += 1,
            Act::Searched => searches += 1,
            _ => _ = pages.insert(looked_at(&entry.event)),
        }
    }
    let counted = [(records, "record", "records"), (documents, "document", "documents"), (searches, "search", "searches")];
    let mut parts: Vec<String> = pages.into_iter().collect();
    parts.extend(counted.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| words::count(n, one, many)));
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() { format!("Looked at {last}") } else { format!("Looked at {} and {last}", parts.join(", ")) }
}

fn looked_at(event: &Event) -> String {
    let page = event.details.get("what").map(|what| what.replace('-', " "));
    match event.act {
        Act::LookedHome => "the home page".to_owned(),
        Act::LookedSources => "where records came from".to_owned(),
        Act::LookedActivity => "this list".to_owned(),
        Act::LookedSettings => "who may do what".to_owned(),
        Act::ReadFhir => "records, by a program".to_owned(),
        _ => match page.as_deref() {
            Some("export") => "the page for saving a copy".to_owned(),
            Some("about") => "the person’s details".to_owned(),
            Some(page) => page.to_owned(),
            None => "a list".to_owned(),
        },
    }
}

/// An entry in words, for somebody of 70.
pub(crate) fn line(event: &Event) -> String {
    let detail = |name: &str| event.details.get(name).map_or("", String::as_str);
    let with = |before: &str, name: &str| if detail(name).is_empty() { String::new() } else { format!("{before}{}", detail(name)) };
    let counted = |before: &str, name: &str, after: &str| {
        detail(name).parse().map_or_else(|_| String::new(), |n: u64| format!("{before}{}{after}", words::number(n)))
    };
    match event.act {
        Act::LookedRecord => "Looked at a record".to_owned(),
        Act::LookedDocument => "Looked at a document".to_owned(),
        Act::Searched => "Searched the chart".to_owned(),
        act if act.group() == ActGroup::Look => format!("Looked at {}", looked_at(event)),
        Act::Downloaded => match detail("what") {
            "original" => "Saved a file that records came from".to_owned(),
            "activity" => "Saved this list as a table".to_owned(),
            "part" => "Saved a document".to_owned(),
            _ => "Saved a record".to_owned(),
        },
        Act::Exported => {
            format!("Began to save a copy ({}){}{}", detail("format"), with(" from ", "from-date"), with(" to ", "to-date"))
                + &with(" for ", "to")
        }
        Act::ExportEnded => format!("Saved a copy ({}){}", detail("format"), counted(": ", "count", " records")),
        Act::ShareMade => format!(
            "Made a {}{}{}{}",
            or(detail("kind"), "share"),
            with(" for ", "to"),
            counted(": ", "count", " records"),
            with(", until ", "until")
        ),
        Act::ShareOpened => format!("Opened a {}{}", or(detail("kind"), "share"), with(" of ", "to")),
        Act::ShareRevoked => format!("Stopped a {}{}", or(detail("kind"), "share"), with(" of ", "to")),
        Act::ShareRefused => format!("Tried to open a {} and could not", or(detail("kind"), "share")),
        Act::TokenMade => "Let a program read this chart".to_owned(),
        Act::TokenRevoked => "No longer lets a program read this chart".to_owned(),
        Act::Imported => {
            let verb = if detail("again") == "yes" { "Read again" } else { "Added" };
            format!(
                "{verb}{}{}{}{}",
                with(" ", "name"),
                counted(": ", "stored", " new"),
                counted(", ", "updated", " updated"),
                counted(", ", "skipped", " left out")
            )
        }
        Act::Changed => format!("Changed the chart{}", with(": ", "what").replace('-', " ")),
        Act::Removed => "Took out a file and its records".to_owned(),
        Act::Restored => "Brought back a file and its records".to_owned(),
        Act::Purged => "Deleted for good what was taken out more than 30 days ago".to_owned(),
        Act::SignedIn if detail("second") == "yes" => "Signed in with passphrase and second factor".to_owned(),
        Act::SignedIn => "Signed in".to_owned(),
        Act::SignedOut => "Signed out".to_owned(),
        Act::Unlocked => "Unlocked the chart at the start of the server".to_owned(),
        Act::RoleGranted => format!("Gave a role{}{}", with(" to ", "to"), with(": ", "role")),
        Act::RoleChanged => format!("Changed a role{}{}", with(" of ", "to"), with(": ", "role")),
        Act::RoleRemoved => format!("Took a role away{}", with(" from ", "to")),
        Act::RoleEnded => format!("A role came to its end{}", with(": ", "to")),
        Act::InviteMade => format!("Made an invitation{}", with(" for ", "to")),
        Act::InviteUsed => "Used an invitation".to_owned(),
        Act::InviteWithdrawn => "Withdrew an invitation".to_owned(),
        Act::Rekeyed => "Gave the chart new keys".to_owned(),
        Act::FactorChanged => format!("Changed how they sign in{}", with(": ", "what")),
        Act::SessionsEnded => "Ended sessions".to_owned(),
        Act::ContactNamed => format!("Named a trusted contact{}{}", with(": ", "to"), counted(", with a wait of ", "days", " days")),
        Act::ContactChanged => format!("Changed the wait of the trusted contact{}", counted(" to ", "days", " days")),
        Act::ContactRemoved => format!("No longer has a trusted contact{}", with(": ", "to")),
        Act::ContactAsked => "Asked for access as the trusted contact".to_owned(),
        Act::ContactRefused => "Refused the trusted contact’s wish for access".to_owned(),
        Act::ContactGiven => "Was given access as the trusted contact, after the wait".to_owned(),
        Act::Denied => format!("Tried what they may not do{}", with(": ", "what").replace('-', " ")),
        Act::WrongPassphrase => format!("Tried a wrong {}{}", or(detail("what"), "passphrase"), with(" for ", "for")),
        Act::Backup => match detail("what") {
            "verified" => "Verified a backup: all of it comes back".to_owned(),
            "restored" => "Everything was restored from a backup".to_owned(),
            "downloaded" => format!("Saved a backup{}", with(": ", "name")),
            _ => format!("Began a backup{}", with(": ", "name")),
        },
        Act::Begun => "This list begins".to_owned(),
        Act::Broken => format!("This list was not as Keepwell had written it{}{}", with(": entry ", "entry"), with(": ", "what")),
        _ => "Did something that this version of Keepwell does not know".to_owned(),
    }
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}
