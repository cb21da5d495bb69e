//! Which part of the listing a run reads that takes one share of it.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use taskferry_files::Folder;
use taskferry_sdk::{Cursor, ErrorKind, Shard, Share, StageError};

use crate::ahead::Reader;
use crate::places::Places;
use crate::progress::Progress;
use crate::remembered::MOST_JOBS;

/// The file's name within the state folder of the share.
const FILE: &str = "share.json";
/// How many remembered cursors before a share's beginning are tried, until the listing is read from its beginning.
const TRIES: usize = 3;

/// Where a share begins, as far as that is known before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Where the listing does.
    First,
    /// Behind the first job that is this place or one after it.
    Place(usize),
    /// Nowhere: there are fewer segments than shares.
    Nowhere,
}

/// Where a share begins, and the place that it ends with (or the first one after it that is still there), if it does not go
/// on to the end. Of so many places between `places + 1` segments each share gets as many segments as the others, or one less.
pub(crate) fn bounds(places: usize, shard: Shard) -> (Beginning, Option<usize>) {
    let (index, count) = (shard.index() as usize, shard.count() as usize);
    let segments = places + 1;
    let before = |shares: usize| (shares * segments).div_ceil(count);
    let (first, end) = (before(index - 1), before(index));
    let beginning = match first {
        0 => Beginning::First,
        _ if first >= segments => Beginning::Nowhere,
        _ => Beginning::Place(first - 1),
    };
    (beginning, (end < segments).then(|| end - 1))
}

/// What came of looking for a place.
enum Look {
    /// The first place from the wanted one on that is in the listing.
    Found(usize),
    /// The listing ended before.
    Ended,
    /// The cursor is not in the listing any more, or nothing can be said.
    Unknown,
}

/// The first place from `wanted` on that is in the listing, by having seen it there; `None` when the listing ends before. The
/// share before this one ends with the same, since it looks for the same.
///
/// # Errors
/// Those of the requests, and a listing that does not get on.
pub(crate) async fn find(
    reader: &Reader,
    places: &Places,
    wanted: usize,
    page_size: usize,
) -> Result<Option<usize>, StageError> {
    for back in 1..=TRIES {
        let Some(from) = wanted.checked_sub(back) else { break };
        let pages = (MOST_JOBS * (back + 1)).div_ceil(page_size.max(1)) + 1;
        if let Look::Found(place) = look(reader, places, Some(from), wanted, pages).await? {
            return Ok(Some(place));
        }
    }
    if wanted > TRIES {
        tracing::warn!(
            "this share's beginning was not found from the remembered cursors before it: \
             it is looked for from the beginning of the listing"
        );
    }
    match look(reader, places, None, wanted, usize::MAX).await? {
        Look::Found(place) => Ok(Some(place)),
        Look::Ended | Look::Unknown => Ok(None),
    }
}

async fn look(
    reader: &Reader,
    places: &Places,
    from: Option<usize>,
    wanted: usize,
    pages: usize,
) -> Result<Look, StageError> {
    let mut cursor = from.and_then(|from| places.cursor(from));
    // From the beginning of the listing on there is no bound to the pages but this.
    let mut progress = from.is_none().then(Progress::default);
    for _ in 0..pages {
        let page = match reader.page_after(0, cursor.as_ref()).await {
            Ok(page) => page,
            Err(error)
                if from.is_some()
                    && matches!(error.kind(), ErrorKind::Refused | ErrorKind::NoProgress) =>
            {
                return Ok(Look::Unknown);
            }
            Err(error) => return Err(looking(error)),
        };
        if let Some(progress) = &mut progress {
            progress.note(&page).map_err(looking)?;
        }
        let jobs = page.records.iter().filter_map(|record| record.origin().job.as_deref());
        for place in jobs.filter_map(|job| places.find(job)) {
            if place >= wanted {
                return Ok(Look::Found(place));
            }
            // What comes before the cursor can't follow it: the server does not know it.
            if from.is_some_and(|from| place <= from) {
                return Ok(Look::Unknown);
            }
        }
        match page.next {
            // Nor can an end be believed after a cursor that may be gone.
            None if from.is_some() => return Ok(Look::Unknown),
            None => return Ok(Look::Ended),
            Some(next) if cursor.as_ref() == Some(&next) => return Ok(Look::Unknown),
            next => cursor = next,
        }
    }
    Ok(Look::Unknown)
}

