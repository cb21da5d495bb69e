"""The jobs, as dlt's own REST API source reads them."""
import os

import dlt
from dlt.sources.rest_api import rest_api_source

URL = os.environ["BENCH_URL"]


def jobs(**resource):
    """A source of one resource, `jobs`, with what else is to be said about it."""
    return rest_api_source({
        "client": {
            "base_url": URL,
            "auth": {
                "type": "oauth2_client_credentials",
                "access_token_url": f"{URL}/oauth/token",
                "client_id": "bench",
                "client_secret": "bench",
            },
            "paginator": {
                "type": "cursor",
                "cursor_path": "next_starting_after",
                "cursor_body_path": "starting_after",
            },
        },
        "resources": [{
            "name": "jobs",
            "write_disposition": "replace",
            # What is nested stays nested, instead of becoming tables of its own.
            "max_table_nesting": 0,
            "endpoint": {
                "path": "job_architecture/export/jobs/task_profiles",
                "method": "POST",
                "json": {"limit": 100, "include": ["ai_impact", "linked_skills", "weekly_hours"]},
                "data_selector": "records",
            },
            **resource,
        }],
    }, name="techwolf")


def run(source):
    """Loads it into JSON lines under `export/` in the working directory."""
    folder = os.getcwd()
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=os.path.join(folder, "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=os.path.join(folder, "export")),
        dataset_name="bench",
    )
    pipeline.run(source, loader_file_format="jsonl")
