//! Help pages: for anyone, also before signing in.

use crate::web::app::App;
use crate::web::pages::help as page;
use crate::web::security::visitor;
use crate::{Error, Result};
use axum::extract::{Path, Request, State};
use maud::Markup;
use std::sync::Arc;

/// All topics.
pub(crate) async fn index(State(app): State<Arc<App>>, request: Request) -> Markup {
    page::index(&app.prefix, visitor(request.extensions()).theme)
}

/// One topic.
pub(crate) async fn topic(State(app): State<Arc<App>>, Path(slug): Path<String>, request: Request) -> Result<Markup> {
    page::topic(&app.prefix, visitor(request.extensions()).theme, &slug).ok_or_else(Error::not_found)
}
