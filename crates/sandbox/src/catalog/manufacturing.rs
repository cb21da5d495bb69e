//! Manufacturing.

use taskferry_profile::AiLevel::{H1, H2, H3, H4, H5};

use super::family::{Cluster, Family, Work};

pub(super) const FAMILY: Family = Family {
    id: "manufacturing",
    name: "Manufacturing",
    domain: "Production and Logistics",
    clusters: &[PRODUCTION, MAINTENANCE, QUALITY],
};

const PRODUCTION: Cluster = Cluster {
    subdomain: "Production",
    name: "Machine operation and assembly",
    titles: &[
        "Machine Operator",
        "Assembly Technician",
        "CNC Machinist",
        "Shift Supervisor",
        "Baker",
    ],
    work: &[
        Work {
            canonical_task: "Operate production machines",
            level: H3,
            tasks: &[
                "Set up [CNC mills|injection moulds|packaging lines|ovens] for the next order",
                "Watch running machines and correct [feed|temperature|pressure]",
                "Clear jams and restart the line safely",
            ],
            skills: &[
                "CNC Machining",
                "Machine Operation",
                "Lean Manufacturing",
                "Workplace Safety",
            ],
            machine: "controllers hold parameters within limits by themselves",
            person: "set-up and trouble need hands at the machine",
        },
        Work {
            canonical_task: "Assemble products",
            level: H4,
            tasks: &[
                "Assemble [gearboxes|control cabinets|medical devices] from drawings",
                "Weld, solder or glue parts according to work instructions",
            ],
            skills: &["Assembly", "Welding", "Soldering", "Blueprint Reading"],
            machine: "robots take over repetitive joints",
            person: "variants and fine adjustment are manual",
        },
        Work {
            canonical_task: "Plan shifts and orders",
            level: H2,
            tasks: &[
                "Sequence orders on the [press|paint|filling] line for the week",
                "Assign people in {site} to machines by qualification",
            ],
            skills: &["Production Planning", "Scheduling", "SAP", "Capacity Planning"],
            machine: "optimisers find sequences no planner would",
            person: "wishes and absences are settled within the team",
        },
    ],
};

const MAINTENANCE: Cluster = Cluster {
    subdomain: "Production",
    name: "Maintenance",
    titles: &[
        "Maintenance Technician",
        "Industrial Electrician",
        "Automation Engineer",
        "Tool and Die Maker",
    ],
    work: &[
        Work {
            canonical_task: "Repair machines",
            level: H5,
            tasks: &[
                "Repair [hydraulics|bearings|drives|wiring] after a breakdown",
                "Align and test machines before they return to production",
            ],
            skills: &[
                "Equipment Maintenance",
                "Hydraulics",
                "Electrical Wiring",
                "Troubleshooting",
            ],
            machine: "manuals and past repairs are at hand on a tablet",
            person: "the repair itself is skilled manual work",
        },
        Work {
            canonical_task: "Plan preventive maintenance",
            level: H2,
            tasks: &[
                "Predict wear from [vibration|oil|current] measurements and plan replacements",
                "Order spare parts before the stock falls short",
            ],
            skills: &["Preventive Maintenance", "Condition Monitoring", "Inventory Management"],
            machine: "wear is predicted and orders are proposed from sensor data",
            person: "the stop of a line is agreed with production",
        },
        Work {
            canonical_task: "Program controllers",
            level: H3,
            tasks: &[
                "Program [PLCs|robots|conveyors] and test them with the operators",
                "Document wiring and program changes for the next technician",
            ],
            skills: &["PLC Programming", "Robotics", "Industrial Automation", "Technical Writing"],
            machine: "standard blocks are generated and simulated",
            person: "safety at the machine is tested on site",
        },
    ],
};

const QUALITY: Cluster = Cluster {
    subdomain: "Quality and environment",
    name: "Quality and environmental management",
    titles: &["Quality Inspector", "Quality Manager", "Environmental Engineer", "Process Engineer"],
    work: &[
        Work {
            canonical_task: "Inspect products",
            level: H1,
            tasks: &[
                "Inspect [surfaces|weld seams|labels|dimensions] and sort out rejects",
                "Record [measurements|defects|batch numbers] for every lot",
            ],
            skills: &["Quality Inspection", "Statistical Process Control", "Quality Control"],
            machine: "cameras find defects faster and more evenly than the eye",
            person: "borderline samples are defined by people",
        },
        Work {
            canonical_task: "Improve processes",
            level: H4,
            tasks: &[
                "Find causes of scrap together with operators in {site}",
                "Lead workshops on [set-up time|waste|ergonomics] on the shop floor",
            ],
            skills: &["Six Sigma", "Root Cause Analysis", "Continuous Improvement", "Facilitation"],
            machine: "patterns in process data point at likely causes",
            person: "operators change what they helped to find",
        },
        Work {
            canonical_task: "Report environmental figures",
            level: H2,
            tasks: &[
                "Calculate [emissions|waste|water use] for the sustainability report",
                "Check permits and notify the authority of [exceedances|changes]",
            ],
            skills: &["Sustainability Reporting", "Environmental Compliance", "Data Analysis"],
            machine: "meters and invoices are added up automatically",
            person: "the authority expects a responsible person",
        },
    ],
};
