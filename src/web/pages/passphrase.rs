//! Another passphrase.

use super::sign_in::show_what_i_type;
use crate::household::Strength;
use crate::web::app::Theme;
use crate::web::layout::{icon, note, plain_page};
use maud::{Markup, html};

pub(crate) fn change(prefix: &str, theme: Theme, wrong: Option<&str>) -> Markup {
    let body = html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/settings")) { "Settings" } } li { a href=(format!("{prefix}/settings/keys")) { "Sign-in and keys" } } } }
        h1 { "Another passphrase" }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        form.form action=(format!("{prefix}/settings/passphrase")) method="post" {
            div.field {
                label for="old" { "Old passphrase" }
                input #old name="old" type="password" autocomplete="current-password" required maxlength="4000";
                (show_what_i_type("old"))
            }
            (new_fields())
            p.acts { button.btn.main type="submit" { (icon("key")) "Change it" } a.btn.plain href=(format!("{prefix}/settings/keys")) { "Leave it" } }
            p.soft { "Wherever else you are signed in, you are signed out. Your recovery key stays as it is." }
        }
    };
    plain_page(prefix, theme, "Another passphrase", &body)
}

/// The two fields of a new passphrase. Pasting is fine in both.
fn new_fields() -> Markup {
    html! {
        div.field {
            label for="new" { "New passphrase" }
            p.hint #new-hint {
                "At least 15 characters; blanks count. Four or five words that have nothing to do with each other are strong. "
                "Common ones, and names that others know, are refused. You may paste it."
            }
            input #new name="new" type="password" autocomplete="new-password" required minlength="15" maxlength="1000" aria-describedby="new-hint new-strength";
            p.hint #new-strength data-strength="new" aria-live="polite" {}
            (show_what_i_type("new"))
        }
        div.field {
            label for="again" { "The new one again" }
            input #again name="again" type="password" autocomplete="new-password" required maxlength="1000";
            (show_what_i_type("again"))
        }
    }
}

pub(crate) fn changed(prefix: &str, theme: Theme, strength: Strength, signed_in: bool) -> Markup {
    let body = html! {
        h1 { "Your passphrase is another one now" }
        (note("fine", &html! { p { b { "How strong it is: " (strength.words()) "." } } p { "The old one opens nothing any more. Older backups still open with the old one." } }))
        @if signed_in {
            p.acts { a.btn.main href=(format!("{prefix}/settings/keys")) { "Back to sign-in and keys" } }
        } @else {
            p { "The recovery code that you used is spent: cross it out. If you have a second factor, signing in asks for it as ever." }
            p.acts { a.btn.main href=(format!("{prefix}/sign-in")) { (icon("lock")) "Sign in" } }
        }
    };
    plain_page(prefix, theme, "Your passphrase", &body)
}

pub(crate) fn renewal(prefix: &str, theme: Theme, wrong: Option<&str>) -> Markup {
    let body = html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/settings")) { "Settings" } } li { a href=(format!("{prefix}/settings/keys")) { "Sign-in and keys" } } } }
        h1 { "A new recovery key" }
        p { "For when the sheet of paper is lost, or somebody has seen it. The old key then opens nothing here any more. Your passphrase stays." }
        (note("heed", &html! {
            p { b { "Backups of before still open with the old key." } }
            p { "If somebody has the old sheet and an old backup, delete that backup. If an unlock file of the server holds the old key, put the new one into it." }
        }))
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        form.form action=(format!("{prefix}/settings/recovery-key")) method="post" {
            div.field {
                label for="passphrase" { "Passphrase" }
                input #passphrase name="passphrase" type="password" autocomplete="current-password" required maxlength="4000";
                (show_what_i_type("passphrase"))
            }
            p.acts { button.btn.main type="submit" { (icon("key")) "Make a new key" } a.btn.plain href=(format!("{prefix}/settings/keys")) { "Leave it" } }
            p.soft { "It is shown once, on the next page: have a printer or a pen at hand. Wherever else you are signed in, you are signed out." }
        }
    };
    plain_page(prefix, theme, "A new recovery key", &body)
}

pub(crate) fn recover(prefix: &str, theme: Theme, name: &str, wrong: Option<&str>) -> Markup {
    let body = html! {
        h1 { "I forgot my passphrase" }
        p { "You need two sheets of paper: the recovery key from the first day, and one of your ten recovery codes. Each alone is not enough here, so that a stolen sheet opens nothing." }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        form.form action=(format!("{prefix}/recover")) method="post" {
            div.field { label for="name" { "Your name" } input #name name="name" autocomplete="username" required maxlength="100" value=(name); }
            div.field {
                label for="key" { "Recovery key" }
                p.hint #key-hint { "It begins with AGE-SECRET-KEY-1. Blanks and small letters do no harm." }
                input #key name="key" type="password" autocomplete="off" spellcheck="false" required maxlength="200" aria-describedby="key-hint";
                (show_what_i_type("key"))
            }
            div.field {
                label for="recovery" { "Recovery code" }
                p.hint #recovery-hint { "Four groups of four. It works once." }
                input #recovery name="recovery" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="40" aria-describedby="recovery-hint";
            }
            (new_fields())
            p.acts { button.btn.main type="submit" { (icon("key")) "Set the new passphrase" } a.btn.plain href=(format!("{prefix}/sign-in")) { "Back" } }
        }
        section.sec aria-labelledby="no-code" {
            header { h2 #no-code { "No recovery code?" } }
            p { "Then it takes the one who runs this server: at its console, “keepwell member recover” asks for the recovery key and a new passphrase." }
        }
    };
    plain_page(prefix, theme, "I forgot my passphrase", &body)
}
