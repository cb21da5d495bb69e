//! Customer service.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "customer-service",
    name: "Customer Service",
    domain: "Customer Operations",
    clusters: &[CONTACT, TECHNICAL, HOSPITALITY],
};

const CONTACT: Cluster = Cluster {
    subdomain: "Customer care",
    name: "Contact handling",
    titles: &[
        "Customer Service Agent",
        "Call Centre Team Lead",
        "Complaints Handler",
        "Back Office Clerk",
    ],
    work: &[
        Work {
            canonical_task: "Answer customer enquiries",
            level: H2,
            tasks: &[
                "Answer questions about [orders|invoices|opening hours|warranties] by [phone|chat|e-mail]",
                "Forward requests that need [an engineer|a refund|a manager] with all details",
                "Update customer addresses and payment details on request",
            ],
            skills: &["Customer Service", "Zendesk", "Written Communication", "Typing"],
            machine: "assistants answer the bulk of standard questions",
            person: "upset callers want to be heard",
        },
        Work {
            canonical_task: "Handle complaints",
            level: H4,
            tasks: &[
                "Calm upset customers and find a fair solution within guidelines",
                "Decide on [refunds|vouchers|replacements] up to the personal limit",
            ],
            skills: &["Complaint Handling", "Conflict Resolution", "Empathy", "Active Listening"],
            machine: "the history of a case is summarised before the call",
            person: "empathy turns a complaint into loyalty",
        },
        Work {
            canonical_task: "Categorise contacts",
            level: H1,
            tasks: &[
                "Tag incoming messages by [topic|urgency|language] and route them",
                "Count reasons for contact and report [trends|spikes|repeat calls]",
            ],
            skills: &["Zendesk", "Data Entry", "Reporting"],
            machine: "messages are classified and routed with high accuracy",
            person: "a new topic is named by the team",
        },
    ],
};

const TECHNICAL: Cluster = Cluster {
    subdomain: "Customer care",
    name: "Technical support",
    titles: &[
        "Technical Support Specialist",
        "Field Service Technician",
        "Support Engineer",
        "Warranty Specialist",
    ],
    work: &[
        Work {
            canonical_task: "Diagnose product faults",
            level: H3,
            tasks: &[
                "Guide customers through tests of [routers|heat pumps|payment terminals|coffee machines]",
                "Read [log files|error codes|photos] to find the cause of a fault",
            ],
            skills: &["Troubleshooting", "Technical Support", "Communication"],
            machine: "likely causes are ranked from symptoms and history",
            person: "customers describe what no log file shows",
        },
        Work {
            canonical_task: "Repair equipment on site",
            level: H5,
            tasks: &[
                "Replace [pumps|displays|motors|sensors] at customers around {site}",
                "Instruct customers in safe use after a repair",
            ],
            skills: &[
                "Equipment Maintenance",
                "Electronics",
                "Customer Service",
                "Workplace Safety",
            ],
            machine: "parts and routes are planned in advance",
            person: "the work is done by hand at the customer's",
        },
        Work {
            canonical_task: "Maintain the knowledge base",
            level: H2,
            tasks: &[
                "Write solution articles from [solved tickets|engineering notes|customer feedback]",
                "Retire articles that describe [old versions|discontinued products]",
            ],
            skills: &["Knowledge Management", "Technical Writing", "Confluence"],
            machine: "articles are drafted from solved tickets",
            person: "an expert confirms that the advice is safe",
        },
    ],
};

const HOSPITALITY: Cluster = Cluster {
    subdomain: "Guest services",
    name: "Front of house",
    titles: &[
        "Front Desk Manager",
        "Store Associate",
        "Guest Relations Officer",
        "Visitor Services Assistant",
    ],
    work: &[
        Work {
            canonical_task: "Welcome guests",
            level: H5,
            tasks: &[
                "Greet guests of the {site} branch and attend to their wishes",
                "Show customers [around the shop|new arrivals|how a product works]",
            ],
            skills: &["Hospitality", "Foreign Languages", "Customer Service"],
            machine: "check-in and payment are possible at a terminal",
            person: "a welcome comes from a person",
        },
        Work {
            canonical_task: "Manage bookings",
            level: H1,
            tasks: &[
                "Confirm [room|table|appointment] bookings and adjust them on request",
                "Balance the till and record the day's takings",
            ],
            skills: &["Reservation Systems", "Cash Handling", "Scheduling"],
            machine: "bookings and balances are kept by the system",
            person: "a double booking needs tact",
        },
        Work {
            canonical_task: "Keep the premises presentable",
            level: H4,
            tasks: &[
                "Arrange [shelves|displays|meeting rooms] before opening",
                "Report [damage|missing stock|safety hazards] and see to their repair",
            ],
            skills: &["Merchandising", "Attention to Detail", "Workplace Safety"],
            machine: "cameras and sensors point at what is missing",
            person: "tidying up is manual work",
        },
    ],
};
