//! Who may see a chart; and whose chart it is.

use crate::household::{Access, COLOURS, Grant, InviteInfo};
use crate::share::Share;
use crate::vault::{MemberInfo, PersonInfo, Role};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, empty, icon, note, pill, section};
use crate::web::pages::chart::ui::capital;
use crate::web::pages::first_run::SEXES;
use crate::web::pages::{role, words};
use maud::{Markup, html};

fn page(cx: &ChartCx, title: &str, deep: bool, body: &Markup) -> Markup {
    let crumbs: &[(&str, &str)] = if deep { &[("Who may see it", "people")] } else { &[] };
    chart_page(cx, &Page { title, nav: "people", crumbs }, body)
}

/// Everyone with a role, and what is under way. An owner may change it.
pub(crate) fn list(cx: &ChartCx, access: &[Access], invites: Option<&[InviteInfo]>, due: bool) -> Markup {
    let owner = cx.role == Role::Owner;
    let body = html! {
        header.head {
            h1 { "Who may see it" }
            p { "These members may open " (words::possessive(&cx.person.name)) " chart. Nobody else can, not even with the disk in hand." }
            @if owner { p.acts { a.btn.main href=(cx.to("people/add")) { (icon("add")) "Let somebody see it" } } }
        }
        @if due && owner {
            (note("", &html! { p { b { "New keys are being made." } } p { "Somebody may see this chart no longer. It gets new keys as soon as nobody uses it. They cannot open it now already." } }))
        }
        ul.rows {
            @for one in access {
                @let over = one.grant.is_over();
                li {
                    div {
                        span.name {
                            (one.member.name) @if one.member.id == cx.member.id { " (you)" }
                            @if over { " " (pill("quiet", "none", "Ended")) }
                        }
                        span.sub { (if owner { role::sentence(&one.grant) } else { role::short(&one.grant) }) @if one.granted > 0 { ". Since " (words::day(one.granted)) } }
                    }
                    @if owner {
                        div.end {
                            a.btn.plain href=(cx.to(&format!("people/{}", one.member.id))) { "Change" span.unseen { " what " (one.member.name) " may do" } }
                            a.btn.plain href=(cx.to(&format!("people/{}/remove", one.member.id))) { "Take off" span.unseen { " " (one.member.name) } }
                        }
                    }
                }
            }
        }
        @if let Some(invites) = invites {
            (section("invites", "Invites", None, &invited(cx, invites)))
            (section("emergency", "In an emergency", None, &html! {
                ul.rows { li { div { span.name { a href=(cx.to("contact")) { "Trusted contact" } } span.sub { "Who may ask to read this chart when you cannot sign in" } } } }
            }))
            (section("programs", "Programs", None, &html! {
                p { a href=(cx.to("tools")) { "Programs that may read" } " with a token, also while nobody is signed in." }
            }))
            (section("whose", "Whose chart", None, &html! {
                ul.rows {
                    li { div { span.name { a href=(cx.to("person")) { "Change name, birth date, sex or colour" } } span.sub { (cx.person.name) ", born " (words::birth(&cx.person)) } } }
                    li { div { span.name { a href=(cx.to("person/remove")) { "Remove this person and the chart" } } } }
                }
            }))
        } @else {
            p.soft { "Only an owner may change this." }
        }
    };
    page(cx, "Who may see it", false, &body)
}

fn invited(cx: &ChartCx, invites: &[InviteInfo]) -> Markup {
    if invites.is_empty() {
        return empty("No invites", "A link that you give somebody stands here until it is used, for five days at most.", &html! {});
    }
    html! {
        ul.rows {
            @for invite in invites {
                li {
                    div {
                        span.name { (invite.label) }
                        span.sub { (role::sentence(&invite.grant)) }
                        span.sub { "By " (invite.sender) ", good until " (words::moment(invite.expires)) ". Not used yet" }
                    }
                    div.end { a.btn.plain href=(cx.to(&format!("invites/{}/withdraw", invite.id))) { "Withdraw" span.unseen { " the invite for " (invite.label) } } }
                }
            }
        }
    }
}

