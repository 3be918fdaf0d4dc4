//! Everyday names of the LOINC codes that most charts hold, for sources that send a code and no words. The code stays on the
//! record's page.

/// Whether the words in the brackets of a long name are a property (LOINC Users' Guide, 2.3 "Kind of property"), and no part of
/// the name.
pub(super) fn is_property(words: &str) -> bool {
    const PROPERTIES: [&str; 22] = [
        "Mass",
        "Moles",
        "#",
        "Units",
        "Enzymatic activity",
        "Entitic",
        "Volume",
        "Presence",
        "Ratio",
        "Molar",
        "Pure mass",
        "Log",
        "Time",
        "Arbitrary",
        "Interpretation",
        "Type",
        "Color",
        "Appearance",
        "Partial pressure",
        "Number",
        "Titer",
        "Susceptibility",
    ];
    PROPERTIES.iter().any(|p| words.strip_prefix(p).is_some_and(|rest| !rest.starts_with(char::is_alphabetic)))
}

/// Code and name (LOINC, component and system in everyday words).
const NAMES: [(&str, &str); 92] = [
    ("2345-7", "Glucose"),
    ("4548-4", "Hemoglobin A1c"),
    ("2160-0", "Creatinine"),
    ("33914-3", "Kidney function (eGFR)"),
    ("3094-0", "Urea nitrogen (BUN)"),
    ("2951-2", "Sodium"),
    ("2823-3", "Potassium"),
    ("2075-0", "Chloride"),
    ("2028-9", "Carbon dioxide"),
    ("17861-6", "Calcium"),
    ("19123-9", "Magnesium"),
    ("1742-6", "ALT (liver)"),
    ("1920-8", "AST (liver)"),
    ("6768-6", "Alkaline phosphatase"),
    ("1975-2", "Bilirubin, total"),
    ("1751-7", "Albumin"),
    ("2885-2", "Protein, total"),
    ("2093-3", "Cholesterol, total"),
    ("2085-9", "HDL cholesterol"),
    ("13457-7", "LDL cholesterol"),
    ("18262-6", "LDL cholesterol"),
    ("2089-1", "LDL cholesterol"),
    ("2571-8", "Triglycerides"),
    ("718-7", "Hemoglobin"),
    ("30313-1", "Hemoglobin in arterial blood"),
    ("4544-3", "Hematocrit"),
    ("20570-8", "Hematocrit"),
    ("789-8", "Red blood cells"),
    ("26453-1", "Red blood cells"),
    ("6690-2", "White blood cells"),
    ("26464-8", "White blood cells"),
    ("777-3", "Platelets"),
    ("26515-7", "Platelets"),
    ("787-2", "Size of red blood cells (MCV)"),
    ("785-6", "Hemoglobin in a red blood cell (MCH)"),
    ("786-4", "Hemoglobin concentration in red blood cells (MCHC)"),
    ("788-0", "Spread of red blood cell sizes (RDW)"),
    ("3016-3", "Thyroid (TSH)"),
    ("3024-7", "Thyroxine, free (T4)"),
    ("2276-4", "Ferritin"),
    ("2498-4", "Iron"),
    ("2132-9", "Vitamin B12"),
    ("2284-8", "Folate"),
    ("1989-3", "Vitamin D (25-OH)"),
    ("62292-8", "Vitamin D (25-OH)"),
    ("1988-5", "C-reactive protein (CRP)"),
    ("4537-7", "Sedimentation rate"),
    ("30341-2", "Sedimentation rate"),
    ("6301-6", "Clotting time (INR)"),
    ("34714-6", "Clotting time (INR)"),
    ("5902-2", "Prothrombin time"),
    ("2857-1", "PSA (prostate)"),
    ("5778-6", "Color of urine"),
    ("5767-9", "Appearance of urine"),
    ("5811-5", "Specific gravity of urine"),
    ("5803-2", "pH of urine"),
    ("5792-7", "Glucose in urine"),
    ("5804-0", "Protein in urine"),
    ("5797-6", "Ketones in urine"),
    ("5802-4", "Nitrite in urine"),
    ("5799-2", "White blood cells in urine (test strip)"),
    ("5794-3", "Blood in urine (test strip)"),
    ("85354-9", "Blood pressure"),
    ("8480-6", "Systolic blood pressure"),
    ("8462-4", "Diastolic blood pressure"),
    ("8867-4", "Heart rate"),
    ("9279-1", "Respiratory rate"),
    ("8310-5", "Body temperature"),
    ("8302-2", "Height"),
    ("29463-7", "Weight"),
    ("3141-9", "Weight, measured"),
    ("39156-5", "Body mass index (BMI)"),
    ("59408-5", "Oxygen saturation"),
    ("2708-6", "Oxygen saturation"),
    ("2713-6", "Oxygen saturation"),
    ("3140-1", "Body surface area"),
    ("72166-2", "Tobacco smoking status"),
    ("36643-5", "Chest X-ray"),
    ("54522-8", "Functional status"),
    ("10164-2", "History of present illness"),
    ("51847-2", "Assessment and plan"),
    ("11506-3", "Progress note"),
    ("34133-9", "Summary of care"),
    ("18842-5", "Discharge summary"),
    ("11488-4", "Consultation note"),
    ("34117-2", "History and physical"),
    ("28570-0", "Procedure note"),
    ("57133-1", "Referral note"),
    ("11504-8", "Operation note"),
    ("18748-4", "Imaging report"),
    ("11502-2", "Laboratory report"),
    ("34111-5", "Emergency department note"),
];

/// The everyday name of a code.
pub(super) fn name(code: &str) -> Option<&'static str> {
    NAMES.iter().find(|(c, _)| *c == code).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_has_one_name() {
        let codes: BTreeSet<&str> = NAMES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), NAMES.len());
        assert_eq!(name("5767-9"), Some("Appearance of urine"));
        assert_eq!(name("0000-0"), None);
    }
}
