//! The kind of entity that records describe.

/// The kind of entity whose task profiles a source returns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// Jobs.
    #[default]
    Job,
    /// Employees.
    Employee,
}

impl Subject {
    /// The name of the entity's id in rows.
    ///
    /// ```
    /// use taskferry_sdk::Subject;
    ///
    /// assert_eq!(Subject::Employee.id_field(), "employee_external_id");
    /// assert!(Subject::Job.id_field().starts_with(Subject::Job.prefix()));
    /// ```
    pub fn id_field(self) -> &'static str {
        match self {
            Self::Job => "job_external_id",
            Self::Employee => "employee_external_id",
        }
    }

    /// The prefix of all the entity's fields in rows.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Job => "job_",
            Self::Employee => "employee_",
        }
    }
}
