//! The charts of a member, and the print sheet of each.

use crate::Result;
use crate::web::app::{App, ChartCx, MemberCx, blocking};
use crate::web::layout::plain_page;
use crate::web::pages::notices::{Here, notices};
use crate::web::pages::words;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use maud::{Markup, html};
use std::sync::Arc;

/// The charts that this member may open.
pub(crate) async fn list(State(app): State<Arc<App>>, who: MemberCx) -> Result<Markup> {
    let (session, server) = (who.session, Arc::clone(&app));
    let (people, told) = blocking(move || Ok((server.household.charts(&session.who)?, server.household.notices(&session.who)?))).await?;
    let body = html! {
        (notices(Here { prefix: &app.prefix, page: "/charts", people: &people }, &told))
        h1 { "Whose chart?" }
        @if people.is_empty() {
            p { "You may not open any chart yet. Ask the member who keeps it to give you a role on it." }
        }
        ul.rows {
            @for (person, role) in &people {
                li {
                    div {
                        span.name { a href=(format!("{}/charts/{}", app.prefix, person.id)) { (person.name) } }
                        span.sub { "born " (words::birth(person)) " · " (words::role(*role)) }
                    }
                    div.end { span class=(format!("disc who-{}", person.colour)) aria-hidden="true" { (words::initials(&person.name)) } }
                }
            }
        }
    };
    Ok(plain_page(&app.prefix, who.visitor.theme, "Charts", &body))
}

/// Name and birth date for the foot of every printed sheet: browsers cannot carry text from the page into its margin.
pub(crate) async fn print_sheet(cx: ChartCx) -> impl IntoResponse {
    let line = format!("{}, born {}. Printed from Keepwell on {}.", cx.person.name, words::birth(&cx.person), words::today());
    let css = format!("@page {{ @bottom-left {{ content: \"{}\"; font: 9pt system-ui, sans-serif; color: #222; }} }}\n", css_text(&line));
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css)
}

/// Text inside a CSS string: everything but letters, digits and spaces is escaped by its number (CSS Syntax 3, 4.3.7).
fn css_text(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || c == ' ' { c.to_string() } else { format!("\\{:x} ", u32::from(c)) }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_cannot_leave_its_string() {
        assert_eq!(super::css_text("O\"Neil\\ }\n<"), "O\\22 Neil\\5c  \\7d \\a \\3c ");
        assert_eq!(super::css_text("Zoë Müller"), "Zoë Müller");
    }
}
