#!/bin/sh
# Every job (w1) or every row (w2), as a loop of curl and jq does it: curl_jq.sh w1|w2
set -eu
token=$(curl -sS --noproxy '*' -H 'content-type: application/json' -d '{"grant_type": "client_credentials"}' "$BENCH_URL/oauth/token" | jq -r .access_token)
page=$(mktemp) && trap 'rm -f "$page"' EXIT
body='{"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}'
if [ "$1" = w2 ]; then
    mapping=$(mktemp) && trap 'rm -f "$page" "$mapping"' EXIT
    tail -n +2 "$BENCH_MAPPING" | jq -Rn '[inputs | split(",") | {(.[1]): .[2]}] | add' > "$mapping"
    rows='$mapping[0] as $names | .records[] | .external_id as $job | .tasks[] | select(.ai_impact.level == "H1" or .ai_impact.level == "H2")
        | {job_external_id: $job} + . + {ai_impact_level: .ai_impact.level, ai_impact_rationale: .ai_impact.rationale,
           linked_skills: [(.linked_skills // [])[] | .skill = ($names[.skill] // .skill)],
           domain: null, subdomain: null, cluster: null, canonical_task: null, hours: (.weekly_hours // 0)}
        | del(.ai_impact, .weekly_hours)'
fi
: > "$BENCH_OUT"
while :; do
    curl -sS --noproxy '*' -H "authorization: Bearer $token" -H 'content-type: application/json' -d "$body" \
        "$BENCH_URL/job_architecture/export/jobs/task_profiles" > "$page"
    if [ "$1" = w1 ]; then jq -c '.records[]' "$page" >> "$BENCH_OUT"
    else jq -c --slurpfile mapping "$mapping" "$rows" "$page" >> "$BENCH_OUT"; fi
    next=$(jq -r '.next_starting_after // empty' "$page")
    [ -n "$next" ] || break
    body=$(printf '%s' "$body" | jq -c --arg next "$next" '.starting_after = $next')
done
