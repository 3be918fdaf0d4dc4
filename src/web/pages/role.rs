//! The form of a role: what somebody may do with a chart, until when, and how much of it a viewer sees.

use crate::household::Grant;
use crate::record::{Class, Sensitive, SensitiveSet, today};
use crate::vault::{Role, Scope};
use crate::web::pages::words;
use crate::{Error, Kind, Result};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Roles as one chooses among them.
const ROLES: [(Role, &str, &str); 3] = [
    (Role::Viewer, "Viewer", "May read what you tick below, and change nothing"),
    (Role::Carer, "Carer", "May read everything and add records"),
    (Role::Owner, "Owner", "May do everything: also share, remove, and say who else may see the chart"),
];

/// Its name on pages.
pub(crate) fn name(role: Role) -> &'static str {
    ROLES.iter().find(|(r, ..)| *r == role).map_or("Viewer", |(_, name, _)| name)
}

/// "Viewer, until 14 March 2027": for anyone. What is left out of a chart is not for everybody to know.
pub(crate) fn short(grant: &Grant) -> String {
    let mut out = name(grant.role).to_owned();
    if let Some(until) = &grant.until {
        let verb = if grant.is_over() { "ended with" } else { "until" };
        out += &format!(", {verb} {}", words::date(until));
    }
    out
}

/// The same with what a viewer sees, for owners: "Viewer. Sees allergies, medicines. Sensitive kinds are left out".
pub(crate) fn sentence(grant: &Grant) -> String {
    let mut out = short(grant);
    if let Some(scope) = &grant.scope {
        if let Some(classes) = &scope.classes {
            let named: Vec<String> = classes.iter().take(3).map(|c| c.words().to_lowercase()).collect();
            let more = classes.len().saturating_sub(3);
            out += &format!(". Sees {}", named.join(", "));
            if more > 0 {
                out += &format!(" and {}", words::count(more as u64, "more kind", "more kinds"));
            }
        }
        let ticked: Vec<String> = scope.sensitive.iter().map(|k| k.words().to_lowercase()).collect();
        out += &if ticked.is_empty() {
            ". Sensitive kinds are left out".to_owned()
        } else {
            format!(". With what is sensitive: {}", ticked.join(", "))
        };
    }
    out
}

/// The fields.
pub(crate) fn fields(chosen: &Grant) -> Markup {
    let all = chosen.scope.as_ref().and_then(|s| s.classes.as_ref()).is_none();
    let ticked = |class: Class| all || chosen.scope.as_ref().and_then(|s| s.classes.as_ref()).is_some_and(|c| c.contains(&class));
    let sensitive = chosen.scope.as_ref().map_or(SensitiveSet::NONE, |s| s.sensitive);
    html! {
        fieldset {
            legend { "What may they do?" }
            div.cards {
                @for (role, name, hint) in ROLES {
                    label.pick {
                        input type="radio" name="role" value=(role.slug()) checked[role == chosen.role];
                        span { b { (name) } small { (hint) } }
                    }
                }
            }
        }
        fieldset.sec {
            legend { "Until when?" }
            div.field {
                label for="until" { "Last day" }
                p.hint #until-hint { "Leave it empty for no end. From the day after, this chart does not open for them." }
                input.short #until name="until" type="date" min=(today()) value=(chosen.until.as_deref().unwrap_or_default()) aria-describedby="until-hint";
            }
        }
        fieldset.sec {
            legend { "What does a viewer see?" }
            p.hint { "This is for viewers only. Owners and carers see all of the chart." }
            div.ticks {
                @for class in Class::ALL {
                    label.tick { input type="checkbox" name="kind" value=(class.slug()) checked[ticked(class)]; span { (class.words()) } }
                }
            }
        }
        fieldset.sec {
            legend { "Sensitive kinds" }
            p.hint { "These stay out unless you tick them, whatever else a viewer sees. A scan that cannot be read may hold any of them, so it stays out too." }
            div.ticks {
                @for kind in Sensitive::ALL {
                    label.tick { input type="checkbox" name="sensitive" value=(kind.slug()) checked[sensitive.contains(kind)]; span { (kind.words()) } }
                }
            }
        }
    }
}

/// What was chosen.
///
/// # Errors
/// Usage when no role was, or a viewer would see nothing.
pub(crate) fn read(pairs: &[(String, String)]) -> Result<Grant> {
    let all = |name: &'static str| pairs.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str());
    let usage = |words: &'static str| Error::new(Kind::Usage, words);
    let role = all("role").next().and_then(Role::from_slug).ok_or_else(|| usage("Choose what they may do."))?;
    let until = all("until").next().map(str::to_owned).filter(|d| !d.trim().is_empty());
    let classes: BTreeSet<Class> = all("kind").filter_map(Class::from_slug).collect();
    let sensitive = all("sensitive").filter_map(Sensitive::from_slug).collect();
    if role == Role::Viewer && classes.is_empty() {
        return Err(usage("Tick at least one kind of record: a viewer would see nothing."));
    }
    let classes = if Class::ALL.iter().all(|c| classes.contains(c)) { None } else { Some(classes) };
    let scope = (role == Role::Viewer).then_some(Scope { classes, sensitive });
    Ok(Grant { role, until, scope })
}
