//! What unlock at boot means, and whether it is on.

use crate::web::app::{App, MemberCx};
use crate::web::pages::unlock as page;
use axum::extract::State;
use maud::Markup;
use std::sync::Arc;

/// The page.
pub(crate) async fn show(State(app): State<Arc<App>>, who: MemberCx) -> Markup {
    let open_for = app.standing.who().map(|standing| standing.member.name.clone());
    page::page(&app.prefix, who.visitor.theme, open_for.as_deref())
}
