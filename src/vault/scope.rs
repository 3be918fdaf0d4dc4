//! What of a chart a viewer may see.

use crate::record::{Class, Sensitive, SensitiveSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The part of a chart that somebody may read. A record outside of it answers like one that does not exist.
///
/// As JSON: `{"classes": ["allergies", …] or null for every one, "sensitive": ["mental-health", …]}`. A name that this
/// version does not know opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Scope {
    /// The kinds of record, or `None` for every one.
    pub classes: Option<BTreeSet<Class>>,
    /// The sensitive kinds that are not left out.
    pub sensitive: SensitiveSet,
}

impl Scope {
    /// All there is: for those who own or care for the chart.
    pub fn everything() -> Self {
        Self { classes: None, sensitive: SensitiveSet::ALL }
    }

    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.sensitive == SensitiveSet::ALL && self.classes.as_ref().is_none_or(|c| Class::ALL.iter().all(|k| c.contains(k)))
    }

    /// What this one and another one both let be seen.
    pub fn within(&self, other: &Self) -> Self {
        let classes = match (&self.classes, &other.classes) {
            (Some(a), Some(b)) => Some(a.intersection(b).copied().collect()),
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        };
        Self { classes, sensitive: self.sensitive.without(SensitiveSet::ALL.without(other.sensitive)) }
    }

    /// Whether a record of this class that tells of these sensitive kinds may be seen.
    pub fn allows(&self, class: Class, sensitive: SensitiveSet) -> bool {
        self.shows(class) && sensitive.without(self.sensitive).is_empty()
    }

    /// Whether a record of a class may be kept from who reads by this scope, if there is one.
    pub fn may_hide(&self, class: Class) -> bool {
        !self.shows(class) || self.sensitive != SensitiveSet::ALL
    }

    /// Whether records of a class may be seen at all.
    pub fn shows(&self, class: Class) -> bool {
        self.classes.as_ref().is_none_or(|c| c.contains(&class))
    }
}

/// A scope in its written form.
#[derive(Serialize, Deserialize)]
struct Written {
    classes: Option<Vec<String>>,
    #[serde(default)]
    sensitive: Vec<String>,
}

impl From<Written> for Scope {
    fn from(written: Written) -> Self {
        Self {
            classes: written.classes.map(|c| c.iter().filter_map(|slug| Class::from_slug(slug)).collect()),
            sensitive: written.sensitive.iter().filter_map(|slug| Sensitive::from_slug(slug)).collect(),
        }
    }
}

impl From<Scope> for Written {
    fn from(scope: Scope) -> Self {
        Self {
            classes: scope.classes.map(|c| c.into_iter().map(|class| class.slug().to_owned()).collect()),
            sensitive: scope.sensitive.iter().map(|kind| kind.slug().to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed() {
        let mental = SensitiveSet::from(Sensitive::MentalHealth);
        let both: SensitiveSet = [Sensitive::MentalHealth, Sensitive::Hiv].into_iter().collect();
        let classes = |of: &[Class]| Some(of.iter().copied().collect::<BTreeSet<_>>());
        for (scope, class, kinds, allowed) in [
            (Scope::everything(), Class::Other, SensitiveSet::ALL, true),
            (Scope { classes: None, sensitive: SensitiveSet::NONE }, Class::Problem, SensitiveSet::NONE, true),
            (Scope { classes: None, sensitive: SensitiveSet::NONE }, Class::Problem, mental, false),
            (Scope { classes: None, sensitive: mental }, Class::Problem, mental, true),
            (Scope { classes: None, sensitive: mental }, Class::Problem, both, false),
            (Scope { classes: classes(&[Class::Problem]), sensitive: SensitiveSet::ALL }, Class::Problem, both, true),
            (Scope { classes: classes(&[Class::Problem]), sensitive: SensitiveSet::ALL }, Class::Allergy, SensitiveSet::NONE, false),
            (Scope { classes: classes(&[]), sensitive: SensitiveSet::ALL }, Class::Problem, SensitiveSet::NONE, false),
        ] {
            assert_eq!(scope.allows(class, kinds), allowed, "{scope:?} {class:?}");
        }
    }

    #[test]
    fn written_and_read_again() {
        let scope = Scope {
            classes: Some([Class::Problem, Class::Allergy].into_iter().collect()),
            sensitive: [Sensitive::Hiv].into_iter().collect(),
        };
        let json = serde_json::to_string(&scope).expect("json");
        assert_eq!(json, r#"{"classes":["allergies","conditions"],"sensitive":["hiv"]}"#);
        assert_eq!(serde_json::from_str::<Scope>(&json).expect("a scope"), scope);
        let all = serde_json::to_string(&Scope::everything()).expect("json");
        assert!(serde_json::from_str::<Scope>(&all).expect("a scope").is_everything());
        // What a newer version has written opens nothing that this one does not know.
        let odd: Scope = serde_json::from_str(r#"{"classes":["allergies","new"],"sensitive":["new"],"more":1}"#).expect("a scope");
        assert_eq!(odd, Scope { classes: Some([Class::Allergy].into_iter().collect()), sensitive: SensitiveSet::NONE });
    }
}
