//! The household: its members, the people whose charts are kept, who keeps it.

use super::people::person_fields;
use crate::household::ClosedChart;
use crate::vault::{MemberInfo, PersonInfo, Role};
use crate::web::app::Theme;
use crate::web::layout::{icon, note, pill, plain_page, section};
use crate::web::pages::{role, words};
use maud::{Markup, html};

/// A member with what they may open of the charts that the reader may open too.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) member: MemberInfo,
    pub(crate) keeper: bool,
    /// Whose chart, as what.
    pub(crate) roles: Vec<(String, Role)>,
}

/// What the page tells.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) me: MemberInfo,
    pub(crate) members: Vec<Row>,
    pub(crate) people: Vec<(PersonInfo, Role, usize)>,
    pub(crate) closed: Vec<ClosedChart>,
}

fn crumbs(prefix: &str) -> Markup {
    html! { nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/settings")) { "Settings" } } li { a href=(format!("{prefix}/household")) { "Household" } } } } }
}

pub(crate) fn page(prefix: &str, theme: Theme, told: &Told) -> Markup {
    let keeper = told.members.iter().any(|r| r.keeper && r.member.id == told.me.id);
    let body = html! {
        nav aria-label="Where you are" { ol.crumbs { li { a href=(format!("{prefix}/")) { "Charts" } } li { a href=(format!("{prefix}/settings")) { "Settings" } } } }
        h1 { "Household" }
        p { "A member signs in. A person is somebody whose chart is kept. One can be both." }
        (section("people", "People", None, &html! {
            ul.rows { @for (person, as_what, invites) in &told.people { (person_row(prefix, person, *as_what, *invites)) } }
            p.acts { a.btn.main href=(format!("{prefix}/household/people/new")) { (icon("add")) "Add a person" } }
        }))
        (section("members", "Members", None, &html! {
            ul.rows { @for row in &told.members { (member_row(prefix, row, keeper && row.member.id != told.me.id)) } }
            p.soft { "To invite somebody, open a person’s chart and choose “Who may see it”." }
            @if keeper && told.members.len() > 1 { p { a href=(format!("{prefix}/household/keeper")) { "Let another member keep the household" } } }
        }))
        @if !told.closed.is_empty() {
            (section("closed", "Charts that you may not open", None, &html! {
                p.soft { "You keep the household, so you can remove them. Whose they are is encrypted." }
                ul.rows { @for chart in &told.closed { li {
                    div { span.name { "A chart of " (owners(chart)) } }
                    div.end { a.btn.plain href=(format!("{prefix}/household/charts/{}/remove", chart.id)) { "Remove" span.unseen { " the chart of " (owners(chart)) } } }
                } } }
            }))
        }
    };
    plain_page(prefix, theme, "Household", &body)
}

fn owners(chart: &ClosedChart) -> String {
    chart.owners.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(" and ")
}

fn person_row(prefix: &str, person: &PersonInfo, as_what: Role, invites: usize) -> Markup {
    let chart = format!("{prefix}/charts/{}", person.id);
    html! {
        li {
            div {
                span.name { a href=(chart) { (person.name) } }
                span.sub { "born " (words::birth(person)) " · you are " (role::name(as_what).to_lowercase()) }
                @if invites > 0 { span.sub { (words::count(invites as u64, "invite", "invites")) " not used yet" } }
            }
            div.end {
                a.btn.plain href=(format!("{chart}/people")) { "Who may see it" span.unseen { ": " (person.name) } }
                span class=(format!("disc who-{}", person.colour)) aria-hidden="true" { (words::initials(&person.name)) }
            }
        }
    }
}

fn member_row(prefix: &str, row: &Row, removable: bool) -> Markup {
    html! {
        li {
            div {
                span.name { (row.member.name) @if row.keeper { " " (pill("well", "dot", "Keeps the household")) } }
                @if row.roles.is_empty() { span.sub { "May open none of the charts that you may open" } }
                @for (person, as_what) in &row.roles { span.sub { (person) ": " (role::name(*as_what).to_lowercase()) } }
            }
            @if removable { div.end { a.btn.plain href=(format!("{prefix}/household/members/{}/remove", row.member.id)) { "Remove" span.unseen { " " (row.member.name) } } } }
        }
    }
}

/// What was filled in for a new person.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct NewPerson {
    pub(crate) person: String,
    pub(crate) birth_date: String,
    pub(crate) sex: String,
}

