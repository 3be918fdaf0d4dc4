//! Walks the chain and names the first entry that is not as it was written.

use super::chain::{self, Written};
use super::log::{Log, entry};
use crate::Result;

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The first entry that is altered, removed or moved.
    pub seq: i64,
    /// What is wrong with it, in words that go on after "Entry 12: ".
    pub what: String,
}

/// What a walk over the whole log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many entries there are.
    pub entries: i64,
    /// The moment of the first one, milliseconds since 1970.
    pub since: Option<i64>,
    /// The first that is not as it was; None: the log is whole.
    pub fault: Option<Fault>,
}

impl Log {
    pub(super) fn verify(&self) -> Result<Verdict> {
        let mut verdict = self.walk_chain()?;
        let on_record = self.heads.faults(&self.person)?.into_iter().map(|(seq, what)| Fault { seq, what }).min_by_key(|f| f.seq);
        verdict.fault = match (verdict.fault, on_record) {
            (Some(now), Some(then)) => Some(if then.seq < now.seq { then } else { now }),
            (now, then) => now.or(then),
        };
        self.found(&verdict);
        Ok(verdict)
    }

    fn walk_chain(&self) -> Result<Verdict> {
        // The head first: entries that come in meanwhile are ahead of it, which is well.
        let head = self.heads.get(&self.person)?;
        self.read(|conn| {
            let mut statement = conn.prepare(
                "SELECT seq, at, act, who_kind, who_id, who_name, records, address, device, details, hash FROM entries ORDER BY seq",
            )?;
            let mut rows = statement.query([])?;
            let mut verdict = Verdict { entries: 0, since: None, fault: None };
            let (mut count, mut before) = (0, chain::beginning(&self.person));
            let fault = |seq: i64, what: &str| Some(Fault { seq, what: what.to_owned() });
            while let Some(r) = rows.next()? {
                verdict.entries += 1;
                if verdict.fault.is_some() {
                    continue;
                }
                let seq: i64 = r.get(0)?;
                // A field of another type than was written does not read at all.
                let Ok(read) = entry(r) else {
                    verdict.fault = fault(count + 1, "it was altered");
                    continue;
                };
                verdict.since = verdict.since.or(Some(read.at));
                if seq != count + 1 {
                    verdict.fault = fault(count + 1, "it was removed");
                    continue;
                }
                let (act, kind): (String, String) = (r.get(2)?, r.get(3)?);
                let hash = chain::next(&before, &Written { seq, at: read.at, act: &act, who_kind: &kind, event: &read.event });
                let stored = r.get_ref(10)?.as_blob().unwrap_or_default();
                if stored != hash.as_slice() || !faithful(r, &read.event)? {
                    verdict.fault = fault(seq, "it was altered, or moved from another place");
                    continue;
                }
                if head.is_some_and(|head| head.count == seq && head.hash != hash) {
                    verdict.fault = fault(seq, "it is not the entry that Keepwell wrote: this list was replaced or written anew");
                    continue;
                }
                (count, before) = (seq, hash);
            }
            if verdict.fault.is_none() {
                verdict.fault = match head {
                    Some(head) if count < head.count => fault(count + 1, "it and all up to the end were removed"),
                    None if count > 1 => fault(1, "what Keepwell kept about the end of this log is gone"),
                    _ => None,
                };
            }
            Ok(verdict)
        })
    }
}

/// Whether the two fields that are text made of several values read back to the very text: a reading that forgives must not
/// let a change through.
fn faithful(r: &rusqlite::Row<'_>, event: &super::Event) -> Result<bool> {
    let (records, details): (String, String) = (r.get(6)?, r.get(9)?);
    let again: Vec<String> = event.records.iter().map(i64::to_string).collect();
    Ok(again.join(",") == records && serde_json::to_string(&event.details).is_ok_and(|text| text == details))
}
