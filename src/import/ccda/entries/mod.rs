//! The entries of the sections: each clinical statement becomes a FHIR R4 resource, after HL7's "C-CDA on FHIR" maps
//! where they say how. A statement is told by its template, by its section and its shape where the template is
//! missing or wrong; what nobody knows is still kept, as an observation or a procedure with the section's title.

mod allergy;
mod careteam;
mod concern;
mod coverage;
mod device;
mod directive;
mod dosage;
mod draft;
mod encounter;
mod family;
mod imaging;
mod immunization;
mod kit;
mod medication;
mod note;
mod observation;
mod organizer;
mod people;
mod plan;
mod problem;
mod procedure;
mod supply;

use super::context::{self, Context};
use super::xml::{Node, attr, child, head, name, null_flavor};
use crate::Result;
use kit::{code, is, mood, nested, planned};

/// What an entry needs to know of the section that holds it.
pub(super) struct Section<'a> {
    /// The LOINC code, or "".
    code: &'a str,
    /// The title as written.
    title: Option<&'a str>,
}

impl<'a> Section<'a> {
    /// The section around a statement.
    fn around(node: Node<'a>) -> Self {
        let section = node.ancestors().find(|n| name(*n) == "section");
        // Only what stands before the entries: a section without a code would be walked through for each of them.
        let part = |wanted| section.and_then(|s| head(s).find(|n| name(*n) == wanted));
        let code = part("code").and_then(|c| attr(c, "code")).unwrap_or("");
        let title = part("title").and_then(|t| t.text()).map(str::trim).filter(|t| !t.is_empty());
        Self { code, title }
    }
}

/// Turns one `entry` of a section into records. True if it held a clinical statement.
///
/// # Errors
/// What the sink returns.
pub(super) fn entry<'a>(cx: &mut Context<'a>, _: &context::Section<'a>, entry: Node<'a>) -> Result<bool> {
    let Some(node) = kit::statement(entry) else { return Ok(false) };
    statement(cx, &Section::around(node), node)?;
    Ok(true)
}

/// Whether an element is a clinical statement (CDA R2, 4.3.6).
pub(super) fn is_statement(node: Node<'_>) -> bool {
    kit::STATEMENTS.contains(&name(node))
}

/// A clinical statement that stands in its section without an `entry` around it.
///
/// # Errors
/// What the sink returns.
pub(super) fn direct<'a>(cx: &mut Context<'a>, node: Node<'a>) -> Result<()> {
    statement(cx, &Section::around(node), node)
}

/// One clinical statement, wherever it stands.
fn statement<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    if null_flavor(node).is_some() && nested(node).next().is_none() && child(node, "code").is_none() && child(node, "text").is_none() {
        return cx.skip(node, "An entry", "The source marks it as empty.");
    }
    match name(node) {
        "observation" => observation(cx, section, node),
        "act" => act(cx, section, node),
        "organizer" => organizer(cx, section, node),
        "substanceAdministration" => substance(cx, section, node),
        "supply" if is(node, &["17", "18"]) || section.code == "10160-0" => supply::supply(cx, node, None, true).map(|_| ()),
        "supply" if planned(node) => supply::planned_supply(cx, node),
        "supply" => device::supply(cx, node),
        "procedure" if planned(node) => plan::request(cx, node),
        "procedure" => procedure::procedure(cx, section, node, true),
        "encounter" if planned(node) => encounter::planned(cx, node),
        _ => encounter::encounter(cx, section, node),
    }
}

fn observation<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let problems =
        ["11450-4", "11348-0", "46241-6", "11535-2", "10219-4", "10218-6", "59769-0", "55109-3", "59776-5", "59768-2", "42347-5"];
    if mood(node) == "GOL" || is(node, &["121"]) {
        plan::goal(cx, node)
    } else if allergy::is_allergy(node) || section.code == "48765-2" && allergy::looks_like(node) {
        allergy::allergy(cx, node, None)
    } else if problem::is_problem(node) || problems.contains(&section.code) && child(node, "value").is_some() && !planned(node) {
        problem::problem(cx, node, None, problem::category(section), true).map(|_| ())
    } else if planned(node) && code(node) != "86645-9" {
        plan::request(cx, node)
    } else if directive::is_directive(node) || section.code == "42348-3" {
        directive::directive(cx, node)
    } else if is(node, &["46"]) || section.code == "10157-6" {
        family::relative(cx, node)
    } else if is(node, &["13"]) && child(node, "value").is_none_or(|v| null_flavor(v).is_some()) {
        procedure::procedure(cx, section, node, true)
    } else {
        observation::observation(cx, section, node, category(section, node), true).map(|_| ())
    }
}

