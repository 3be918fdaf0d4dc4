//! The members of the demo's household, so that roles, the log and the pages about people have something to show.

use crate::household::{Grant, Household, SignedIn};
use crate::record::{Class, SensitiveSet};
use crate::vault::{Act, Event, PersonInfo, Place, Role, Scope};
use crate::{Error, Kind, Result};
use jiff::ToSpan;
use zeroize::Zeroizing;

/// Somebody who signs in beside the first member. The passphrases are printed, and good for a vault of invented people only.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) passphrase: &'static str,
    /// Who they are, for the printout.
    pub(super) is: &'static str,
    roles: &'static [Part],
}

/// A role on somebody's chart.
struct Part {
    /// The person, by first name.
    on: &'static str,
    role: Role,
    /// Its last day, in days from now.
    days: Option<i64>,
    /// What a viewer sees; none for all but the sensitive kinds.
    classes: &'static [Class],
}

const fn whole(on: &'static str, role: Role) -> Part {
    Part { on, role, days: None, classes: &[] }
}

pub(super) const MEMBERS: [Member; 3] = [
    Member {
        name: "Walter",
        passphrase: "two kettles on one stove",
        is: "her husband: owns his own chart, carer of Ruth's",
        roles: &[whole("Walter", Role::Owner), whole("Ruth", Role::Carer)],
    },
    Member {
        name: "Dana",
        passphrase: "slow ferry to the far island",
        is: "her daughter abroad: owns her own chart and her son Milo's, sees some of Ruth's for three months",
        roles: &[
            whole("Dana", Role::Owner),
            whole("Milo", Role::Owner),
            Part {
                on: "Ruth",
                role: Role::Viewer,
                days: Some(90),
                classes: &[
                    Class::Allergy,
                    Class::Problem,
                    Class::Medication,
                    Class::Laboratory,
                    Class::VitalSign,
                    Class::Immunization,
                    Class::Appointment,
                ],
            },
        ],
    },
    Member {
        name: "Peter",
        passphrase: "seven lamps along the lane",
        is: "a neighbour: sees Walter's medicines and appointments for three weeks, and is Ruth's trusted contact",
        roles: &[Part { on: "Walter", role: Role::Viewer, days: Some(21), classes: &[Class::Medication, Class::Appointment] }],
    },
];

/// Whose trusted contact somebody is, and how many days they wait.
const CONTACT: (&str, &str, u32) = ("Peter", "Ruth", 3);
/// Who is invited and has not come yet, to whose chart, and for how many days.
const INVITED: (&str, &str, i64) = ("Helen Brook, home nurse", "Ruth", 30);

/// Adds them. Gives the token of an invitation that waits to be tried.
pub(super) fn add(home: &Household, owner: &SignedIn, people: &[PersonInfo]) -> Result<Zeroizing<String>> {
    let person = |first: &str| {
        let found = people.iter().find(|p| p.name.split(' ').next() == Some(first));
        found.ok_or_else(|| Error::new(Kind::Internal, format!("The demo has no chart of {first}.")))
    };
    for member in &MEMBERS {
        let mut id: Option<String> = None;
        for part in member.roles {
            let (person, grant) = (person(part.on)?, grant(part)?);
            home.record(&person.id, &said(owner, Act::RoleGranted, &grant).with("to", member.name))?;
            match &id {
                None => drop(home.add_member(owner, &person.id, member.name, member.passphrase, &grant)?),
                Some(id) => home.give(owner, &person.id, id, &grant)?,
            }
            id = home.member_named(member.name)?.map(|m| m.id);
        }
    }
    let (who, whose, days) = CONTACT;
    if let Some(member) = home.member_named(who)? {
        home.name_contact(owner, &person(whose)?.id, &member.id, days, &Place::command_line())?;
    }
    let (label, whose, days) = INVITED;
    let (person, grant) = (person(whose)?, grant(&Part { on: whose, role: Role::Viewer, days: Some(days), classes: &[] })?);
    home.record(&person.id, &said(owner, Act::InviteMade, &grant).with("to", label))?;
    home.invite(owner, &person.id, label, &grant).map(|(_, token)| token)
}

fn said(owner: &SignedIn, act: Act, grant: &Grant) -> Event {
    grant.noted(Event::new(owner.actor(), act).from(Place::command_line()))
}

fn grant(part: &Part) -> Result<Grant> {
    let last = |days: i64| jiff::Zoned::now().date().checked_add(days.days()).map_err(Error::internal);
    let until = part.days.map(last).transpose()?.map(|day| day.to_string());
    let classes = (!part.classes.is_empty()).then(|| part.classes.iter().copied().collect());
    let scope = (part.role == Role::Viewer).then_some(Scope { classes, sensitive: SensitiveSet::NONE });
    Ok(Grant { role: part.role, until, scope })
}
