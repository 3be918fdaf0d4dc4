//! Sign-in and keys.

use super::qr;
use crate::household::{FactorInfo, FactorKind};
use crate::web::app::Theme;
use crate::web::layout::{icon, note, pill, plain_page, section};
use crate::web::pages::words;
use maud::{Markup, html};

fn crumbs(prefix: &str, deep: bool) -> Markup {
    html! {
        nav aria-label="Where you are" {
            ol.crumbs {
                li { a href=(format!("{prefix}/settings")) { "Settings" } }
                @if deep { li { a href=(format!("{prefix}/settings/keys")) { "Sign-in and keys" } } }
            }
        }
    }
}

pub(crate) fn list(prefix: &str, theme: Theme, factors: &[FactorInfo], codes: (usize, usize), sessions: usize) -> Markup {
    let to = |path: &str| format!("{prefix}/settings/{path}");
    let (left, made) = codes;
    let body = html! {
        (crumbs(prefix, false))
        h1 { "Sign-in and keys" }
        @if factors.is_empty() {
            (note("heed", &html! {
                p { b { "Your passphrase alone opens your charts." } }
                p { "Add a second factor: then somebody who has seen you type it still stands outside." }
            }))
        } @else {
            p { (pill("fine", "ok", "Second factor on")) " Signing in asks for your passphrase, then for one of these." }
        }
        (section("second", "Second factors", None, &html! {
            @if factors.is_empty() { p.soft { "None yet." } }
            ul.rows { @for factor in factors { (row(prefix, factor)) } }
            p.acts {
                a.btn.main[factors.is_empty()] href=(to("keys/app")) { "Add an authenticator app" }
                a.btn href=(to("keys/passkey")) { (icon("key")) "Add a passkey" }
            }
        }))
        (section("codes", "Recovery codes", None, &html! {
            p {
                @if made == 0 { "None made yet. They let you in when your phone or key is lost, and are needed to set a new passphrase." }
                @else { b { (words::count(left as u64, "code", "codes")) " left" } " of " (made) "." @if left < 3 { " Make new ones soon." } }
            }
            p.acts { a.btn href=(to("keys/codes")) { "Recovery codes" } }
        }))
        (section("more", "More", None, &html! {
            ul.rows {
                li { div { span.name { a href=(to("passphrase")) { "Another passphrase" } } span.sub { "Ends your other sessions" } } }
                li { div { span.name { a href=(to("recovery-key")) { "A new recovery key" } } span.sub { "When the sheet of paper is lost, or somebody has seen it" } } }
                li { div { span.name { a href=(to("sessions")) { "Where you are signed in" } } span.sub { (words::count(sessions as u64, "session", "sessions")) } } }
                li { div { span.name { a href=(to("unlock")) { "Unlock at boot" } } span.sub { "What the server may do while nobody is signed in" } } }
            }
        }))
        p.acts { a.btn href=(format!("{prefix}/settings")) { "Back to settings" } }
    };
    plain_page(prefix, theme, "Sign-in and keys", &body)
}

fn row(prefix: &str, factor: &FactorInfo) -> Markup {
    let kind = if factor.kind == FactorKind::App { "Authenticator app" } else { "Passkey" };
    html! {
        li {
            div {
                span.name id=(format!("f-{}", factor.id)) { (factor.label) }
                span.sub {
                    @if factor.label != kind { (kind) ". " }
                    "Added " (words::day(factor.added)) ". "
                    @match factor.used { Some(used) => { "Last used " (words::moment(used)) "." } None => { "Not used yet." } }
                }
            }
            form action=(format!("{prefix}/settings/keys/remove")) method="post" {
                input type="hidden" name="id" value=(factor.id);
                button.btn.plain type="submit" aria-describedby=(format!("f-{}", factor.id)) { "Turn off" }
            }
        }
    }
}

