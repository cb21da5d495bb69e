"""Tasks at H1 and H2, one row a task, 500 skills renamed, six fields a row, as a pipeline of dlt does it."""
import csv
import os

from techwolf import jobs, run

with open(os.environ["BENCH_MAPPING"], encoding="utf-8", newline="") as file:
    MAPPING = {row["skill"]: row["vendor_skill"] for row in csv.DictReader(file)}


def tasks(job):
    for task in job["tasks"]:
        yield {"job_id": job["external_id"], **task}


def matches(task):
    return (task.get("ai_impact") or {}).get("level") in ("H1", "H2")


def row(task):
    return {
        "job_id": task["job_id"],
        "task_id": task["task_id"],
        "task": task["task"],
        "level": task["ai_impact"]["level"],
        "skills": [MAPPING.get(skill["skill"], skill["skill"]) for skill in task.get("linked_skills", [])],
        "hours": task.get("weekly_hours", 0),
    }


run(jobs(
    processing_steps=[{"yield_map": tasks}, {"filter": matches}, {"map": row}],
    # Otherwise the first hours say what all hours are, and those with a fraction come to stand in a column of their own.
    columns={"hours": {"data_type": "double"}},
))
