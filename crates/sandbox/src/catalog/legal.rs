//! Legal.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "legal",
    name: "Legal",
    domain: "Law, Risk and Compliance",
    clusters: &[CONTRACTS, COMPLIANCE, DISPUTES],
};

const CONTRACTS: Cluster = Cluster {
    subdomain: "Commercial law",
    name: "Contract management",
    titles: &["Contract Manager", "Commercial Counsel", "Contracts Paralegal", "Contract Analyst"],
    work: &[
        Work {
            canonical_task: "Review contracts",
            level: H3,
            tasks: &[
                "Review [supplier|licence|distribution|framework] agreements against the company's playbook",
                "Mark up [liability|indemnity|termination|confidentiality] clauses that deviate from policy",
                "Explain contract risks to [procurement|sales|product] before signature",
            ],
            skills: &[
                "Contract Review",
                "Commercial Law",
                "Risk Assessment",
                "Attention to Detail",
            ],
            machine: "language models compare clauses with a playbook quickly",
            person: "the risk worth taking depends on the business relationship",
        },
        Work {
            canonical_task: "Negotiate contract terms",
            level: H5,
            tasks: &[
                "Negotiate [payment terms|liability caps|service levels|data processing terms] with counterparties",
                "Agree fallback positions with [sales|procurement|finance] ahead of a negotiation",
            ],
            skills: &[
                "Contract Negotiation",
                "Negotiation",
                "Stakeholder Management",
                "Commercial Law",
            ],
            machine: "drafts of counter-proposals can be prepared in advance",
            person: "trust and timing across the table decide the outcome",
        },
        Work {
            canonical_task: "Maintain contract records",
            level: H1,
            tasks: &[
                "File signed contracts and record [renewal|notice|expiry] dates in the contract database",
                "Extract [parties, terms and values|obligations and deadlines] from signed agreements",
                "Send reminders for contracts that renew in the [coming month|coming quarter]",
            ],
            skills: &["Contract Management", "Records Management", "Microsoft Excel", "SharePoint"],
            machine: "dates, parties and obligations are extracted with very few errors",
            person: "someone answers for the few contracts that do not follow a template",
        },
        Work {
            canonical_task: "Draft contract documents",
            level: H2,
            tasks: &[
                "Draft [non-disclosure agreements|statements of work|amendments] from approved templates",
                "Keep the [clause library|template collection] in line with current law",
            ],
            skills: &["Legal Drafting", "Contract Management", "Microsoft Word"],
            machine: "standard documents come out of templates nearly finished",
            person: "unusual deals need wording that no template has",
        },
    ],
};

const COMPLIANCE: Cluster = Cluster {
    subdomain: "Compliance",
    name: "Regulatory compliance and data protection",
    titles: &[
        "Compliance Officer",
        "Data Protection Officer",
        "Privacy Counsel",
        "Ethics and Compliance Specialist",
    ],
    work: &[
        Work {
            canonical_task: "Monitor regulatory change",
            level: H2,
            tasks: &[
                "Track new [privacy|employment|competition|sanctions] rules that concern the {site} office",
                "Summarise regulatory updates for the [board|business units|works council]",
            ],
            skills: &["Regulatory Compliance", "Legal Research", "Technical Writing"],
            machine: "new rules are found and summarised from official sources every day",
            person: "what a rule means for the company still has to be decided",
        },
        Work {
            canonical_task: "Handle data protection requests",
            level: H3,
            tasks: &[
                "Answer [access|erasure|correction] requests from data subjects within the legal deadline",
                "Assess the privacy impact of new [software|vendors|analytics projects]",
                "Keep the record of processing activities for {site} up to date",
            ],
            skills: &["Data Protection", "GDPR", "Risk Assessment", "Records Management"],
            machine: "personal data is located and answers are drafted by tools",
            person: "balancing rights against each other calls for a trained eye",
        },
        Work {
            canonical_task: "Investigate compliance incidents",
            level: H4,
            tasks: &[
                "Interview employees about [gifts and invitations|conflicts of interest|reported misconduct]",
                "Document findings and recommend measures after an internal investigation",
            ],
            skills: &["Investigation", "Interviewing", "Business Ethics", "Report Writing"],
            machine: "documents are searched and timelines assembled by software",
            person: "people speak openly only to someone they trust",
        },
    ],
};

const DISPUTES: Cluster = Cluster {
    subdomain: "Litigation",
    name: "Dispute resolution",
    titles: &["Litigation Counsel", "Legal Counsel", "Litigation Paralegal", "Patent Attorney"],
    work: &[
        Work {
            canonical_task: "Research case law",
            level: H2,
            tasks: &[
                "Research case law on [employment|competition|product liability|patent] questions",
                "Write memoranda on the prospects of [a claim|an appeal|a settlement]",
            ],
            skills: &["Legal Research", "Legal Drafting", "Critical Thinking"],
            machine: "search tools find and summarise relevant rulings in minutes",
            person: "citations have to be verified before anyone relies on them",
        },
        Work {
            canonical_task: "Represent the company in disputes",
            level: H5,
            tasks: &[
                "Represent the company before [labour courts|arbitration panels|regulators] in {site}",
                "Settle disputes with [customers|former employees|suppliers] out of court",
            ],
            skills: &["Litigation", "Negotiation", "Public Speaking", "Dispute Resolution"],
            machine: "pleadings and exhibits are prepared with assistance",
            person: "a court hears a person who can answer for the case",
        },
        Work {
            canonical_task: "Prepare evidence",
            level: H2,
            tasks: &[
                "Sort and redact documents for [disclosure|regulators|outside counsel]",
                "Build a chronology of events from [e-mails|contracts|meeting notes]",
            ],
            skills: &["E-Discovery", "Document Review", "Attention to Detail"],
            machine: "large document sets are classified and redacted reliably",
            person: "privileged material is released by a lawyer only",
        },
    ],
};
