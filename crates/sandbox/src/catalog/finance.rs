//! Finance.

use taskferry_profile::AiLevel::{H1, H2, H3, H4};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "finance",
    name: "Finance",
    domain: "Finance and Accounting",
    clusters: &[ACCOUNTING, PLANNING, TREASURY],
};

const ACCOUNTING: Cluster = Cluster {
    subdomain: "Accounting",
    name: "Bookkeeping and close",
    titles: &[
        "Accountant",
        "Accounts Payable Specialist",
        "Financial Controller",
        "General Ledger Accountant",
    ],
    work: &[
        Work {
            canonical_task: "Process invoices",
            level: H1,
            tasks: &[
                "Match incoming invoices with [purchase orders|goods receipts|service confirmations]",
                "Code and post [supplier|travel|utility] invoices to the right cost centre",
                "Chase approvals for invoices that are [overdue|disputed|blocked]",
            ],
            skills: &["Accounts Payable", "SAP", "Invoice Processing", "Microsoft Excel"],
            machine: "invoices are read, matched and posted without anyone touching them",
            person: "disputed items still need a phone call",
        },
        Work {
            canonical_task: "Close the books",
            level: H3,
            tasks: &[
                "Prepare the [monthly|quarterly|annual] close for the {site} entity",
                "Reconcile [bank|intercompany|inventory] accounts and clear differences",
                "Book accruals for [bonuses|open deliveries|legal disputes]",
            ],
            skills: &["Accounting", "Account Reconciliation", "IFRS", "General Ledger"],
            machine: "reconciliation tools clear the bulk of the items",
            person: "estimates need judgment and a signature",
        },
        Work {
            canonical_task: "Support audits",
            level: H3,
            tasks: &[
                "Collect evidence that [external auditors|tax inspectors|internal audit] ask for",
                "Document internal controls over [payments|revenue|master data]",
            ],
            skills: &["Auditing", "Internal Controls", "Records Management", "Communication"],
            machine: "vouchers and samples are pulled from the system on request",
            person: "auditors want someone who explains the unusual",
        },
    ],
};

const PLANNING: Cluster = Cluster {
    subdomain: "Financial management",
    name: "Planning and analysis",
    titles: &["Financial Analyst", "FP&A Manager", "Business Controller", "Pricing Analyst"],
    work: &[
        Work {
            canonical_task: "Prepare budgets and forecasts",
            level: H3,
            tasks: &[
                "Build the [annual budget|rolling forecast|five-year plan] with the business units",
                "Challenge cost assumptions of [department heads|project leads|country managers]",
                "Model [best-case and worst-case|currency|volume] scenarios",
            ],
            skills: &["Budgeting", "Forecasting", "Financial Modeling", "Microsoft Excel"],
            machine: "statistical forecasts are a strong first draft",
            person: "plans are promises that people negotiate",
        },
        Work {
            canonical_task: "Analyse financial performance",
            level: H2,
            tasks: &[
                "Explain deviations from plan in [margin|headcount|logistics] cost",
                "Prepare [dashboards|board slides|commentary] on monthly results",
            ],
            skills: &[
                "Financial Analysis",
                "Power BI",
                "Data Visualization",
                "Financial Reporting",
            ],
            machine: "deviations are found and described automatically",
            person: "the story behind a figure is asked from the business",
        },
        Work {
            canonical_task: "Evaluate investments",
            level: H4,
            tasks: &[
                "Evaluate business cases for [machinery|acquisitions|software|new sites]",
                "Advise management on [make-or-buy|pricing|financing] decisions",
            ],
            skills: &[
                "Financial Modeling",
                "Business Valuation",
                "Corporate Finance",
                "Presentation Skills",
            ],
            machine: "models and sensitivities are calculated at once",
            person: "the assumptions are bets that a person has to defend",
        },
    ],
};

const TREASURY: Cluster = Cluster {
    subdomain: "Financial management",
    name: "Treasury and tax",
    titles: &["Treasury Analyst", "Tax Specialist", "Credit Controller", "Payroll Accountant"],
    work: &[
        Work {
            canonical_task: "Manage liquidity",
            level: H3,
            tasks: &[
                "Plan daily cash positions across [bank accounts|currencies|legal entities]",
                "Hedge [currency|interest|commodity] exposure within policy limits",
            ],
            skills: &["Cash Management", "Treasury", "Financial Risk Management"],
            machine: "cash flows are predicted well from history",
            person: "limits and counterparties are a matter of responsibility",
        },
        Work {
            canonical_task: "Prepare tax returns",
            level: H2,
            tasks: &[
                "Prepare [VAT|corporate income tax|payroll tax] returns for {site}",
                "Check transfer prices between group companies",
            ],
            skills: &["Tax Preparation", "Tax Law", "Attention to Detail"],
            machine: "returns are filled from the ledger and checked for plausibility",
            person: "positions taken towards the tax office need a named person",
        },
        Work {
            canonical_task: "Collect receivables",
            level: H2,
            tasks: &[
                "Remind customers of overdue invoices and agree on payment plans",
                "Assess the creditworthiness of [new customers|distributors|large orders]",
            ],
            skills: &["Accounts Receivable", "Credit Analysis", "Customer Service"],
            machine: "reminders and credit scores run on their own",
            person: "a good customer in trouble deserves a conversation",
        },
    ],
};
