//! Making, listing, renewing and stopping links: all of it while the chart is open. What is secret of a share (its key, the
//! words on it, what was chosen) is kept inside the chart's encrypted database.

use super::content::{Content, Told, content};
use super::jwe::{LinkKey, encrypt};
use super::passcode;
use super::payload::{Flags, LABEL, Payload};
use crate::export::Choice;
use crate::household::Household;
use crate::vault::{Act, Actor, Chart, Event, Place, ShareRow, new_share_id, now};
use crate::{Error, Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Under names that begin so the chart keeps its shares.
const NOTE: &str = "share/";
/// One renewal at a time.
static RENEWING: Mutex<()> = Mutex::new(());

/// How a link is given.
#[derive(Clone)]
pub struct Terms {
    /// A few words for whoever holds the link; the addressee's name otherwise.
    pub label: String,
    /// Asked for at each opening.
    pub passcode: Option<Zeroizing<String>>,
    /// When it ends by itself, seconds since 1970.
    pub expires: Option<i64>,
    /// Renewed when the chart changes.
    pub long_term: bool,
    /// One file, without a manifest.
    pub direct: bool,
    /// The folder of a web host where the household itself puts the file of a direct link. Not served from here.
    pub host: Option<String>,
    /// Whether whoever holds the link may leave a reply.
    pub reply: bool,
    /// The address of this server, `https://home.example/health`.
    pub base: String,
    /// Who gives it, from where: for the activity log.
    pub event: Event,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            label: String::new(),
            passcode: None,
            expires: None,
            long_term: false,
            direct: false,
            host: None,
            reply: false,
            base: String::new(),
            event: Event::new(Actor::system(), Act::ShareMade).from(Place::server()),
        }
    }
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Terms(…)")
    }
}

/// A new share.
pub struct Made {
    /// As the list has it.
    pub share: Share,
    /// How many records went out.
    pub records: u64,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Made({})", self.share.id)
    }
}

/// How a share stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be opened.
    Open,
    /// Its time is over.
    Expired,
    /// Somebody stopped it.
    Stopped,
    /// Too many wrong passcodes: closed for good.
    Closed,
}

impl State {
    /// The word in lists and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Expired => "ended",
            Self::Stopped => "stopped",
            Self::Closed => "closed",
        }
    }
}

/// A share, as its owner sees it.
#[derive(Clone)]
pub struct Share {
    /// Names it in addresses and commands.
    pub id: String,
    /// Who it is for.
    pub to: String,
    /// The words on it.
    pub label: String,
    /// Who gave it.
    pub by: String,
    /// What was chosen.
    pub choice: Choice,
    /// L, P, U.
    pub flags: Flags,
    /// Whether a reply is welcome.
    pub reply: bool,
    /// Where its file lies, if the household put it on a web host itself.
    pub host: Option<String>,
    /// How it stands.
    pub state: State,
    /// The link and the address that opens it in a browser; only while it is open.
    pub link: Option<Links>,
    /// When it was made, seconds since 1970.
    pub created: i64,
    /// When its files last changed.
    pub changed: i64,
    /// When it ends by itself.
    pub expires: Option<i64>,
    /// When it was stopped.
    pub ended: Option<i64>,
    /// How often it was opened, and when.
    pub openings: u64,
    /// When first.
    pub first: Option<i64>,
    /// When last.
    pub last: Option<i64>,
    /// How many replies came.
    pub replies: u64,
    /// Wrong passcodes that are left.
    pub tries: u32,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share({}, {})", self.id, self.state.word())
    }
}

/// A link in its two forms.
#[derive(Clone)]
pub struct Links {
    /// `shlink:/…`
    pub shlink: Zeroizing<String>,
    /// The same behind the address of our viewer.
    pub viewer: Zeroizing<String>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Links(…)")
    }
}

