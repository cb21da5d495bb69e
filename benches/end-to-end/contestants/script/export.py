"""A script that exports task profiles: `export.py w1|w2 requests|httpx`.

W1 writes every job unchanged. W2 writes one row per task at H1 and H2, with 500 skills renamed and six fields per row."""
import csv
import json
import os
import sys

WORK, CLIENT = sys.argv[1:]
URL = os.environ["BENCH_URL"]

if CLIENT == "requests":
    import requests

    session, parse = requests.Session(), json.loads

    def line(record):
        return json.dumps(record, ensure_ascii=False).encode() + b"\n"
else:
    import httpx
    import orjson

    session, parse = httpx.Client(timeout=60), orjson.loads

    def line(record):
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def pages():
    token = session.post(f"{URL}/oauth/token", json={"grant_type": "client_credentials"}).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    body = {"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}
    while True:
        response = session.post(f"{URL}/job_architecture/export/jobs/task_profiles", json=body)
        response.raise_for_status()
        page = parse(response.content)
        yield page["records"]
        if not page["has_next"]:
            break
        body["starting_after"] = page["next_starting_after"]


def rows(job, mapping):
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


with session, open(os.environ["BENCH_OUT"], "wb") as out:
    if WORK == "w1":
        for page in pages():
            for job in page:
                out.write(line(job))
    else:
        with open(os.environ["BENCH_MAPPING"], encoding="utf-8", newline="") as file:
            mapping = {row["skill"]: row["vendor_skill"] for row in csv.DictReader(file)}
        for page in pages():
            for job in page:
                for row in rows(job, mapping):
                    out.write(line(row))
