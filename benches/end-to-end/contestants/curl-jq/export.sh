#!/bin/sh
# Every job (w1) or every row (w2), as a loop of curl and jq does it: export.sh w1|w2
set -eu
here=$(dirname "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

token=$(curl -fsS --json '{"grant_type": "client_credentials"}' "$BENCH_URL/oauth/token" | jq -r .access_token)
if [ "$1" = w2 ]; then
    # jq reads no CSV; none of these names holds a comma.
    tail -n +2 "$BENCH_MAPPING" | jq -Rn '[inputs | split(",") | {(.[1]): .[2]}] | add' > "$folder/mapping"
fi

body='{"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}'
: > "$BENCH_OUT"
while :; do
    curl -fsS -H "authorization: Bearer $token" --json "$body" \
        "$BENCH_URL/job_architecture/export/jobs/task_profiles" > "$folder/page"
    case $1 in
        w1) jq -c '.records[]' "$folder/page" >> "$BENCH_OUT" ;;
        w2) jq -c --slurpfile mapping "$folder/mapping" -f "$here/rows.jq" "$folder/page" >> "$BENCH_OUT" ;;
    esac
    body=$(jq -c --argjson body "$body" '.next_starting_after // empty | $body + {starting_after: .}' "$folder/page")
    [ -n "$body" ] || break
done
