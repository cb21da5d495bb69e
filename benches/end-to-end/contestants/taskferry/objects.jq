{job_id: .external_id, tasks: [.tasks[] | {task_id, task, level: .ai_impact.level, skills: [(.linked_skills // [])[].skill], hours: (.weekly_hours // 0)}]}
