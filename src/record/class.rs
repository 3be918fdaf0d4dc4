//! The kinds of record that pages, reports and exports speak of: the USCDI v4 classes and the few that it leaves out.

/// A kind of record. The order is the order of the import report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it; words() gives the long form")]
pub enum Class {
    Allergy = 1,
    CareTeam,
    Note,
    ClinicalTest,
    Imaging,
    Encounter,
    Facility,
    Goal,
    Insurance,
    HealthStatus,
    Immunization,
    Laboratory,
    Device,
    Medication,
    Demographics,
    Plan,
    Problem,
    Procedure,
    Provenance,
    VitalSign,
    FamilyHistory,
    SocialHistory,
    Appointment,
    Message,
    Bill,
    Other,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Self; 26] = [
        Self::Allergy,
        Self::CareTeam,
        Self::Note,
        Self::ClinicalTest,
        Self::Imaging,
        Self::Encounter,
        Self::Facility,
        Self::Goal,
        Self::Insurance,
        Self::HealthStatus,
        Self::Immunization,
        Self::Laboratory,
        Self::Device,
        Self::Medication,
        Self::Demographics,
        Self::Plan,
        Self::Problem,
        Self::Procedure,
        Self::Provenance,
        Self::VitalSign,
        Self::FamilyHistory,
        Self::SocialHistory,
        Self::Appointment,
        Self::Message,
        Self::Bill,
        Self::Other,
    ];

    /// The class with this number in the database.
    pub fn from_number(n: i64) -> Self {
        usize::try_from(n).ok().and_then(|n| Self::ALL.get(n.wrapping_sub(1))).copied().unwrap_or(Self::Other)
    }

    /// The number in the database.
    pub fn number(self) -> i64 {
        i64::from(self as u8)
    }

    /// The name in addresses, flags and files.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Allergy => "allergies",
            Self::CareTeam => "care-team",
            Self::Note => "documents",
            Self::ClinicalTest => "clinical-tests",
            Self::Imaging => "imaging",
            Self::Encounter => "visits",
            Self::Facility => "places",
            Self::Goal => "goals",
            Self::Insurance => "insurance",
            Self::HealthStatus => "assessments",
            Self::Immunization => "immunizations",
            Self::Laboratory => "laboratory",
            Self::Device => "devices",
            Self::Medication => "medicines",
            Self::Demographics => "about",
            Self::Plan => "plans",
            Self::Problem => "conditions",
            Self::Procedure => "procedures",
            Self::Provenance => "provenance",
            Self::VitalSign => "vital-signs",
            Self::FamilyHistory => "family-history",
            Self::SocialHistory => "social-history",
            Self::Appointment => "appointments",
            Self::Message => "messages",
            Self::Bill => "bills",
            Self::Other => "other",
        }
    }

    /// The class with this slug.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.slug() == slug)
    }

    /// The plain words that pages and reports use.
    pub fn words(self) -> &'static str {
        match self {
            Self::Allergy => "Allergies",
            Self::CareTeam => "Care team",
            Self::Note => "Notes and documents",
            Self::ClinicalTest => "Clinical tests",
            Self::Imaging => "Imaging",
            Self::Encounter => "Visits and stays",
            Self::Facility => "Places",
            Self::Goal => "Goals and preferences",
            Self::Insurance => "Insurance",
            Self::HealthStatus => "Health status and function",
            Self::Immunization => "Immunizations",
            Self::Laboratory => "Laboratory",
            Self::Device => "Devices and implants",
            Self::Medication => "Medicines",
            Self::Demographics => "About this person",
            Self::Plan => "Care plans",
            Self::Problem => "Conditions",
            Self::Procedure => "Procedures",
            Self::Provenance => "Where records came from",
            Self::VitalSign => "Vital signs",
            Self::FamilyHistory => "Family history",
            Self::SocialHistory => "Social history",
            Self::Appointment => "Appointments",
            Self::Message => "Messages",
            Self::Bill => "Bills and claims",
            Self::Other => "Other records",
        }
    }

    /// The USCDI v4 data class, or `None` for a kind that it does not name.
    pub fn uscdi(self) -> Option<&'static str> {
        Some(match self {
            Self::Allergy => "Allergies and Intolerances",
            Self::CareTeam => "Care Team Members",
            Self::Note => "Clinical Notes",
            Self::ClinicalTest => "Clinical Tests",
            Self::Imaging => "Diagnostic Imaging",
            Self::Encounter => "Encounter Information",
            Self::Facility => "Facility Information",
            Self::Goal => "Goals and Preferences",
            Self::Insurance => "Health Insurance Information",
            Self::HealthStatus | Self::SocialHistory => "Health Status Assessments",
            Self::Immunization => "Immunizations",
            Self::Laboratory => "Laboratory",
            Self::Device => "Medical Devices",
            Self::Medication => "Medications",
            Self::Demographics => "Patient Demographics/Information",
            Self::Plan => "Patient Summary and Plan",
            Self::Problem => "Problems",
            Self::Procedure => "Procedures",
            Self::Provenance => "Provenance",
            Self::VitalSign => "Vital Signs",
            Self::FamilyHistory | Self::Appointment | Self::Message | Self::Bill | Self::Other => return None,
        })
    }
}

impl serde::Serialize for Class {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.slug())
    }
}

impl<'de> serde::Deserialize<'de> for Class {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let slug = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
        Self::from_slug(&slug).ok_or_else(|| serde::de::Error::custom("no such kind of record"))
    }
}
