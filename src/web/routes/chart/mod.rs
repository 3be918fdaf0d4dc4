//! The pages of records.

use crate::web::App;
use crate::web::router::Who;
use axum::Router;
use std::sync::Arc;

/// Every address of this room.
pub const ROUTES: &[(&str, &str, Who)] = &[];

/// Its routes.
pub fn router() -> Router<Arc<App>> {
    Router::new()
}
