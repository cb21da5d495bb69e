//! Builds the source from the options.

use taskferry_sdk::{
    BuildContext, FieldSet, KeyPath, OtherFields, Plugin, Problem, RecordFields, Source,
    SourcePlugin, Subject, Vocabulary,
};

use crate::check;
use crate::config::{ExportSubject, ExternalVendor, Include, ResponseFormat, TechWolfOptions};
use crate::cursor_index::ListingId;
use crate::open_export::Settings;
use crate::request::Listing;
use crate::source::TechWolfSource;
use crate::strategy::ReadStrategy;

impl Plugin for TechWolfOptions {
    const TYPE: &'static str = "techwolf";

    fn warnings(&self, _: &BuildContext<'_>) -> Vec<Problem> {
        let mut warnings = check::regions(self);
        warnings.extend(check::vendor(self));
        warnings
    }
}

impl SourcePlugin for TechWolfOptions {
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>> {
        let mut problems = check::listing(self);
        problems.extend(self.retry.check(&KeyPath::of("retry")));
        let connection = self.connection.check(&KeyPath::of("connection"), context);
        let connection = connection.map_err(|more| problems.extend(more)).unwrap_or_default();
        let server = check::server(&self.url, self.auth.as_ref(), context);
        let server = server.map_err(|more| problems.extend(more));
        let Some(server) = server.ok().filter(|_| problems.is_empty()) else {
            return Err(problems);
        };
        let tenant = self.auth.as_ref().and_then(|auth| auth.tenant.as_deref());
        let strategy = ReadStrategy {
            concurrency: self.concurrency as usize,
            partition: self.partition.as_ref().map(|partition| partition.values.clone()),
            page_size: self.limit as usize,
            listing: ListingId::new(&self.url, tenant, self.subject, &self.filters),
        };
        let listing = Listing {
            subject: self.subject,
            response_format: self.response_format,
            external_vendor: self.external_vendor,
            include: self.include.iter().copied().collect(),
            filters: self.filters.clone(),
        };
        let settings = Settings {
            listing,
            strategy,
            page_size: self.limit,
            rate_limit: self.rate_limit,
            timeout: self.timeout,
            max_page_bytes: self.max_page_bytes.get(),
            connection,
            retry: self.retry,
        };
        Ok(Box::new(TechWolfSource::new(server, settings)))
    }

    fn fields(&self) -> RecordFields {
        let others = if self.url.starts_with("sandbox:") && self.url.contains("data=") {
            // A dataset can hold any field.
            OtherFields::Possible
        } else {
            OtherFields::Undocumented
        };
        let tasks = ["task_id", "task", "validation_state"];
        let mut tasks =
            FieldSet::new(tasks).with_other_fields(others).with_open_prefixes(&["hierarchy"]);
        let (sources, foreign) = match self.subject {
            ExportSubject::Jobs => (("source_data", Include::SourceData), "source_events"),
            ExportSubject::Employees => (("source_events", Include::SourceEvents), "source_data"),
        };
        for (field, include) in [
            ("ai_impact", Include::AiImpact),
            ("linked_skills", Include::LinkedSkills),
            ("weekly_hours", Include::WeeklyHours),
            sources,
        ] {
            if self.include.contains(&include) {
                tasks.add(field);
            } else {
                let advice = format!("add \"{field}\" to `include` in [source]");
                tasks.remove(field, Some(advice));
            }
        }
        let instead = sources.0;
        tasks.remove(foreign, Some(format!("use `{instead}` instead of `{foreign}`")));
        let own = match self.response_format {
            ResponseFormat::List => FieldSet::new(["external_id", "tasks"])
                .with_other_fields(others)
                .with_open_prefixes(&[self.subject().prefix()]),
            // The keys of a hierarchy are not documented.
            ResponseFormat::Hierarchy => {
                FieldSet::new(["external_id"]).with_other_fields(OtherFields::Possible)
            }
        };
        RecordFields { own, tasks }
    }

    fn vocabulary(&self) -> Option<Vocabulary> {
        let (workday, sap) = ("workday", "sap_attribute_library");
        let (name, other) = match self.external_vendor {
            ExternalVendor::Techwolf => return None,
            ExternalVendor::Workday => (workday, sap),
            ExternalVendor::SapAttributeLibrary => (sap, workday),
        };
        let option = KeyPath::of("external_vendor");
        Some(Vocabulary::new(name, option).others(["techwolf", other]))
    }

    fn subject(&self) -> Subject {
        match self.subject {
            ExportSubject::Jobs => Subject::Job,
            ExportSubject::Employees => Subject::Employee,
        }
    }
}
