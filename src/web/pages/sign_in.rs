//! The sign-in page.

use crate::web::app::Theme;
use crate::web::layout::{icon, note, plain_page};
use crate::web::session::Typed;
use maud::{Markup, html};

/// Why one is here again.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Left for too long: so long, and whether something typed is kept.
    Locked(String, bool),
    /// A field is empty.
    Missing,
    /// Name and passphrase do not match; so many tries are left.
    Wrong(u32),
    /// Too many tries; wait so long.
    Wait(String),
}

pub(crate) fn form(prefix: &str, theme: Theme, name: &str, next: &str, trouble: Option<&Trouble>) -> Markup {
    let wrong = matches!(trouble, Some(Trouble::Wrong(_) | Trouble::Missing));
    let body = html! {
        h1 { "Sign in" }
        @if let Some(trouble) = trouble { (say(trouble)) }
        form.form action=(format!("{prefix}/sign-in")) method="post" {
            input type="hidden" name="next" value=(next);
            div.field {
                label for="name" { "Your name" }
                input #name name="name" autocomplete="username" required value=(name);
            }
            div.field {
                label for="passphrase" { "Passphrase" }
                p.hint #passphrase-hint { "The sentence that you chose. You may paste it." }
                @if wrong { p.wrong #passphrase-wrong { (icon("alert")) "Enter your passphrase again" } }
                input #passphrase name="passphrase" type="password" autocomplete="current-password" required
                    aria-invalid=[wrong.then_some("true")]
                    aria-describedby=(if wrong { "passphrase-hint passphrase-wrong" } else { "passphrase-hint" });
                (show_what_i_type("passphrase"))
            }
            p.acts { button.btn.main type="submit" { (icon("lock")) "Sign in" } }
        }
        section.sec aria-labelledby="help" {
            header { h2 #help { "Can’t get in?" } }
            ul.rows {
                li { div { span.name { a href=(format!("{prefix}/help/passphrase")) { "I forgot my passphrase" } } span.sub { "You need the recovery key, the sheet of paper from the first day" } } }
            }
        }
        p.soft { (icon("lock")) " The charts are locked. While they are, this server cannot read them either." }
    };
    plain_page(prefix, theme, "Sign in", &body)
}

/// The box that the script brings to life; without script it does not appear.
pub(crate) fn show_what_i_type(field: &str) -> Markup {
    html! { label.tick hidden data-shows=(field) { input type="checkbox"; span { "Show what I type" } } }
}

fn say(trouble: &Trouble) -> Markup {
    match trouble {
        Trouble::Locked(time, kept) => note(
            "heed",
            &html! {
                p { b { "You were away for " (time) ", so the chart is locked." } }
                p { @if *kept { "What you typed is kept. " } "Sign in to go on." }
            },
        ),
        Trouble::Missing => note("harm", &html! { p { b { "Enter your name and your passphrase." } } }),
        Trouble::Wrong(left) => note(
            "harm",
            &html! {
                p { b { "That passphrase does not match this name." } }
                p {
                    "Check that the keyboard is not set to capitals, then try again. "
                    @match left {
                        0 => "The next try has to wait a little.",
                        1 => "You have 1 try left before a short wait.",
                        _ => { "You have " (left) " tries left before a short wait." }
                    }
                }
            },
        ),
        Trouble::Wait(time) => note(
            "harm",
            &html! {
                p { b { "Too many tries. Wait " (time) ", then try again." } }
                p { "This keeps others from guessing. Your records are safe." }
            },
        ),
    }
}

/// Back after an idle lock, with what had been typed.
pub(crate) fn typed(prefix: &str, theme: Theme, typed: &Typed) -> Markup {
    let body = html! {
        h1 { "You are back" }
        p { "The chart had locked while you were away. What you typed is kept. Go on where you were, or leave it." }
        form.form action=(typed.path) method="post" {
            @for (name, value) in &typed.fields { input type="hidden" name=(name) value=(value); }
            p.acts { button.btn.main type="submit" { "Go on where I was" } a.btn.plain href=(format!("{prefix}/")) { "Leave it" } }
        }
    };
    plain_page(prefix, theme, "You are back", &body)
}
