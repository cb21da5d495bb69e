"""Tasks at H1 and H2, one row a task, 500 skills renamed, six fields a row, as a script with requests does it."""
import csv
import json
import os

import requests

with open(os.environ["BENCH_MAPPING"], encoding="utf-8", newline="") as file:
    mapping = {row["skill"]: row["vendor_skill"] for row in csv.DictReader(file)}


def rows(job):
    for task in job["tasks"]:
        level = (task.get("ai_impact") or {}).get("level")
        if level not in ("H1", "H2"):
            continue
        yield {
            "job_id": job["external_id"],
            "task_id": task["task_id"],
            "task": task["task"],
            "level": level,
            "skills": [mapping.get(skill["skill"], skill["skill"]) for skill in task.get("linked_skills", [])],
            "hours": task.get("weekly_hours", 0),
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
