# The rows of a page: tasks at H1 and H2, with the skills in the words of $mapping.
$mapping[0] as $names
| .records[] | .external_id as $job
| .tasks[] | select(.ai_impact.level == "H1" or .ai_impact.level == "H2")
| {job_id: $job, task_id, task, level: .ai_impact.level,
    skills: [(.linked_skills // [])[].skill | $names[.] // .], hours: (.weekly_hours // 0)}
