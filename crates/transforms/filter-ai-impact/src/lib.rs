//! Transform `filter_ai_impact`: keeps the tasks with the wanted AI impact levels.
