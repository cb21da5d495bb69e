//! From the options to a source.

use taskferry_sdk::{
    BuildContext, FieldSet, KeyPath, OtherFields, Plugin, Problem, RecordFields, Source,
    SourcePlugin,
};

use crate::check;
use crate::config::{Include, ResponseFormat, TechWolfOptions};
use crate::listing_id::ListingId;
use crate::request::Listing;
use crate::source::{Limits, TechWolfSource};
use crate::strategy::ReadStrategy;

impl Plugin for TechWolfOptions {
    const TYPE: &'static str = "techwolf";
}

impl SourcePlugin for TechWolfOptions {
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>> {
        let mut problems = check::numbers(self.limit, self.rate_limit, self.timeout);
        problems.extend(check::filters(&self.filters));
        problems.extend(check::order(self.concurrency, self.partition.as_ref(), &self.filters));
        problems.extend(self.retry.check(&KeyPath::of("retry")));
        let connection = self.connection.check(&KeyPath::of("connection"), context);
        let connection = connection.map_err(|more| problems.extend(more)).unwrap_or_default();
        let tenant = self.auth.as_ref().and_then(|auth| auth.tenant.as_deref());
        let strategy = ReadStrategy {
            concurrency: self.concurrency as usize,
            partition: self.partition.as_ref().map(|partition| partition.values.clone()),
            page_size: self.limit as usize,
            listing: ListingId::new(&self.url, tenant, &self.filters),
        };
        let server = check::server(&self.url, self.auth.as_ref(), context);
        let server = server.map_err(|more| problems.extend(more));
        match server {
            Ok(server) if problems.is_empty() => {
                let listing = Listing {
                    response_format: self.response_format,
                    external_vendor: self.external_vendor,
                    include: self.include.clone(),
                    filters: self.filters.clone(),
                };
                let limits = Limits {
                    page_size: self.limit,
                    rate: self.rate_limit,
                    timeout: self.timeout,
                    max_page_bytes: self.max_page_bytes.get(),
                    retry: self.retry,
                };
                Ok(Box::new(TechWolfSource::new(server, connection, listing, strategy, limits)))
            }
            _ => Err(problems),
        }
    }

    fn fields(&self) -> RecordFields {
        let others = if self.url.starts_with("sandbox:") && self.url.contains("data=") {
            // A dataset can hold anything.
            OtherFields::Possible
        } else {
            OtherFields::Undocumented
        };
        let tasks = ["task_id", "task", "validation_state"];
        let mut tasks =
            FieldSet::new(tasks).with_other_fields(others).with_open_prefixes(&["hierarchy"]);
        for (field, include) in [
            ("ai_impact", Include::AiImpact),
            ("linked_skills", Include::LinkedSkills),
            ("weekly_hours", Include::WeeklyHours),
            ("source_data", Include::SourceData),
        ] {
            if self.include.contains(&include) {
                tasks.add(field);
            } else {
                let advice = format!("add \"{field}\" to `include` in [source]");
                tasks.remove(field, Some(advice));
            }
        }
        let own = match self.response_format {
            ResponseFormat::List => FieldSet::new(["external_id", "tasks"])
                .with_other_fields(others)
                .with_open_prefixes(&["job_"]),
            // The keys of a hierarchy are not documented.
            ResponseFormat::Hierarchy => {
                FieldSet::new(["external_id"]).with_other_fields(OtherFields::Possible)
            }
        };
        RecordFields { own, tasks }
    }
}
