"""Every job untouched, as a script with requests does it."""
import json
import os

import requests

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
        for record in page["records"]:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
        if not page["has_next"]:
            break
        body["starting_after"] = page["next_starting_after"]
