//! Job families that the options name, compared with those that the tenant lists.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::{Cursor, ErrorKind, StageError, nearest};
use url::Url;

use crate::client::Client;
use crate::export::Export;
use crate::fields::{field, parse_object};
use crate::request::{Listing, below};

/// Where families are listed below the tenant's address. That it is there, and in pages as employees are (seen), is
/// inferred.
const PATH: &str = "/job_architecture/job_families";
/// As many entries as a page of employees may have (seen).
const PAGE: usize = 200;
/// How many pages are asked for at most: a listing that is longer is no reason to wait for it.
const MOST_PAGES: usize = 20;
/// How long one page may take. Nothing depends on it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The address of the listing.
pub(crate) fn url(base: &Url) -> Url {
    below(base, PATH)
}

/// A job family, by whatever may be its id. Bodies by which families are created call it `external_id` (seen).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Family {
    external_id: String,
    #[serde(default)]
    id: Value,
    #[serde(default)]
    job_family_id: Value,
    #[serde(default)]
    job_family_name: Value,
}

impl Family {
    fn has_id(&self, id: &str) -> bool {
        self.external_id == id || [&self.id, &self.job_family_id].into_iter().any(|own| own == id)
    }

    fn name(&self) -> Option<&str> {
        self.job_family_name.as_str()
    }
}

/// What is to be said of families that `listing` and `partition` name and the tenant does not list, one text each.
///
/// A tenant need not list families, and nothing depends on it: whatever goes wrong is logged for those who look for it, and
/// not tried again.
///
/// # Errors
/// No token is to be had, without which there is no export either.
pub(crate) async fn unknown(
    client: &Client,
    export: &Export,
    listing: &Listing,
    partition: Option<&[String]>,
) -> Result<Vec<String>, StageError> {
    let of_filters = listing.filters.iter().filter_map(|filter| filter.job_family_ids.as_deref());
    let named: BTreeSet<&str> = of_filters.chain(partition).flatten().map(String::as_str).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    export.tokens.bearer().await?;
    Ok(match list(client, export).await {
        Ok(families) => named.into_iter().filter_map(|id| about(id, &families)).collect(),
        Err(error) => {
            let why = error.full_message();
            tracing::debug!("job families are not compared with those of the tenant: {why}");
            Vec::new()
        }
    })
}

/// All families of the tenant.
async fn list(client: &Client, export: &Export) -> Result<Vec<Family>, StageError> {
    let (mut families, mut ids) = (Vec::new(), HashSet::new());
    for _ in 0..MOST_PAGES {
        let answer = export.ask_aside(client, families.len(), PAGE, PATIENCE).await?;
        let (count, page) = read(&answer).map_err(|error| {
            StageError::new(
                ErrorKind::Malformed,
                format!("this is no list of job families: {error}"),
            )
        })?;
        let (before, came) = (families.len(), page.len());
        families.extend(page.into_iter().filter(|family| ids.insert(family.external_id.clone())));
        let is_all = match count {
            Some(count) => families.len() >= count,
            None => came < PAGE || families.len() == before,
        };
        if is_all {
            return Ok(families);
        }
        if families.len() == before {
            break;
        }
    }
    Err(StageError::new(ErrorKind::Malformed, "the list of job families does not come to an end"))
}

/// A page of the listing, `{"count": 2, "results": […]}`, and how many families there are.
fn read(answer: &Bytes) -> Result<(Option<usize>, Vec<Family>), String> {
    let body = parse_object(answer)?;
    Ok((field(body.root(), "count").ok(), field(body.root(), "results")?))
}

/// What is to be said of a family that the options name.
fn about(named: &str, families: &[Family]) -> Option<String> {
    if families.iter().any(|family| family.has_id(named)) {
        return None;
    }
    let shown = Cursor::new(named);
    let ids = families.iter().map(|family| family.external_id.as_str());
    let near = nearest(named, ids).or_else(|| {
        let name = nearest(named, families.iter().filter_map(Family::name))?;
        let family = families.iter().find(|family| family.name() == Some(name))?;
        Some(family.external_id.as_str())
    });
    let is_name = families.iter().find(|family| {
        family.name().is_some_and(|name| name.to_lowercase() == named.trim().to_lowercase())
    });
    Some(match (is_name, near) {
        (Some(family), _) => {
            let id = Cursor::new(family.external_id.as_str());
            format!("`{shown}` is the name of a job family and not its id: write `{id}`")
        }
        (None, Some(near)) => {
            let near = Cursor::new(near);
            format!("the tenant lists no job family `{shown}`; did you mean `{near}`?")
        }
        (None, None) => format!(
            "the tenant lists no job family `{shown}`: check it, and what the credentials may see"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<Family> {
        let body = Bytes::from_static(
            br#"{"count":3,"results":[
            {"external_id":"legal","job_family_name":"Legal"},
            {"external_id":"fin","job_family_name":"Finance","id":"5cbdbdbe"},
            {"external_id":"it","job_family_name":null}
        ]}"#,
        );
        read(&body).unwrap().1
    }

    #[test]
    fn a_family_is_found_by_any_of_its_ids() {
        for id in ["legal", "fin", "5cbdbdbe", "it"] {
            assert_eq!(about(id, &families()), None, "{id}");
        }
    }

    #[test]
    fn an_unknown_family_is_named_with_the_nearest() {
        for (named, said) in [
            ("leagl", "the tenant lists no job family `leagl`; did you mean `legal`?"),
            ("LEGALS", "the tenant lists no job family `LEGALS`; did you mean `legal`?"),
            ("Finanze", "the tenant lists no job family `Finanze`; did you mean `fin`?"),
            ("Legal", "`Legal` is the name of a job family and not its id: write `legal`"),
            ("finance", "`finance` is the name of a job family and not its id: write `fin`"),
            (
                "a\u{1b}[31mb",
                "the tenant lists no job family `a\\u{1b}[31mb`: check it, and what the credentials may see",
            ),
        ] {
            assert_eq!(about(named, &families()).as_deref(), Some(said));
        }
    }
}
