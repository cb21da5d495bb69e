//! What can be known to be wrong with the options before the first request.

use jiff::{Timestamp, civil::Date};
use taskferry_sdk::{BuildContext, Duration, KeyPath, LocalEndpoint, Part, Problem};
use url::Url;

use crate::config::{AuthOptions, FilterKind, FilterOptions, PartitionOptions};
use crate::credentials::{Credentials, credentials};
use crate::problems::{http_url, keep, missing};
use crate::request::EXPORT_PATH;

/// Who is asked for pages.
#[derive(Debug)]
pub(crate) enum Server {
    /// An endpoint inside this process, not yet started.
    Local(Box<dyn LocalEndpoint>),
    /// A tenant's API.
    Remote { base: Url, credentials: Credentials },
}

/// `limit`, `rate_limit` and `timeout`.
pub(crate) fn numbers(limit: u32, rate: Option<f64>, timeout: Duration) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !(1..=100).contains(&limit) {
        let message = format!("{limit} is out of range, expected a whole number from 1 to 100");
        problems.push(Problem::at(KeyPath::of("limit"), "value::invalid", message));
    }
    if let Some(rate) = rate.filter(|rate| !(0.001..=1000.0).contains(rate)) {
        let message = format!("{rate} is out of range, expected a number from 0.001 to 1000");
        let problem = Problem::at(KeyPath::of("rate_limit"), "value::invalid", message);
        problems.push(problem.help("write how many pages a second, or leave it out for no limit"));
    }
    if timeout.get().is_zero() {
        let problem = Problem::at(
            KeyPath::of("timeout"),
            "value::invalid",
            "`timeout` must be greater than zero",
        );
        problems.push(problem.help("write for example \"120s\""));
    }
    problems
}

/// `filters`: each has what its kind needs, and nothing of the other kind.
pub(crate) fn filters(filters: &[FilterOptions]) -> Vec<Problem> {
    let list = KeyPath::of("filters");
    filters.iter().enumerate().flat_map(|(index, filter)| one(&list.index(index), filter)).collect()
}

fn one(path: &KeyPath, filter: &FilterOptions) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut check = |key: &str, given: bool, wanted: bool, kind: &str| match (given, wanted) {
        (false, true) => problems.push(missing(path, key)),
        (true, false) => problems.push(
            Problem::at(
                path.key(key),
                "key::unknown",
                format!("`{key}` means nothing to `{kind}`"),
            )
            .part(Part::Key)
            .help("take it out"),
        ),
        _ => {}
    };
    let families = filter.filter == FilterKind::JobFamilyIdIsInList;
    let kind = if families { "job_family_id_is_in_list" } else { "last_updated" };
    check("job_family_ids", filter.job_family_ids.is_some(), families, kind);
    check("value", filter.value.is_some(), !families, kind);
    check("operator", filter.operator.is_some(), !families, kind);

    if let Some(ids) = filter.job_family_ids.as_deref().filter(|_| families) {
        let list = path.key("job_family_ids");
        let empty = ids.iter().position(|id| id.trim().is_empty());
        if let Some(at) = ids.is_empty().then(|| list.clone()).or(empty.map(|at| list.index(at))) {
            let problem = Problem::at(
                at,
                "value::empty",
                "the `external_id` of a job family is missing here",
            );
            problems.push(problem.help("write the `external_id` of a job family"));
        }
    }
    if let Some(value) = filter.value.as_deref().filter(|value| !families && !is_time(value)) {
        let message = format!("`{value}` is neither a date nor an instant");
        let problem = Problem::at(path.key("value"), "value::invalid", message);
        problems.push(problem.help("write for example \"2026-01-31\" or \"2026-01-31T08:00:00Z\""));
    }
    problems
}

/// `concurrency` and `partition`.
pub(crate) fn order(
    concurrency: u32,
    partition: Option<&PartitionOptions>,
    filters: &[FilterOptions],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !(1..=32).contains(&concurrency) {
        let message =
            format!("{concurrency} is out of range, expected a whole number from 1 to 32");
        problems.push(Problem::at(KeyPath::of("concurrency"), "value::invalid", message));
    }
    let Some(partition) = partition else { return problems };
    let list = KeyPath::of("partition").key("values");
    if partition.values.is_empty() {
        let problem = Problem::at(
            list.clone(),
            "value::empty",
            "the `external_id` of a job family is missing here",
        );
        problems.push(problem.help("write the `external_id` of each job family that is wanted"));
    }
    for (index, value) in partition.values.iter().enumerate() {
        let at = list.index(index);
        if value.trim().is_empty() {
            let problem = Problem::at(
                at,
                "value::empty",
                "the `external_id` of a job family is missing here",
            );
            problems.push(problem.help("write the `external_id` of a job family"));
        } else if partition.values.iter().take(index).any(|earlier| earlier == value) {
            let message = format!("`{value}` stands here twice");
            let problem = Problem::at(at, "value::twice", message);
            problems.push(problem.help("take one out: its jobs would come twice"));
        }
    }
    let families = |filter: &FilterOptions| filter.filter == FilterKind::JobFamilyIdIsInList;
    if let Some(index) = filters.iter().position(families) {
        let message = "job families are chosen here and by `partition`";
        let at = KeyPath::of("filters").index(index);
        let problem = Problem::at(at, "value::conflict", message);
        problems.push(problem.help("take this filter out, and name its families in `partition`"));
    }
    problems
}

fn is_time(text: &str) -> bool {
    let is_date = text.len() == "2026-01-31".len() && text.parse::<Date>().is_ok();
    is_date || text.parse::<Timestamp>().is_ok()
}

/// `url` and `auth`.
pub(crate) fn server(
    url: &str,
    auth: Option<&AuthOptions>,
    context: &BuildContext<'_>,
) -> Result<Server, Vec<Problem>> {
    if let Some(endpoint) = context.local_endpoint(url) {
        let under_url = |problem: Problem| problem.under(&KeyPath::of("url"));
        let endpoint =
            endpoint.map_err(|problems| problems.into_iter().map(under_url).collect::<Vec<_>>())?;
        return Ok(Server::Local(endpoint));
    }
    let mut problems = Vec::new();
    let base = keep(base_url(url), &mut problems);
    let credentials = keep(credentials(auth, context), &mut problems);
    match (base, credentials) {
        (Some(base), Some(credentials)) => Ok(Server::Remote { base, credentials }),
        _ => Err(problems),
    }
}

fn base_url(text: &str) -> Result<Url, Vec<Problem>> {
    let path = KeyPath::of("url");
    let url = http_url(&path, text, "https://{tenant}.{region}.techwolf.ai")?;
    let mut problems = Vec::new();
    if url.query().is_some() || url.fragment().is_some() {
        let problem = Problem::at(path.clone(), "url::query", "the URL has a query or a fragment");
        problems.push(problem.help("take out what follows `?` or `#`; the options make the query"));
    }
    if url.path().trim_end_matches('/').ends_with(EXPORT_PATH) {
        let problem = Problem::at(path, "url::path", "the URL has the path of the export in it");
        problems.push(problem.help(format!("take out `{EXPORT_PATH}`; it is added")));
    }
    if problems.is_empty() { Ok(url) } else { Err(problems) }
}
