//! The second factor: at sign-in, and its parts for the page that asks for a fresh proof.

use crate::web::app::Theme;
use crate::web::layout::{icon, note, plain_page};
use crate::web::pages::sign_in::{too_many, tries_left};
use maud::{Markup, html};

/// What a member can be asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asks {
    pub(crate) app: bool,
    pub(crate) passkey: bool,
}

/// Why the page is here again.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nothing was filled in.
    Missing,
    /// It does not fit; so many tries are left.
    Wrong(u32),
    /// Too many tries; wait so long.
    Wait(String),
}

pub(crate) fn page(prefix: &str, theme: Theme, name: &str, asks: &Asks, passkey: Option<&str>, trouble: Option<&Trouble>) -> Markup {
    let action = format!("{prefix}/sign-in/second");
    let body = html! {
        h1 { "One more step" }
        p { b { (name) } ", your passphrase is right. Now show that you have your phone or key." }
        @if let Some(trouble) = trouble { (say(trouble)) }
        @if asks.passkey { (passkey_form(&action, "", passkey, true)) }
        @if asks.app { (code_form(&action, "", "Sign in", !asks.passkey || passkey.is_none())) }
        (recovery_form(&action, ""))
        p.soft { "You have five minutes. Then sign in from the start. " a href=(format!("{prefix}/sign-in")) { "Start again" } }
    };
    plain_page(prefix, theme, "One more step", &body)
}

/// The field for a code of an app.
pub(crate) fn code_form(action: &str, next: &str, go: &str, main: bool) -> Markup {
    html! {
        form.form.sec action=(action) method="post" {
            input type="hidden" name="next" value=(next);
            div.field {
                label for="code" { "Code from your app" }
                p.hint #code-hint { "Six digits. Your authenticator app shows new ones every 30 seconds. Each counts once." }
                input.short #code name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required aria-describedby="code-hint";
            }
            p.acts { button.btn.main[main] type="submit" { (icon("lock")) (go) } }
        }
    }
}

/// The button for a passkey. The script brings it to life; `options` is what the browser is told.
pub(crate) fn passkey_form(action: &str, next: &str, options: Option<&str>, main: bool) -> Markup {
    html! {
        @match options {
            Some(options) => form.form action=(action) method="post" data-passkey="get" data-options=(options) {
                input type="hidden" name="next" value=(next);
                input type="hidden" name="credential" value="";
                p.acts { button.btn.main[main] type="button" hidden { (icon("key")) "Use a passkey" } }
                p.hint data-without="" { "A passkey needs a browser with scripts turned on." }
                p.wrong hidden data-failed="" { (icon("alert")) "The passkey was not used. Try again, or take another way." }
            },
            None => p.soft { "Your passkey works only at the address where it was made. Take another way here." },
        }
    }
}

/// The way for who has lost phone and key.
pub(crate) fn recovery_form(action: &str, next: &str) -> Markup {
    html! {
        details.sec {
            summary { "I lost my phone or my key" }
            form.form action=(action) method="post" {
                input type="hidden" name="next" value=(next);
                div.field {
                    label for="recovery" { "Recovery code" }
                    p.hint #recovery-hint { "One of the ten that you printed. Cross it out: it works once." }
                    input #recovery name="recovery" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="40" required aria-describedby="recovery-hint";
                }
                p.acts { button.btn type="submit" { "Use this code" } }
            }
        }
    }
}

pub(crate) fn say(trouble: &Trouble) -> Markup {
    match trouble {
        Trouble::Missing => note("harm", &html! { p { b { "Fill in one of the fields." } } }),
        Trouble::Wrong(left) => note(
            "harm",
            &html! {
                p { b { "That does not fit." } }
                p {
                    "A code works once and for a minute; see that the clock of your phone is right. "
                    (tries_left(*left))
                }
            },
        ),
        Trouble::Wait(time) => too_many(time),
    }
}
