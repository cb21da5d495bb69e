"""Tasks at H1 and H2, one row a task, 500 skills renamed, hours under another name, as a script with requests does it."""
import csv
import json
import os

import requests

with open(os.environ["BENCH_MAPPING"], encoding="utf-8", newline="") as file:
    mapping = {row["skill"]: row["vendor_skill"] for row in csv.DictReader(file)}


def rows(job):
    for task in job["tasks"]:
        impact = task.pop("ai_impact", None)
        if not impact or impact["level"] not in ("H1", "H2"):
            continue
        hours, skills = task.pop("weekly_hours", 0), task.pop("linked_skills", [])
        yield {
            "job_external_id": job["external_id"],
            **task,
            "ai_impact_level": impact["level"],
            "ai_impact_rationale": impact["rationale"],
            "linked_skills": [{**skill, "skill": mapping.get(skill["skill"], skill["skill"])} for skill in skills],
            "domain": None,
            "subdomain": None,
            "cluster": None,
            "canonical_task": None,
            "hours": hours,
        }


url = os.environ["BENCH_URL"]
session = requests.Session()
token = session.post(f"{url}/oauth/token", json={"grant_type": "client_credentials"}).json()["access_token"]
session.headers["Authorization"] = f"Bearer {token}"
body = {"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}
with open(os.environ["BENCH_OUT"], "w", encoding="utf-8") as out:
    while True:
        response = session.post(f"{url}/job_architecture/export/jobs/task_profiles", json=body)
        response.raise_for_status()
        page = response.json()
        for job in page["records"]:
            for row in rows(job):
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        if not page["has_next"]:
            break
        body["starting_after"] = page["next_starting_after"]
