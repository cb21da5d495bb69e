//! The checks of the options before the first request.

use jiff::{Timestamp, civil::Date};
use taskferry_sdk::{BuildContext, KeyPath, LocalEndpoint, Part, Problem};
use url::Url;

use crate::config::{
    AuthOptions, ExportSubject, ExternalVendor, FilterKind, FilterOptions, Include,
    PartitionOptions, TechWolfOptions,
};
use crate::credentials::{Credentials, credentials};
use crate::problems::{http_url, keep, missing};
use crate::request::{EMPLOYEES_PATH, JOBS_PATH};

/// The server that pages are requested from.
#[derive(Debug)]
pub(crate) enum Server {
    /// An endpoint inside this process, not yet started.
    Local(Box<dyn LocalEndpoint>),
    /// A tenant's API.
    Remote { base: Url, credentials: Credentials },
}

/// Checks all options except `url`, `auth`, `connection` and `retry`.
pub(crate) fn listing(options: &TechWolfOptions) -> Vec<Problem> {
    let mut problems = numbers(options);
    for (index, include) in options.include.iter().enumerate() {
        problems.extend(check_include(index, *include, options.subject));
    }
    for (index, filter) in options.filters.iter().enumerate() {
        problems.extend(check_filter(&filter_path(index), filter, options.subject));
    }
    if let Some(partition) = &options.partition {
        problems.extend(check_partition(partition, options));
    }
    problems
}

fn numbers(options: &TechWolfOptions) -> Vec<Problem> {
    let TechWolfOptions { limit, rate_limit, timeout, concurrency, .. } = options;
    let mut problems = Vec::new();
    if !(1..=100).contains(limit) {
        let message = format!("{limit} is out of range, expected a whole number from 1 to 100");
        problems.push(invalid(KeyPath::of("limit"), message));
    }
    if let Some(rate) = rate_limit.filter(|rate| !(0.001..=1000.0).contains(rate)) {
        let message = format!("{rate} is out of range, expected a number from 0.001 to 1000");
        let problem = invalid(KeyPath::of("rate_limit"), message);
        problems.push(
            problem
                .help("write the number of pages per second, or remove `rate_limit` for no limit"),
        );
    }
    if timeout.get().is_zero() {
        let problem = invalid(KeyPath::of("timeout"), "`timeout` must be greater than zero");
        problems.push(problem.help("write for example \"120s\""));
    }
    if !(1..=32).contains(concurrency) {
        let message =
            format!("{concurrency} is out of range, expected a whole number from 1 to 32");
        problems.push(invalid(KeyPath::of("concurrency"), message));
    }
    problems
}

/// Reports a field that the tasks of `subject` do not have.
fn check_include(index: usize, include: Include, subject: ExportSubject) -> Option<Problem> {
    let (name, owner, other) = match (include, subject) {
        (Include::SourceData, ExportSubject::Employees) => ("source_data", "jobs", "source_events"),
        (Include::SourceEvents, ExportSubject::Jobs) => {
            ("source_events", "employees", "source_data")
        }
        _ => return None,
    };
    let message = format!("only tasks of {owner} have `{name}`");
    let path = KeyPath::of("include").index(index);
    Some(
        Problem::at(path, "conflicting-options", message)
            .label(format!("a field of {owner}"))
            .related(KeyPath::of("subject"), Part::Value, "`subject` of the export")
            .help(format!("write \"{other}\" instead")),
    )
}

