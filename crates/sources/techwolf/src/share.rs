//! Where the share of the listing begins and ends that a run reads.

use taskferry_sdk::{ErrorKind, Shard, StageError};

use crate::cursor_index::CursorIndex;
use crate::cursor_log::SEGMENT_JOBS;
use crate::progress::Progress;
use crate::reader::Reader;

/// How many remembered cursors before a share's beginning are tried, until the listing is read from its beginning.
const TRIES: usize = 3;

/// Where a share begins, as far as that is known before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Where the listing does.
    Listing,
    /// Behind the first job that is the remembered one at this position, or one after it.
    Behind(usize),
    /// Nowhere: there are fewer segments than shares.
    Nowhere,
}

/// Where a share begins, and the position of the remembered cursor that it ends with (or the first one after it that is still
/// there), unless it ends with the listing. Of the `cursors + 1` segments between so many cursors each share gets as many as
/// the others, or one less.
pub(crate) fn bounds(cursors: usize, shard: Shard) -> (Beginning, Option<usize>) {
    let (index, count) = (shard.index() as usize, shard.count() as usize);
    let segments = cursors + 1;
    let before = |shares: usize| (shares * segments).div_ceil(count);
    let (first, end) = (before(index - 1), before(index));
    let beginning = match first {
        0 => Beginning::Listing,
        _ if first >= segments => Beginning::Nowhere,
        _ => Beginning::Behind(first - 1),
    };
    (beginning, (end < segments).then(|| end - 1))
}

/// The result of a search for a remembered job.
enum Search {
    /// The first one from the wanted one on that is in the listing.
    Found(usize),
    /// The listing ended before.
    Ended,
    /// The cursor that the search began at is not in the listing any more, or nothing can be said.
    Unknown,
}

/// The position of the first remembered job from `wanted` on that is in the listing, by having seen it there; `None` if the
/// listing ends before. The share before this one ends with the same job, since it searches for the same.
///
/// # Errors
/// Those of the requests, and a listing that makes no progress.
pub(crate) async fn find(
    reader: &Reader,
    index: &CursorIndex,
    wanted: usize,
    page_size: usize,
) -> Result<Option<usize>, StageError> {
    for back in 1..=TRIES {
        let Some(from) = wanted.checked_sub(back) else { break };
        let pages = (SEGMENT_JOBS * (back + 1)).div_ceil(page_size.max(1)) + 1;
        if let Search::Found(found) = search(reader, index, Some(from), wanted, pages).await? {
            return Ok(Some(found));
        }
    }
    if wanted > TRIES {
        tracing::warn!(
            "this share's beginning was not found from the remembered cursors before it: \
             it is looked for from the beginning of the listing"
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
    // From the beginning of the listing on there is no bound to the pages but this.
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
            Err(error) => return Err(looking(error)),
        };
        if let Some(progress) = &mut progress {
            progress.note(&page).map_err(looking)?;
        }
        for found in page.jobs.iter().filter_map(|job| index.find(&job.id)) {
            if found >= wanted {
                return Ok(Search::Found(found));
            }
            // What comes before the cursor can't follow it: the server does not know it.
            if from.is_some_and(|from| found <= from) {
                return Ok(Search::Unknown);
            }
        }
        match page.next {
            // Nor can an end be believed after a cursor that may be gone.
            None if from.is_some() => return Ok(Search::Unknown),
            None => return Ok(Search::Ended),
            Some(next) if cursor.as_ref() == Some(&next) => return Ok(Search::Unknown),
            next => cursor = next,
        }
    }
    Ok(Search::Unknown)
}

fn looking(error: StageError) -> StageError {
    error.context("looking for the share's beginning")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shares(cursors: usize, count: u32) -> Vec<(Beginning, Option<usize>)> {
        (1..=count).map(|index| bounds(cursors, Shard::new(index, count).unwrap())).collect()
    }

    #[test]
    fn the_first_share_starts_at_the_beginning_and_the_last_reads_to_the_end() {
        let behind = Beginning::Behind;
        assert_eq!(
            shares(9, 4),
            [
                (Beginning::Listing, Some(2)),
                (behind(2), Some(4)),
                (behind(4), Some(7)),
                (behind(7), None)
            ]
        );
        assert_eq!(shares(9, 1), [(Beginning::Listing, None)]);
        assert_eq!(shares(0, 2), [(Beginning::Listing, None), (Beginning::Nowhere, None)]);
    }

    proptest! {
        #[test]
        fn shares_are_adjacent_and_of_equal_size(cursors in 0_usize..200, count in 1_u32..40) {
            let shares = shares(cursors, count);
            prop_assert_eq!(shares[0].0, Beginning::Listing);
            prop_assert_eq!(shares.last().unwrap().1, None);
            let mut sizes = Vec::new();
            for (index, (beginning, end)) in shares.iter().enumerate() {
                if let (Some((next, _)), Some(end)) = (shares.get(index + 1), end) {
                    prop_assert_eq!(*next, Beginning::Behind(*end));
                }
                let first = match beginning {
                    Beginning::Listing => 0,
                    Beginning::Behind(position) => position + 1,
                    Beginning::Nowhere => continue,
                };
                sizes.push(end.map_or(cursors + 1, |end| end + 1) - first);
            }
            prop_assert_eq!(sizes.iter().sum::<usize>(), cursors + 1);
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(most - least <= 1);
        }
    }
}
