//! The list of sessions, and of the browsers that are known.

use crate::household::BrowserInfo;
use crate::web::app::Theme;
use crate::web::layout::{pill, plain_page, section};
use crate::web::pages::words;
use crate::web::session::Seen;
use maud::{Markup, html};

/// One session.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) own: bool,
    pub(crate) id: String,
    pub(crate) seen: Seen,
    /// Seconds without a request.
    pub(crate) quiet: u64,
}

/// `here`: which of the known browsers this one is.
pub(crate) fn page(prefix: &str, theme: Theme, rows: &[Row], known: &[BrowserInfo], here: Option<&str>) -> Markup {
    let action = format!("{prefix}/settings/sessions");
    let body = html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/settings")) { "Settings" } } li { a href=(format!("{prefix}/settings/keys")) { "Sign-in and keys" } } } }
        h1 { "Where you are signed in" }
        p { "If you do not know one of these, end it, then choose another passphrase." }
        ul.rows {
            @for (n, row) in rows.iter().enumerate() {
                li {
                    div {
                        span.name #(format!("s{n}")) { (row.seen.browser) @if row.own { " " (pill("fine", "ok", "this browser")) } }
                        span.sub { "From " (row.seen.address) ". Since " (words::moment(row.seen.began)) ". " (last(row.quiet)) }
                    }
                    @if !row.own {
                        form action=(action) method="post" {
                            input type="hidden" name="id" value=(row.id);
                            button.btn.plain type="submit" aria-describedby=(format!("s{n}")) { "End it" }
                        }
                    }
                }
            }
        }
        @if rows.len() > 1 {
            form action=(action) method="post" { p.acts { button.btn type="submit" name="others" value="yes" { "End all others" } } }
        }
        p.soft { "A session ends by itself when you are away for long, and after twelve hours. When the server starts anew, all end." }
        (section("known", "Known browsers", None, &browsers(&action, known, here)))
        p.acts { a.btn href=(format!("{prefix}/settings/keys")) { "Back" } }
    };
    plain_page(prefix, theme, "Where you are signed in", &body)
}

/// Those that this member has signed in with, whether or not they are signed in now.
fn browsers(action: &str, known: &[BrowserInfo], here: Option<&str>) -> Markup {
    html! {
        p {
            "Keepwell knows these again. That opens nothing. A known browser has tries of its own when somebody else has used yours up by guessing, and you are not told of a new browser when it signs in. "
            "Forget those that you no longer use, and any that you do not know."
        }
        @if known.is_empty() { p.soft { "None." } }
        ul.rows {
            @for (n, browser) in known.iter().enumerate() {
                li {
                    div {
                        span.name #(format!("b{n}")) { (browser.device) @if here == Some(browser.id.as_str()) { " " (pill("fine", "ok", "this browser")) } }
                        span.sub { "Known since " (words::day(browser.first)) ". Last signed in " (words::moment(browser.last)) ", from " (browser.address) }
                    }
                    form action=(action) method="post" {
                        input type="hidden" name="forget" value=(browser.id);
                        button.btn.plain type="submit" aria-describedby=(format!("b{n}")) { "Forget it" }
                    }
                }
            }
        }
        p.soft { "One that has not signed in for a year is forgotten by itself." }
    }
}

fn last(quiet: u64) -> String {
    if quiet < 60 { "Used just now.".into() } else { format!("Last used {} ago.", words::wait(quiet)) }
}