/// Checks that `subject` supports the filter, and that the filter has exactly the keys of its kind.
fn check_filter(path: &KeyPath, filter: &FilterOptions, subject: ExportSubject) -> Vec<Problem> {
    let (kind, keys, of): (_, &[&str], _) = match filter.filter {
        FilterKind::JobFamilyIdIsInList => {
            ("job_family_id_is_in_list", &["job_family_ids"], ExportSubject::Jobs)
        }
        FilterKind::LastUpdated => ("last_updated", &["value", "operator"], ExportSubject::Jobs),
        FilterKind::IsActive => ("is_active", &["is_active"], ExportSubject::Employees),
    };
    if of != subject {
        let (owner, help) = match of {
            ExportSubject::Jobs => {
                ("jobs", "remove this filter; the only filter of employees is `is_active`")
            }
            ExportSubject::Employees => (
                "employees",
                "remove this filter, or write `subject = \"employees\"`; the filters of jobs are \
                 `job_family_id_is_in_list` and `last_updated`",
            ),
        };
        let message = format!("`{kind}` is a filter of {owner}");
        let problem = Problem::at(path.key("filter"), "conflicting-options", message)
            .label(format!("a filter of {owner}"))
            .related(KeyPath::of("subject"), Part::Value, "`subject` of the export");
        return vec![problem.help(help)];
    }
    let given = [
        ("job_family_ids", filter.job_family_ids.is_some()),
        ("value", filter.value.is_some()),
        ("operator", filter.operator.is_some()),
        ("is_active", filter.is_active.is_some()),
    ];
    let mut problems = Vec::new();
    for (key, is_given) in given {
        match (is_given, keys.contains(&key)) {
            (false, true) => problems.push(missing(path, key)),
            (true, false) => {
                let message = format!("`{kind}` has no key `{key}`");
                let problem = Problem::at(path.key(key), "unknown-key", message);
                problems.push(problem.part(Part::Key).help("remove this key"));
            }
            _ => {}
        }
    }
    if let Some(ids) = filter.job_family_ids.as_deref().filter(|_| keys.contains(&"job_family_ids"))
    {
        problems.extend(empty_family(&path.key("job_family_ids"), ids));
    }
    let value = filter.value.as_deref().filter(|_| keys.contains(&"value"));
    if let Some(value) = value.filter(|value| !is_time(value)) {
        let message = format!("`{value}` is neither a date nor a timestamp");
        let problem = invalid(path.key("value"), message);
        problems.push(problem.help("write for example \"2026-01-31\" or \"2026-01-31T08:00:00Z\""));
    }
    problems
}

fn check_partition(partition: &PartitionOptions, options: &TechWolfOptions) -> Vec<Problem> {
    if options.subject == ExportSubject::Employees {
        let message = "`partition` applies only to jobs, but `subject` is \"employees\"";
        let problem = Problem::at(KeyPath::of("partition"), "conflicting-options", message)
            .label("applies only to jobs")
            .related(KeyPath::of("subject"), Part::Value, "`subject` of the export");
        return vec![problem.part(Part::Key).help(
            "remove `partition`; use `concurrency` or `--shard` to divide the listing of employees",
        )];
    }
    let list = KeyPath::of("partition").key("values");
    let mut problems: Vec<Problem> = empty_family(&list, &partition.values).into_iter().collect();
    for (index, value) in partition.values.iter().enumerate() {
        let first = partition.values.iter().take(index).position(|earlier| earlier == value);
        if let Some(first) = first.filter(|_| !value.trim().is_empty()) {
            let message = format!("`{value}` is listed twice");
            let problem = Problem::at(list.index(index), "duplicate-value", message)
                .label("listed again")
                .related(list.index(first), Part::Value, "listed first");
            problems.push(problem.help("remove one: its jobs would be exported twice"));
        }
    }
    let by_family = |filter: &FilterOptions| filter.filter == FilterKind::JobFamilyIdIsInList;
    if let Some(index) = options.filters.iter().position(by_family) {
        let message = "`filters` and `partition` both select job families";
        let problem = Problem::at(filter_path(index), "conflicting-options", message)
            .label("selects job families")
            .related(list, Part::Value, "selects job families as well");
        problems.push(
            problem.help("remove this filter, and list its job families in `partition.values`"),
        );
    }
    problems
}

