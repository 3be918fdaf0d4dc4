//! Taking up an invite.

use crate::household::Invited;
use crate::web::app::Theme;
use crate::web::layout::{note, plain_page};
use crate::web::pages::sign_in::show_what_i_type;
use crate::web::pages::{first_run, role, words};
use maud::{Markup, html};

fn what(invited: &Invited) -> Markup {
    html! {
        p { b { (invited.invite.sender) } " lets you see the health records of " b { (invited.person.name) } ", born " (words::birth(&invited.person)) "." }
        p { "As: " (role::short(&invited.invite.grant)) "." }
    }
}

/// For somebody new.
pub(crate) fn form(prefix: &str, theme: Theme, token: &str, invited: &Invited, name: &str, wrong: Option<&str>) -> Markup {
    let body = html! {
        h1 { "You are invited" }
        (what(invited))
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } p { "Nothing was set up yet." } })) }
        form.form action=(format!("{prefix}/join")) method="post" {
            input type="hidden" name="token" value=(token);
            div.field {
                label for="name" { "Your name" }
                p.hint #name-hint { "You sign in with it." }
                input #name name="name" autocomplete="username" required maxlength="100" value=(name) aria-describedby="name-hint";
            }
            div.field {
                label for="passphrase" { "Passphrase" }
                p.hint #passphrase-hint {
                    "At least 15 characters. Four or five words that have nothing to do with each other are strong. "
                    "Nobody else learns it, not even who invited you. You may paste it."
                }
                input #passphrase name="passphrase" type="password" autocomplete="new-password" required minlength="15" maxlength="1000" aria-describedby="passphrase-hint passphrase-strength";
                p.hint #passphrase-strength data-strength="passphrase" aria-live="polite" {}
                (show_what_i_type("passphrase"))
            }
            p.acts { button.btn.main type="submit" { "Go on" } }
        }
        p.soft { "Do you sign in here already? " a href=(format!("{prefix}/sign-in?next=/join/{token}")) { "Sign in, then come back to this page" } "." }
    };
    plain_page(prefix, theme, "You are invited", &body)
}

/// For a member who is signed in.
pub(crate) fn accept(prefix: &str, theme: Theme, token: &str, invited: &Invited, member: &str) -> Markup {
    let body = html! {
        h1 { "You are invited" }
        (what(invited))
        form.form action=(format!("{prefix}/join/accept")) method="post" {
            input type="hidden" name="token" value=(token);
            p.acts { button.btn.main type="submit" { "Accept as " (member) } a.btn.plain href=(format!("{prefix}/")) { "Not now" } }
        }
        p.soft { "The link stays good until it is used. For somebody else, sign out first." }
    };
    plain_page(prefix, theme, "You are invited", &body)
}

/// The one page for every link that is good no longer.
pub(crate) fn over(prefix: &str, theme: Theme, words: &str) -> Markup {
    let body = html! {
        h1 { "This link is not good any more" }
        p { (words.strip_prefix("This link is not good any more. ").unwrap_or(words)) }
        p.acts { a.btn.main href=(format!("{prefix}/")) { "Go to the start" } }
    };
    plain_page(prefix, theme, "A link that is over", &body)
}

pub(crate) fn recovery_key(prefix: &str, theme: Theme, member: &str, key: &str) -> Markup {
    first_run::recovery_sheet(prefix, theme, member, key, "/join/recovery-key", "You are a member when you have chosen one of these.")
}