/// What the chart keeps of a share.
#[derive(Serialize, Deserialize)]
struct Kept {
    url: String,
    /// Gone once the share is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    base: String,
    label: String,
    by: String,
    choice: Choice,
    digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

/// Makes a link for a chart. When this returns, the link can be opened.
///
/// # Errors
/// Usage when the terms contradict each other or break a rule of the standard; Internal when something fails: nothing is
/// given out then.
pub fn create(household: &Household, chart: &Arc<Chart>, choice: &Choice, terms: &Terms) -> Result<Made> {
    let now = now();
    check(terms, now)?;
    let flags = Flags { long_term: terms.long_term, passcode: terms.passcode.is_some(), direct: terms.direct };
    let hashed = terms.passcode.as_ref().map(|p| passcode::hash(p)).transpose()?;
    let (id, key, secret) = (new_share_id()?, LinkKey::generate()?, B64.encode(super::random::<32>()?.as_slice()));
    let elsewhere = B64.encode(super::random::<32>()?.as_slice());
    let base = terms.base.trim_end_matches('/').to_owned();
    let url = match &terms.host {
        Some(folder) => format!("{}/{secret}.jwe", folder.trim_end_matches('/')),
        None => format!("{base}/shl/{secret}"),
    };
    let to = choice.addressee.clone().unwrap_or_default();
    let label = if terms.label.trim().is_empty() { short(&to) } else { terms.label.trim().to_owned() };
    let payload = Payload { url: url.clone(), key: key.clone(), exp: terms.expires, flags, label: label.clone() };
    // Rules first: nothing is written for a link that may not be.
    payload.link()?;
    let told = Told { until: terms.expires, reply: terms.reply, one_file: terms.direct };
    let made = content(chart, choice, told)?;
    let jwes = sealed(&key, &made)?;
    let (vault, person) = (household.vault(), chart.person().id.as_str());
    // What cannot be written down is not given.
    chart.log(&entry(&terms.event, &id, flags, &to, &made, terms.expires))?;
    vault.write_share(person, &id, &jwes)?;
    let kept = Kept {
        url,
        key: Some(key.text().to_string()),
        base,
        label,
        by: terms.event.who.name.clone(),
        choice: choice.clone(),
        digest: made.digest.clone(),
        host: terms.host.clone(),
    };
    keep(chart, &id, &kept)?;
    let row = ShareRow {
        id: id.clone(),
        person: person.to_owned(),
        // What lies on another host is not answered from here.
        address: address(if terms.host.is_some() { &elsewhere } else { &secret }),
        flags: flags.text(),
        reply: terms.reply,
        passcode: hashed,
        tries: passcode::TRIES,
        created: now,
        changed: now,
        expires: terms.expires,
        ended: None,
        openings: 0,
        first: None,
        last: None,
        replies: 0,
    };
    vault.register().add_share(&row)?;
    Ok(Made { share: share(row, kept, now), records: made.records })
}

/// The file of a link that lies on another host, with its name there: for whoever puts it there.
///
/// # Errors
/// NotFound when this chart has no such share, or it is over.
pub fn hosted(household: &Household, chart: &Chart, id: &str) -> Result<(String, Vec<u8>)> {
    let (vault, person) = (household.vault(), chart.person().id.as_str());
    let open = vault.register().shares_of(person)?.into_iter().find(|s| s.id == id).filter(|s| s.is_open(now()));
    let kept = kept(chart, &open.ok_or_else(Error::not_found)?.id)?;
    let name = kept.url.rsplit('/').next().filter(|_| kept.host.is_some()).ok_or_else(Error::not_found)?;
    let bytes = vault.read_share(person, id, 0)?.ok_or_else(Error::not_found)?;
    Ok((name.to_owned(), bytes))
}

fn check(terms: &Terms, now: i64) -> Result<()> {
    let wrong = |words: &'static str| Err(Error::new(Kind::Usage, words));
    if terms.direct && terms.passcode.is_some() {
        return wrong("A link to a single file cannot ask for a passcode: choose one of the two. Nothing was made.");
    }
    if terms.host.is_some() && !terms.direct {
        return wrong("Only a link to a single file can lie on another web host. Nothing was made.");
    }
    if terms.direct && terms.reply {
        return wrong("A link to a single file cannot take replies. Nothing was made.");
    }
    if terms.host.is_some() && terms.long_term {
        return wrong("A file on another web host cannot be renewed from here. Nothing was made.");
    }
    if terms.host.as_ref().is_some_and(|h| !h.starts_with("https://")) {
        return wrong("Write the folder of the web host as an address that begins with https://. Nothing was made.");
    }
    if terms.expires.is_some_and(|at| at <= now) {
        return wrong("The end of this link is already past. Nothing was made.");
    }
    Ok(())
}

/// The entry of the activity log for a new share.
fn entry(event: &Event, id: &str, flags: Flags, to: &str, made: &Content, until: Option<i64>) -> Event {
    let until = until.and_then(|at| jiff::Timestamp::from_second(at).ok()).map(|t| t.to_string()).unwrap_or_default();
    let kind = if flags.direct { "direct link" } else { "link" };
    let event = Event { act: Act::ShareMade, ..event.clone() };
    event.with("kind", kind).with("share", id).with("to", to).with("count", made.records.to_string()).with("until", until)
}

fn short(text: &str) -> String {
    text.chars().take(LABEL).collect()
}

fn sealed(key: &LinkKey, content: &Content) -> Result<Vec<String>> {
    content.files.iter().map(|(kind, plain)| encrypt(key, kind, plain, true)).collect()
}

/// What is kept of the secret part of a link's address.
pub(super) fn address(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

fn keep(chart: &Chart, id: &str, kept: &Kept) -> Result<()> {
    let text = Zeroizing::new(serde_json::to_string(kept).map_err(Error::internal)?);
    chart.set_note(&format!("{NOTE}{id}"), &text)
}

fn kept(chart: &Chart, id: &str) -> Result<Kept> {
    let text = chart.note(&format!("{NOTE}{id}"))?.ok_or_else(Error::not_found)?;
    serde_json::from_str(&text).map_err(Error::internal)
}

/// All shares of a chart, newest first.
///
/// # Errors
/// Internal when the chart or the register cannot be read.
pub fn list(household: &Household, chart: &Chart) -> Result<Vec<Share>> {
    let now = now();
    let rows = household.vault().register().shares_of(&chart.person().id)?;
    let mut notes: std::collections::HashMap<String, Kept> = chart
        .notes(NOTE)?
        .into_iter()
        .filter_map(|(name, text)| Some((name.strip_prefix(NOTE)?.to_owned(), serde_json::from_str(&text).ok()?)))
        .collect();
    Ok(rows.into_iter().filter_map(|row| notes.remove(&row.id).map(|kept| share(row, kept, now))).collect())
}

fn share(row: ShareRow, kept: Kept, now: i64) -> Share {
    let flags = Flags::read(&row.flags);
    let state = match (row.ended, row.is_open(now)) {
        (None, true) => State::Open,
        (Some(_), _) => State::Stopped,
        _ if row.passcode.is_some() && row.tries == 0 => State::Closed,
        _ => State::Expired,
    };
    let key = kept.key.as_deref().and_then(LinkKey::parse).filter(|_| state == State::Open);
    let payload = key.map(|key| Payload { url: kept.url.clone(), key, exp: row.expires, flags, label: kept.label.clone() });
    let link = payload.and_then(|p| p.link().ok()).map(|shlink| {
        let viewer = Zeroizing::new(format!("{}/view#{}", kept.base, shlink.as_str()));
        Links { shlink, viewer }
    });
    Share {
        to: kept.choice.addressee.clone().unwrap_or_default(),
        label: kept.label,
        by: kept.by,
        choice: kept.choice,
        host: kept.host,
        flags,
        state,
        link,
        id: row.id,
        reply: row.reply,
        created: row.created,
        changed: row.changed,
        expires: row.expires,
        ended: row.ended,
        openings: row.openings,
        first: row.first,
        last: row.last,
        replies: row.replies,
        tries: row.tries,
    }
}

/// Stops a share for good: it is not answered any more, its files and its key are gone. `event`: who stops it, from where.
///
/// # Errors
/// NotFound when this chart has no such share; Internal when the disk fails.
pub fn stop(household: &Household, chart: &Chart, id: &str, event: &Event) -> Result<Share> {
    let (vault, person) = (household.vault(), chart.person().id.as_str());
    let known = vault.register().shares_of(person)?.iter().any(|s| s.id == id);
    let mut now_kept = if known { kept(chart, id)? } else { return Err(Error::not_found()) };
    let event = Event { act: Act::ShareRevoked, ..event.clone() };
    chart.log(&event.with("share", id).with("to", now_kept.choice.addressee.clone().unwrap_or_default()))?;
    // First of all nobody opens it any more.
    vault.register().end_share(id, now())?;
    vault.drop_share(person, id)?;
    now_kept.key = None;
    keep(chart, id, &now_kept)?;
    list(household, chart)?.into_iter().find(|s| s.id == id).ok_or_else(Error::not_found)
}

/// Renews the files of every long-term link whose records have changed, and deletes what belongs to links that are over.
/// Gives how many were renewed.
///
/// # Errors
/// Internal when the chart or the disk fails; a link that could not be renewed still gives what it gave.
pub fn renew(household: &Household, chart: &Arc<Chart>) -> Result<u64> {
    let _one = RENEWING.lock().unwrap_or_else(PoisonError::into_inner);
    let (vault, person) = (household.vault(), chart.person().id.as_str());
    vault.sweep_shares(person)?;
    let (now, mut renewed) = (now(), 0);
    let rows = vault.register().shares_of(person)?;
    for row in rows.iter().filter(|r| r.is_open(now) && Flags::read(&r.flags).long_term) {
        let mut kept = kept(chart, &row.id)?;
        let Some(key) = kept.key.as_deref().and_then(LinkKey::parse) else { continue };
        let told = Told { until: row.expires, reply: row.reply, one_file: Flags::read(&row.flags).direct };
        let fresh = content(chart, &kept.choice, told)?;
        if fresh.digest == kept.digest {
            continue;
        }
        vault.write_share(person, &row.id, &sealed(&key, &fresh)?)?;
        kept.digest = fresh.digest;
        keep(chart, &row.id, &kept)?;
        vault.register().share_changed(&row.id, crate::vault::now())?;
        renewed += 1;
    }
    Ok(renewed)
}