/// Reports an empty list, or the first empty id in `ids`.
fn empty_family(list: &KeyPath, ids: &[String]) -> Option<Problem> {
    let first = ids.iter().position(|id| id.trim().is_empty()).map(|index| list.index(index));
    let path = if ids.is_empty() { Some(list.clone()) } else { first };
    path.map(|path| {
        Problem::at(path, "empty-value", "the `external_id` of a job family is missing here")
            .help("write the `external_id` of a job family")
    })
}

/// Warns if `external_vendor` is set, but `linked_skills` are not requested.
pub(crate) fn vendor(options: &TechWolfOptions) -> Option<Problem> {
    let is_default = options.external_vendor == ExternalVendor::Techwolf;
    if is_default || options.include.contains(&Include::LinkedSkills) {
        return None;
    }
    let message = "`external_vendor` has no effect without `linked_skills`";
    Some(
        Problem::at(KeyPath::of("external_vendor"), "unused-option", message)
            .label("the vendor of the skills")
            .related(KeyPath::of("include"), Part::Value, "no skills are requested")
            .help("add \"linked_skills\" to `include`, or remove `external_vendor`")
            .warning(),
    )
}

fn filter_path(index: usize) -> KeyPath {
    KeyPath::of("filters").index(index)
}

fn invalid(path: KeyPath, message: impl Into<String>) -> Problem {
    Problem::at(path, "invalid-value", message)
}

fn is_time(text: &str) -> bool {
    let is_date = text.len() == "2026-01-31".len() && text.parse::<Date>().is_ok();
    is_date || text.parse::<Timestamp>().is_ok()
}

/// Checks `url` and `auth`, and returns the server.
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
        let problem =
            Problem::at(path.clone(), "unexpected-query", "the URL has a query or a fragment");
        problems.push(problem.help("remove `?` or `#` and the text after it"));
    }
    let ends_with = |export: &&str| url.path().trim_end_matches('/').ends_with(export);
    if let Some(export) = [JOBS_PATH, EMPLOYEES_PATH].into_iter().find(ends_with) {
        let problem =
            Problem::at(path, "unexpected-path", "the URL contains the path of the export");
        problems.push(problem.help(format!("remove `{export}`; the source adds it")));
    }
    if problems.is_empty() { Ok(url) } else { Err(problems) }
}

/// Warns if the addresses belong to different regions. AUTH (seen) lists the token endpoint and the audience of each region. The
/// region in the host name of the API is inferred.
pub(crate) fn regions(options: &TechWolfOptions) -> Vec<Problem> {
    let auth = options.auth.as_ref();
    let values = [
        (KeyPath::of("url"), Some(options.url.as_str())),
        (KeyPath::of("auth").key("token_url"), auth.and_then(|auth| auth.token_url.as_deref())),
        (KeyPath::of("auth").key("audience"), auth.and_then(|auth| auth.audience.as_deref())),
    ];
    let region = |text: &str| {
        let names = |marks: [&str; 2]| marks.iter().any(|mark| text.contains(mark));
        let is_eu = names(["eu3.techwolf.ai", "techwolf.eu.auth0.com"]);
        let is_us = names(["us3.techwolf.ai", "techwolf-us.us.auth0.com"]);
        if is_eu { Some("EU") } else { is_us.then_some("US") }
    };
    let found = values.into_iter().filter_map(|(path, text)| Some((path, region(text?)?)));
    let found: Vec<(KeyPath, &str)> = found.collect();
    let Some(((first, one), rest)) = found.split_first() else { return Vec::new() };
    let Some((path, other)) = rest.iter().find(|(_, region)| region != one) else {
        return Vec::new();
    };
    let message = format!(
        "this address belongs to the {other} region, but `{first}` belongs to the {one} region"
    );
    let problem = Problem::at(path.clone(), "conflicting-options", message).warning();
    let help = "use the `url`, `token_url` and `audience` of one region";
    vec![
        problem
            .related(first.clone(), Part::Value, format!("an address of the {one} region"))
            .help(help),
    ]
}