pub(crate) fn app(prefix: &str, theme: Theme, uri: &str, secret: &str, wrong: Option<&str>) -> Markup {
    let groups: Vec<String> = secret.as_bytes().chunks(4).map(|g| String::from_utf8_lossy(g).into_owned()).collect();
    let body = html! {
        (crumbs(prefix, true))
        h1 { "Add an authenticator app" }
        p { "An app on your phone that shows six digits, new ones every 30 seconds. It works without a network. Any such app will do." }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        (section("scan", "1. Scan this with the app", None, &html! {
            (qr::code(uri, "Code to scan with your authenticator app; the same key stands below as text"))
            p { "Or type this key into it:" }
            p.secret { @for group in &groups { span { (group) } } }
        }))
        (section("type", "2. Type what the app shows now", None, &html! {
            form.form action=(format!("{prefix}/settings/keys/app")) method="post" {
                div.field {
                    label for="code" { "Code from your app" }
                    p.hint #code-hint { "Six digits. The app counts once you have typed one, and not before." }
                    input.short #code name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required aria-describedby="code-hint";
                }
                div.field {
                    label for="label" { "What to call it" }
                    p.hint #label-hint { "So that you know it again in the list" }
                    input #label name="label" autocomplete="off" maxlength="60" value="Authenticator app" aria-describedby="label-hint";
                }
                p.acts { button.btn.main type="submit" { (icon("check")) "Turn it on" } a.btn.plain href=(format!("{prefix}/settings/keys")) { "Leave it" } }
            }
        }))
        p.soft { "Wherever else you are signed in, you are signed out." }
    };
    plain_page(prefix, theme, "Add an authenticator app", &body)
}

pub(crate) fn passkey(prefix: &str, theme: Theme, options: Option<&str>, wrong: Option<&str>) -> Markup {
    let body = html! {
        (crumbs(prefix, true))
        h1 { "Add a passkey" }
        p { "Your phone, your computer or a small key on your key ring proves that it is you: by a finger, your face or its own PIN. Nobody can copy it or trick you out of it." }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        @match options {
            Some(options) => form.form action=(format!("{prefix}/settings/keys/passkey")) method="post" data-passkey="create" data-options=(options) {
                input type="hidden" name="credential" value="";
                div.field {
                    label for="label" { "What to call it" }
                    p.hint #label-hint { "So that you know it again in the list: “My phone”, “Key on the key ring”" }
                    input #label name="label" autocomplete="off" maxlength="60" aria-describedby="label-hint";
                }
                p.acts {
                    button.btn.main type="button" hidden { (icon("key")) "Make the passkey" }
                    a.btn.plain href=(format!("{prefix}/settings/keys")) { "Leave it" }
                }
                p.hint data-without="" { "This needs a browser with scripts turned on. Without, add an authenticator app instead." }
                p.wrong hidden data-failed="" { (icon("alert")) "The passkey was not made. Nothing was changed. Try again." }
            },
            None => {
                (note("heed", &html! {
                    p { b { "Passkeys need an https address." } }
                    p { "Browsers make them for https pages only, or on the very machine that runs Keepwell at “localhost”. An authenticator app works here too." }
                }))
                p.acts { a.btn.main href=(format!("{prefix}/settings/keys/app")) { "Add an authenticator app" } a.btn.plain href=(format!("{prefix}/settings/keys")) { "Back" } }
            }
        }
    };
    plain_page(prefix, theme, "Add a passkey", &body)
}

pub(crate) fn codes(prefix: &str, theme: Theme, left: usize, made: usize) -> Markup {
    let body = html! {
        (crumbs(prefix, true))
        h1 { "Recovery codes" }
        p { "Ten codes on paper. Each lets you in once when your phone or key is lost. Together with the recovery key one of them sets a new passphrase." }
        @if made > 0 { p { b { (words::count(left as u64, "code", "codes")) " left" } " of " (made) "." } }
        form.form action=(format!("{prefix}/settings/keys/codes")) method="post" {
            @if made > 0 { p { "New ones take the place of all old ones. The old sheet is then worth nothing." } }
            p.acts {
                button.btn.main type="submit" name="sure" value="yes" { @if made > 0 { "Make ten new ones" } @else { "Make ten codes" } }
                a.btn.plain href=(format!("{prefix}/settings/keys")) { "Leave it" }
            }
        }
    };
    plain_page(prefix, theme, "Recovery codes", &body)
}

pub(crate) fn made(prefix: &str, theme: Theme, member: &str, codes: &[String], first: bool) -> Markup {
    let body = html! {
        h1 { "Your recovery codes" }
        @if first { (note("fine", &html! { p { b { "Your second factor is on." } } p { "From now on, signing in asks for it." } })) }
        p { "Each of these lets you in once when your phone or key is lost." }
        ol.codes { @for code in codes { li { code { (code) } } } }
        p { "For " b { (member) } ", Keepwell, " (words::today()) "." }
        (note("heed", &html! {
            p { b { "They are shown this once." } }
            p { "Print this page or copy them by hand. Keep them apart from the recovery key: the two together open everything." }
        }))
        p.acts.no-print { a.btn.main href=(format!("{prefix}/settings/keys")) { (icon("check")) "I have them on paper" } }
    };
    plain_page(prefix, theme, "Your recovery codes", &body)
}