pub(crate) fn new_person(prefix: &str, theme: Theme, given: &NewPerson, wrong: Option<&str>) -> Markup {
    let sex = if given.sex.is_empty() { "unknown" } else { &given.sex };
    let body = html! {
        (crumbs(prefix))
        h1 { "Add a person" }
        p { "Yourself, your child, your parent, or somebody else you look after. They get a chart of their own, and you own it." }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } p { "Nothing was made." } })) }
        form.form action=(format!("{prefix}/household/people/new")) method="post" {
            (person_fields(&given.person, &given.birth_date, sex))
            p.acts { button.btn.main type="submit" { "Add" } a.btn.plain href=(format!("{prefix}/household")) { "Leave it" } }
        }
    };
    plain_page(prefix, theme, "Add a person", &body)
}

fn ask(prefix: &str, theme: Theme, title: &str, action: &str, act: &str, body: &Markup) -> Markup {
    let body = html! {
        (crumbs(prefix))
        h1 { (title) }
        (body)
        form method="post" action=(format!("{prefix}{action}")) {
            input type="hidden" name="sure" value="yes";
            p.acts { button.btn.harm type="submit" { (act) } a.btn href=(format!("{prefix}/household")) { "Leave it" } }
        }
    };
    plain_page(prefix, theme, title, &body)
}

pub(crate) fn ask_remove_member(prefix: &str, theme: Theme, row: &Row) -> Markup {
    let name = &row.member.name;
    let body = html! {
        p { (name) " can no longer sign in, and is signed out everywhere at once. Their name, passphrase and second factors are deleted." }
        @if !row.roles.is_empty() { p { (name) " can no longer open: " (row.roles.iter().map(|(p, _)| p.as_str()).collect::<Vec<_>>().join(", ")) "." } }
        p { "Each chart that they could open gets new keys: at once where you own it, else when its owner opens it next. No chart is deleted." }
    };
    ask(
        prefix,
        theme,
        &format!("Remove {name} from the household?"),
        &format!("/household/members/{}/remove", row.member.id),
        "Remove",
        &body,
    )
}

pub(crate) fn ask_remove_chart(prefix: &str, theme: Theme, chart: &ClosedChart) -> Markup {
    let body = note(
        "harm",
        &html! {
            p { b { "This cannot be undone." } }
            p { "All records and files of this chart are deleted from this server for good. It belongs to " (owners(chart)) ", and you may not open it: ask first." }
        },
    );
    ask(
        prefix,
        theme,
        &format!("Remove a chart of {}?", owners(chart)),
        &format!("/household/charts/{}/remove", chart.id),
        "Remove all of it",
        &body,
    )
}

pub(crate) fn keeper(prefix: &str, theme: Theme, others: &[MemberInfo]) -> Markup {
    let body = html! {
        (crumbs(prefix))
        h1 { "Let another member keep the household" }
        p { "Who keeps the household may remove members and people. There is one at a time. You lose this right, and only they can give it back." }
        form.form method="post" action=(format!("{prefix}/household/keeper")) {
            fieldset {
                legend { "Who?" }
                @for member in others { label.tick { input type="radio" name="member" value=(member.id) required; span { (member.name) } } }
            }
            p.acts { button.btn.main type="submit" { "Pass it on" } a.btn.plain href=(format!("{prefix}/household")) { "Leave it" } }
        }
    };
    plain_page(prefix, theme, "Who keeps the household", &body)
}
