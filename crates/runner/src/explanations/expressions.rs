//! Mistakes in jq expressions.

use super::explanation::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        name: "invalid-jq",
        meaning: "a jq expression has a syntax error",
        details: "The position is that of the unexpected text, also in an expression of several lines and in a jq file. \
                      Strings in jq have double quotes, so write the expression in single ones: `filter = '.a == \"b\"'`.",
        wrong: r#"[[transform]]
type = "jq"
filter = '.tasks |'"#,
        right: r#"[[transform]]
type = "jq"
filter = '.tasks'"#,
    },
    Explanation {
        name: "undefined-name",
        meaning: "a jq expression uses a function, variable or label that does not exist",
        details: "Variables come from `args`, or from `… as $name | …`. Modules cannot be loaded; define functions in the \
                      expression. `docs/jq.md` lists the differences from the program jq.",
        wrong: r#"[[transform]]
type = "jq"
filter = '.tasks | mapp(.task)'"#,
        right: r#"[[transform]]
type = "jq"
filter = '.tasks | map(.task)'"#,
    },
    Explanation {
        name: "invalid-name",
        meaning: "a key of `args` is not a valid name of a variable",
        details: "The names consist of letters, digits and `_`, and do not begin with a digit. The expression uses them \
                      with a dollar sign: `$min_hours`.",
        wrong: r#"[[transform]]
type = "jq"
filter = '.'
args = { "min hours" = 2 }"#,
        right: r#"[[transform]]
type = "jq"
filter = '. + {limit: $min_hours}'
args = { min_hours = 2 }"#,
    },
    Explanation {
        name: "invalid-regex",
        meaning: "a jq expression contains an invalid regular expression",
        details: "Brackets are escaped with two backslashes in jq strings: `\"\\\\[\"`. `docs/jq.md` lists the differences from \
                      jq's regular expressions.",
        wrong: r#"[[transform]]
type = "jq"
filter = 'select(.external_id | test("["))'"#,
        right: r#"[[transform]]
type = "jq"
filter = 'select(.external_id | test("\\["))'"#,
    },
    Explanation {
        name: "oversized-jq",
        meaning: "a jq expression has too many tokens, or brackets that are nested too deeply",
        details: "Pass large tables with `args` instead of writing them in the expression, and define functions for inner \
                      parts.",
        wrong: r#"[[transform]]
type = "jq"
filter = '. + {limit: ({"a": 1, "b": 2, …}[.name])}'"#,
        right: r#"[[transform]]
type = "jq"
filter = '. + {limit: $limits[.name]}'
args = { limits = { a = 1, b = 2 } }"#,
    },
];
