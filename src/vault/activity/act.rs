//! What can be done with a chart: a closed list, so that nothing is logged in free words.

use serde::{Deserialize, Serialize};

/// What sort of act, for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Somebody looked.
    Look,
    /// Something was given out: downloads, exports, shares.
    Out,
    /// Records or settings of the chart changed.
    Change,
    /// Signing in, and who may do what.
    Access,
    /// Something was tried and refused.
    Refused,
    /// Keepwell looked after the chart.
    Care,
}

impl Group {
    /// All, with their names in addresses.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Look, "looks"),
        (Self::Out, "given-out"),
        (Self::Change, "changes"),
        (Self::Access, "access"),
        (Self::Refused, "refused"),
        (Self::Care, "upkeep"),
    ];

    /// By its name.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, s)| *s == slug).map(|(group, _)| group)
    }

    /// Every act of this sort.
    pub fn acts(self) -> Vec<Act> {
        Act::ALL.iter().filter(|(_, group, _)| *group == self).map(|(act, ..)| *act).collect()
    }
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident $group:ident $slug:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Act {
            $($(#[$doc])* #[serde(rename = $slug)] $name,)*
        }

        impl Act {
            /// Every act with its sort and its name.
            pub const ALL: &[(Self, Group, &'static str)] = &[$((Self::$name, Group::$group, $slug),)*];
        }
    };
}

acts! {
    /// Looked at the home page of the chart.
    LookedHome Look "looked-home",
    /// Looked at a list; the detail `page` names it.
    LookedList Look "looked-list",
    /// Looked at one record.
    LookedRecord Look "looked-record",
    /// Looked at one document.
    LookedDocument Look "looked-document",
    /// Searched. The words searched for are not kept.
    Searched Look "searched",
    /// Looked at what was imported from where.
    LookedSources Look "looked-sources",
    /// Looked at this log.
    LookedActivity Look "looked-activity",
    /// Looked at who may do what, or at settings of the chart.
    LookedSettings Look "looked-settings",
    /// A program read through the FHIR server.
    ReadFhir Look "read-fhir",
    /// Saved a file of the chart: an original, a part of a document, a record.
    Downloaded Out "downloaded",
    /// Began to save a copy of records; details `format`, `to`, `from-date`, `to-date`, `kinds`.
    Exported Out "exported",
    /// The copy was made; details `format`, `count`.
    ExportEnded Out "export-ended",
    /// Made a share; details `kind`, `to`, `count`, `until`.
    ShareMade Out "share-made",
    /// A share was opened.
    ShareOpened Out "share-opened",
    /// A share was stopped.
    ShareRevoked Out "share-revoked",
    /// Made a token of the FHIR server.
    TokenMade Out "token-made",
    /// A token of the FHIR server was withdrawn.
    TokenRevoked Out "token-revoked",
    /// A file's records came in; details `name`, `source`, `found`, `stored`, `updated`.
    Imported Change "imported",
    /// Something of the chart was changed; the detail `what` names it.
    Changed Change "changed",
    /// A source and its records were taken out.
    Removed Change "removed",
    /// A source and its records were brought back.
    Restored Change "restored",
    /// What was removed long ago was deleted for good.
    Purged Change "purged",
    /// Signed in.
    SignedIn Access "signed-in",
    /// Signed out, or was locked after a while.
    SignedOut Access "signed-out",
    /// The chart was unlocked without a sign-in: at the start of the server.
    Unlocked Access "unlocked",
    /// Gave somebody a role; details `to`, `role`.
    RoleGranted Access "role-granted",
    /// Changed somebody's role.
    RoleChanged Access "role-changed",
    /// Took somebody's role away.
    RoleRemoved Access "role-removed",
    /// A role came to its end by itself.
    RoleEnded Access "role-ended",
    /// Made an invitation.
    InviteMade Access "invite-made",
    /// An invitation was used.
    InviteUsed Access "invite-used",
    /// An invitation was withdrawn.
    InviteWithdrawn Access "invite-withdrawn",
    /// The chart got new keys.
    Rekeyed Access "rekeyed",
    /// A passphrase or a second factor changed; the detail `what` names it.
    FactorChanged Access "factor-changed",
    /// Sessions were ended.
    SessionsEnded Access "sessions-ended",
    /// Named a trusted contact; details `to`, `days`.
    ContactNamed Access "contact-named",
    /// Changed the wait of the trusted contact.
    ContactChanged Access "contact-changed",
    /// The trusted contact was withdrawn.
    ContactRemoved Access "contact-removed",
    /// The trusted contact asked for access.
    ContactAsked Access "contact-asked",
    /// The owner refused it, or the contact took the wish back.
    ContactRefused Access "contact-refused",
    /// The wait was over, and the trusted contact was given access.
    ContactGiven Access "contact-given",
    /// Tried something without the right to.
    Denied Refused "denied",
    /// Tried a wrong passphrase or code.
    WrongPassphrase Refused "wrong-passphrase",
    /// Tried a share that is over, or with a wrong passcode.
    ShareRefused Refused "share-refused",
    /// A backup was made or proven; the detail `what` says which.
    Backup Care "backup",
    /// This log begins.
    Begun Care "begun",
    /// This log did not fit what is known of it.
    Broken Care "broken",
    /// An act that a newer Keepwell wrote.
    Unknown Care "unknown",
}

impl Act {
    /// Its name in the database, in CSV and in JSON.
    pub fn slug(self) -> &'static str {
        Self::ALL.iter().find(|(act, ..)| *act == self).map_or("unknown", |(.., slug)| slug)
    }

    /// By its name; one that is not known is [`Act::Unknown`].
    pub fn from_slug(slug: &str) -> Self {
        Self::ALL.iter().find(|(.., s)| *s == slug).map_or(Self::Unknown, |(act, ..)| *act)
    }

    /// What sort.
    pub fn group(self) -> Group {
        Self::ALL.iter().find(|(act, ..)| *act == self).map_or(Group::Care, |(_, group, _)| *group)
    }
}
