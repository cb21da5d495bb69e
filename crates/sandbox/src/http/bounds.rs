//! What requests may hold, for those who read them and those who describe it.

/// Profiles in a page.
pub(crate) const LARGEST_LIMIT: u32 = 100;
/// Characters in a cursor.
pub(crate) const LONGEST_CURSOR: usize = 100;

/// Entries in a page: at most, and when nothing is said.
pub(crate) const LARGEST_LISTING_LIMIT: u64 = 200;
pub(crate) const DEFAULT_LISTING_LIMIT: u64 = 100;

/// Decisions in a request. TechWolf's bound is unknown; this one is ours.
pub(crate) const MOST_DECISIONS: usize = 100;

/// Filters in a request, and job families in a filter. TechWolf's bounds are unknown; these are ours.
pub(crate) const MOST_FILTERS: usize = 20;
pub(crate) const MOST_FAMILIES: usize = 1_000;

pub(crate) const FAMILIES: &str = "job_family_id_is_in_list";
pub(crate) const UPDATED: &str = "last_updated";
pub(crate) const ACTIVE: &str = "is_active";

/// How a filter compares. Only `lt` is seen with `last_updated`; the others stand in filters of other endpoints.
pub(crate) const OPERATORS: [&str; 5] = ["eq", "lt", "lte", "gt", "gte"];
