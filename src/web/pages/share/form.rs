//! The form: for whom, what, until when, how; and beside it what goes out.

use super::single::{goes_out, single, stays_here};
use super::{Chosen, Form, Preview, Shown, Until, given};
use crate::export::{Format, Profile};
use crate::share::{PASSCODE, Reach, TRIES};
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, icon, note, pill};
use crate::web::pages::words;
use maud::{Markup, html};

/// The page.
pub(crate) fn page(cx: &ChartCx, shown: &Shown) -> Markup {
    let first = words::possessive(words::first_name(&cx.person.name));
    let body = html! {
        header.head {
            h1 { "Share " @if cx.own() { "your" } @else { (first) } " records" }
            p { "You choose what goes out. You see it before it goes. You can stop a link at any time." }
        }
        @if let Some(wrong) = &shown.wrong { (note("harm", &html! { p { (wrong) } })) }
        @if shown.preview.counts.values().all(|n| *n == 0) {
            div.empty {
                p { b { "Nothing to share yet" } }
                p.soft { "Records can be shared as soon as the chart holds some." }
                p.acts { a.btn.main href=(cx.to("add")) { (icon("add")) "Add records" } }
            }
        } @else {
            (profiles(cx, shown))
            form.form.share-split action=(cx.to("share")) method="post" {
                input type="hidden" name="profile" value=(shown.chosen.profile.name());
                div.flow {
                    (whom(shown))
                    (what(cx, shown))
                    (until(&shown.chosen))
                    (how(shown))
                }
                (preview(cx, shown))
            }
        }
        (given::list(cx, &shown.shares))
    };
    chart_page(cx, &Page { title: "Share", nav: "share", crumbs: &[] }, &body)
}

fn profiles(cx: &ChartCx, shown: &Shown) -> Markup {
    html! {
        nav aria-label="Start from" {
            p.soft { "Start from:" }
            ul.cards.list {
                @for profile in Profile::ALL {
                    li {
                        a.pick href=(cx.to(&format!("share?profile={}", profile.name()))) aria-current=[(profile == shown.chosen.profile).then_some("true")] {
                            span { b { (profile.words()) } small { (hint(profile)) } }
                        }
                    }
                }
            }
            @if !shown.earlier.is_empty() {
                details {
                    summary { "Or as before, for somebody who had something already" }
                    ul.rows { @for (id, name) in &shown.earlier { li { div { a href=(cx.to(&format!("share?as={id}"))) { (name) } } } } }
                }
            }
        }
    }
}

fn hint(profile: Profile) -> &'static str {
    match profile {
        Profile::NewClinic => "Everything clinical, ten earlier values of each test",
        Profile::Emergency => "Allergies, medicines, conditions, newest results",
        Profile::Family => "All but bills and messages, kept up to date",
        Profile::Everything => "The whole chart",
    }
}

fn whom(shown: &Shown) -> Markup {
    html! {
        fieldset {
            legend { "1. For whom?" }
            div.field {
                label for="to" { "Name of the clinic or person" }
                p.hint #to-hint { "One link for each. It is noted, so you know later who had it." }
                input #to name="to" aria-describedby="to-hint" maxlength="100" required value=(shown.chosen.choice.addressee.as_deref().unwrap_or(""));
            }
            div.field.spaced {
                label for="note" { "A note to the reader, if you like" }
                textarea #note name="note" maxlength="2000" { (shown.chosen.choice.note.as_deref().unwrap_or("")) }
            }
        }
    }
}

fn what(cx: &ChartCx, shown: &Shown) -> Markup {
    let (chosen, preview) = (&shown.chosen, &shown.preview);
    html! {
        fieldset.sec {
            legend { "2. What?" }
            div.ticks {
                @for (class, count) in preview.counts.iter().filter(|(_, n)| **n > 0) {
                    label.tick {
                        input type="checkbox" name="kind" value=(class.slug()) checked[chosen.takes(*class)];
                        span { (class.words()) small { (words::count(*count, "record", "records")) } }
                    }
                }
            }
            label.tick {
                input type="checkbox" name="documents" value="yes" checked[chosen.choice.documents];
                span { "The documents themselves" small { "PDFs and pictures go along, not only their names" } }
            }
            @if !preview.sensitive.is_empty() {
                p { b { "Sensitive kinds" } }
                div.ticks {
                    @for (kind, count) in &preview.sensitive {
                        label.tick {
                            input type="checkbox" name="sensitive" value=(kind.slug()) checked[chosen.choice.sensitive.contains(*kind)];
                            span { (kind.words()) small { (words::count(*count, "record", "records")) } }
                        }
                    }
                }
            }
            p.soft { "Sensitive kinds stay out unless you tick them. Keepwell finds them by codes and words, and may miss some: look at the list. A scan that it cannot read counts as all of them: put it in by itself. The reader is told that not everything is here, never what was left out." }
            details open[chosen.choice.selection.from.is_some() || chosen.choice.selection.to.is_some()] {
                summary { b { "Only a stretch of time" } }
                p.hint #when { "A year (2024), a month (2024-05) or a day (2024-05-17). With a date, records without one stay out." }
                (date("from", "From", chosen.choice.selection.from.as_deref()))
                (date("until-date", "Up to and with", chosen.choice.selection.to.as_deref()))
            }
            (single(cx, chosen, preview))
        }
    }
}

