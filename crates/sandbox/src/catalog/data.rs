//! Data and analytics.

use taskferry_profile::AiLevel::{H1, H2, H3, H4};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "data-and-analytics",
    name: "Data and Analytics",
    domain: "Technology and Data",
    clusters: &[SCIENCE, PLATFORM, INSIGHT],
};

const SCIENCE: Cluster = Cluster {
    subdomain: "Data science",
    name: "Machine learning",
    titles: &[
        "Data Scientist",
        "Machine Learning Engineer",
        "Research Scientist",
        "Applied Statistician",
    ],
    work: &[
        Work {
            canonical_task: "Train machine learning models",
            level: H2,
            tasks: &[
                "Conduct machine learning experiments for [demand|churn|fraud|maintenance] prediction",
                "Prepare [features|training data|labels] and document their origin",
                "Tune models and compare them on [held-out data|last year's cases|live traffic]",
            ],
            skills: &["Machine Learning", "Python", "Deep Learning", "PyTorch", "Statistics"],
            machine: "experiment tooling searches models and parameters by itself",
            person: "the question behind the model has to be the right one",
        },
        Work {
            canonical_task: "Evaluate model quality",
            level: H3,
            tasks: &[
                "Review model outputs with [domain experts|customer service|the risk team]",
                "Check models for [bias|drift|leakage] before release",
            ],
            skills: &["Model Evaluation", "Statistics", "Critical Thinking", "Responsible AI"],
            machine: "metrics and anomalies are computed continuously",
            person: "which errors are tolerable is decided by those who bear them",
        },
        Work {
            canonical_task: "Communicate findings",
            level: H4,
            tasks: &[
                "Present findings to [management|product teams|the public] without jargon",
                "Advise on where [prediction|automation|a simple rule] is worth the effort",
            ],
            skills: &[
                "Presentation Skills",
                "Storytelling",
                "Data Visualization",
                "Stakeholder Management",
            ],
            machine: "charts and summaries are proposed automatically",
            person: "conviction is built in discussion",
        },
    ],
};

const PLATFORM: Cluster = Cluster {
    subdomain: "Data engineering",
    name: "Data platforms",
    titles: &["Data Engineer", "Analytics Engineer", "Database Administrator", "Data Steward"],
    work: &[
        Work {
            canonical_task: "Build data pipelines",
            level: H2,
            tasks: &[
                "Load data from [ERP|web shop|sensor|HR] systems into the warehouse",
                "Transform raw tables into documented data models",
            ],
            skills: &["SQL", "ETL", "Apache Spark", "Data Modeling", "dbt"],
            machine: "connectors and transformations are generated from schemas",
            person: "what a column really means is known to its owners",
        },
        Work {
            canonical_task: "Assure data quality",
            level: H2,
            tasks: &[
                "Monitor [freshness|completeness|uniqueness] of critical tables",
                "Trace wrong figures back to their source and have them corrected",
            ],
            skills: &["Data Quality", "Data Governance", "SQL", "Root Cause Analysis"],
            machine: "anomalies are detected as data arrives",
            person: "the source is corrected only by agreement",
        },
        Work {
            canonical_task: "Administer databases",
            level: H2,
            tasks: &[
                "Back up, patch and restore [PostgreSQL|Oracle|SQL Server] databases",
                "Grant access to data according to [role|purpose|country]",
            ],
            skills: &["Database Administration", "PostgreSQL", "Access Management", "Linux"],
            machine: "backups, patches and index advice are automated",
            person: "a restore under pressure is led by someone experienced",
        },
    ],
};

const INSIGHT: Cluster = Cluster {
    subdomain: "Business intelligence",
    name: "Reporting and insight",
    titles: &[
        "Business Intelligence Analyst",
        "Data Analyst",
        "Reporting Specialist",
        "Insights Manager",
    ],
    work: &[
        Work {
            canonical_task: "Create reports and dashboards",
            level: H1,
            tasks: &[
                "Build dashboards on [sales|quality|energy|absence] for managers in {site}",
                "Refresh recurring [weekly|monthly] reports and distribute them",
            ],
            skills: &["Power BI", "Tableau", "Data Visualization", "SQL"],
            machine: "dashboards are generated from a description and refresh themselves",
            person: "the odd figure is questioned by a reader",
        },
        Work {
            canonical_task: "Answer business questions with data",
            level: H3,
            tasks: &[
                "Analyse why [returns|waiting times|cancellations] went up or down",
                "Clarify what a department wants to know before querying anything",
            ],
            skills: &["Data Analysis", "SQL", "Business Analysis", "Microsoft Excel"],
            machine: "questions in plain words become queries",
            person: "the real question often appears in the second conversation",
        },
        Work {
            canonical_task: "Design surveys and experiments",
            level: H3,
            tasks: &[
                "Design [customer|employee|usability] surveys and analyse the answers",
                "Calculate sample sizes for [pilot projects|price tests|field trials]",
            ],
            skills: &["Survey Design", "A/B Testing", "R", "Statistics"],
            machine: "questionnaires and analyses are drafted by assistants",
            person: "a loaded question is noticed by people",
        },
    ],
};
