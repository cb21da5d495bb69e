//! What requests may hold, for those who describe it.

pub(crate) use super::filters::{
    ACTIVE, FAMILIES, MOST_FAMILIES, MOST_FILTERS, OPERATORS, UPDATED,
};
pub(crate) use super::listing::{
    DEFAULT_LIMIT as DEFAULT_LISTING_LIMIT, LARGEST_LIMIT as LARGEST_LISTING_LIMIT,
};
pub(crate) use super::profile::MOST_DECISIONS;
pub(crate) use super::request::{LARGEST_LIMIT, LONGEST_CURSOR};
