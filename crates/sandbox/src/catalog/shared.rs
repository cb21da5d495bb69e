//! Work that is found in every family.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Work};

/// Levels of seniority as they stand in a title; those that lead others do [`LEADERSHIP`] work as well.
pub(crate) const SENIORITIES: &[(&str, bool)] = &[
    ("", false),
    ("", false),
    ("", false),
    ("Junior ", false),
    ("Associate ", false),
    ("Senior ", false),
    ("Lead ", true),
    ("Principal ", true),
    ("Supervising ", true),
];

/// First level of the work taxonomy for what stands here.
pub(crate) const SHARED_DOMAIN: &str = "Organisation-wide Work";

/// Working together, in any job.
pub(crate) const TEAMWORK: Cluster = Cluster {
    subdomain: "Collaboration",
    name: "Team and project work",
    titles: &[],
    work: &[
        Work {
            canonical_task: "Coordinate projects",
            level: H3,
            tasks: &[
                "Keep the plan of the [rollout|relocation|merger|pilot] project and report its status",
                "Coordinate deadlines between {site} and [headquarters|the regions|partners]",
            ],
            skills: &["Project Management", "Microsoft Project", "Stakeholder Management"],
            machine: "plans and status reports are kept current by tools",
            person: "commitments are obtained from people",
        },
        Work {
            canonical_task: "Prepare meetings",
            level: H1,
            tasks: &[
                "Take minutes of [team|project|safety] meetings and send out action points",
                "Prepare slides for the [weekly|monthly|yearly] review",
            ],
            skills: &["Microsoft PowerPoint", "Note-Taking", "Written Communication"],
            machine: "minutes and slides are produced from recordings and notes",
            person: "someone glances over them before they go out",
        },
        Work {
            canonical_task: "Train colleagues",
            level: H5,
            tasks: &[
                "Show new colleagues how the work is done in {site}",
                "Pass on experience to [apprentices|interns|career changers]",
            ],
            skills: &["Mentoring", "Training Delivery", "Communication"],
            machine: "checklists and reading lists are compiled in advance",
            person: "craft is learnt from those who practise it",
        },
    ],
};

/// Leading others, in senior jobs.
pub(crate) const LEADERSHIP: Cluster = Cluster {
    subdomain: "Leadership",
    name: "People leadership",
    titles: &[],
    work: &[
        Work {
            canonical_task: "Lead teams",
            level: H5,
            tasks: &[
                "Agree goals with a team of [four|seven|twelve|twenty] and give regular feedback",
                "Decide on [hiring|promotion|workload] within the team",
            ],
            skills: &["Team Leadership", "Coaching", "Performance Management"],
            machine: "figures for a review are gathered beforehand",
            person: "leading means answering to people in person",
        },
        Work {
            canonical_task: "Set direction",
            level: H4,
            tasks: &[
                "Set priorities for the [quarter|year] and explain what will not be done",
                "Represent the department towards [management|customers|authorities]",
            ],
            skills: &["Strategic Planning", "Decision Making", "Change Management"],
            machine: "options are analysed and summarised on request",
            person: "saying no is a responsibility",
        },
        Work {
            canonical_task: "Control the department's budget",
            level: H2,
            tasks: &[
                "Follow the department's spending and approve [purchases|travel|overtime]",
                "Plan [headcount|investments|training] for the coming year",
            ],
            skills: &["Budgeting", "Microsoft Excel", "Workforce Planning"],
            machine: "spending is tracked and projected automatically",
            person: "approval stays with the budget holder",
        },
    ],
};

/// Tasks that someone at the company wrote down: no hierarchy and no skills yet.
pub(crate) const OWN_TASKS: &[&str] = &[
    "Look after the [coffee machine|plants|library|first-aid kit] on the [ground|second|fifth] floor",
    "Organise the yearly [summer party|charity run|open day] in {site}",
    "Sit on the [works council|safety committee|canteen board|diversity network]",
    "Host [school classes|delegations|student groups] that visit {site}",
    "Test the new [intranet|expense tool|badge system] with the pilot group",
    "Stand in for colleagues during [holidays|parental leave|sabbaticals]",
];
