//! What whoever holds a link leaves for the chart: a note and files, encrypted to it at once. They wait in its inbox, marked
//! as a reply, until somebody who may change the chart takes them in or throws them away.

use super::desk::{Answer, Desk, event, name};
use crate::household::Household;
use crate::vault::Act;
use crate::vault::Place;
use crate::vault::inbox::{About, Sender, seal};
use crate::{Error, Kind, Result};

/// Files in one reply.
pub const MOST_FILES: usize = 10;
/// Bytes of one reply, in all.
pub const MOST_BYTES: usize = 25 << 20;
/// Characters of a note.
const NOTE: usize = 20_000;
/// Replies and bytes in the life of one link.
const REPLIES: u32 = 50;
const ALL_BYTES: u64 = 200 << 20;

/// A reply, as it came.
#[derive(Default)]
pub struct Replying {
    /// Who writes, in their own words.
    pub from: String,
    /// The passcode of the link, where it has one.
    pub passcode: Option<String>,
    /// A note.
    pub note: String,
    /// Files by name.
    pub files: Vec<(String, Vec<u8>)>,
    /// From where.
    pub place: Place,
}

impl std::fmt::Debug for Replying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replying({} files)", self.files.len())
    }
}

impl Desk {
    /// Takes a reply. None: it is in the inbox, encrypted; otherwise why not.
    ///
    /// # Errors
    /// Usage when there is nothing in it; TooMuch above the limits; Internal when the disk fails.
    pub fn reply(&self, household: &Household, secret: &str, reply: Replying) -> Result<Option<Answer>> {
        let from = name(&reply.from);
        if from.is_empty() {
            return Ok(Some(Answer::NoRecipient));
        }
        let Some(row) = self.open_at(household, secret, &from, &reply.place)?.filter(|r| r.reply) else { return Ok(Some(Answer::Gone)) };
        if let Some(refused) = self.look(household, &row, reply.passcode.as_deref(), &from, &reply.place)? {
            return Ok(Some(refused));
        }
        if let Some(wait) = self.too_often(&format!("reply {}", row.id)) {
            return Ok(Some(wait));
        }
        let place = reply.place.clone();
        let parts = parts(&from, reply)?;
        let size: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
        let vault = household.vault();
        if !vault.register().count_reply(&row.id, size as u64, REPLIES, ALL_BYTES)? {
            return Err(Error::new(
                Kind::TooMuch,
                "This link has taken all the replies that it takes. Nothing was sent. Call the patient.",
            ));
        }
        let told = event(Act::Changed, &row, &from, &place).with("what", "reply").with("count", parts.len().to_string());
        household.record(&row.person, &told)?;
        for (name, bytes) in parts {
            let about = About { name, accept: None, from: Some(Sender { who: from.clone(), share: row.id.clone() }) };
            seal(vault.dir(), &row.person, &about, &mut bytes.as_slice())?;
        }
        Ok(None)
    }
}

/// The parts of a reply as files of the inbox.
fn parts(from: &str, reply: Replying) -> Result<Vec<(String, Vec<u8>)>> {
    let too_much = |words: String| Err(Error::new(Kind::TooMuch, words));
    let note = reply.note.trim();
    if note.is_empty() && reply.files.is_empty() {
        return Err(Error::new(Kind::Usage, "There is nothing in this reply. Write a note or add a file."));
    }
    if reply.files.len() > MOST_FILES {
        return too_much(format!("That is more than {MOST_FILES} files. Nothing was sent. Send them in several replies."));
    }
    if note.chars().count() > NOTE {
        return too_much(format!("The note is longer than {NOTE} letters. Nothing was sent. Send it as a file."));
    }
    if reply.files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > MOST_BYTES {
        return too_much(format!("That is more than {} MB. Nothing was sent. Send it in several replies.", MOST_BYTES >> 20));
    }
    let mut parts = Vec::new();
    if !note.is_empty() {
        let day = crate::record::today();
        let name = format!("Note from {}.txt", from.chars().filter(|c| !"/\\".contains(*c)).take(80).collect::<String>());
        parts.push((name, format!("From {from}, {day}\n\n{note}\n").into_bytes()));
    }
    parts.extend(reply.files);
    Ok(parts)
}
