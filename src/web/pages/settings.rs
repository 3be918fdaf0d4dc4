//! Settings.

use crate::web::app::Theme;
use crate::web::layout::{icon, plain_page};
use crate::web::session::IDLE_CHOICES;
use maud::{Markup, html};

pub(crate) fn page(prefix: &str, theme: Theme, member: &str, idle: u64) -> Markup {
    let looks = [("system", "As this device", Theme::System), ("light", "Light", Theme::Light), ("dark", "Dark", Theme::Dark)];
    let body = html! {
        h1 { "Settings" }
        form.form action=(format!("{prefix}/settings")) method="post" {
            fieldset {
                legend { "Appearance" }
                @for (value, words, choice) in looks {
                    label.tick { input type="radio" name="look" value=(value) checked[choice == theme]; span { (words) } }
                }
            }
            fieldset.sec {
                legend { "Lock when I am away" }
                p.hint { "When nobody does anything for so long, the charts lock. Sign in again to go on." }
                div {
                    @for minutes in IDLE_CHOICES {
                        label.tick { input type="radio" name="idle" value=(minutes) checked[minutes == idle]; span { "After " (minutes) " minutes" } }
                    }
                }
            }
            p.acts { button.btn.main type="submit" { "Save" } a.btn.plain href=(format!("{prefix}/")) { "Back to the chart" } }
            p.soft { "Both are kept in this browser only." }
        }
        section.sec aria-labelledby="who" {
            header { h2 #who { "Who is signed in" } }
            p { b { (member) } }
            form action=(format!("{prefix}/sign-out")) method="post" { p.acts { button.btn type="submit" { (icon("lock")) "Sign out and lock" } } }
        }
        section.sec aria-labelledby="keys" {
            header { h2 #keys { "Sign-in and keys" } }
            ul.rows {
                li { div { span.name { a href=(format!("{prefix}/settings/keys")) { "Second factor and recovery codes" } } span.sub { "An authenticator app, passkeys, ten codes on paper" } } }
                li { div { span.name { a href=(format!("{prefix}/settings/passphrase")) { "Another passphrase" } } } }
                li { div { span.name { a href=(format!("{prefix}/settings/sessions")) { "Where you are signed in" } } span.sub { "End a session on a lost phone" } } }
                li { div { span.name { a href=(format!("{prefix}/settings/unlock")) { "Unlock at boot" } } span.sub { "What the server may do while nobody is signed in" } } }
            }
        }
        section.sec aria-labelledby="household" {
            header { h2 #household { "Household" } }
            ul.rows { li { div { span.name { a href=(format!("{prefix}/household")) { "Members, people and invites" } } span.sub { "Who signs in here, and whose charts are kept" } } }
                li { div { span.name { a href=(format!("{prefix}/settings/backups")) { "Backups" } } span.sub { "One each night, verified; and how to get everything back" } } } }
        }
        section.sec aria-labelledby="read" {
            header { h2 #read { "To read" } }
            ul.rows {
                li { div { span.name { a href=(format!("{prefix}/help")) { "Help" } } } }
                li { div { span.name { a href=(format!("{prefix}/help/encryption")) { "What is encrypted and what is not" } } } }
                li { div { span.name { a href=(format!("{prefix}/help/security")) { "Security" } } } }
            }
        }
    };
    plain_page(prefix, theme, "Settings", &body)
}
