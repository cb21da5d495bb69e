//! Transform `flatten_hierarchy`: turns jobs into rows, or a hierarchy into a flat list of tasks.
