//! documentationOf/serviceEvent: who cared for the person, as a CareTeam.

use crate::Result;
use crate::import::ccda::context::Context;
use crate::import::ccda::types::{Effective, concept, period, put, put_all};
use crate::import::ccda::xml::{Node, attr, child, children, paths};
use crate::record::Resource;
use serde_json::{Value, json};

/// Hands over a CareTeam for each service event with performers; not counted.
///
/// # Errors
/// What the sink returns.
pub(in crate::import::ccda) fn care_teams(cx: &mut Context) -> Result<()> {
    for event in paths(cx.root, "documentationOf/serviceEvent") {
        if let Some(team) = team(event, cx) {
            cx.emit(event, team, false)?;
        }
    }
    Ok(())
}

fn team(event: Node, cx: &Context) -> Option<Resource> {
    let mut out = json!({"resourceType": "CareTeam"});
    put(&mut out, "period", Effective::of(event).period());
    let mut members = Vec::new();
    for performer in children(event, "performer") {
        let Some(who) = cx.actor(&mut out, performer) else { continue };
        let mut member = json!({});
        let mut roles = cx.functions(performer);
        let role = child(performer, "assignedEntity").and_then(|e| child(e, "code")).and_then(|c| concept(c, cx));
        roles.extend(role.filter(|r| !roles.contains(r)));
        put_all(&mut member, "role", roles);
        put(&mut member, "member", Some(who));
        put(&mut member, "period", child(performer, "time").and_then(period));
        if attr(performer, "typeCode") == Some("PPRF") {
            crate::import::ccda::types::extend(&mut member, crate::import::ccda::types::own_extension("performer", "primary performer"));
        }
        members.push(member);
    }
    let any = !members.is_empty();
    put(&mut out, "participant", Some(Value::Array(members)));
    any.then_some(out)
}
