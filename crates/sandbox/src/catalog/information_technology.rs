//! Information technology.

use taskferry_profile::AiLevel::{H1, H2, H3, H4};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "information-technology",
    name: "Information Technology",
    domain: "Technology and Data",
    clusters: &[SERVICES, SECURITY, APPLICATIONS],
};

const SERVICES: Cluster = Cluster {
    subdomain: "IT operations",
    name: "Workplace and infrastructure services",
    titles: &[
        "IT Support Technician",
        "Systems Administrator",
        "Network Engineer",
        "Cloud Engineer",
    ],
    work: &[
        Work {
            canonical_task: "Support users",
            level: H2,
            tasks: &[
                "Solve [login|printer|laptop|video conference] problems for colleagues in {site}",
                "Set up [workstations|phones|accounts] for new employees",
                "Reset passwords and unlock accounts after an identity check",
            ],
            skills: &["Technical Support", "ITIL", "Microsoft Windows", "Customer Service"],
            machine: "assistants solve standard requests at once",
            person: "hardware and nerves are fixed on the spot",
        },
        Work {
            canonical_task: "Operate infrastructure",
            level: H2,
            tasks: &[
                "Patch [servers|switches|virtual machines] in the maintenance window",
                "Watch [storage|network|licence] usage and order capacity in time",
            ],
            skills: &[
                "System Administration",
                "Linux",
                "Amazon Web Services",
                "Network Administration",
            ],
            machine: "patching and scaling follow policies without intervention",
            person: "the maintenance window is negotiated with the business",
        },
        Work {
            canonical_task: "Plan infrastructure changes",
            level: H4,
            tasks: &[
                "Plan the move of [file servers|the data centre|telephony] to the cloud",
                "Negotiate service levels with [providers|internal customers]",
            ],
            skills: &[
                "Cloud Computing",
                "Microsoft Azure",
                "Vendor Management",
                "Project Management",
            ],
            machine: "inventories and cost estimates are produced by tools",
            person: "risks of a move are carried by those who decide",
        },
    ],
};

const SECURITY: Cluster = Cluster {
    subdomain: "Information security",
    name: "Security operations",
    titles: &[
        "Security Analyst",
        "Information Security Officer",
        "Penetration Tester",
        "Identity Engineer",
    ],
    work: &[
        Work {
            canonical_task: "Detect security incidents",
            level: H2,
            tasks: &[
                "Triage alerts from [endpoint|network|e-mail] monitoring",
                "Hunt for traces of [phishing|ransomware|insider] activity in the logs",
            ],
            skills: &[
                "Security Information and Event Management",
                "Cybersecurity",
                "Threat Intelligence",
            ],
            machine: "most alerts are correlated and closed automatically",
            person: "a determined attacker is found by curiosity",
        },
        Work {
            canonical_task: "Test security",
            level: H3,
            tasks: &[
                "Test [web applications|mobile apps|factory networks] for vulnerabilities",
                "Report weaknesses with a proof and advise on their repair",
            ],
            skills: &[
                "Penetration Testing",
                "Vulnerability Assessment",
                "Python",
                "Report Writing",
            ],
            machine: "scanners cover known weaknesses",
            person: "chains of small flaws are found by creative testers",
        },
        Work {
            canonical_task: "Manage security policy",
            level: H4,
            tasks: &[
                "Write [password|remote work|supplier] security policies people can follow",
                "Train employees to recognise [phishing|social engineering|deepfakes]",
            ],
            skills: &[
                "Information Security Management",
                "ISO 27001",
                "Training Delivery",
                "Risk Assessment",
            ],
            machine: "policies are compared with standards automatically",
            person: "acceptance has to be earned",
        },
    ],
};

const APPLICATIONS: Cluster = Cluster {
    subdomain: "Business applications",
    name: "Application management",
    titles: &["Business Analyst", "ERP Consultant", "Product Owner", "Application Manager"],
    work: &[
        Work {
            canonical_task: "Gather requirements",
            level: H4,
            tasks: &[
                "Interview [warehouse staff|controllers|nurses|sales teams] about their daily work",
                "Write user stories with acceptance criteria and order them by value",
            ],
            skills: &[
                "Requirements Analysis",
                "Business Analysis",
                "Agile Methodology",
                "Interviewing",
            ],
            machine: "stories and criteria are drafted from notes",
            person: "people tell what they need when someone listens",
        },
        Work {
            canonical_task: "Configure business software",
            level: H2,
            tasks: &[
                "Configure [approval flows|price conditions|user roles] in the ERP system",
                "Test [updates|interfaces|reports] with key users before go-live",
            ],
            skills: &["SAP", "ServiceNow", "Software Testing", "Business Process Modeling"],
            machine: "configurations are generated and tested from a description",
            person: "key users accept what they have tried themselves",
        },
        Work {
            canonical_task: "Track licences and costs",
            level: H1,
            tasks: &[
                "Compare licences in use with licences paid for",
                "Allocate [cloud|software|telephony] costs to departments every month",
            ],
            skills: &["Software Asset Management", "Microsoft Excel", "Cost Accounting"],
            machine: "usage and invoices are matched by software",
            person: "a contested charge is discussed",
        },
    ],
};
