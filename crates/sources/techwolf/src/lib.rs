//! Source `techwolf`: pages through the export of all jobs' task profiles.
