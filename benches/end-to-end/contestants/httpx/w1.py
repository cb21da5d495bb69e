"""Every job untouched, as a script with httpx and orjson does it."""
import os

import httpx
import orjson

url = os.environ["BENCH_URL"]
with httpx.Client(timeout=60) as client, open(os.environ["BENCH_OUT"], "wb") as out:
    token = client.post(f"{url}/oauth/token", json={"grant_type": "client_credentials"}).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    body = {"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}
    while True:
        response = client.post(f"{url}/job_architecture/export/jobs/task_profiles", json=body)
        response.raise_for_status()
        page = orjson.loads(response.content)
        for record in page["records"]:
            out.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        if not page["has_next"]:
            break
        body["starting_after"] = page["next_starting_after"]