/// The form to let somebody in: a member who is here, or somebody new by a link.
pub(crate) fn add(cx: &ChartCx, others: &[MemberInfo], chosen: &Grant, to: &str, label: &str, wrong: Option<&str>) -> Markup {
    let body = html! {
        header.head { h1 { "Let somebody see it" } p { "For " (words::possessive(&cx.person.name)) " chart. You can change it or take it back at any time." } }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } p { "Nothing was changed." } })) }
        form.form action=(cx.to("people/add")) method="post" {
            fieldset {
                legend { "Who?" }
                @if !others.is_empty() {
                    div {
                        @for member in others {
                            label.tick { input type="radio" name="to" value=(member.id) checked[member.id == to]; span { (member.name) small { "Is a member of this household already" } } }
                        }
                        label.tick { input type="radio" name="to" value="" checked[to.is_empty()]; span { "Somebody new" small { "Gets a link that is good once, for five days" } } }
                    }
                }
                div.field {
                    label for="label" { "Name of the new person" }
                    p.hint #label-hint { "For your own list. They choose the name that they sign in with." }
                    input #label name="label" maxlength="100" autocomplete="off" value=(label) aria-describedby="label-hint" required[others.is_empty()];
                }
            }
            (role::fields(chosen))
            p.acts { button.btn.main type="submit" { "Let them see it" } a.btn.plain href=(cx.to("people")) { "Leave it" } }
        }
    };
    page(cx, "Let somebody see it", true, &body)
}

/// The link, shown once.
pub(crate) fn link(cx: &ChartCx, invite: &InviteInfo, address: &str) -> Markup {
    let body = html! {
        header.head { h1 { "The link for " (invite.label) } p { (role::sentence(&invite.grant)) "." } }
        p { code.long { (address) } }
        (note("heed", &html! {
            p { b { "It is shown this once, and it is good once." } }
            p { "Give it to " (invite.label) " and to nobody else: whoever opens it first gets in. It ends by itself on " (words::moment(invite.expires)) "." }
        }))
        p.acts { a.btn.main href=(cx.to("people")) { "Done" } }
    };
    page(cx, "A link", true, &body)
}

/// What a member may do, to be changed.
pub(crate) fn change(cx: &ChartCx, who: &Access, chosen: &Grant, wrong: Option<&str>) -> Markup {
    let body = html! {
        header.head { h1 { "What " (who.member.name) " may do" } p { "Now: " (role::sentence(&who.grant)) "." } }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        form.form action=(cx.to(&format!("people/{}", who.member.id))) method="post" {
            (role::fields(chosen))
            p.acts { button.btn.main type="submit" { "Save" } a.btn.plain href=(cx.to("people")) { "Leave it" } }
        }
    };
    page(cx, "Change a role", true, &body)
}

/// A question that is a page of its own: what will be, a button that does it, a way back.
fn ask(cx: &ChartCx, title: &str, action: &str, act: &str, body: &Markup) -> Markup {
    let body = html! {
        header.head { h1 { (title) } }
        (body)
        form #ask method="post" action=(cx.to(action)) {
            input type="hidden" name="sure" value="yes";
            p.acts { button.btn.harm type="submit" { (act) } a.btn href=(cx.to("people")) { "Leave it" } }
        }
    };
    page(cx, title, true, &body)
}

