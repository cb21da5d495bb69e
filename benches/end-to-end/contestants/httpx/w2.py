"""Tasks at H1 and H2, one row a task, 500 skills renamed, six fields a row, as a script with httpx and orjson does it."""
import csv
import os

import httpx
import orjson

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
with httpx.Client(timeout=60) as client, open(os.environ["BENCH_OUT"], "wb") as out:
    token = client.post(f"{url}/oauth/token", json={"grant_type": "client_credentials"}).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    body = {"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}
    while True:
        response = client.post(f"{url}/job_architecture/export/jobs/task_profiles", json=body)
        response.raise_for_status()
        page = orjson.loads(response.content)
        for job in page["records"]:
            for row in rows(job):
                out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        if not page["has_next"]:
            break
        body["starting_after"] = page["next_starting_after"]
