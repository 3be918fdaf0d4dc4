//! Asks for a fresh proof.

use super::second::{Asks, Trouble, code_form, passkey_form, recovery_form, say};
use super::sign_in::show_what_i_type;
use crate::web::app::Theme;
use crate::web::layout::{icon, plain_page};
use maud::{Markup, html};

pub(crate) fn page(
    prefix: &str,
    theme: Theme,
    asks: &Asks,
    passkey: Option<&str>,
    next: &str,
    only_second: bool,
    trouble: Option<&Trouble>,
) -> Markup {
    let action = if only_second { format!("{prefix}/confirm?second=1") } else { format!("{prefix}/confirm") };
    let body = html! {
        h1 { "Is it still you?" }
        p {
            "This asks again, since it opens much or changes who may get in. "
            @if only_second { "Show your second factor: the passphrase alone is not enough here." } @else { "It holds for ten minutes." }
        }
        @if let Some(trouble) = trouble { (say(trouble)) }
        @if !only_second {
            form.form action=(action) method="post" {
                input type="hidden" name="next" value=(next);
                div.field {
                    label for="passphrase" { "Passphrase" }
                    input #passphrase name="passphrase" type="password" autocomplete="current-password" required;
                    (show_what_i_type("passphrase"))
                }
                p.acts { button.btn.main type="submit" { (icon("lock")) "Go on" } a.btn.plain href=(format!("{prefix}/")) { "Leave it" } }
            }
        }
        @if asks.passkey { (passkey_form(&action, next, passkey, only_second)) }
        @if asks.app { (code_form(&action, next, "Go on with this code", only_second && passkey.is_none())) }
        @if only_second { (recovery_form(&action, next)) p.acts { a.btn.plain href=(format!("{prefix}/settings/keys")) { "Leave it" } } }
    };
    plain_page(prefix, theme, "Is it still you?", &body)
}
