//! Programs that may read a chart.

use crate::household::TokenInfo;
use crate::record::{Class, Sensitive, SensitiveSet, today};
use crate::vault::Scope;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, empty, note, section};
use crate::web::pages::words;
use crate::{Error, Kind, Result};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// What was typed into the form.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) until: String,
}

impl Default for Wish {
    /// Everything that is not sensitive.
    fn default() -> Self {
        Self { name: String::new(), scope: Scope { classes: None, sensitive: SensitiveSet::NONE }, until: String::new() }
    }
}

impl Wish {
    /// # Errors
    /// Usage when no kind of record was ticked.
    pub(crate) fn read(pairs: &[(String, String)]) -> Result<Self> {
        let all = |name: &'static str| pairs.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.trim());
        let one = |name: &'static str| all(name).next().unwrap_or_default().to_owned();
        let classes: BTreeSet<Class> = all("kind").filter_map(Class::from_slug).collect();
        if classes.is_empty() {
            return Err(Error::new(Kind::Usage, "Tick at least one kind of record: the program would see nothing."));
        }
        let classes = if Class::ALL.iter().all(|c| classes.contains(c)) { None } else { Some(classes) };
        let sensitive = all("sensitive").filter_map(Sensitive::from_slug).collect();
        Ok(Self { name: one("name"), scope: Scope { classes, sensitive }, until: one("until") })
    }
}

fn page(cx: &ChartCx, title: &str, deep: bool, body: &Markup) -> Markup {
    let crumbs: &[(&str, &str)] =
        if deep { &[("Who may see it", "people"), ("Programs", "tools")] } else { &[("Who may see it", "people")] };
    chart_page(cx, &Page { title, nav: "people", crumbs }, body)
}

/// "Allergies, medicines and 3 more kinds. Nothing sensitive".
fn reach(scope: &Scope) -> String {
    let mut out = match &scope.classes {
        None => "Every kind of record".to_owned(),
        Some(classes) => {
            let named: Vec<&str> = classes.iter().take(3).map(|c| c.words()).collect();
            let more = classes.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {}", words::count(more as u64, "more kind", "more kinds")) } else { String::new() };
            format!("{}{more}", named.join(", "))
        }
    };
    let ticked: Vec<String> = scope.sensitive.iter().map(|k| k.words().to_lowercase()).collect();
    out += &if ticked.is_empty() { ". Nothing sensitive".to_owned() } else { format!(". Sensitive kinds: {}", ticked.join(", ")) };
    out
}

/// The programs, and the form for one more.
pub(crate) fn list(cx: &ChartCx, tokens: &[TokenInfo], address: &str, wish: &Wish, wrong: Option<&str>) -> Markup {
    let body = html! {
        header.head {
            h1 { "Programs that may read" }
            p { "A program of yours can read " (words::possessive(&cx.person.name)) " records with a token, also while nobody is signed in. It can change nothing." }
        }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } p { "Nothing was changed." } })) }
        @if tokens.is_empty() {
            (empty("No programs", "No program may read this chart.", &html! {}))
        } @else {
            ul.rows {
                @for token in tokens {
                    li {
                        div {
                            span.name { (token.name) }
                            span.sub { (reach(&token.scope)) }
                            span.sub {
                                "Until " (words::date(&token.until)) ". "
                                @match token.last { Some(at) => { "Last read " (words::moment(at)) }, None => "Has not read yet" }
                            }
                        }
                        div.end { a.btn.plain href=(cx.to(&format!("tools/{}/withdraw", token.id))) { "Withdraw" span.unseen { " " (token.name) } } }
                    }
                }
            }
        }
        (section("new", "Let a program read", None, &form(cx, wish)))
        (section("how", "For the one who sets it up", None, &html! {
            p { "It is a FHIR R4 server that only reads. Its address:" }
            p { code.long { (address) } }
            p { "The program sends the token with each request: " code { "Authorization: Bearer keepwell_…" } ". What it can ask for is at " code { (address) "/metadata" } "." }
        }))
    };
    page(cx, "Programs that may read", false, &body)
}

fn form(cx: &ChartCx, wish: &Wish) -> Markup {
    let ticked = |class: Class| wish.scope.classes.as_ref().is_none_or(|c| c.contains(&class));
    html! {
        form.form action=(cx.to("tools")) method="post" {
            div.field {
                label for="name" { "Which program?" }
                p.hint #name-hint { "A name for your own list and for the activity log. Nothing about health." }
                input #name name="name" maxlength="100" autocomplete="off" required value=(wish.name) aria-describedby="name-hint";
            }
            div.field {
                label for="until" { "Last day" }
                p.hint #until-hint { "A year from now at most. From the day after, the token opens nothing." }
                input.short #until name="until" type="date" min=(today()) required value=(wish.until) aria-describedby="until-hint";
            }
            fieldset.sec {
                legend { "What may it read?" }
                div.ticks {
                    @for class in Class::ALL {
                        label.tick { input type="checkbox" name="kind" value=(class.slug()) checked[ticked(class)]; span { (class.words()) } }
                    }
                }
            }
            fieldset.sec {
                legend { "Sensitive kinds" }
                p.hint { "These stay out unless you tick them." }
                div.ticks {
                    @for kind in Sensitive::ALL {
                        label.tick { input type="checkbox" name="sensitive" value=(kind.slug()) checked[wish.scope.sensitive.contains(kind)]; span { (kind.words()) } }
                    }
                }
            }
            p.acts { button.btn.main type="submit" { "Make a token" } a.btn.plain href=(cx.to("people")) { "Leave it" } }
        }
    }
}

/// The token, shown once.
pub(crate) fn made(cx: &ChartCx, token: &TokenInfo, secret: &str, address: &str) -> Markup {
    let body = html! {
        header.head { h1 { "The token for " (token.name) } p { (reach(&token.scope)) ". Until " (words::date(&token.until)) "." } }
        p { code.long { (secret) } }
        (note("heed", &html! {
            p { b { "It is shown this once." } }
            p { "Put it into the program, and nowhere else. Whoever has it can read what the program can, without a passphrase. Keepwell does not keep it. You can withdraw it at any time." }
        }))
        p { "The address that goes with it:" }
        p { code.long { (address) } }
        p.acts { a.btn.main href=(cx.to("tools")) { "Done" } }
    };
    page(cx, "A token", true, &body)
}

/// Asks whether to withdraw it.
pub(crate) fn ask_withdraw(cx: &ChartCx, token: &TokenInfo) -> Markup {
    let body = html! {
        header.head { h1 { "Withdraw the token of " (token.name) "?" } }
        p { "The program can read nothing of this chart any more, from now on. What it has read before stays with it." }
        form method="post" action=(cx.to(&format!("tools/{}/withdraw", token.id))) {
            input type="hidden" name="sure" value="yes";
            p.acts { button.btn.harm type="submit" { "Withdraw it" } a.btn href=(cx.to("tools")) { "Leave it" } }
        }
    };
    page(cx, "Withdraw a token", true, &body)
}