fn looking(error: StageError) -> StageError {
    error.context("looking for the share's beginning")
}

/// What a run has to know of its share when it goes on, in a file of its state folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    run: String,
    /// The run that the places come from: those of another one lie elsewhere.
    places_of: String,
    from: Option<String>,
    to: Option<String>,
}

/// The share of a run, as far as it is known, and where that is kept.
#[derive(Debug)]
pub(crate) struct ShareFile {
    folder: Option<PathBuf>,
    kept: Kept,
}

impl ShareFile {
    /// That of a run which begins after `from`.
    ///
    /// # Errors
    /// When it can't be kept.
    pub(crate) fn begin(
        folder: Option<&Path>,
        run: &str,
        places: &Places,
        from: Option<&Cursor>,
    ) -> Result<Self, StageError> {
        let from = from.map(|from| from.as_str().to_owned());
        let kept = Kept { run: run.to_owned(), places_of: places.run.clone(), from, to: None };
        let file = Self { folder: folder.map(Path::to_owned), kept };
        file.save()?;
        Ok(file)
    }

    /// That of a run which goes on.
    ///
    /// # Errors
    /// When the share would not be the same.
    pub(crate) fn resume(
        folder: Option<&Path>,
        run: &str,
        places: &Places,
    ) -> Result<Self, StageError> {
        let read = folder.and_then(|folder| Folder::open(folder).ok()?.place(FILE).read().ok());
        let kept: Option<Kept> = read.and_then(|text| serde_json::from_slice(&text).ok());
        let kept = kept.filter(|kept| kept.run == run && kept.places_of == places.run);
        let kept = kept.ok_or_else(|| {
            let message = "the remembered cursors that the export was shared by are others now";
            StageError::new(ErrorKind::Config, message)
                .hint("the next run of this share starts over; run the other shares again as well")
                .starts_over()
        })?;
        Ok(Self { folder: folder.map(Path::to_owned), kept })
    }

    /// Notes where the share ended.
    ///
    /// # Errors
    /// When it can't be kept.
    pub(crate) fn end(&mut self, to: Option<&Cursor>) -> Result<(), StageError> {
        self.kept.to = to.map(|to| to.as_str().to_owned());
        self.save()
    }

    pub(crate) fn share(&self) -> Share {
        Share { from: self.kept.from.clone(), to: self.kept.to.clone(), values: Vec::new() }
    }

    fn save(&self) -> Result<(), StageError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let write = || -> io::Result<()> {
            Folder::open(folder)?.place(FILE).replace(&serde_json::to_vec(&self.kept)?, 0o600)
        };
        write().map_err(|error| {
            let path = folder.join(FILE);
            StageError::new(ErrorKind::Io, format!("can't write `{}`", path.display()))
                .caused_by(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shares(places: usize, count: u32) -> Vec<(Beginning, Option<usize>)> {
        (1..=count).map(|index| bounds(places, Shard::new(index, count).unwrap())).collect()
    }

    #[test]
    fn the_first_begins_at_the_beginning_and_the_last_goes_on_to_the_end() {
        let place = Beginning::Place;
        assert_eq!(
            shares(9, 4),
            [
                (Beginning::First, Some(2)),
                (place(2), Some(4)),
                (place(4), Some(7)),
                (place(7), None)
            ]
        );
        assert_eq!(shares(9, 1), [(Beginning::First, None)]);
        assert_eq!(shares(0, 2), [(Beginning::First, None), (Beginning::Nowhere, None)]);
    }

    proptest! {
        #[test]
        fn shares_follow_each_other_and_are_of_one_size(places in 0_usize..200, count in 1_u32..40) {
            let shares = shares(places, count);
            prop_assert_eq!(shares[0].0, Beginning::First);
            prop_assert_eq!(shares.last().unwrap().1, None);
            let mut sizes = Vec::new();
            for (index, (beginning, end)) in shares.iter().enumerate() {
                if let (Some((next, _)), Some(end)) = (shares.get(index + 1), end) {
                    prop_assert_eq!(*next, Beginning::Place(*end));
                }
                let first = match beginning {
                    Beginning::First => 0,
                    Beginning::Place(place) => place + 1,
                    Beginning::Nowhere => continue,
                };
                sizes.push(end.map_or(places + 1, |end| end + 1) - first);
            }
            prop_assert_eq!(sizes.iter().sum::<usize>(), places + 1);
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            prop_assert!(most - least <= 1);
        }
    }
}
