//! Roles that end soon: told some days before, once, to the member and to the owners of the chart.

use super::Household;
use crate::vault::{Ending, Notice, NoticeKind};
use crate::{Error, Result};
use jiff::ToSpan;
use jiff::civil::Date;

/// So many days before its last day the end of a role is told.
const DAYS: i64 = 7;

impl Household {
    /// Tells of every role that ends soon and was not told yet. The server calls it all the time.
    ///
    /// # Errors
    /// Internal when a notice cannot be left or the register cannot be written.
    pub fn tell_endings(&self, today: Date) -> Result<()> {
        let last = today.checked_add(DAYS.days()).map_err(Error::internal)?;
        let soon = self.vault.register().endings(&today.to_string(), &last.to_string())?;
        for ending in soon.iter().filter(|ending| is_due(ending, today)) {
            let notice = Notice::new(NoticeKind::RoleEnding)
                .with("person", &ending.person)
                .with("member", &ending.member)
                .with("who", &ending.name)
                .with("until", &ending.until);
            self.tell_member(&ending.member, &notice.clone().with("own", "yes"))?;
            let owners = self.vault.register().owners(&ending.person)?;
            for (owner, recipient) in owners.iter().filter(|(owner, _)| *owner != ending.member) {
                self.tell(owner, recipient, &notice)?;
            }
            self.vault.register().told_ending(ending)?;
        }
        Ok(())
    }
}

/// Whether it is time. A role that was given for fewer days is no news at once: its end is told on the day before.
fn is_due(ending: &Ending, today: Date) -> bool {
    let given = jiff::Timestamp::from_second(ending.granted).map(|at| at.to_zoned(jiff::tz::TimeZone::system()).date());
    let (Ok(until), Ok(given)) = (ending.until.parse::<Date>(), given) else { return false };
    let days = |from: Date, to: Date| from.until(to).map_or(0, |span| span.get_days());
    let before = if i64::from(days(given, until)) > DAYS { DAYS } else { 1 };
    i64::from(days(today, until)) <= before && today > given
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::household::{Beginning, Grant};
    use crate::vault::{Role, Vault};
    use std::sync::Arc;

    #[test]
    fn a_role_that_ends_is_told_once_to_its_member_and_the_owner() {
        let tmp = tempfile::tempdir().expect("a folder");
        let household = Household::new(Arc::new(Vault::create(&tmp.path().join("vault")).expect("a vault")));
        let with = Beginning {
            member: "Ruth",
            passphrase: "four words make a good one",
            person: "Ruth Carver",
            birth_date: "1954-03-14",
            sex: "female",
        };
        let (ruth, _) = household.begin(&with).expect("begun");
        let chart = household.charts(&ruth).expect("charts").remove(0).0.id;
        let today = jiff::Zoned::now().date();
        let day = |n: i64| today.checked_add(n.days()).expect("a day");
        let grant = |n: i64| Grant { until: Some(day(n).to_string()), ..Grant::of(Role::Viewer) };
        let key = household.add_member(&ruth, &chart, "Dana", "teapot gravel violin seventeen", &grant(20)).expect("added");
        let dana = household.sign_in("Dana", &key).expect("signs in");
        let told = |n: i64| {
            household.tell_endings(day(n)).expect("told");
            [&ruth, &dana].map(|who| household.notices(who).expect("notices").len())
        };
        assert_eq!(told(12), [0, 0], "too early");
        assert_eq!(told(13), [1, 1]);
        assert_eq!(told(14), [1, 1], "once");
        let (of_ruth, of_dana) =
            (household.notices(&ruth).expect("notices").remove(0).1, household.notices(&dana).expect("notices").remove(0).1);
        assert!([&of_ruth, &of_dana].iter().all(|n| n.kind == NoticeKind::RoleEnding && n.details["until"] == day(20).to_string()));
        assert!(of_dana.details.contains_key("own") && !of_ruth.details.contains_key("own"));
        // Another last day is told when its time comes; one that is near from the start, on the day before.
        household.give(&ruth, &chart, &dana.member.id, &grant(40)).expect("given");
        assert_eq!(told(20), [1, 1]);
        assert_eq!(told(33), [2, 2]);
        household.give(&ruth, &chart, &dana.member.id, &grant(3)).expect("given");
        assert_eq!(told(0), [2, 2]);
        assert_eq!(told(2), [3, 3]);
        household.give(&ruth, &chart, &dana.member.id, &Grant::of(Role::Viewer)).expect("given");
        assert_eq!(told(3), [3, 3], "for good");
    }
}