/// `links`: those that they made and that are open.
pub(crate) fn ask_take(cx: &ChartCx, who: &Access, links: &[Share]) -> Markup {
    let own = who.member.id == cx.member.id;
    let title = if own { "Take yourself off this chart?".to_owned() } else { format!("Take {} off this chart?", who.member.name) };
    let body = html! {
        p { @if own { "You" } @else { (who.member.name) } " can no longer open " (words::possessive(&cx.person.name)) " chart, from the next click on." }
        p { "The chart gets new keys, and every file in it is encrypted anew. What was read, printed or saved before stays with whoever has it." }
        @if links.is_empty() {
            p { "Links and cards that others gave out are not changed by this." }
        } @else {
            p { b { "Links that " @if own { "you" } @else { (who.member.name) } " made" } " stay open unless you stop them:" }
            ul { @for link in links { li { (if link.label.is_empty() { &link.to } else { &link.label }) ", made on " (words::day(link.created)) } } }
            p { label.tick { input form="ask" type="checkbox" name="links" value="stop" checked; span { "Stop them too" } } }
        }
    };
    ask(cx, &title, &format!("people/{}/remove", who.member.id), "Take off", &body)
}

pub(crate) fn ask_withdraw(cx: &ChartCx, invite: &InviteInfo) -> Markup {
    let body = html! { p { "The link for " (invite.label) " opens nothing any more. You can make a new one." } };
    ask(cx, "Withdraw this invite?", &format!("invites/{}/withdraw", invite.id), "Withdraw it", &body)
}

/// What goes when a person is removed.
#[derive(Debug)]
pub(crate) struct Goes {
    pub(crate) records: u64,
    pub(crate) files: u64,
    /// Others who may open the chart.
    pub(crate) others: Vec<String>,
}

pub(crate) fn ask_remove(cx: &ChartCx, goes: &Goes) -> Markup {
    let body = html! {
        (note("harm", &html! {
            p { b { "This cannot be undone." } }
            p { "These are deleted from this server for good:" }
            ul {
                li { (words::count(goes.records, "record", "records")) " of " (cx.person.name) ", born " (words::birth(&cx.person)) }
                li { (words::count(goes.files, "file", "files")) " as they were brought in" }
                li { "The log of who looked, and everything given out" }
            }
            @if !goes.others.is_empty() { p { (goes.others.join(", ")) " can no longer see them either." } }
        }))
        p { "Copies that were saved, and backups, are not touched. " a href=(cx.to("export")) { "Save a copy first" } "." }
    };
    ask(cx, &format!("Remove {} and the chart?", cx.person.name), "person/remove", "Remove all of it", &body)
}

/// Name, birth date, sex, colour.
pub(crate) fn edit(cx: &ChartCx, to: &PersonInfo, wrong: Option<&str>) -> Markup {
    let body = html! {
        header.head { h1 { "Whose chart" } p { "What stands here now is kept in the chart, with the day of the change." } }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        form.form action=(cx.to("person")) method="post" {
            (person_fields(&to.name, &to.birth_date, &to.sex))
            fieldset {
                legend { "Colour" }
                p.hint { "It marks every page and print of this chart." }
                div.ticks {
                    @for colour in COLOURS {
                        label.tick {
                            input type="radio" name="colour" value=(colour) checked[colour == to.colour];
                            span class=(format!("disc who-{colour}")) aria-hidden="true" { (words::initials(&to.name)) }
                            span { (capital(colour)) }
                        }
                    }
                }
            }
            p.acts { button.btn.main type="submit" { "Save" } a.btn.plain href=(cx.to("people")) { "Leave it" } }
        }
    };
    page(cx, "Whose chart", true, &body)
}

/// The fields of a person.
pub(crate) fn person_fields(name: &str, birth_date: &str, sex: &str) -> Markup {
    html! {
        div.field {
            label for="person" { "Full name" }
            p.hint #person-hint { "As the doctor’s office writes it. Files about somebody else are then refused." }
            input #person name="person" required maxlength="100" autocomplete="off" value=(name) aria-describedby="person-hint";
        }
        div.field {
            label for="birth_date" { "Birth date" }
            input.short #birth_date name="birth_date" type="date" required min="1880-01-01" max=(crate::record::today()) value=(birth_date);
        }
        div.field {
            label for="sex" { "Sex" }
            select.short #sex name="sex" { @for (value, name) in SEXES { option value=(value) selected[value == sex] { (name) } } }
        }
    }
}
