//! The first run.

use crate::web::app::Theme;
use crate::web::layout::{icon, note, plain_page};
use crate::web::pages::sign_in::show_what_i_type;
use crate::web::pages::words;
use maud::{Markup, html};
use serde::Deserialize;

/// What was filled in, to be shown again; never the passphrase.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) person: String,
    #[serde(default)]
    pub(crate) birth_date: String,
    #[serde(default)]
    pub(crate) sex: String,
}

pub(crate) const SEXES: [(&str, &str); 4] = [("female", "Female"), ("male", "Male"), ("other", "Other"), ("unknown", "Not said")];

pub(crate) fn form(prefix: &str, theme: Theme, code: &str, fields: &Fields, wrong: Option<&str>) -> Markup {
    let sex = if fields.sex.is_empty() { "unknown" } else { &fields.sex };
    let body = html! {
        h1 { "Welcome to Keepwell" }
        p { "Your health records, in one place that is yours. This takes two minutes. Everything stays on this machine, locked with your passphrase." }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } p { "Nothing was set up yet." } })) }
        form.form action=(format!("{prefix}/welcome")) method="post" {
            input type="hidden" name="code" value=(code);
            fieldset.flow {
                legend { "Start new: you" }
                div.field {
                    label for="name" { "Your name" }
                    p.hint #name-hint { "You sign in with it." }
                    input #name name="name" autocomplete="username" required maxlength="100" value=(fields.name) aria-describedby="name-hint";
                }
                div.field {
                    label for="passphrase" { "Passphrase" }
                    p.hint #passphrase-hint {
                        "At least 15 characters. Four or five words that nobody would guess are strong, and easier than signs: "
                        "like the start of a story that only you know. You may paste it."
                    }
                    input #passphrase name="passphrase" type="password" autocomplete="new-password" required minlength="15" maxlength="1000" aria-describedby="passphrase-hint passphrase-strength";
                    p.hint #passphrase-strength data-strength="passphrase" aria-live="polite" {}
                    (show_what_i_type("passphrase"))
                }
            }
            fieldset.sec.flow {
                legend { "Whose records?" }
                p.hint { "The first person whose chart is kept here: you, or someone you look after. More can be added later." }
                div.field {
                    label for="person" { "Full name" }
                    p.hint #person-hint { "As the doctor’s office writes it. Files about somebody else are then refused." }
                    input #person name="person" required maxlength="200" autocomplete="off" value=(fields.person) aria-describedby="person-hint";
                }
                div.field {
                    label for="birth_date" { "Birth date" }
                    input.short #birth_date name="birth_date" type="date" required min="1880-01-01" max=(crate::record::today()) value=(fields.birth_date);
                }
                div.field {
                    label for="sex" { "Sex" }
                    select.short #sex name="sex" { @for (value, name) in SEXES { option value=(value) selected[value == sex] { (name) } } }
                }
            }
            p.acts { button.btn.main type="submit" { "Begin" } }
        }
        section.sec aria-labelledby="other" {
            header { h2 #other { "Another way to begin" } }
            ul.rows {
                li { div {
                    span.name { a href=(format!("{prefix}/welcome/restore?code={code}")) { "Restore a backup" } }
                    span.sub { "From an earlier Keepwell: a file that ends in .age, and the passphrase or recovery key." }
                } }
                li { div {
                    span.name { "Just look around" }
                    span.sub { "Stop this server and run " code { "keepwell demo" } ": an invented household, gone when you end it." }
                } }
            }
        }
    };
    plain_page(prefix, theme, "Welcome", &body)
}

pub(crate) fn recovery_key(prefix: &str, theme: Theme, member: &str, key: &str) -> Markup {
    recovery_sheet(prefix, theme, member, key, "/welcome/recovery-key", "")
}

/// The sheet with a member's recovery key, to be confirmed or declined at `action`.
pub(crate) fn recovery_sheet(prefix: &str, theme: Theme, member: &str, key: &str, action: &str, more: &str) -> Markup {
    let body = html! {
        h1 { "Your recovery key" }
        p { "If you forget your passphrase, this key is the only other way in. Nobody can send you a new one: not even whoever runs this server." }
        p.secret { @for group in groups(key) { span { (group) } } }
        p { "For " b { (member) } ", Keepwell, " (words::today()) "." }
        (note("heed", &html! {
            p { b { "It is shown this once." } }
            p { "Print this page or copy the key by hand, and keep it where you keep your passport. Who has it can read every chart that you can." }
        }))
        form.form.no-print action=(format!("{prefix}{action}")) method="post" {
            p.acts {
                button.btn.main type="submit" name="kept" value="yes" { (icon("check")) "I have it on paper" }
                button.btn.plain type="submit" name="kept" value="no" { "Go on without it" }
            }
            p.soft { "Without it, a forgotten passphrase means that these records are lost." @if !more.is_empty() { " " (more) } }
        }
    };
    plain_page(prefix, theme, "Recovery key", &body)
}

/// What every such key begins with, then fours, as an eye can follow. Copied by hand it is the same without the gaps.
fn groups(key: &str) -> Vec<String> {
    let begin = "AGE-SECRET-KEY-1";
    let rest: Vec<char> = key.strip_prefix(begin).unwrap_or(key).chars().collect();
    let first = key.starts_with(begin).then(|| begin.to_owned());
    first.into_iter().chain(rest.chunks(4).map(|group| group.iter().collect())).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_groups_are_the_key() {
        for key in ["AGE-SECRET-KEY-1ABCDEFGHIJ", "ABC", ""] {
            assert_eq!(super::groups(key).concat(), key);
        }
        assert_eq!(super::groups("AGE-SECRET-KEY-1ABCDEF"), ["AGE-SECRET-KEY-1", "ABCD", "EF"]);
    }
}
