//! About this person: what every source says of them, side by side where they differ.

use super::rows;
use super::ui::{Desk, head, nothing};
use crate::Result;
use crate::chart::person;
use crate::record::Class;
use crate::vault::Query;
use crate::web::app::ChartCx;
use crate::web::layout::{Page, chart_page, pill, section};
use maud::{Markup, html};

/// So many identities of one person are compared.
const MOST: usize = 40;

/// The page.
pub(crate) fn page(cx: &ChartCx) -> Result<Markup> {
    let desk = Desk::of(cx)?;
    let rows = cx.chart.list(&Query { classes: vec![Class::Demographics], limit: MOST, ..Query::default() })?.rows;
    let lines = person::lines(&rows);
    let sources: std::collections::BTreeSet<&str> = rows.iter().map(|r| r.source.as_str()).collect();
    let body = html! {
        (head("About this person", "Name, birth date, address and the like, as each source wrote them down.", &html! {}))
        @if rows.is_empty() { (nothing(cx, false, "Nothing here yet.", "It appears here when you add records.")) }
        @else {
            dl.facts { @for line in &lines { div {
                dt { (line.label) @if line.differs() { br; (pill("heed", "s-differ", "Sources differ")) } }
                dd { @for (n, (said, from)) in line.said.iter().enumerate() {
                    @if n > 0 { br; }
                    (said)
                    @if sources.len() > 1 && line.said.len() > 1 { br; small.soft { (from.iter().map(|s| desk.sources.name(s)).collect::<Vec<_>>().join(", ")) } }
                } }
            } } }
            (section("records", "The records behind this page", None, &html! { ul.rows { @for row in &rows { (rows::single(&desk, row).draw()) } } }))
        }
    };
    Ok(chart_page(cx, &Page { title: "About this person", nav: "kinds", crumbs: &[("All kinds", "kinds")] }, &body))
}
