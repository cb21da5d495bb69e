# The rows of a page: tasks at H1 and H2, with the skills in the words of $mapping.
$mapping[0] as $names
| .records[] | .external_id as $job
| .tasks[] | select(.ai_impact.level == "H1" or .ai_impact.level == "H2")
| {job_external_id: $job} + . + {
    ai_impact_level: .ai_impact.level, ai_impact_rationale: .ai_impact.rationale,
    linked_skills: [(.linked_skills // [])[] | .skill = ($names[.skill] // .skill)],
    domain: null, subdomain: null, cluster: null, canonical_task: null,
    hours: (.weekly_hours // 0)}
| del(.ai_impact, .weekly_hours)