/// The observation-category of an observation by its template and its section.
fn category<'a>(section: &Section<'a>, node: Node<'a>) -> &'static str {
    if is(node, &["27", "2.16.840.1.113883.10.20.1.31"]) && section.code == "8716-3" || is(node, &["27"]) {
        return "vital-signs";
    }
    if is(
        node,
        &["38", "78", "85", "72", "109", "111", "200", "501", "503", "2.16.840.1.113883.10.20.15.3.8", "2.16.840.1.113883.10.20.34.3.45"],
    ) {
        return "social-history";
    }
    if is(node, &["69", "86"]) {
        return "survey";
    }
    if is(node, &["74", "73"]) {
        return "cognitive-status";
    }
    if is(node, &["13"]) {
        return "procedure";
    }
    match section.code {
        "8716-3" => "vital-signs",
        "30954-2" => "laboratory",
        "29762-2" => "social-history",
        "47420-5" => "functional-status",
        "10190-7" => "cognitive-status",
        "29545-1" | "10187-3" | "8709-8" => "exam",
        "18782-3" | "121070" | "121072" | "18834-2" | "11329-0" | "18748-4" => "imaging",
        "61144-2" => "survey",
        "47519-4" => "procedure",
        _ => "",
    }
}

fn act<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let has_allergy = || nested(node).any(|(_, n)| allergy::is_allergy(n) || section.code == "48765-2" && allergy::looks_like(n));
    let has_problem = || nested(node).any(|(_, n)| problem::is_problem(n));
    let medicines = || nested(node).any(|(_, n)| name(n) == "substanceAdministration");
    if is(node, &["60", "2.16.840.1.113883.10.20.1.20", "2.16.840.1.113883.10.20.22.60"])
        || coverage::is_policy(node)
        || section.code == "48768-6"
    {
        coverage::coverage(cx, node)
    } else if is(node, &["30"]) || has_allergy() {
        match allergy::within(cx, node)? {
            0 => cx.skip(node, "An allergy", "It holds no allergy observation."),
            _ => Ok(()),
        }
    } else if is(node, &["132", "136"]) {
        concern::concern(cx, section, node)
    } else if is(node, &["202"])
        || matches!(section.code, "11488-4" | "34109-9" | "28570-0" | "11506-3" | "18842-5" | "34117-2") && child(node, "text").is_some()
    {
        note::note(cx, section, node)
    } else if is(node, &["3", "33", "34", "51", "65", "80", "2.16.840.1.113883.10.20.1.27"]) || has_problem() && !planned(node) {
        diagnosis(cx, section, node)
    } else if medicines() && (is(node, &["35", "36"]) || !planned(node)) {
        medicines_of(cx, section, node)
    } else if is(node, &["2.16.840.1.113883.10.20.6.2.6"]) || code(node) == "113014" {
        imaging::study(cx, node)
    } else if draft::is_comment(node) {
        note::note(cx, section, node)
    } else if planned(node) {
        plan::request(cx, node)
    } else {
        procedure::procedure(cx, section, node, true)
    }
}

/// Diagnoses; an act that promises one and holds none is told in its own words.
fn diagnosis<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    let category = if is(node, &["33", "34", "51", "65", "80"]) { "encounter-diagnosis" } else { problem::category(section) };
    // Each observation is listed as a record or as skipped: nothing is left to say where there was one.
    let found = nested(node).any(|(_, n)| name(n) == "observation" || nested(n).any(|(_, m)| problem::is_problem(m)));
    problem::within(cx, node, category, true)?;
    if found {
        return Ok(());
    }
    cx.skip(node, "A condition", "It holds no condition.")
}

/// Discharge and admission medications: the medicines inside.
fn medicines_of<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    nested(node).filter(|(_, n)| !draft::is_comment(*n)).try_for_each(|(_, n)| statement(cx, section, n))
}

fn organizer<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    if is(node, &["45", "2.16.840.1.113883.10.20.1.23"]) || section.code == "10157-6" {
        family::relative(cx, node)
    } else if is(node, &["500"]) || code(node) == "86744-0" {
        careteam::team(cx, node)
    } else if is(node, &["26", "2.16.840.1.113883.10.20.1.35"]) {
        organizer::panel(cx, section, node, "vital-signs")
    } else if is(node, &["1"]) || section.code == "30954-2" {
        organizer::results(cx, section, node)
    } else if is(node, &["135", "108", "500.3"]) || section.code == "46264-8" {
        organizer::wrapper(cx, section, node)
    } else if section.code == "8716-3" {
        organizer::panel(cx, section, node, "vital-signs")
    } else {
        organizer::panel(cx, section, node, category(section, node))
    }
}

fn substance<'a>(cx: &mut Context<'a>, section: &Section<'a>, node: Node<'a>) -> Result<()> {
    if is(node, &["52", "120"]) || section.code == "11369-6" {
        immunization::immunization(cx, node)
    } else {
        medication::medication(cx, section, node)
    }
}

/// Whether a nested statement is a record of its own wherever it stands: what was measured, done, given or planned.
fn is_record(node: Node<'_>) -> bool {
    let templates = [
        "2", "12", "13", "14", "16", "27", "38", "39", "40", "41", "42", "43", "44", "48", "49", "52", "78", "85", "120", "121", "130",
        "141",
    ];
    is(node, &templates)
}
