//! Checks the options, reads the file and builds the transform.

use taskferry_profile::mapping::MappingError;
use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, KeyPath, Part, Plugin, Problem, TransformPlugin,
};

use crate::config::{FileFormat, Join, Unmatched};
use crate::key::Comparison;
use crate::table::Table;
use crate::transform::Joiner;

impl Plugin for Join {
    const TYPE: &'static str = "join";
}

impl TransformPlugin for Join {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let mut problems = self.problems();
        let table = self.read(context).map_err(|found| problems.extend(found));
        match table {
            Ok(table) if problems.is_empty() => Ok(AnyTransform::stateless(Joiner {
                key: self.key.clone(),
                columns: self.columns.clone(),
                unmatched: self.unmatched,
                table,
            })),
            _ => Err(problems),
        }
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        let rule = FieldRule::unchanged().uses(&self.key, KeyPath::of("key"), Part::Value);
        self.columns.iter().fold(rule, FieldRule::adds)
    }

    fn explained_options() -> &'static [&'static str] {
        &["columns", "unmatched"]
    }
}

impl Join {
    fn problems(&self) -> Vec<Problem> {
        let path = KeyPath::of("columns");
        let mut problems = Vec::new();
        if self.columns.is_empty() {
            let problem = Problem::at(path.clone(), "empty-value", "`columns` is empty");
            problems.push(problem.help("name the columns of the file to add"));
        }
        problems.extend(Problem::duplicates(&path, &self.columns));
        for (index, column) in self.columns.iter().enumerate() {
            if *column == self.key && self.unmatched == Unmatched::Null {
                let message = format!("the column `{column}` would replace the key of the record");
                let problem = Problem::at(path.index(index), "conflicting-options", message);
                problems.push(problem.help("remove it from `columns`"));
            }
        }
        problems
    }

    fn read(&self, context: &BuildContext<'_>) -> Result<Table, Vec<Problem>> {
        let bytes = context.files().read(&self.file).map_err(|error| {
            vec![context.unreadable_file("file", &self.file, "the file", &error)]
        })?;
        let file_key = self.file_key.as_deref().unwrap_or(&self.key);
        let columns: Vec<&str> =
            std::iter::once(file_key).chain(self.columns.iter().map(String::as_str)).collect();
        let comparison = Comparison::of(&self.normalise);
        let table = Table::read(&bytes, self.file_format(), &columns, comparison);
        table.map_err(|errors| MappingError::problems(errors, "file", &self.file))
    }

    fn file_format(&self) -> FileFormat {
        let extension = self.file.extension().and_then(|extension| extension.to_str());
        self.format.unwrap_or(match extension {
            Some("ndjson" | "jsonl" | "json") => FileFormat::Ndjson,
            _ => FileFormat::Csv,
        })
    }
}
