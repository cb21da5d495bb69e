"""A tap of the singer-sdk: `jobs` untouched, or `tasks` at H1 and H2, one row a task, with 500 skills renamed and six
fields a row. The configuration says which of them is wanted, as `stream`."""
import csv

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import OAuthAuthenticator

SKILLS = th.ArrayType(th.ObjectType(th.Property("skill_id", th.StringType), th.Property("skill", th.StringType)))
TEXT = {name: th.StringType for name in ("task_id", "task", "validation_state")}


def properties(**types):
    return [th.Property(name, kind) for name, kind in types.items()]


class Authenticator(OAuthAuthenticator):
    @property
    def oauth_request_body(self):
        return {"grant_type": "client_credentials", "client_id": "bench", "client_secret": "bench"}


class ProfileStream(RESTStream):
    """The pages of the export."""

    path = "/job_architecture/export/jobs/task_profiles"
    http_method = "POST"
    records_jsonpath = "$.records[*]"
    next_page_token_jsonpath = "$.next_starting_after"

    @property
    def url_base(self):
        return self.config["url"]

    @property
    def authenticator(self):
        return Authenticator(auth_endpoint=f"{self.url_base}/oauth/token", client_id="bench", client_secret="bench")

    def prepare_request_payload(self, context, next_page_token):
        body = {"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]}
        if next_page_token:
            body["starting_after"] = next_page_token
        return body


class Jobs(ProfileStream):
    name = "jobs"
    primary_keys = ("external_id",)
    schema = th.PropertiesList(
        th.Property("external_id", th.StringType),
        th.Property("tasks", th.ArrayType(th.ObjectType(*properties(
            **TEXT,
            weekly_hours=th.NumberType,
            ai_impact=th.ObjectType(*properties(level=th.StringType, rationale=th.StringType)),
            linked_skills=SKILLS,
        )))),
    ).to_dict()


class Tasks(ProfileStream):
    name = "tasks"
    primary_keys = ("task_id",)
    schema = th.PropertiesList(*properties(
        job_id=th.StringType, task_id=th.StringType, task=th.StringType, level=th.StringType,
        skills=th.ArrayType(th.StringType), hours=th.NumberType,
    )).to_dict()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        with open(self.config["mapping"], encoding="utf-8", newline="") as file:
            self.mapping = {row["skill"]: row["vendor_skill"] for row in csv.DictReader(file)}

    def parse_response(self, response):
        for job in super().parse_response(response):
            for task in job["tasks"]:
                yield {"job_id": job["external_id"], **task}

    def post_process(self, row, context=None):
        level = (row.get("ai_impact") or {}).get("level")
        if level not in ("H1", "H2"):
            return None
        return {
            "job_id": row["job_id"],
            "task_id": row["task_id"],
            "task": row["task"],
            "level": level,
            "skills": [self.mapping.get(skill["skill"], skill["skill"]) for skill in row.get("linked_skills", [])],
            "hours": row.get("weekly_hours", 0),
        }


class TapTechwolf(Tap):
    name = "tap-techwolf"
    config_jsonschema = th.PropertiesList(
        th.Property("url", th.StringType, required=True),
        th.Property("stream", th.StringType, required=True),
        th.Property("mapping", th.StringType),
    ).to_dict()

    def discover_streams(self):
        return [stream(tap=self) for stream in (Jobs, Tasks) if stream.name == self.config["stream"]]


if __name__ == "__main__":
    TapTechwolf.cli()
