//! Backups.

use crate::web::app::Theme;
use crate::web::backups::{Backups, Made, TOO_OLD};
use crate::web::layout::{icon, note, pill, plain_page, plain_waiting, section};
use crate::web::pages::words;
use maud::{Markup, html};

pub(crate) fn page(prefix: &str, theme: Theme, backups: &Backups, list: &[Made]) -> Markup {
    let (standing, address) = (backups.standing(), format!("{prefix}/settings/backups"));
    let body = html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/settings")) { "Settings" } } } }
        h1 { "Backups" }
        (last(list.first()))
        @if let Some((at, why)) = standing.failed() {
            (note("harm", &html! { p { b { "The latest try failed." } " " (words::moment(*at)) ". " (why) } p { "The backups below are still good." } }))
        }
        @match standing.running {
            Some(how_far) => (running(how_far)),
            None => form method="post" action=(address) {
                p.acts { button.btn.main type="submit" name="act" value="make" { (icon("save")) "Make one now" } }
            },
        }
        (section("list", "What there is", None, &html! {
            @if list.is_empty() { p.soft { "None yet." } }
            ul.rows { @for made in list { (row(&address, made)) } }
        }))
        (section("where", "Where they are", None, &place(backups)))
        (section("back", "How to get everything back", None, &back()))
    };
    if standing.running.is_some() {
        plain_waiting(prefix, theme, "Backups", &address, &body)
    } else {
        plain_page(prefix, theme, "Backups", &body)
    }
}

fn last(made: Option<&Made>) -> Markup {
    match made {
        Some(made) if words::now() - made.at < TOO_OLD => html! {
            p { (pill("fine", "ok", "Verified")) " The last verified backup is from " b { (words::moment(made.at)) } "." }
        },
        Some(made) => note(
            "harm",
            &html! {
                p { b { "The last verified backup is too old." } }
                p { "It is from " (words::moment(made.at)) ", more than 48 hours ago. Make one now." }
            },
        ),
        None => note(
            "harm",
            &html! {
                p { b { "There is no verified backup." } }
                p { "If this disk breaks, the records are gone. Make one now." }
            },
        ),
    }
}

fn running((done, total): (u64, u64)) -> Markup {
    let percent = (done * 100).checked_div(total).unwrap_or(0).min(100);
    html! {
        p role="status" { b { "A backup is being made and verified." } " " (percent) " of 100 done. You may leave this page." }
        (meter(percent))
    }
}

/// How far something is, as a bar.
pub(crate) fn meter(percent: u64) -> Markup {
    html! {
        svg.meter width="100%" height="12" role="img" aria-label=(format!("{percent} percent done")) {
            rect.rail x="0" y="0" width="100%" height="100%" {}
            rect.done x="0" y="0" width=(format!("{percent}%")) height="100%" {}
        }
    }
}

fn row(address: &str, made: &Made) -> Markup {
    html! {
        li {
            div {
                span.name { (words::moment(made.at)) " " (pill("fine", "ok", "Verified")) }
                span.sub { (words::size(made.size)) " · " (made.name) }
            }
            div.end { a.btn.plain href=(format!("{address}/{}", made.name)) { (icon("save")) "Save" span.unseen { " the backup of " (words::moment(made.at)) } } }
        }
    }
}

fn place(backups: &Backups) -> Markup {
    html! {
        p { "In the folder " code { (backups.folder.display()) } " of the server. The newest " (backups.keep) " are kept." }
        p {
            @match backups.at {
                Some((hour, minute)) => { "One is made each night at " (format!("{hour:02}:{minute:02}")) ", and restored for a test at once. Only one that passes counts." }
                None => { "None is made by night: KEEPWELL_BACKUP_TIME says off." }
            }
        }
        @if !backups.chosen {
            (note("heed", &html! {
                p { b { "They lie on the same disk as the records." } }
                p { "A broken or stolen disk takes both. Save a copy to another disk, or let them be made there: set KEEPWELL_BACKUP_DIR." }
            }))
        } @else {
            p { "If that folder is on the same disk as the records, keep a copy on another one as well." }
        }
    }
}

fn back() -> Markup {
    html! {
        ol {
            li { "Start Keepwell on the new machine. It prints an address. Open it." }
            li { "Choose “Restore a backup”, and the file." }
            li { "Give the passphrase, or the recovery key, of the member who keeps the household. The passphrase is the one of the day the backup was made." }
        }
        p.soft { "In a terminal: " code { "keepwell backup restore FILE --vault NEWDIR" } ". Without Keepwell: " code { "age -d -i recovery.key FILE | tar x" } "." }
        p.soft { "A chart that is locked when the backup is made goes in as it lies on the disk, under its own keys. It comes back the same way." }
    }
}
