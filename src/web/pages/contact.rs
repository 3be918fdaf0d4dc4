//! Trusted contacts, for the owner of a chart and for the contact.

use crate::vault::{ContactInfo, MemberInfo};
use crate::web::app::{ChartCx, Theme};
use crate::web::layout::{Page, chart_page, empty, note, pill, plain_page, section};
use crate::web::pages::words;
use maud::{Markup, html};

const WAITS: [u32; 7] = [1, 2, 3, 5, 7, 14, 30];

fn days(n: u32) -> String {
    words::count(u64::from(n), "day", "days")
}

/// "2 days and 3 hours", rounded up to the hour.
fn left(seconds: i64) -> String {
    let hours = seconds.max(0).unsigned_abs().div_ceil(3600);
    let (days, hours) = (hours / 24, hours % 24);
    let (d, h) = (words::count(days, "day", "days"), words::count(hours, "hour", "hours"));
    match (days, hours) {
        (0, _) => h,
        (_, 0) => d,
        _ => format!("{d} and {h}"),
    }
}

pub(crate) fn owner(cx: &ChartCx, contacts: &[ContactInfo], free: &[MemberInfo], wrong: Option<&str>) -> Markup {
    let body = html! {
        header.head {
            h1 { "Trusted contact" }
            p { "Somebody who may ask to read this chart in an emergency, also when you can no longer sign in. You are told at once, and can refuse. Only if nobody refuses within the wait do they get to read it. They can change nothing." }
        }
        @if let Some(wrong) = wrong { (note("harm", &html! { p { b { (wrong) } } })) }
        @if contacts.is_empty() { (empty("Nobody is named", "Choose somebody whom you would give the keys of your house.", &html! {})) }
        @for contact in contacts { (one(cx, contact)) }
        @if !free.is_empty() {
            (section("name", "Name somebody", None, &html! {
                form.form action=(cx.to("contact")) method="post" {
                    input type="hidden" name="act" value="name";
                    div.field { label for="member" { "Who" } select #member name="member" { @for m in free { option value=(m.id) { (m.name) } } } }
                    div.field { label for="days" { "How long they have to wait" } (waits("days", 7)) }
                    p.acts { button.btn.main type="submit" { "Name as trusted contact" } }
                }
            }))
        } @else {
            p.soft { "To name somebody else, they must be a member of this household first. Members who may open the chart already need no naming." }
        }
        (note("", &html! {
            p { "The wait is kept by this server. Somebody who steals its disk and also knows the contact’s passphrase would not have to wait. " a href=(format!("{}/help/security", cx.app.prefix)) { "More about security" } "." }
        }))
    };
    chart_page(cx, &Page { title: "Trusted contact", nav: "people", crumbs: &[("Who may see it", "people")] }, &body)
}

fn waits(id: &str, chosen: u32) -> Markup {
    html! { select id=(id) name="days" { @for n in WAITS { option value=(n) selected[n == chosen] { (days(n)) } } @if !WAITS.contains(&chosen) { option value=(chosen) selected { (days(chosen)) } } } }
}

fn one(cx: &ChartCx, contact: &ContactInfo) -> Markup {
    let name = &contact.member.name;
    let (field, stop) = (format!("days-{}", contact.member.id), cx.to("contact/stop"));
    section(
        &format!("c-{}", contact.member.id),
        name,
        None,
        &html! {
            @if let Some(asked) = contact.asked {
                (note("heed", &html! {
                    p { b { (name) " asks to read this chart." } }
                    p { "Since " (words::moment(asked)) ". " @if contact.is_due() { "The wait is over: they can open it at their next visit." } @else { "They get access in about " (left(contact.left())) ", unless you refuse." } }
                    form action=(stop) method="post" {
                        input type="hidden" name="member" value=(contact.member.id); input type="hidden" name="act" value="refuse";
                        p.acts { button.btn.main type="submit" { "Refuse" } }
                    }
                }))
            } @else if let Some(given) = contact.given {
                p { (pill("well", "dot", "May read")) " Since " (words::moment(given)) ", after the wait. " a href=(cx.to("people")) { "Take it back under Who may see it" } "." }
            } @else { p { "Named on " (words::day(contact.named)) ". Waits " (days(contact.days)) " after asking." } }
            @if contact.given.is_none() {
                form.form action=(cx.to("contact")) method="post" {
                    input type="hidden" name="act" value="wait"; input type="hidden" name="member" value=(contact.member.id);
                    div.field { label for=(field) { "Wait" } (waits(&field, contact.days)) }
                    p.acts { button.btn type="submit" { "Change the wait" } }
                }
            }
            form action=(stop) method="post" {
                input type="hidden" name="member" value=(contact.member.id); input type="hidden" name="act" value="withdraw";
                p.acts { button.btn.plain type="submit" { "No longer trust " (name) } }
            }
        },
    )
}

pub(crate) fn contact(prefix: &str, theme: Theme, all: &[(ContactInfo, String)]) -> Markup {
    let button = |chart: &str, act: &str, class: &str, text: &str| {
        html! {
            form action=(format!("{prefix}/contact")) method="post" {
                input type="hidden" name="chart" value=(chart); input type="hidden" name="act" value=(act);
                p.acts { button class=(class) type="submit" { (text) } }
            }
        }
    };
    let body = html! {
        h1 { "Emergency access" }
        @if all.is_empty() { (empty("Nobody has named you", "If somebody names you their trusted contact, it stands here.", &html! {})) }
        @for (contact, person) in all {
            (section(&format!("p-{}", contact.person), person, None, &html! {
                @if contact.given.is_some() {
                    p { "You were given access. " a href=(format!("{prefix}/charts/{}", contact.person)) { "Open the chart" } "." }
                } @else if contact.is_due() {
                    p { "The wait is over and nobody refused. You may read this chart now." }
                    (button(&contact.person, "open", "btn main", "Open the chart"))
                } @else if contact.asked.is_some() {
                    p { "You asked. The owner was told. You get access in about " (left(contact.left())) ", unless it is refused." }
                    (button(&contact.person, "back", "btn", "Take it back"))
                } @else {
                    p { "You may ask to read this chart in an emergency. The owner is told at once and can refuse. If nobody refuses, you may read it after " (days(contact.days)) ". You cannot change anything in it." }
                    (button(&contact.person, "ask", "btn main", "Ask for access"))
                }
            }))
        }
        p.acts { a.btn.plain href=(format!("{prefix}/")) { "Go to the start" } }
    };
    plain_page(prefix, theme, "Emergency access", &body)
}
