//! What requests may hold at most, for those who describe it.

pub(crate) use super::filters::{MOST_FAMILIES, MOST_FILTERS, OPERATORS};
pub(crate) use super::listing::{
    DEFAULT_LIMIT as DEFAULT_LISTING_LIMIT, LARGEST_LIMIT as LARGEST_LISTING_LIMIT,
};
pub(crate) use super::profile::MOST_DECISIONS;
pub(crate) use super::request::{LARGEST_LIMIT, LONGEST_CURSOR};
