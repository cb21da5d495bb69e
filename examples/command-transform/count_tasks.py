"""Adds the number of tasks to each job. Drops jobs without tasks."""

from taskferry_transform import Drop, run


def transform(job):
    tasks = job.get("tasks") or []
    if not tasks:
        raise Drop("the job has no tasks")
    return {**job, "task_count": len(tasks)}


run(transform)
