//! Transform `jq`: one jq expression over each record.
