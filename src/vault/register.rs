//! `household.db`: who may sign in and whose charts there are. Nothing about anyone's health.

/// A member: someone who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberInfo {
    /// Random, in file names and addresses.
    pub id: String,
    /// The name used to sign in.
    pub name: String,
}

/// A person whose chart is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonInfo {
    /// Random, in file names and addresses: also the chart's id.
    pub id: String,
    /// Full name.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// FHIR administrative gender: `female`, `male`, `other` or `unknown`.
    pub sex: String,
    /// One of `plum`, `indigo`, `umber`, `pine`, `slate`, `azure`, given once and kept.
    pub colour: String,
}

/// What a member may do with a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read only.
    Viewer,
    /// Read and write.
    Carer,
    /// Everything.
    Owner,
}
