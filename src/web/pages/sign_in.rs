//! The sign-in page.

use crate::web::app::{App, Theme};
use crate::web::layout::{icon, note, plain_page};
use crate::web::pages::words;
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

/// What the server can read just now.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Locked {
    /// Nothing: nobody is signed in.
    All,
    /// The charts of those who are signed in elsewhere.
    Some,
    /// Charts that it holds open for its own work (unlock at boot).
    Standing,
}

impl Locked {
    pub(crate) fn of(app: &App) -> Self {
        match (app.standing.who(), app.sessions.anyone()) {
            (Some(_), _) => Self::Standing,
            (None, true) => Self::Some,
            (None, false) => Self::All,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::All => {
                "The charts are locked. While they are, this server cannot read them either. It still takes in new records and keeps them sealed until you sign in."
            }
            Self::Some => "Your charts are locked unless you are signed in elsewhere.",
            Self::Standing => {
                "This server was unlocked when it was started and does its own work on the charts. It shows them to nobody who has not signed in."
            }
        }
    }
}

pub(crate) fn form(prefix: &str, theme: Theme, name: &str, next: &str, trouble: Option<&Trouble>, locked: Locked) -> Markup {
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
                li { div { span.name { a href=(format!("{prefix}/recover")) { "I forgot my passphrase" } } span.sub { "You need the recovery key, the sheet of paper from the first day, and one of your ten recovery codes" } } }
                li { div { span.name { a href=(format!("{prefix}/help/second")) { "I lost my phone or my passkey" } } span.sub { "You need one of your ten recovery codes" } } }
            }
        }
        p.soft { (icon("lock")) " " (locked.words()) }
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
                    (tries_left(*left))
                }
            },
        ),
        Trouble::Wait(time) => too_many(time),
    }
}

/// How many tries there are before a wait.
pub(crate) fn tries_left(left: u32) -> String {
    match left {
        0 => "The next try has to wait a little.".to_owned(),
        _ => format!("You have {} left before a short wait.", words::count(left.into(), "try", "tries")),
    }
}

/// No try is let through for so long.
pub(crate) fn too_many(time: &str) -> Markup {
    note(
        "harm",
        &html! {
            p { b { "Too many tries. Wait " (time) ", then try again." } }
            p { "This keeps others from guessing. Your records are safe." }
        },
    )
}

/// On after a fresh proof, with what had been typed.
pub(crate) fn typed_again(prefix: &str, theme: Theme, typed: &Typed) -> Markup {
    held(prefix, theme, "Thank you, that is you", "What you typed before is kept. Go on with it, or leave it.", typed)
}

/// Back after an idle lock, with what had been typed.
pub(crate) fn typed(prefix: &str, theme: Theme, typed: &Typed) -> Markup {
    held(
        prefix,
        theme,
        "You are back",
        "The chart had locked while you were away. What you typed is kept. Go on where you were, or leave it.",
        typed,
    )
}

fn held(prefix: &str, theme: Theme, heading: &str, words: &str, typed: &Typed) -> Markup {
    let body = html! {
        h1 { (heading) }
        p { (words) }
        form.form action=(typed.path) method="post" {
            @for (name, value) in &typed.fields { input type="hidden" name=(name) value=(value); }
            p.acts { button.btn.main type="submit" { "Go on where I was" } a.btn.plain href=(format!("{prefix}/")) { "Leave it" } }
        }
    };
    plain_page(prefix, theme, heading, &body)
}