fn date(name: &str, label: &str, value: Option<&str>) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input.short id=(name) name=(name) value=(value.unwrap_or("")) inputmode="numeric" autocomplete="off" aria-describedby="when";
        }
    }
}

fn until(chosen: &Chosen) -> Markup {
    html! {
        fieldset.sec {
            legend { "3. Until when?" }
            div.ticks {
                @for (until, name, label, _) in Until::ALL {
                    label.tick {
                        input type="radio" name="until" value=(name) checked[until == chosen.until];
                        span { (label) @if let Some(at) = until.moment(words::now()) { small { "until " (words::moment(at)) } } }
                    }
                }
            }
            label.tick {
                input type="checkbox" name="ask" value="yes" checked[chosen.ask];
                span { "Ask for a passcode" small { "Tell it by phone or in person. " (TRIES) " wrong tries close the link for good." } }
            }
            div.field {
                label for="passcode" { "Your own passcode, if you like" }
                p.hint #passcode-hint { "At least " (PASSCODE) " letters or digits. Left empty, Keepwell makes one of six digits." }
                input.short #passcode name="passcode" autocomplete="off" aria-describedby="passcode-hint" value=(chosen.passcode);
            }
            label.tick {
                input type="checkbox" name="reply" value="yes" checked[chosen.reply];
                span { "They may answer" small { "They can leave a note and files. You decide what enters the chart." } }
            }
            label.tick {
                input type="checkbox" name="long" value="yes" checked[chosen.long_term];
                span { "Keep it up to date" small { "When the chart changes, the link gives the new records." } }
            }
            p.soft { "An encrypted page or a file cannot be called back: these four are for links." }
        }
    }
}

fn how(shown: &Shown) -> Markup {
    let form = shown.chosen.form;
    html! {
        fieldset.sec {
            legend { "4. How?" }
            (reach(shown))
            div.cards {
                @for one in Form::all() {
                    @let (name, hint) = one.words();
                    label.pick {
                        input type="radio" name="form" value=(one.name()) checked[one == form];
                        span { b { (name) } small { (hint) } }
                    }
                }
            }
            details open[form == Form::Hosted] {
                summary { "The folder of your own web space" }
                div.field {
                    label for="host" { "Its address" }
                    p.hint #host-hint { "Only for “File for your own web space”: you put the file there. It begins with https://." }
                    input #host name="host" aria-describedby="host-hint" value=(shown.chosen.host) placeholder="https://";
                }
            }
        }
    }
}

fn reach(shown: &Shown) -> Markup {
    let who = match shown.reach {
        Reach::Anyone => return html! {},
        Reach::Home => "in your home network",
        Reach::Machine => "on this very machine",
    };
    note(
        "heed",
        &html! {
            p { b { "A link would open only " (who) "." } }
            p { "The address of this server is " (shown.base) ", and nobody outside can reach it. Choose an encrypted page or a file instead, or give the server an address of its own (--base-url)." }
        },
    )
}

fn preview(cx: &ChartCx, shown: &Shown) -> Markup {
    let (chosen, preview) = (&shown.chosen, &shown.preview);
    let to = chosen.choice.addressee.as_deref().unwrap_or_default();
    html! {
        aside.preview aria-labelledby="preview" {
            div.card {
                h2 #preview { "What goes out" }
                p {
                    b { (cx.person.name) ", born " (words::birth(&cx.person)) } br;
                    span.soft {
                        @if !to.is_empty() { "to " (to) }
                        @if let Some(at) = chosen.until.moment(words::now()) { @if !to.is_empty() { ", " } "until " (words::day(at)) }
                    }
                }
                ul.rows.tight {
                    @for (class, group) in &preview.kinds {
                        li {
                            div { (class.words()) @if group.sensitive > 0 { " " (pill("heed", "mask", &format!("{} sensitive", words::number(group.sensitive)))) } }
                            div.end { (words::number(group.count)) }
                        }
                    }
                }
                @if preview.total == 0 { p { b { "Nothing." } " Tick a kind of record." } }
                @if let Some(earlier) = chosen.choice.earlier.filter(|_| chosen.form != Form::File(Format::Fhir)) { p.soft { (of_each_test(earlier)) } }
                @if is_partial(preview) { p.soft { "The reader is told that not everything is here." } }
                (goes_out(cx, preview))
                (stays_here(cx, preview))
                p.acts {
                    button.btn type="submit" name="act" value="look" formnovalidate { (icon("eye")) "Look again" }
                    button.btn.main type="submit" name="act" value="make" { "Give it" }
                }
            }
        }
    }
}

fn is_partial(preview: &Preview) -> bool {
    preview.counts.values().sum::<u64>() > preview.total
}

fn of_each_test(earlier: usize) -> String {
    match earlier {
        0 => "Of each test only the newest value goes out.".to_owned(),
        n => format!("Of each test the newest value goes out, and up to {n} earlier ones."),
    }
}
