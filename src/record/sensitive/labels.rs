//! Security labels (FHIR R4 Resource.meta.security) that name a kind. A confidentiality code alone (R, V) names none.

use super::Sensitive::{Genetics, Hiv, MentalHealth, ReproductiveHealth, SexualHealth, SubstanceUse};
use super::SensitiveSet;

/// The kinds that a label of HL7 v3 ActCode, "information sensitivity policy", stands for.
pub(super) fn of(code: &str) -> SensitiveSet {
    match code.to_ascii_uppercase().as_str() {
        "PSY" | "PSYTHPN" | "MH" | "COGN" | "EMOTDIS" | "DVD" | "VIO" => MentalHealth.into(),
        "BH" => SensitiveSet::of(&[MentalHealth, SubstanceUse]),
        "ETH" | "SUD" | "ETHUD" | "OPIOIDUD" => SubstanceUse.into(),
        "SEX" => SensitiveSet::of(&[SexualHealth, ReproductiveHealth]),
        "STD" => SexualHealth.into(),
        "SDV" | "MST" => SensitiveSet::of(&[SexualHealth, MentalHealth]),
        "GDIS" | "SICKLE" | "SCA" => Genetics.into(),
        "HIV" => Hiv.into(),
        // "Taboo" and "specially protected" do not say of which kind.
        "TBOO" | "SPI" => SensitiveSet::ALL,
        _ => SensitiveSet::NONE,
    }
}
