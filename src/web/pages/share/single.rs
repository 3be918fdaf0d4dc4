//! Single records in or out: found by name, or ticked in the lists of what goes out and what stays here.

use super::{Chosen, Group, Line, Preview};
use crate::record::{Sensitive, SensitiveSet};
use crate::web::app::ChartCx;
use crate::web::layout::{icon, pill};
use crate::web::pages::words;
use maud::{Markup, html};

/// What was put in and left out, and the search for more. A chart may hold ten thousand records: no list shows them all.
pub(super) fn single(cx: &ChartCx, chosen: &Chosen, preview: &Preview) -> Markup {
    let listed = |line: &&Line| !chosen.choice.with.contains(&line.key) && !chosen.choice.without.contains(&line.key);
    html! {
        @if !preview.with.is_empty() {
            p { b { "Put in, whatever else you choose" } }
            @for line in &preview.with { (put_in(cx, line, true)) }
        }
        @if !preview.without.is_empty() {
            p { b { "Left out, whatever else you choose" } }
            @for line in &preview.without { (leave_out(cx, line, true)) }
        }
        details open[preview.found.is_some()] {
            summary { b { "Put single records in, or leave them out" } }
            div.field.spaced {
                label for="find" { "Find a record by its words" }
                input #find name="find" type="search" value=(chosen.find) autocomplete="off" spellcheck="false" maxlength="200" autofocus[preview.found.is_some()];
            }
            p.acts { button.btn type="submit" name="act" value="look" formnovalidate { (icon("search")) "Find" } }
            @if let Some(found) = &preview.found {
                @if found.is_empty() { p { "Nothing found. Try fewer words, or the start of one." } }
                @else {
                    p.hint { "Tick, then look again." }
                    @for line in found.iter().filter(listed) { @if line.goes { (leave_out(cx, line, false)) } @else { (put_in(cx, line, false)) } }
                }
            }
        }
    }
}

/// The list of what goes out, to leave some of it out.
pub(super) fn goes_out(cx: &ChartCx, preview: &Preview) -> Markup {
    html! {
        details {
            summary { b { "See every record" } }
            p.hint { "Tick what is to stay here, then look again." }
            @for (class, group) in &preview.kinds {
                h3 { (class.words()) }
                @for line in &group.lines { (leave_out(cx, line, false)) }
                (more(group))
            }
        }
    }
}

/// The list of what stays here, to put some of it in.
pub(super) fn stays_here(cx: &ChartCx, preview: &Preview) -> Markup {
    let listed = preview.stays.values().any(|group| group.count > 0);
    html! {
        @if listed {
            details {
                summary { b { "See what stays here" } }
                p.hint { "Tick what is to go out all the same, then look again." }
                @for (class, group) in &preview.stays {
                    h3 { (class.words()) " " span.soft { (words::number(group.count)) } }
                    @for line in &group.lines { (put_in(cx, line, false)) }
                    (more(group))
                }
            }
        }
    }
}

fn more(group: &Group) -> Markup {
    let more = group.count.saturating_sub(group.lines.len() as u64);
    html! { @if more > 0 { p.soft { "and " (words::number(more)) " more: find them by their words, under 2" } } }
}

fn put_in(cx: &ChartCx, line: &Line, done: bool) -> Markup {
    tick(cx, line, "with", "Put in: ", done, " (goes out)")
}

fn leave_out(cx: &ChartCx, line: &Line, done: bool) -> Markup {
    tick(cx, line, "without", "Leave out: ", done, " (stays here)")
}

fn tick(cx: &ChartCx, line: &Line, name: &str, verb: &str, done: bool, state: &str) -> Markup {
    let kinds: Vec<&str> = line.sensitive.iter().map(Sensitive::words).collect();
    // A scan counts as every kind: six names would say what nobody knows.
    let kinds = if line.sensitive == SensitiveSet::ALL { "May tell of any sensitive kind".to_owned() } else { kinds.join(", ") };
    html! {
        label.tick {
            input type="checkbox" name=(name) value=(line.key) checked[done];
            span {
                span.unseen { (verb) }
                (line.title)
                @if done { (state) }
                @if !kinds.is_empty() { " " (pill("heed", "mask", &kinds)) }
                small { @if !line.date.is_empty() { (line.date) ". " } a href=(cx.to(&format!("records/{}", line.rid))) { "Read it" } }
            }
        }
    }
}
