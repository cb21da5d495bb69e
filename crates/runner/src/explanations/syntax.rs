//! Mistakes that keep a file or an argument from being read.

use super::explanation::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        name: "invalid-toml",
        meaning: "the file is not valid TOML",
        details: "Text values stand between quotation marks, `\"…\"` or `'…'`. Numbers, `true` and `false` do not. Each key \
                      occurs once in its table. The part of the line after its key is masked in the message, because it may be a \
                      secret.",
        wrong: "name = jobs",
        right: "name = \"jobs\"",
    },
    Explanation {
        name: "missing-brackets",
        meaning: "a table that can occur several times has one pair of brackets instead of two",
        details: "A pipeline can have several transforms and sinks. Each is an entry of a list, which TOML writes with two \
                      pairs of brackets: `[[transform]]`, `[[sink]]`, `[[sink.transform]]`.",
        wrong: r#"[sink]
type = "stdout"

[sink]
type = "file"
path = "out/jobs.ndjson""#,
        right: r#"[[sink]]
type = "stdout"

[[sink]]
type = "file"
path = "out/jobs.ndjson""#,
    },
    Explanation {
        name: "invalid-encoding",
        meaning: "the file is not UTF-8 text",
        details: "Pipeline files and overlays are UTF-8 text. Some editors save files as UTF-16 or Latin-1. Choose UTF-8 as \
                      the encoding in the editor, or convert the file: `iconv -f LATIN1 -t UTF-8 latin1.toml > jobs.toml`.",
        wrong: "$ taskferry check latin1.toml",
        right: "$ taskferry check jobs.toml",
    },
    Explanation {
        name: "invalid-assignment",
        meaning: "the argument of `--set` is not `KEY=VALUE`",
        details: "The key is the path of an option, its parts separated by dots. A number selects an entry of a list: \
                      `sink.0.path` is the path of the first sink. The argument is not shown in the message, because it may \
                      contain a secret.",
        wrong: "$ taskferry check jobs.toml --set source.limit",
        right: "$ taskferry check jobs.toml --set source.limit=50",
    },
    Explanation {
        name: "unknown-position",
        meaning: "`--set` or an environment variable addresses an entry of a list that does not exist",
        details: "Entries are counted from 0, in the order of the file. A new entry is added at the next position, with its \
                      whole table or with its `type` first.",
        wrong: "$ taskferry check jobs.toml --set sink.1.path=out/jobs.ndjson",
        right: "$ taskferry check jobs.toml --set sink.1.type=file --set sink.1.path=out/jobs.ndjson",
    },
];
