//! Sales.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "sales",
    name: "Sales",
    domain: "Commercial",
    clusters: &[ACCOUNTS, DEVELOPMENT, OPERATIONS],
};

const ACCOUNTS: Cluster = Cluster {
    subdomain: "Sales",
    name: "Account management",
    titles: &[
        "Account Manager",
        "Key Account Manager",
        "Customer Success Manager",
        "Regional Sales Manager",
    ],
    work: &[
        Work {
            canonical_task: "Maintain customer relationships",
            level: H5,
            tasks: &[
                "Visit key customers around {site} and learn about their plans",
                "Hold business reviews with [retail|public sector|industrial] accounts",
                "Resolve escalations between customers and [delivery|support|finance]",
            ],
            skills: &[
                "Account Management",
                "Relationship Building",
                "Customer Success",
                "Communication",
            ],
            machine: "briefings before a visit are compiled from past contacts",
            person: "relationships are kept by people who show up",
        },
        Work {
            canonical_task: "Negotiate deals",
            level: H5,
            tasks: &[
                "Negotiate [prices|volumes|renewals|multi-year terms] with purchasing departments",
                "Agree deal structures with [legal|finance|management] before an offer goes out",
            ],
            skills: &["Sales Negotiation", "Negotiation", "Contract Negotiation", "Value Selling"],
            machine: "price corridors and past concessions are shown at once",
            person: "reading the other side is a human skill",
        },
        Work {
            canonical_task: "Plan accounts",
            level: H3,
            tasks: &[
                "Write account plans with targets for [cross-selling|renewal|new sites]",
                "Spot accounts at risk from [usage|complaints|payment behaviour]",
            ],
            skills: &["Account Planning", "Salesforce", "Data Analysis", "Strategic Thinking"],
            machine: "usage and order data reveal risks early",
            person: "priorities depend on what customers say between the lines",
        },
    ],
};

const DEVELOPMENT: Cluster = Cluster {
    subdomain: "Sales",
    name: "New business",
    titles: &[
        "Sales Representative",
        "Sales Development Representative",
        "Solution Consultant",
        "Field Sales Engineer",
    ],
    work: &[
        Work {
            canonical_task: "Prospect new customers",
            level: H2,
            tasks: &[
                "Research [manufacturers|hospitals|retailers|start-ups] that fit the ideal customer profile",
                "Write first messages to prospects and follow up on replies",
                "Qualify leads from [fairs|the website|partners] by phone",
            ],
            skills: &["Lead Generation", "Cold Calling", "Salesforce", "Market Research"],
            machine: "lists are built and messages personalised at scale",
            person: "a real answer wants a real person",
        },
        Work {
            canonical_task: "Present solutions",
            level: H4,
            tasks: &[
                "Demonstrate the product to [technical buyers|executives|end users]",
                "Answer [security|integration|pricing] questions during a tender",
            ],
            skills: &[
                "Product Demonstration",
                "Presentation Skills",
                "Solution Selling",
                "Public Speaking",
            ],
            machine: "slides and answers to questionnaires are prepared in advance",
            person: "a demonstration lives from reacting to the room",
        },
        Work {
            canonical_task: "Prepare offers",
            level: H2,
            tasks: &[
                "Configure offers for [machines|licences|service packages] and check margins",
                "Fill in tender documents for [public|international|framework] tenders",
            ],
            skills: &["Quotation", "Configure Price Quote", "Microsoft Excel", "Tender Management"],
            machine: "offers are configured and priced from the catalogue",
            person: "discounts beyond the rule need approval",
        },
    ],
};

const OPERATIONS: Cluster = Cluster {
    subdomain: "Sales operations",
    name: "Sales support and analytics",
    titles: &[
        "Sales Operations Analyst",
        "Inside Sales Coordinator",
        "CRM Manager",
        "Channel Manager",
    ],
    work: &[
        Work {
            canonical_task: "Maintain sales data",
            level: H1,
            tasks: &[
                "Clean up [duplicate accounts|outdated contacts|stale opportunities] in the CRM",
                "Log calls, visits and next steps for the sales team",
            ],
            skills: &["Customer Relationship Management", "Salesforce", "Data Entry"],
            machine: "duplicates are merged and calls logged automatically",
            person: "now and then a merge has to be confirmed",
        },
        Work {
            canonical_task: "Report on sales",
            level: H2,
            tasks: &[
                "Prepare the [weekly pipeline|quarterly revenue|territory] report",
                "Forecast bookings for the {site} region",
            ],
            skills: &["Sales Forecasting", "Tableau", "Data Visualization", "Microsoft Excel"],
            machine: "reports refresh themselves from the CRM",
            person: "optimism in the numbers is known only to the team",
        },
        Work {
            canonical_task: "Manage channel partners",
            level: H4,
            tasks: &[
                "Train [resellers|distributors|agents] on new products",
                "Agree targets and bonuses with channel partners",
            ],
            skills: &["Channel Sales", "Partner Management", "Training Delivery"],
            machine: "training material and bonus statements are generated",
            person: "partners stay for the people behind the programme",
        },
    ],
};
