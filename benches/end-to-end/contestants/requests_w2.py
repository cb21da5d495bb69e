"""Tasks at H1 and H2, one row a task, 500 skills renamed, hours under another name, as a script with requests does it."""
import csv, json, os
import requests

url, out = os.environ["BENCH_URL"], open(os.environ["BENCH_OUT"], "w", encoding="utf-8")
with open(os.environ["BENCH_MAPPING"], encoding="utf-8", newline="") as file:
    mapping = {row["skill"]: row["vendor_skill"] for row in csv.DictReader(file)}
session = requests.Session()
session.trust_env = False
token = session.post(f"{url}/oauth/token", json={"grant_type": "client_credentials"}).json()["access_token"]
session.headers["Authorization"] = f"Bearer {token}"
body = {"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}
while True:
    page = session.post(f"{url}/job_architecture/export/jobs/task_profiles", json=body).json()
    for job in page["records"]:
        for task in job["tasks"]:
            impact = task.pop("ai_impact", None)
            if not impact or impact["level"] not in ("H1", "H2"):
                continue
            row = {"job_external_id": job["external_id"]}
            row.update({key: value for key, value in task.items() if key not in ("weekly_hours", "linked_skills")})
            row["ai_impact_level"], row["ai_impact_rationale"] = impact["level"], impact["rationale"]
            row["linked_skills"] = [dict(skill, skill=mapping.get(skill["skill"], skill["skill"])) for skill in task.get("linked_skills", [])]
            row.update(domain=None, subdomain=None, cluster=None, canonical_task=None, hours=task.get("weekly_hours", 0))
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    if not page["has_next"]:
        break
    body["starting_after"] = page["next_starting_after"]
out.close()
