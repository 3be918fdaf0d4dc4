//! What every route has in hand: the household, the sessions, and the chart in the address.

use crate::household::Household;
use crate::vault::{Chart, MemberInfo, PersonInfo, Role};
use std::sync::Arc;

/// The server's state.
#[derive(Debug)]
pub struct App {
    /// Everyone here.
    pub household: Household,
    /// The path prefix of every address, "" or "/health".
    pub prefix: String,
}

/// A request for a page of one chart by a member who may see it. An extractor: `{chart}` in the path, the session cookie.
/// Anyone else gets the sign-in page (nobody signed in) or 404 (not their chart).
#[derive(Clone, Debug)]
pub struct ChartCx {
    /// The server.
    pub app: Arc<App>,
    /// The open chart.
    pub chart: Arc<Chart>,
    /// Whose chart.
    pub person: PersonInfo,
    /// Who is signed in.
    pub member: MemberInfo,
    /// As what.
    pub role: Role,
    /// All charts of this member, for the switcher.
    pub people: Vec<(PersonInfo, Role)>,
    /// When this member was last here before this session, seconds since 1970.
    pub last_visit: Option<i64>,
    /// The query string of the request, without "?".
    pub query: String,
}

impl ChartCx {
    /// The address of a page of this chart: `to("results")` is `/health/charts/<id>/results`; `to("")` is its home.
    pub fn to(&self, path: &str) -> String {
        format!("{}/charts/{}{}{path}", self.app.prefix, self.person.id, if path.is_empty() { "" } else { "/" })
    }

    /// Whether the chart is the member's own, so that the page says "you".
    pub fn own(&self) -> bool {
        self.member.name.split_whitespace().next() == self.person.name.split_whitespace().next()
    }
}
