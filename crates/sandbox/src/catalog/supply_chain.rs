//! Supply chain.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "supply-chain",
    name: "Supply Chain and Procurement",
    domain: "Production and Logistics",
    clusters: &[PROCUREMENT, LOGISTICS, PLANNING],
};

const PROCUREMENT: Cluster = Cluster {
    subdomain: "Procurement",
    name: "Purchasing",
    titles: &["Buyer", "Category Manager", "Procurement Specialist", "Supplier Quality Engineer"],
    work: &[
        Work {
            canonical_task: "Source suppliers",
            level: H3,
            tasks: &[
                "Compare offers for [steel|packaging|electronics|temporary staff] on total cost",
                "Audit suppliers on [quality|human rights|environment] at their site",
                "Find second sources for [critical parts|rare materials|logistics services]",
            ],
            skills: &["Strategic Sourcing", "Procurement", "Supplier Management", "Auditing"],
            machine: "markets are scanned and offers compared in one table",
            person: "reliability shows in a visit",
        },
        Work {
            canonical_task: "Negotiate with suppliers",
            level: H5,
            tasks: &[
                "Negotiate [prices|delivery terms|price adjustment clauses] with strategic suppliers",
                "Settle claims for [late|faulty|incomplete] deliveries",
            ],
            skills: &["Negotiation", "Contract Negotiation", "Supplier Management"],
            machine: "cost models give a target price",
            person: "a long partnership is more than a price",
        },
        Work {
            canonical_task: "Process purchase orders",
            level: H1,
            tasks: &[
                "Turn approved requests into orders and confirm delivery dates",
                "Maintain [price lists|lead times|supplier master data] in the system",
            ],
            skills: &["Purchase Order Management", "SAP", "Data Entry", "Microsoft Excel"],
            machine: "orders and confirmations flow from system to system",
            person: "a missing confirmation is chased in the end",
        },
    ],
};

const LOGISTICS: Cluster = Cluster {
    subdomain: "Logistics",
    name: "Warehousing and transport",
    titles: &[
        "Warehouse Operative",
        "Logistics Coordinator",
        "Customs Declarant",
        "Fleet Manager",
        "Truck Driver",
    ],
    work: &[
        Work {
            canonical_task: "Move goods",
            level: H4,
            tasks: &[
                "Pick and pack [orders|spare parts|refrigerated goods] in the {site} warehouse",
                "Load trucks safely and in order of delivery",
                "Count stock and investigate [shortages|surpluses|damages]",
            ],
            skills: &[
                "Warehouse Operations",
                "Forklift Operation",
                "Order Picking",
                "Workplace Safety",
            ],
            machine: "shuttles bring most goods to the picker",
            person: "awkward goods are handled by people",
        },
        Work {
            canonical_task: "Plan transport",
            level: H2,
            tasks: &[
                "Plan [delivery rounds|sea freight|express shipments] at low cost and emission",
                "Inform customers about [delays|partial deliveries|tracking]",
            ],
            skills: &["Route Planning", "Transportation Management", "Logistics", "Communication"],
            machine: "routes are optimised with live traffic",
            person: "a blocked road is discussed with the driver",
        },
        Work {
            canonical_task: "Declare goods to customs",
            level: H2,
            tasks: &[
                "Classify goods under customs tariffs and file [export|import|transit] declarations",
                "Check orders against [sanctions lists|dual-use rules|origin rules]",
            ],
            skills: &["Customs Regulations", "International Trade", "Regulatory Compliance"],
            machine: "tariff numbers and declarations are proposed from article data",
            person: "a wrong declaration has legal consequences",
        },
    ],
};

const PLANNING: Cluster = Cluster {
    subdomain: "Supply chain planning",
    name: "Demand and inventory planning",
    titles: &["Demand Planner", "Supply Chain Analyst", "Inventory Controller", "S&OP Manager"],
    work: &[
        Work {
            canonical_task: "Forecast demand",
            level: H2,
            tasks: &[
                "Forecast demand for [seasonal goods|spare parts|new products]",
                "Adjust forecasts for [promotions|holidays|supply shortages] with sales",
            ],
            skills: &["Demand Planning", "Forecasting", "Statistics", "Microsoft Excel"],
            machine: "forecasts from history beat those made by hand",
            person: "next month's promotion is known to the sales team",
        },
        Work {
            canonical_task: "Control inventory",
            level: H1,
            tasks: &[
                "Set reorder points and safety stock for [raw materials|finished goods|tools]",
                "List slow-moving stock and propose [a sale|a transfer|scrapping]",
            ],
            skills: &["Inventory Management", "Supply Chain Management", "Data Analysis"],
            machine: "stock levels are computed and replenished by the system",
            person: "scrapping has to be signed off",
        },
        Work {
            canonical_task: "Align supply and demand",
            level: H4,
            tasks: &[
                "Prepare the monthly planning meeting between sales and production",
                "Decide with plant managers which orders [wait|move to another site|go by air]",
            ],
            skills: &["Sales and Operations Planning", "Facilitation", "Stakeholder Management"],
            machine: "scenarios and their costs are calculated in advance",
            person: "the compromise is found among people",
        },
    ],
};
