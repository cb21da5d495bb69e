"""Every job untouched, as a pipeline of dlt does it."""
from techwolf import jobs, run

run(jobs(primary_key="external_id"))
