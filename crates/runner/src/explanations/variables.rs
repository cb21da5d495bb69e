//! Mistakes in references to environment variables.

use super::explanation::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        name: "unset-variable",
        meaning: "the pipeline needs an environment variable that is not set, or is empty",
        details: "Set the variable where the command runs, or write a default: `${NAME:-default}`. An empty variable counts \
                      as unset. `--sandbox` replaces the addresses and credentials of a pipeline, so their variables are not \
                      needed.",
        wrong: "description = \"the tasks of ${TENANT}\"",
        right: "description = \"the tasks of ${TENANT:-acme}\"",
    },
    Explanation {
        name: "unclosed-variable",
        meaning: "`${` has no closing brace",
        details: "References to variables have the form `${NAME}`. For a literal dollar sign, write `$$`.",
        wrong: "description = \"the tasks of ${TENANT\"",
        right: "description = \"the tasks of ${TENANT:-acme}\"",
    },
    Explanation {
        name: "invalid-variable",
        meaning: "the text between `${` and `}` is not the name of a variable",
        details: "Names of variables contain letters, digits and `_`. The forms are `${NAME}`, `${NAME:-default}` and \
                      `${file:PATH}`. For a literal dollar sign, write `$$`.",
        wrong: "description = \"the tasks of ${MY TENANT}\"",
        right: "description = \"the tasks of ${MY_TENANT:-acme}\"",
    },
    Explanation {
        name: "unknown-variable",
        meaning: "a variable begins with `TASKFERRY_` but does not set an option (a warning)",
        details: "A variable such as `TASKFERRY_SOURCE__LIMIT` sets the option `source.limit`. Two underscores separate the \
                      parts of the path, because keys contain single ones. `TASKFERRY_SINK__0__PATH` sets the path of the first \
                      sink.",
        wrong: "$ TASKFERRY_SOURCE_LIMIT=50 taskferry check jobs.toml",
        right: "$ TASKFERRY_SOURCE__LIMIT=50 taskferry check jobs.toml",
    },
];
