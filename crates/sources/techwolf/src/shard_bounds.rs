//! The range of the listing that is the shard of a run.

use taskferry_sdk::{ErrorKind, Shard, StageError};

use crate::cursor_index::CursorIndex;
use crate::cursor_log::SEGMENT_LENGTH;
use crate::progress::Progress;
use crate::reader::Reader;

/// The number of saved cursors to search from, before the search starts at the beginning of the listing.
const MAX_SEARCHES: usize = 3;

/// The start of a shard, as far as it is known before the first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShardStart {
    /// The start of the listing.
    Listing,
    /// After the first entry whose position in the index is this number or higher.
    After(usize),
    /// The shard is empty, because there are fewer segments than shards.
    Empty,
}

/// The start of a shard, and the position in the index of its last entry; `None` for the end of the listing. If this entry was
/// deleted, the shard ends with the next indexed entry that still exists. `cursors` cursors divide the listing into `cursors + 1`
/// segments. The numbers of segments of two shards differ by at most one.
pub(crate) fn bounds(cursors: usize, shard: Shard) -> (ShardStart, Option<usize>) {
    let (index, count) = (shard.index() as usize, shard.count() as usize);
    let segments = cursors + 1;
    let before = |shards: usize| (shards * segments).div_ceil(count);
    let (first, end) = (before(index - 1), before(index));
    let start = match first {
        0 => ShardStart::Listing,
        _ if first >= segments => ShardStart::Empty,
        _ => ShardStart::After(first - 1),
    };
    (start, (end < segments).then(|| end - 1))
}

/// The result of a search for an indexed entry.
enum Search {
    /// The position of the first indexed entry at or after the wanted position.
    Found(usize),
    /// The listing ended before such an entry.
    Ended,
    /// The start cursor may have been deleted from the listing, so the result proves nothing.
    Unknown,
}

/// Finds the first indexed entry in the listing whose position is `wanted` or higher; `None` if the listing ends before such an
/// entry. The preceding shard ends with the same entry, because it searches for the same position.
pub(crate) async fn find(
    reader: &Reader,
    index: &CursorIndex,
    wanted: usize,
    page_size: usize,
) -> Result<Option<usize>, StageError> {
    for back in 1..=MAX_SEARCHES {
        let Some(from) = wanted.checked_sub(back) else { break };
        let pages = (SEGMENT_LENGTH * (back + 1)).div_ceil(page_size.max(1)) + 1;
        if let Search::Found(found) = search(reader, index, Some(from), wanted, pages).await? {
            return Ok(Some(found));
        }
    }
    if wanted > MAX_SEARCHES {
        tracing::warn!(
            "the saved cursors do not lead to the start of this shard: searching from the first page of the listing"
        );
    }
    match search(reader, index, None, wanted, usize::MAX).await? {
        Search::Found(found) => Ok(Some(found)),
        Search::Ended | Search::Unknown => Ok(None),
    }
}

async fn search(
    reader: &Reader,
    index: &CursorIndex,
    from: Option<usize>,
    wanted: usize,
    pages: usize,
) -> Result<Search, StageError> {
    let mut cursor = from.and_then(|from| index.cursor(from));
    // A search from the beginning has no page limit. The progress check ends a listing that repeats.
    let mut progress = from.is_none().then(Progress::default);
    for _ in 0..pages {
        let page = match reader.page_after(cursor.as_ref()).await {
            Ok(page) => page,
            Err(error)
                if from.is_some()
                    && matches!(error.kind(), ErrorKind::Refused | ErrorKind::NoProgress) =>
            {
                return Ok(Search::Unknown);
            }
            Err(error) => return Err(in_search(error)),
        };
        if let Some(progress) = &mut progress {
            progress.check(&page).map_err(in_search)?;
        }
        for found in page.entries.iter().filter_map(|entry| index.find(&entry.id)) {
            if found >= wanted {
                return Ok(Search::Found(found));
            }
            // An earlier entry can't follow the cursor, so the cursor is not in the listing.
            if from.is_some_and(|from| found <= from) {
                return Ok(Search::Unknown);
            }
        }
        match page.next {
            // The end after a cursor that may be unknown proves nothing.
            None if from.is_some() => return Ok(Search::Unknown),
            None => return Ok(Search::Ended),
            Some(next) if cursor.as_ref() == Some(&next) => return Ok(Search::Unknown),
            next => cursor = next,
        }
    }
    Ok(Search::Unknown)
}

fn in_search(error: StageError) -> StageError {
    error.context("searching for the start of the shard")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shards(cursors: usize, count: u32) -> Vec<(ShardStart, Option<usize>)> {
        (1..=count).map(|index| bounds(cursors, Shard::new(index, count).unwrap())).collect()
    }

    #[test]
    fn shards_cover_the_listing_from_its_start_to_its_end() {
        let after = ShardStart::After;
        assert_eq!(
            shards(9, 4),
            [
                (ShardStart::Listing, Some(2)),
                (after(2), Some(4)),
                (after(4), Some(7)),
                (after(7), None)
            ]
        );
        assert_eq!(shards(9, 1), [(ShardStart::Listing, None)]);
        assert_eq!(shards(0, 2), [(ShardStart::Listing, None), (ShardStart::Empty, None)]);
    }

    proptest! {
        #[test]
        fn shards_are_adjacent_and_of_equal_size(cursors in 0_usize..200, count in 1_u32..40) {
            let shards = shards(cursors, count);
            prop_assert_eq!(shards[0].0, ShardStart::Listing);
            prop_assert_eq!(shards.last().unwrap().1, None);
            let mut sizes = Vec::new();
            for (index, (start, end)) in shards.iter().enumerate() {
                if let (Some((next, _)), Some(end)) = (shards.get(index + 1), end) {
                    prop_assert_eq!(*next, ShardStart::After(*end));
                }
                let first = match start {
                    ShardStart::Listing => 0,
                    ShardStart::After(position) => position + 1,
                    ShardStart::Empty => continue,
                };
                sizes.push(end.map_or(cursors + 1, |end| end + 1) - first);
            }
            prop_assert_eq!(sizes.iter().sum::<usize>(), cursors + 1);
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(most - least <= 1);
        }
    }
}
