//! What the tables of the catalogue hold: families, their clusters, and the work in them.

use taskferry_profile::AiLevel;

/// A job family: jobs that do the same kind of work.
pub(crate) struct Family {
    /// What `job_family_id_is_in_list` is asked for.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// First level of the work taxonomy for all of the family's own work.
    pub(crate) domain: &'static str,
    pub(crate) clusters: &'static [Cluster],
}

/// Third level of the work taxonomy, with the jobs that mostly do this work.
pub(crate) struct Cluster {
    pub(crate) subdomain: &'static str,
    pub(crate) name: &'static str,
    pub(crate) titles: &'static [&'static str],
    pub(crate) work: &'static [Work],
}

/// Fourth level of the work taxonomy, with the ways in which jobs put it.
pub(crate) struct Work {
    pub(crate) canonical_task: &'static str,
    /// The usual level; a job's own may lie one beside it.
    pub(crate) level: AiLevel,
    pub(crate) tasks: &'static [&'static str],
    pub(crate) skills: &'static [&'static str],
    /// A clause that says what AI does of it.
    pub(crate) machine: &'static str,
    /// A clause that says what stays with people.
    pub(crate) person: &'static str,
}
