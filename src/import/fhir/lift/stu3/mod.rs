//! Maps from STU3 that need more than a rule.

mod clinical;
mod devices;
mod forms;
mod money;

use super::Fields;

/// A map by the name that the rules call it.
pub(super) fn call(name: &str) -> Option<fn(&mut Fields)> {
    Some(match name {
        "abatement_flag" => clinical::abatement_flag,
        "care_plan_authors" => clinical::care_plan_authors,
        "coverage_classes" => money::coverage_classes,
        "device_identifier" => devices::device_identifier,
        "goal_status" => clinical::goal_status,
        "imaging_series" => devices::imaging_series,
        "immunization_protocol" => clinical::immunization_protocol,
        "information_periods" => money::information_periods,
        "observation_related" => clinical::observation_related,
        "questionnaire_items" => forms::questionnaire_items,
        "referral_services" => clinical::referral_services,
        "sequence_strand" => devices::sequence_strand,
        "taken_code" => clinical::taken_code,
        "vision_prism" => devices::vision_prism,
        _ => return None,
    })
}
