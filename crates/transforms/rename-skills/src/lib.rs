//! Transform `rename_skills`: puts linked skills into the words of Workday or SAP.
