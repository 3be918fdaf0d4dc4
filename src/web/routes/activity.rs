//! Who looked at a chart, what left it, what changed.

use crate::Result;
use crate::record::PartialDate;
use crate::vault::{ActGroup, Choice, Counted, Entry, Role};
use crate::web::app::{ChartCx, blocking};
use crate::web::download::made;
use crate::web::pages::activity::{self as page, line};
use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::Markup;
use serde::Deserialize;

/// So many entries stand on one page; looks in a row share a line.
const MANY: usize = 500;

/// What the list is narrowed to, as the address carries it: no words and no names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// A short hash of the actor.
    pub(crate) who: String,
    /// A sort of acts.
    pub(crate) what: String,
    /// `YYYY-MM-DD`.
    pub(crate) from: String,
    /// `YYYY-MM-DD`, this day included.
    pub(crate) to: String,
    /// Entries before this one.
    pub(crate) before: Option<i64>,
    /// The chain is to be walked.
    pub(crate) check: Option<String>,
}

/// A name for an actor that may stand in an address.
pub(crate) fn key(kind: &str, name: &str) -> String {
    blake3::hash(format!("{kind}\n{name}").as_bytes()).to_hex()[..12].to_owned()
}

fn choice(cx: &ChartCx, asked: &Asked, counted: &Counted) -> Choice {
    let moment = |text: &str, days: i64| {
        let day: jiff::civil::Date = PartialDate::parse(text.trim()).filter(|d| d.text.len() == 10)?.text.parse().ok()?;
        let day = day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        day.to_zoned(jiff::tz::TimeZone::system()).ok().map(|at| at.timestamp().as_millisecond())
    };
    Choice {
        who: counted.actors.keys().find(|(kind, name)| key(kind.slug(), name) == asked.who).cloned(),
        // Whoever keeps the chart sees all; a viewer what they did themselves.
        member: (cx.role < Role::Carer).then(|| cx.member.id.clone()),
        acts: ActGroup::from_slug(&asked.what).map(ActGroup::acts).unwrap_or_default(),
        from: moment(&asked.from, 0),
        until: moment(&asked.to, 1),
        before: asked.before,
        limit: MANY,
    }
}

/// The page.
pub(crate) async fn show(cx: ChartCx, Query(asked): Query<Asked>) -> Result<Markup> {
    blocking(move || {
        let counted = cx.chart.count_activity()?;
        if asked.check.is_some() {
            cx.chart.verify_activity()?;
        }
        let entries = cx.chart.activity(&choice(&cx, &asked, &counted))?;
        let next = entries.last().map(|e| e.seq).filter(|seq| entries.len() == MANY && *seq > 1);
        let verdict = cx.chart.verified_activity();
        Ok(page::page(&cx, &page::Shown { entries, next, counted, verdict, asked }))
    })
    .await
}

/// The whole choice as a table, made while it is sent.
pub(crate) async fn table(cx: ChartCx, Query(asked): Query<Asked>) -> Result<Response> {
    let chosen = blocking({
        let (cx, asked) = (cx.clone(), asked);
        move || Ok(Choice { limit: 0, before: None, ..choice(&cx, &asked, &cx.chart.count_activity()?) })
    })
    .await?;
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"activity.csv\"")];
    let body = made(move |out| {
        out.write_all(b"\xef\xbb\xbfentry,moment,who,what,records,address,with,words\r\n")?;
        cx.chart.each_activity(&chosen, &mut |entry| Ok(out.write_all(row(&entry).as_bytes())?))
    });
    Ok((headers, body).into_response())
}

fn row(entry: &Entry) -> String {
    let event = &entry.event;
    let moment = jiff::Timestamp::from_millisecond(entry.at).map_or_else(|_| String::new(), |t| t.to_string());
    let records: Vec<String> = event.records.iter().map(i64::to_string).collect();
    let words = line(event);
    let cells = [
        &entry.seq.to_string(),
        &moment,
        &event.who.name,
        event.act.slug(),
        &records.join(" "),
        &event.from.address,
        &event.from.device,
        &words,
    ];
    let mut out = cells.map(cell).join(",");
    out.push_str("\r\n");
    out
}

/// RFC 4180; a cell that a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_text_and_no_formulas() {
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
    }
}
